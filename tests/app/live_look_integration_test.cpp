#include "app/wiring.hpp"
#include "simulator/face_process.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/engine_metrics.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

/// The feed of the simulator, the engine and the interface, put together as the daemon does: a contract outside of the
/// scan is followed for as long as it is looked at.
namespace scanner::app {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class KeptInMemory final : public alerts::StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::not_found, "none"); }
    asio::awaitable<core::Result<void>> write(std::string) override { co_return core::Result<void>(); }
    void set_aside() override {}
};

class LiveLookOnTheSimulator : public testing::Test {
protected:
    static constexpr milliseconds kLease{2'000};

    settings::Settings settings() const {
        settings::Settings made;
        made.exchange_url = simulator_.url("");
        made.feed = settings::FeedMode::required;
        made.scan_top_by_qvol = 3;
        return made;
    }
    asio::awaitable<json> get(std::string target) {
        net::ServerRequest request;
        request.method = "GET";
        request.target = std::move(target);
        const auto response = co_await handler_->handle(std::move(request));
        EXPECT_EQ(response.status, 200) << *response.body;
        co_return json::parse(*response.body, nullptr, false);
    }
    static asio::awaitable<bool> until(std::function<asio::awaitable<bool>()> holds) {
        const auto deadline = std::chrono::steady_clock::now() + seconds(40);
        while (std::chrono::steady_clock::now() < deadline) {
            if (co_await holds()) co_return true;
            static_cast<void>(co_await net::sleep_for(milliseconds(100)));
        }
        co_return false;
    }
    [[nodiscard]] bool subscribed(const std::string& code) const {
        const auto health = engine_->board().health();
        return health.feed && health.feed->status.books.contains(code);
    }

    simulator::face::test::SimulatorProcess simulator_{{"--contracts", "12", "--market", "busy", "--scenario", "none"}};
    asio::io_context io_{1};
    engine::EngineMetrics observer_;
    KeptInMemory sequence_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<net::RequestHandler> handler_;
};

TEST_F(LiveLookOnTheSimulator, follows_a_contract_while_it_is_looked_at) {
    const settings::Settings set = settings();
    const auto client = make_client(io_.get_executor(), set);
    const auto exchange = make_exchange(io_.get_executor(), set, *client, core::system_clock(), observer_);
    auto parts = feed_parts(io_.get_executor(), set, core::system_clock(), sequence_);
    ASSERT_TRUE(parts) << parts.error().message();
    engine::EngineOptions options = engine_options(set, true);
    options.look_lease = kLease;
    engine_ = engine::make_engine(io_.get_executor(), *exchange, core::system_clock(), options, observer_, {},
                                  std::move(*parts));
    const auto inspector = engine::make_inspector(io_.get_executor(), *exchange, engine_->board(), core::system_clock(),
                                                  {}, engine_->live());
    api::Metrics metrics("1");
    handler_ = api::make_api_handler({}, {.engine = engine_->board(),
                                          .metrics = metrics,
                                          .clock = core::system_clock(),
                                          .inspector = inspector.get(),
                                          .live = engine_->live()});
    net::TaskGroup tasks(io_.get_executor(), [](std::string_view, std::string_view what) { ADD_FAILURE() << what; });
    const auto whole = [&]() -> asio::awaitable<void> {
        EXPECT_TRUE(tasks.spawn("engine", engine_->run()));
        EXPECT_TRUE(
            co_await until([&]() -> asio::awaitable<bool> { co_return engine_->board().current() != nullptr; }));
        std::string code;
        for (const engine::UniverseEntry& entry : engine_->board().universe()) {
            const bool listed = entry.contract->status == market::ContractStatus::listed && entry.turnover_24h;
            if (!entry.scanned && listed && entry.reason == "turnover_rank") code = entry.contract->contract_code;
        }
        EXPECT_FALSE(code.empty());
        EXPECT_FALSE(subscribed(code));
        const std::string target = "/symbol/" + code + "/inspect";
        const json first = co_await get(target);
        EXPECT_EQ(first["in_scan"], false);
        EXPECT_FALSE(first["orderbook"]["bids"].empty()) << "read for us";
        json live;
        EXPECT_TRUE(co_await until([&]() -> asio::awaitable<bool> {
            live = co_await get(target);
            co_return live["ladder"].is_object() && live["tape"]["complete"] == true;
        })) << live["tape"]
            << live["inputs"];
        EXPECT_TRUE(subscribed(code));
        EXPECT_EQ(live["in_scan"], false);
        EXPECT_EQ(live["inputs"]["order_book"]["source"], "feed");
        EXPECT_EQ(live["inputs"]["order_book"]["subscription"], "live");
        EXPECT_EQ(live["ladder"]["bids"][0]["price"], live["orderbook"]["bids"][0][0]);
        EXPECT_GE(live["ladder"]["age_ms"], 0);
        EXPECT_TRUE(co_await until([&]() -> asio::awaitable<bool> { co_return !subscribed(code); }))
            << "not looked at for longer than the lease";
        engine_->stop();
        EXPECT_TRUE(co_await inspector->stop(seconds(5)));
        EXPECT_TRUE(co_await tasks.join(std::chrono::steady_clock::now() + seconds(15)));
    };
    test::run_on(io_, whole(), seconds(120));
}

}  // namespace
}  // namespace scanner::app
