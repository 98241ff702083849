#include "app/service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

/// One input of the market stands still, is missing or contradicts another: what the daemon then serves, and what not.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::Service;

constexpr const char* kAll = "/rankings?top=200&min_qvol=0&max_spread_bps=9999";

class Inputs : public testing::Test {
protected:
    static Service::Options short_lived() {
        return {.scanner = {"--redis-snapshots-ttl-sec", "3", "--redis-rankings-ttl-sec", "3"},
                .environment = {test::kPolling}};
    }
    json entry(const std::string& code) {
        for (const json& item : service_.get_json("/symbols").at("items")) {
            if (item.at("contract_code") == code) return item;
        }
        return {};
    }
    std::string reason(const std::string& code) {
        const json found = entry(code);
        return found.is_object() && found.at("reason").is_string() ? found.at("reason").get<std::string>() : "";
    }
    json item(const std::string& code) {
        for (const json& item : service_.get_json(kAll).at("items")) {
            if (item.at("contract_code") == code) return item;
        }
        return {};
    }
    json input(const std::string& name) { return service_.get_json("/symbol/BTC-USDT/inspect").at("inputs").at(name); }
    void SetUp() override { ASSERT_TRUE(service_.wait_until_ready()) << service_.scanner().output(); }

    Service service_{short_lived()};
};

TEST_F(Inputs, are_all_live_and_shown_with_their_ages) {
    const json inspection = service_.get_json("/symbol/BTC-USDT/inspect");
    ASSERT_EQ(inspection.at("inputs").size(), 6U);
    for (const auto& [name, reading] : inspection.at("inputs").items()) {
        EXPECT_EQ(reading.at("state"), "live") << name;
        EXPECT_GE(reading.at("age_ms").get<std::int64_t>(), 0) << name;
        EXPECT_LE(reading.at("age_ms"), reading.at("limit_ms")) << name;
        EXPECT_TRUE(reading.at("note").is_null()) << name;
    }
    const auto older = std::max(inspection.at("inputs").at("ticker").at("age_ms").get<std::int64_t>(),
                                inspection.at("inputs").at("order_book").at("age_ms").get<std::int64_t>());
    EXPECT_EQ(inspection.at("data_age_ms").get<std::int64_t>(), older);
    const auto metrics = service_.get("/metrics");
    ASSERT_TRUE(metrics);
    EXPECT_NE(metrics->body.find("scanner_input_age_seconds{input=\"order_book\"}"), std::string::npos);
}

TEST_F(Inputs, tickers_from_a_cache_are_served_for_their_time_and_no_longer) {
    service_.set_faults({"cached:path=batch_merged"});
    EXPECT_TRUE(service_.wait_until([&] { return service_.status_of("/rankings") == 503; }));
    const auto refused = service_.get("/rankings");
    EXPECT_NE(refused->body.find("the ticker is"), std::string::npos) << refused->body;
    service_.set_faults({});
    EXPECT_TRUE(service_.wait_until([&] { return service_.status_of("/rankings") == 200; }));
}

TEST_F(Inputs, everything_from_a_cache_is_not_served_either) {
    service_.set_faults({"cached:path=/"});
    EXPECT_TRUE(service_.wait_until([&] { return service_.status_of("/rankings") == 503; }));
    service_.set_faults({});
    EXPECT_TRUE(service_.wait_until([&] { return service_.status_of("/rankings") == 200; }));
}

