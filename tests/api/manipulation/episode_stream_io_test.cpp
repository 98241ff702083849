#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

/// The ledger as NDJSON over a real server: any length costs the memory of a page.
namespace scanner::api {
namespace {

namespace asio = boost::asio;

class LongLedger final : public storage::EpisodeLedger {
public:
    void record_episodes(std::vector<storage::EpisodeRecord>) override {}
    asio::awaitable<core::Result<storage::EpisodesPage>> episodes(storage::EpisodesQuery query) override {
        if (pages_read++ >= fails_after) co_return core::fail(core::ErrorCode::unavailable, "away");
        largest = std::max(largest, query.limit);
        std::size_t at = query.cursor.empty() ? 0 : std::stoul(query.cursor);
        storage::EpisodesPage page;
        for (; at < total && page.rows.size() < query.limit; ++at) {
            storage::EpisodeRecord& record = page.rows.emplace_back().record;
            record.id = "BTC-USDT.pump_ignition." + std::to_string(at);
            record.symbol = "BTC/USDT:USDT";
            record.flag = "pump_ignition";
            record.start = test::kNow;
        }
        if (at < total) page.next = std::to_string(at);
        co_return page;
    }
    asio::awaitable<core::Result<storage::Episode>> episode(std::string) override {
        co_return core::fail(core::ErrorCode::not_found, "no");
    }
    asio::awaitable<core::Result<storage::Episode>> judge(std::string, storage::Disposition,
                                                          std::optional<std::int64_t>) override {
        co_return core::fail(core::ErrorCode::not_found, "no");
    }
    asio::awaitable<core::Result<std::vector<storage::FlagDispositions>>> dispositions(core::WallTime,
                                                                                       core::WallTime) override {
        co_return std::vector<storage::FlagDispositions>{};
    }

    std::size_t total = 0;
    std::size_t fails_after = 1'000'000;  ///< pages
    std::size_t pages_read = 0;
    std::size_t largest = 0;
};

asio::awaitable<void> stop_server(net::HttpServer& server) {
    co_await server.stop(std::chrono::seconds(1));
}

class EpisodeStream : public testing::Test {
protected:
    void SetUp() override {
        engine_.publish(test::make_ranking());
        handler_ =
            make_api_handler({}, {.engine = engine_, .metrics = metrics_, .clock = clock_, .episodes = &ledger_});
        auto server = net::make_http_server(io_.get_executor(), {}, *handler_);
        ASSERT_TRUE(server) << server.error().message();
        server_ = std::move(*server);
    }
    void TearDown() override {
        if (server_ != nullptr) scanner::test::run_on(io_, stop_server(*server_));
    }
    core::Result<net::ClientResponse> get(const std::string& target) {
        net::ClientRequest request;
        request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
        request.timeout = std::chrono::seconds(60);
        return scanner::test::run_on(io_, client_->send(std::move(request)), std::chrono::seconds(90));
    }

    asio::io_context io_{1};
    test::FakeEngine engine_;
    core::ManualClock clock_{test::kNow};
    Metrics metrics_{"1.2.3"};
    LongLedger ledger_;
    std::unique_ptr<net::RequestHandler> handler_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<net::HttpClient> client_ = net::make_curl_client(io_.get_executor(), {});
};

TEST_F(EpisodeStream, has_every_episode_once_a_page_at_a_time) {
    ledger_.total = 2'350;
    const auto answer = get("/manipulation/episodes?format=ndjson");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(std::ranges::count(answer->body, '\n'), 2'350);
    const auto last = answer->body.substr(answer->body.rfind('\n', answer->body.size() - 2) + 1);
    EXPECT_EQ(nlohmann::json::parse(last).at("id"), "BTC-USDT.pump_ignition.2349");
    EXPECT_EQ(ledger_.largest, 200U);
    EXPECT_EQ(ledger_.pages_read, 12U);
}

TEST_F(EpisodeStream, that_cannot_be_finished_does_not_pass_for_a_whole_one) {
    ledger_.total = 1'000;
    ledger_.fails_after = 2;
    EXPECT_FALSE(get("/manipulation/episodes?format=ndjson")) << "its last chunk never came";
    ledger_.pages_read = 2;
    const auto away = get("/manipulation/episodes?format=ndjson");
    ASSERT_TRUE(away);
    EXPECT_EQ(away->status, 503);
}

}  // namespace
}  // namespace scanner::api
