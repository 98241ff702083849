#include "simulator/face/face.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/options.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/version.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/exception.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace scanner;
using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr int kUsageError = 2;

simulator::face::FaceOptions face_options(const simulator::Options& options, const simulator::SimulatedMarket& market) {
    simulator::face::FaceOptions face;
    face.seed = options.seed;
    face.latency = options.latency;
    face.over_limit = options.over_limit;
    face.faults = options.faults;
    face.status.version = core::kVersion;
    face.status.start = market.now();
    face.status.market = simulator::to_string(options.market);
    face.status.scenarios = options.scenarios;
    face.status.prevalence = options.prevalence;
    face.status.contracts = static_cast<std::size_t>(options.contracts);
    return face;
}

/// Keeps the world level with the clock, so that books and index prices move without anybody asking.
/// `face` outlives the loop.
asio::awaitable<void> keep_time(simulator::face::Face* face) {
    // The exchange looks at its books every 30 ms.
    auto pause = 30ms;
    while (co_await net::sleep_for(pause)) pause = face->tick() ? 30ms : 1ms;
}

asio::awaitable<void> stop_server(net::HttpServer* server, asio::io_context* loop) {
    co_await server->stop(2s);
    loop->stop();
}

void report(const std::exception_ptr& error) {
    if (error) std::fprintf(stderr, "htx-simulator: %s\n", net::describe(error).c_str());
}

int run(const simulator::Options& options) {
    const core::Clock& clock = core::system_clock();
    const core::WallTime start = clock.now();
    auto market = simulator::make_market({.contracts = options.contracts,
                                          .seed = options.seed,
                                          .kind = options.market,
                                          .start = start,
                                          .scenarios = options.scenarios,
                                          .prevalence = options.prevalence,
                                          .planted = options.planted});
    auto described = face_options(options, *market);
    simulator::face::World world(std::move(market), options.seed, options.speed, start, clock);
    const auto face = simulator::face::make_face(std::move(described), world, clock);

    asio::io_context loop(1);
    net::HttpServerOptions server_options;
    server_options.address = options.address;
    server_options.port = options.port;
    server_options.server_name = "openresty";
    // The exchange has pings of its own, and says nothing by those of the protocol.
    server_options.websocket_ping_interval = 24h;
    server_options.on_error = [](std::string_view where, std::string_view what) {
        std::fprintf(stderr, "htx-simulator: %.*s: %.*s\n", static_cast<int>(where.size()), where.data(),
                     static_cast<int>(what.size()), what.data());
    };
    const auto server = net::make_http_server(loop.get_executor(), std::move(server_options), *face);
    if (!server) {
        std::fprintf(stderr, "htx-simulator: %s\n", server.error().message().c_str());
        return 1;
    }

    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) asio::co_spawn(loop, stop_server(server->get(), &loop), report);
    });
    asio::co_spawn(loop, keep_time(face.get()), report);
    const bool ipv6 = options.address.find(':') != std::string::npos;
    std::printf("listening on http://%s%s%s:%u\n", ipv6 ? "[" : "", options.address.c_str(), ipv6 ? "]" : "",
                static_cast<unsigned>((*server)->port()));
    std::fflush(stdout);
    loop.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string_view> arguments(argv + std::min(argc, 1), argv + argc);
    const auto options = simulator::parse_options(arguments);
    if (!options) {
        for (const std::string& problem : options.error()) std::fprintf(stderr, "htx-simulator: %s\n", problem.c_str());
        std::fprintf(stderr, "htx-simulator --help lists every flag\n");
        return kUsageError;
    }
    if (options->help) return std::fputs(simulator::help_text().c_str(), stdout) < 0 ? 1 : 0;
    if (options->version) return std::printf("htx-simulator %s\n", core::kVersion.data()) < 0 ? 1 : 0;
    try {
        return run(*options);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "htx-simulator: %s\n", e.what());
        return 1;
    }
}