TEST_F(Inputs, a_frozen_index_costs_the_basis_alone) {
    service_.set_faults({"clock-skew:path=swap_index:offset=-5m"});
    EXPECT_TRUE(service_.wait_until([&] { return item("BTC-USDT").at("basis_bps").is_null(); }));
    EXPECT_EQ(input("index").at("state"), "stale");
    EXPECT_TRUE(item("BTC-USDT").at("open_interest").is_number());
    EXPECT_FALSE(item("BTC-USDT").at("notes").empty());
    service_.set_faults({"clock-skew:path=swap_index:offset=5m"});
    EXPECT_TRUE(service_.wait_until([&] { return input("index").at("age_ms").get<double>() < -200'000.0; }))
        << "ahead is as wrong: " << input("index");
    EXPECT_TRUE(item("BTC-USDT").at("basis_bps").is_null());
}

TEST_F(Inputs, calls_that_fail_for_ever_cost_their_input_alone) {
    service_.set_faults({"5xx:path=funding", "5xx:path=open_interest", "5xx:path=swap_index"});
    const auto before = service_.sequence();
    EXPECT_TRUE(service_.wait_until([&] { return service_.sequence() >= before + 10; }));
    const json health = service_.get_json("/healthz/details");
    EXPECT_EQ(health.at("adapter").at("state"), "closed");
    EXPECT_EQ(health.at("failure_streak"), 0);
    const json btc = item("BTC-USDT");
    ASSERT_TRUE(btc.is_object());
    EXPECT_TRUE(btc.at("funding_8h_pct").is_null());
    EXPECT_TRUE(btc.at("open_interest").is_null());
    EXPECT_EQ(input("funding").at("state"), "missing");
    EXPECT_LT(service_.get_json("/healthz/details").at("last_cycle_ms").get<double>(), 2'000.0)
        << "nothing waits for what is not asked any more";
}

TEST_F(Inputs, a_contract_whose_size_changes_is_never_shown_with_the_old_one) {
    const double before = entry("BTC-USDT").at("contract_size").get<double>();
    service_.set_faults({"resize:contract=BTC-USDT"});
    EXPECT_TRUE(service_.wait_until([&] {
        const json found = entry("BTC-USDT");
        return found.at("in_scan").get<bool>() && found.at("contract_size").get<double>() > 9 * before;
    })) << entry("BTC-USDT")
        << service_.scanner().output();
}

TEST(InputsAtStart, candles_that_stopped_leave_their_contract_out_until_they_go_on) {
    Service service({.simulator = {"--contracts", "20", "--market", "busy", "--scenario", "none", "--fault",
                                   "clock-skew:path=kline:contract=BTC-USDT:offset=-10m"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto reason = [&]() -> std::string {
        for (const json& item : service.get_json("/symbols").at("items")) {
            if (item.at("contract_code") == "BTC-USDT" && item.at("reason").is_string()) return item.at("reason");
        }
        return "";
    };
    EXPECT_EQ(reason(), "stale_candles");
    const json inspection = service.get_json("/symbol/BTC-USDT/inspect");
    EXPECT_FALSE(inspection.at("in_scan").get<bool>());
    EXPECT_EQ(inspection.at("reason"), "stale_candles");
    EXPECT_EQ(inspection.at("inputs").at("candles").at("state"), "stale");
    EXPECT_GT(inspection.at("inputs").at("candles").at("age_ms").get<double>(), 500'000.0);
    EXPECT_LT(inspection.at("data_age_ms").get<double>(), 90'000.0) << "the age of its prices";
    EXPECT_TRUE(inspection.at("snapshot").at("ret_15").is_null());
    service.set_faults({});
    EXPECT_TRUE(service.wait_until([&] { return reason().empty(); })) << reason();
}

TEST(InputsAtStart, a_contract_listed_again_is_scanned_as_the_live_one) {
    Service service({.simulator = {"--contracts", "20", "--market", "busy", "--scenario", "none", "--fault",
                                   "relist:contract=BTC-USDT"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    int rows = 0;
    for (const json& item : service.get_json("/symbols").at("items")) {
        if (item.at("contract_code") != "BTC-USDT") continue;
        ++rows;
        EXPECT_EQ(item.at("status"), "listed");
        EXPECT_TRUE(item.at("in_scan").get<bool>()) << item;
    }
    EXPECT_EQ(rows, 1);
}

}  // namespace
}  // namespace scanner::app
