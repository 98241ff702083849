#include "api/response_header.hpp"
#include "api/sample.hpp"
#include "storage/old_database.hpp"

#include "scanner/api/handler.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>

/// The history routes on databases that were upgraded with rows in them.
namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using storage::samples::kStart;

class UpgradedHistory : public storage::OldDatabase {
protected:
    /// A cycle of the old program, an upgrade, and a cycle of this one 15 s later.
    void SetUp() override {
        make_version_3(1, kStart);
        open_store();
        write(storage::samples::cycle(2, kStart + seconds(15)));
        engine_.publish(test::make_ranking());
        engine_.time = kStart + seconds(60);
        handler_ = make_api_handler(api_options_,
                                    {.engine = engine_, .metrics = metrics_, .clock = clock_, .history = &history()});
    }
    void TearDown() override { handler_.reset(); }

    std::string text(const std::string& target) {
        net::ServerRequest request;
        request.method = "GET";
        request.target = target;
        const net::ServerResponse response = await(handler_->handle(std::move(request)));
        EXPECT_EQ(response.status, 200) << target << ": " << (response.body == nullptr ? "" : *response.body);
        return response.body == nullptr ? "{}" : *response.body;
    }
    json get(const std::string& target) { return json::parse(text(target)); }

    test::FakeEngine engine_;
    Metrics metrics_{"1.2.3"};
    ApiOptions api_options_;
    std::unique_ptr<net::RequestHandler> handler_;
};

TEST_P(UpgradedHistory, has_old_rows_with_their_inputs_beside_new_ones) {
    const json rows =
        get("/history/rankings?profile=scalp&symbol=btc&inputs=1&limit=100&from=2026-11-22&to=2026-11-23").at("items");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].at("seq"), 1);
    EXPECT_EQ(rows[0].at("inputs"), json::parse(kOldInputs));
    EXPECT_EQ(rows[1].at("seq"), 2);
    EXPECT_EQ(rows[1].at("inputs").at("contract_code"), "BTC-USDT");
    EXPECT_EQ(rows[1].at("inputs").at("metrics").at("atr_pct"), 0.1 + 0.2);
    const json without = get("/history/rankings?profile=scalp&limit=100&from=2026-11-22&to=2026-11-23").at("items");
    ASSERT_EQ(without.size(), 4U);
    EXPECT_FALSE(without[0].contains("inputs"));
}

TEST_P(UpgradedHistory, shows_an_old_ranking_as_it_stood) {
    const json past = get("/rankings?as_of=2026-11-22T05:24:05Z");
    EXPECT_EQ(past.at("seq"), 1);
    const json& items = past.at("items");
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0].at("symbol"), "BTC/USDT:USDT");
    EXPECT_EQ(items[0].at("atr_pct"), 0.25);
    EXPECT_EQ(items[0].at("ret_1"), -0.125);
    EXPECT_EQ(items[0].at("liquidity_edge"), 1.25);
    EXPECT_EQ(items[0].at("funding_rate"), 0.0001);
    EXPECT_EQ(items[0].at("manip_flags"), json{"scam_wick"});
    EXPECT_EQ(items[0].at("age_ms"), 1'000);
    EXPECT_TRUE(items[0].at("funding_8h_pct").is_null());
    EXPECT_TRUE(items[0].at("listed_at").is_null()) << "the old program did not keep it";
    EXPECT_TRUE(items[1].at("atr_pct").is_null()) << "the old program wrote no inputs of ETH";
    EXPECT_EQ(items[1].at("rank"), 2);
    EXPECT_EQ(get("/rankings?as_of=2026-11-22T05:24:15Z").at("seq"), 2);
}

TEST_P(UpgradedHistory, is_exported_whole) {
    const std::string csv = text("/rankings?as_of=2026-11-22T05:24:05Z&format=csv&fields=symbol,rank,atr_pct,age_ms");
    EXPECT_EQ(csv, "symbol,rank,atr_pct,age_ms\r\nBTC/USDT:USDT,1,0.25,1000\r\nETH/USDT:USDT,2,,\r\n");
    const json bars = get("/history/bars?symbol=btc&interval=1m&from=2026-11-22&to=2026-11-23&limit=10").at("items");
    EXPECT_FALSE(bars.empty());
}

INSTANTIATE_TEST_SUITE_P(Databases, UpgradedHistory,
                         testing::Values(storage::DatabaseKind::sqlite, storage::DatabaseKind::postgres),
                         storage::database_name);

}  // namespace
}  // namespace scanner::api
