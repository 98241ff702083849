#include "app/service.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

/// History read back from the real program, on both databases.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::Service;

class HistoryApi : public testing::TestWithParam<bool> {
protected:
    HistoryApi() {
        if (GetParam()) postgres_ = std::make_unique<test::PostgresServer>();
        Service::Options options;
        if (postgres_) options.environment = {"SCANNER_POSTGRES_URL=" + postgres_->url()};
        service_ = std::make_unique<Service>(std::move(options));
    }
    json get(const std::string& target) { return service_->get_json(target); }
    /// Waits until a ranking of that number or a later one can be read back.
    bool has_history(std::uint64_t sequence) {
        return service_->wait_until(
            [&] {
                const auto answer = service_->get("/rankings?as_of=2100-01-01");
                if (!answer || answer->status != 200) return false;
                return json::parse(answer->body).at("seq") >= sequence;
            },
            std::chrono::seconds(60));
    }

    std::unique_ptr<test::PostgresServer> postgres_;
    std::unique_ptr<Service> service_;
};

TEST_P(HistoryApi, shows_the_ranking_as_it_was_shown_then) {
    ASSERT_TRUE(service_->wait_until_ready()) << service_->scanner().output();
    const std::string fields =
        "fields=symbol,contract_code,rank,score,last_price,qvol_usdt,atr_pct,spread_bps,slip_bps,"
        "ret_15,ret_1,funding_8h_pct,open_interest,basis_bps,liquidity_edge,manip_score,"
        "manip_flags,age_ms,funding_rate,funding_interval_hours,listed_at,notes";
    const json live = get("/rankings?top=200&page_size=100&" + fields);
    ASSERT_TRUE(has_history(live.at("seq"))) << service_->scanner().output();
    const json past = get("/rankings?as_of=" + live.at("ts").get<std::string>() + "&top=200&page_size=100&" + fields);
    EXPECT_EQ(past.at("seq"), live.at("seq"));
    EXPECT_EQ(past.at("ts"), live.at("ts"));
    EXPECT_EQ(past.at("total"), live.at("total"));
    EXPECT_EQ(past.at("data_age_ms"), live.at("data_age_ms"));
    ASSERT_FALSE(live.at("items").empty());
    EXPECT_EQ(past.at("items"), live.at("items"));
    const json before = get("/rankings?as_of=2020-01-01");
    EXPECT_EQ(before.at("status"), 404);
}

TEST_P(HistoryApi, exports_what_its_pages_hold) {
    ASSERT_TRUE(service_->wait_until_ready()) << service_->scanner().output();
    ASSERT_TRUE(has_history(4)) << service_->scanner().output();
    // A range that has ended, so that both see the same.
    const std::string to = get("/rankings?as_of=2100-01-01").at("ts");
    const std::string range = "from=2020-01-01&to=" + to;
    const auto csv = service_->get("/history/rankings?format=csv&" + range);
    ASSERT_TRUE(csv);
    ASSERT_EQ(csv->status, 200) << csv->body;
    const auto lines = std::ranges::count(csv->body, '\n') - 1;
    std::string cursor;
    std::ptrdiff_t rows = 0;
    int pages = 0;
    do {
        const json page = get("/history/rankings?limit=25&" + range + (cursor.empty() ? "" : "&cursor=" + cursor));
        ASSERT_TRUE(page.contains("items")) << page;
        rows += static_cast<std::ptrdiff_t>(page.at("items").size());
        cursor = page.at("next_cursor").is_null() ? "" : page.at("next_cursor");
        ASSERT_LT(++pages, 10'000);
    } while (!cursor.empty());
    EXPECT_EQ(rows, lines);
    EXPECT_GT(rows, 60);
    const auto with_inputs =
        service_->get("/history/rankings?format=ndjson&inputs=1&symbol=btc&profile=swing&" + range);
    ASSERT_TRUE(with_inputs);
    const json row = json::parse(with_inputs->body.substr(0, with_inputs->body.find('\n')));
    EXPECT_EQ(row.at("symbol"), "BTC/USDT:USDT");
    EXPECT_EQ(row.at("profile"), "swing");
    EXPECT_TRUE(row.at("inputs").at("metrics").contains("atr_pct"));
}

TEST_P(HistoryApi, has_bars_of_every_interval) {
    ASSERT_TRUE(service_->wait_until_ready()) << service_->scanner().output();
    ASSERT_TRUE(has_history(2)) << service_->scanner().output();
    // Up to the last full hour: nothing is added there any more.
    const std::string hour = get("/rankings?as_of=2100-01-01").at("ts").get<std::string>().substr(0, 13) + ":00:00Z";
    const json minutes = get("/history/bars?symbol=btc&limit=5000&to=" + hour).at("items");
    ASSERT_GT(minutes.size(), 20U) << "the candles that the first cycle read";
    for (const char* interval : {"5m", "15m", "1h"}) {
        const json bars =
            get(std::string("/history/bars?symbol=BTC-USDT&interval=") + interval + "&to=" + hour).at("items");
        ASSERT_FALSE(bars.empty());
        EXPECT_LT(bars.size(), minutes.size() / 2);
        double high = 0.0;
        for (const json& bar : bars) {
            if (!bar.at("high").is_null()) high = std::max(high, bar.at("high").get<double>());
        }
        double minutes_high = 0.0;
        for (const json& bar : minutes) {
            if (!bar.at("high").is_null()) minutes_high = std::max(minutes_high, bar.at("high").get<double>());
        }
        EXPECT_DOUBLE_EQ(high, minutes_high) << interval;
    }
    const json newest = get("/history/bars?symbol=btc&limit=5000").at("items");
    const bool has_numbers = std::ranges::any_of(
        newest, [](const json& bar) { return bar.at("atr_pct").is_number() && bar.at("samples").is_number(); });
    EXPECT_TRUE(has_numbers);
}

TEST_P(HistoryApi, says_that_the_store_is_away_and_serves_the_present) {
    if (!postgres_) GTEST_SKIP() << "the embedded database is always there";
    ASSERT_TRUE(service_->wait_until_ready()) << service_->scanner().output();
    ASSERT_TRUE(has_history(1));
    postgres_->stop(SIGQUIT);
    for (const char* target :
         {"/history/rankings", "/history/bars?symbol=btc&format=csv", "/rankings?as_of=2100-01-01"}) {
        const auto answer = service_->get(target);
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(answer->status, 503) << target;
        EXPECT_NE(answer->body.find("history-unavailable"), std::string::npos) << answer->body;
        EXPECT_EQ(answer->body.find("scanner@"), std::string::npos) << "no address with its user: " << answer->body;
        for (const char* name : {"127.0.0.1", "postgres:", "server"})
            EXPECT_EQ(answer->body.find(name), std::string::npos)
                << "what the driver says is the log's: " << answer->body;
        EXPECT_FALSE(net::find_header(answer->headers, "Retry-After").empty());
    }
    const std::string said = service_->get_json("/healthz/details").at("stores").at("postgres").at("last_error").dump();
    EXPECT_GT(said.size(), 4U) << "the reason";
    EXPECT_EQ(said.find("127.0.0.1"), std::string::npos) << "without the names in it: " << said;
    EXPECT_EQ(service_->status_of("/rankings"), 200);
    postgres_->start();
    EXPECT_TRUE(has_history(1)) << service_->get_json("/healthz/details").at("stores");
}

INSTANTIATE_TEST_SUITE_P(On, HistoryApi, testing::Values(false, true),
                         [](const auto& tested) { return std::string(tested.param ? "postgres" : "sqlite"); });

}  // namespace
}  // namespace scanner::app
