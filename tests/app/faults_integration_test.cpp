#include "app/service.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

/// The whole system under every fault that the simulator knows: it goes on answering, says what is wrong, never shows a
/// number that the exchange did not give, and is back as soon as the fault is over.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::Service;

json error_counts(Service& service) {
    return service.get_json("/healthz/details").at("adapter").at("errors");
}

/// Every number of a ranking is finite (JSON has no other) and none is a placeholder.
void expect_sane(const json& rankings) {
    ASSERT_TRUE(rankings.is_object()) << rankings;
    std::set<std::string> symbols;
    for (const json& item : rankings.at("items")) {
        EXPECT_TRUE(symbols.insert(item.at("symbol")).second) << "twice: " << item;
        EXPECT_GT(item.at("last_price").get<double>(), 0.0);
        EXPECT_LT(item.at("spread_bps").get<double>(), 10'000.0);
        // Null while the detectors learn what is usual.
        const json& manipulation = item.at("manip_score");
        EXPECT_TRUE(manipulation.is_null() || manipulation.get<double>() >= 0.0) << item;
        EXPECT_TRUE(std::isfinite(item.at("score").get<double>()));
        EXPECT_LT(item.at("age_ms").get<double>(), 90'000.0);
    }
}

struct Fault {
    const char* name;
    std::vector<std::string> spec;
    const char* error;     ///< what is counted; empty: nothing need be
    bool goes_on_ranking;  ///< while the fault lasts
};
void PrintTo(const Fault& fault, std::ostream* out) {
    *out << fault.name;
}

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, is_survived_reported_and_recovered_from) {
    const Fault& fault = GetParam();
    Service service({.scanner = {"--adapter-cooldown-sec", "1"}, .environment = {test::kPolling}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto before = service.sequence();
    service.set_faults(fault.spec);
    if (*fault.error != '\0') {
        EXPECT_TRUE(service.wait_until([&] { return error_counts(service).contains(fault.error); }))
            << error_counts(service) << service.scanner().output();
    }
    if (fault.goes_on_ranking) {
        EXPECT_TRUE(service.wait_until([&] { return service.sequence() >= before + 3; })) << service.scanner().output();
    } else {
        EXPECT_TRUE(service.wait_until([&] {
            return service.get_json("/healthz/details").at("failure_streak").get<int>() >= 1;
        })) << service.get_json("/healthz/details");
    }
    EXPECT_EQ(service.status_of("/health"), 200);
    const json rankings = service.get_json("/rankings?top=200&min_qvol=0&max_spread_bps=9999");
    expect_sane(rankings);
    service.set_faults({});
    const auto after = service.sequence();
    EXPECT_TRUE(service.wait_until([&] { return service.sequence() >= after + 2; })) << service.scanner().output();
    expect_sane(service.get_json("/rankings?top=200&min_qvol=0&max_spread_bps=9999"));
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
}

INSTANTIATE_TEST_SUITE_P(Simulator, FaultTest,
                         testing::Values(Fault{"some_429", {"429:rate=0.05"}, "rate_limited", true},
                                         Fault{"some_429_html", {"429-html:rate=0.05"}, "rate_limited", true},
                                         Fault{"some_1032", {"1032:rate=0.05"}, "rate_limited", true},
                                         Fault{"some_5xx_html", {"5xx:rate=0.1"}, "http_status", true},
                                         Fault{"all_5xx_html", {"5xx:rate=1"}, "http_status", false},
                                         Fault{"maintenance", {"maintenance:rate=1"}, "maintenance", false},
                                         Fault{"a_slow_contract", {"slow:delay=20s:contract=BTC-USDT"}, "", true},
                                         Fault{"some_truncated", {"truncated:rate=0.1"}, "malformed", true},
                                         Fault{"some_empty", {"empty:rate=0.1"}, "malformed", true},
                                         Fault{"some_malformed", {"malformed:rate=0.1"}, "malformed", true},
                                         Fault{
                                             "non_finite_books", {"non-finite:rate=0.3:path=depth"}, "malformed", true},
                                         Fault{"some_resets", {"reset:rate=0.1"}, "network", true},
                                         Fault{"bulk_calls_gone", {"404-bulk:rate=1"}, "", true},
                                         Fault{"clock_skew", {"clock-skew:rate=1:offset=-300s"}, "", true},
                                         Fault{"vanishing_contract", {"vanish:rate=1:contract=ETH-USDT"}, "", true}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Faults, a_stale_book_is_left_out_with_its_reason) {
    Service service({.scanner = {"--redis-snapshots-ttl-sec", "3", "--redis-rankings-ttl-sec", "3"},
                     .environment = {test::kPolling}});
    ASSERT_TRUE(service.wait_until_ready());
    service.set_faults({"stale-book:rate=1:contract=BTC-USDT"});
    const auto reason = [&]() -> std::string {
        for (const json& item : service.get_json("/symbols").at("items")) {
            if (item.at("contract_code") == "BTC-USDT" && item.at("reason").is_string()) return item.at("reason");
        }
        return "";
    };
    EXPECT_TRUE(service.wait_until([&] { return reason() == "stale_book"; })) << reason();
    const json rankings = service.get_json("/rankings?top=200&min_qvol=0&max_spread_bps=9999");
    for (const json& item : rankings.at("items")) EXPECT_NE(item.at("contract_code"), "BTC-USDT");
}

TEST(Faults, funding_survives_the_end_of_the_bulk_calls) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready());
    service.set_faults({"404-bulk:rate=1"});
    EXPECT_TRUE(service.wait_until(
        [&] { return service.get_json("/healthz/details").at("adapter").at("funding_fallback").get<bool>(); }));
    const auto has_funding = [&] {
        const json items = service.get_json("/rankings?top=200&min_qvol=0&max_spread_bps=9999").at("items");
        return !items.empty() && items[0].at("funding_8h_pct").is_number() && items[0].at("open_interest").is_number();
    };
    EXPECT_TRUE(service.wait_until(has_funding)) << service.scanner().output();
}

TEST(Faults, an_exchange_that_dies_and_returns) {
    Service service(
        {.scanner = {"--redis-snapshots-ttl-sec", "2", "--redis-rankings-ttl-sec", "2"}, .interval_sec = "1"});
    ASSERT_TRUE(service.wait_until_ready());
    service.simulator().stop(SIGKILL);
    EXPECT_EQ(service.status_of("/rankings"), 200) << "fresh enough for a while";
    EXPECT_TRUE(service.wait_until([&] { return service.status_of("/rankings") == 503; }));
    const auto refused = service.get("/rankings");
    ASSERT_TRUE(refused);
    EXPECT_EQ(net::find_header(refused->headers, "Content-Type"), "application/problem+json");
    EXPECT_FALSE(net::find_header(refused->headers, "Retry-After").empty());
    EXPECT_EQ(service.status_of("/ready"), 503);
    EXPECT_EQ(service.status_of("/health"), 200);
    EXPECT_TRUE(service.wait_until([&] {
        return service.get_json("/healthz/details").at("adapter").at("state") == "open";
    })) << service.get_json("/healthz/details").at("adapter");
    service.simulator().start();
    ASSERT_TRUE(service.simulator().wait_for_output("listening", std::chrono::seconds(60)));
    EXPECT_TRUE(service.wait_until([&] { return service.status_of("/rankings") == 200; }, std::chrono::seconds(8)))
        << "the probe of each interval finds it, whatever the back-off and the breaker's cooldown";
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
}

}  // namespace
}  // namespace scanner::app
