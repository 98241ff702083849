#include "app/served_process.hpp"

#include "app/commands/command_line.hpp"
#include "app/open_files.hpp"
#include "app/wiring.hpp"

#include "scanner/api/host_guard.hpp"
#include "scanner/api/panel_handler.hpp"
#include "scanner/core/address.hpp"
#include "scanner/core/version.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr int kExitForced = 3;

/// Empty when the system does not say.
std::filesystem::path program_directory() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

/// On loopback without a token the Host is all that tells the operator's pages from a foreign one; elsewhere the
/// operator decides, by listing names.
std::unique_ptr<net::RequestHandler> make_guard(const settings::Settings& settings, net::RequestHandler& next,
                                                api::Metrics& metrics) {
    const bool exposed = core::is_loopback_host(settings.http_address) && !settings.api_token;
    if (!exposed && settings.allowed_hosts.empty()) return nullptr;
    return api::make_host_guard({.loopback_only = exposed, .allowed = settings.allowed_hosts}, next, metrics);
}

net::HttpServerOptions server_options(const settings::Settings& settings) {
    net::HttpServerOptions options;
    options.address = settings.http_address == "localhost" ? "127.0.0.1" : settings.http_address;
    options.port = settings.http_port;
    options.base_path = settings.base_path;
    options.trusted_proxies = settings.trusted_proxies;
    return options;
}

}  // namespace

void prepare_to_serve() {
    std::signal(SIGPIPE, SIG_IGN);
    if (const auto limit = raise_open_file_limit()) {
        core::log(core::LogLevel::debug, "open_files", {{"limit", *limit}});
    }
}

ServedProcess::ServedProcess(asio::io_context& io, const settings::Settings& settings, net::RequestHandler& api,
                             api::Metrics& metrics, Hooks hooks)
    : io_(io),
      settings_(settings),
      hooks_(std::move(hooks)),
      console_(api::make_panel_handler(api::find_panel_directory(program_directory()), api, settings.base_path)),
      host_guard_(make_guard(settings, *console_, metrics)),
      tasks_(io.get_executor(),
             [](std::string_view task, std::string_view what) {
                 core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
             }),
      signals_(io, SIGINT, SIGTERM),
      exit_code_(kExitOk) {
    if (hooks_.hang_up) signals_.add(SIGHUP);
}

core::Result<void> ServedProcess::listen(const core::LogField& what) {
    const net::HttpServerOptions options = server_options(settings_);
    auto server = net::make_http_server(io_.get_executor(), options, host_guard_ ? *host_guard_ : *console_);
    if (!server) {
        return std::unexpected(server.error().within(
            fmt::format("SCANNER_HTTP_ADDRESS={} SCANNER_HTTP_PORT={}", options.address, options.port)));
    }
    server_ = std::move(*server);
    core::log(core::LogLevel::info, "listening",
              {{"url", listening_url(options, server_->port())}, what, {"version", core::kVersion}});
    if (!spawn("signals", watch_signals()))
        return core::fail(core::ErrorCode::internal, "the task group refused to start");
    return {};
}

bool ServedProcess::spawn(std::string name, asio::awaitable<void> task) {
    return tasks_.spawn(std::move(name), std::move(task));
}

asio::awaitable<void> ServedProcess::watch_signals() {
    for (;;) {
        const auto [error, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        if (number != SIGHUP) break;
        hooks_.hang_up();
    }
    end(kExitOk);
}

void ServedProcess::end(int exit_code) {
    if (exit_code != kExitOk) exit_code_ = exit_code;
    if (std::exchange(ending_, true)) return;
    core::log(core::LogLevel::info, "stopping");
    // A second signal does not wait for anything, however far the end is.
    signals_.cancel();
    signals_.async_wait([](const boost::system::error_code& error, int) {
        if (!error) std::_Exit(kExitForced);
    });
    // Outside of the group that it is about to end.
    asio::co_spawn(io_, hooks_.shut_down(), [this](const std::exception_ptr&) {
        core::log(core::LogLevel::info, "stopped");
        io_.stop();
    });
}

asio::awaitable<void> ServedProcess::stop_serving(milliseconds grace) {
    if (server_) co_await server_->stop(grace);
}

asio::awaitable<void> ServedProcess::stop_tasks(milliseconds grace) {
    const auto ended = co_await tasks_.shutdown(grace);
    if (!ended) core::log(core::LogLevel::error, "shutdown_incomplete", {{"error", ended.error().message()}});
}

net::HttpServerStatistics ServedProcess::statistics() const {
    return server_ ? server_->statistics() : net::HttpServerStatistics();
}

}  // namespace scanner::app
