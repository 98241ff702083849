#include "alerts/delivery/delivery_queue.hpp"

#include "rules/subject.hpp"

#include "scanner/alerts/alert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace scanner::alerts {
namespace {

namespace test = rules::test;

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

const core::SteadyTime kStart{std::chrono::hours(1)};

Alert alert(const std::string& rule) {
    return {.rule = rule, .symbol = "BTC/USDT:USDT", .time = test::kNow, .sequence = 7, .payload_json = "{}"};
}
std::string id_of(const std::string& rule) {
    return alert_id(rule, "BTC/USDT:USDT", test::kNow);
}
/// Every delay is the longest that back-off allows.
DeliveryQueue queue(std::size_t most = 10, int attempts = 3) {
    return {{.backoff = {.max_attempts = attempts, .base = seconds(2), .cap = seconds(60), .floor = milliseconds(500)},
             .max_waiting = most},
            [] { return 0.999'999'9; }};
}

TEST(DeliveryQueue, hands_out_the_oldest_first_each_once) {
    DeliveryQueue deliveries = queue();
    EXPECT_FALSE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.push(alert("a"), kStart));
    EXPECT_FALSE(deliveries.push(alert("b"), kStart));
    EXPECT_EQ(deliveries.next_due(), kStart);
    EXPECT_EQ(deliveries.take(kStart)->alert.rule, "a");
    EXPECT_EQ(deliveries.take(kStart)->alert.rule, "b");
    EXPECT_FALSE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.next_due());
    deliveries.delivered(id_of("a"));
    EXPECT_EQ(deliveries.size(), 1U);
    deliveries.delivered(id_of("unknown"));
    EXPECT_EQ(deliveries.size(), 1U);
}

TEST(DeliveryQueue, tries_again_later_then_gives_up) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.failed(id_of("a"), "HTTP 500", std::nullopt, kStart));
    const auto second = deliveries.next_due();
    ASSERT_TRUE(second);
    EXPECT_GT(*second, kStart + seconds(1));
    EXPECT_LE(*second, kStart + seconds(2));
    EXPECT_FALSE(deliveries.take(kStart + seconds(1)));
    EXPECT_EQ(deliveries.take(*second)->attempts, 1);
    EXPECT_FALSE(deliveries.failed(id_of("a"), "HTTP 500", std::nullopt, *second));
    const auto third = deliveries.next_due();
    EXPECT_GT(*third, *second + seconds(3));
    ASSERT_TRUE(deliveries.take(*third));
    const auto given_up = deliveries.failed(id_of("a"), "HTTP 502", std::nullopt, *third);
    ASSERT_TRUE(given_up);
    EXPECT_EQ(given_up->alert.rule, "a");
    EXPECT_EQ(given_up->attempts, 3);
    EXPECT_EQ(given_up->error, "HTTP 502");
    EXPECT_EQ(deliveries.size(), 0U);
}

TEST(DeliveryQueue, waits_as_long_as_the_receiver_asks) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.failed(id_of("a"), "HTTP 429", seconds(30), kStart));
    EXPECT_EQ(deliveries.next_due(), kStart + seconds(30));
}

TEST(DeliveryQueue, honours_a_receivers_wait_for_all_alerts) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    static_cast<void>(deliveries.push(alert("b"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.failed(id_of("a"), "HTTP 429", milliseconds(2'500), kStart));
    static_cast<void>(deliveries.push(alert("c"), kStart + seconds(1)));
    EXPECT_FALSE(deliveries.take(kStart + milliseconds(2'499)));
    EXPECT_EQ(deliveries.next_due(), kStart + milliseconds(2'500));
    EXPECT_EQ(deliveries.take(kStart + milliseconds(2'500))->alert.rule, "b");
    EXPECT_FALSE(deliveries.failed(id_of("b"), "HTTP 429", milliseconds(10), kStart + milliseconds(2'500)));
    EXPECT_FALSE(deliveries.take(kStart + milliseconds(2'505)));
    EXPECT_TRUE(deliveries.take(kStart + milliseconds(2'510)));
}

TEST(DeliveryQueue, a_stuck_alert_does_not_hold_up_the_others) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_FALSE(deliveries.failed(id_of("a"), "HTTP 500", std::nullopt, kStart));
    static_cast<void>(deliveries.push(alert("b"), kStart));
    EXPECT_EQ(deliveries.take(kStart)->alert.rule, "b");
}

TEST(DeliveryQueue, does_not_take_the_same_alert_twice) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    static_cast<void>(deliveries.push(alert("a"), kStart));
    EXPECT_EQ(deliveries.size(), 1U);
}

TEST(DeliveryQueue, gives_up_the_oldest_when_it_is_full) {
    DeliveryQueue deliveries = queue(2);
    static_cast<void>(deliveries.push(alert("a"), kStart));
    static_cast<void>(deliveries.push(alert("b"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));  // a is under way and stays
    const auto given_up = deliveries.push(alert("c"), kStart);
    ASSERT_TRUE(given_up);
    EXPECT_EQ(given_up->alert.rule, "b");
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_EQ(deliveries.push(alert("d"), kStart)->alert.rule, "d");  // everything is under way
    EXPECT_EQ(deliveries.size(), 2U);
}

TEST(DeliveryQueue, gives_up_at_once_what_is_hopeless_and_puts_back_what_was_abandoned) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart));
    static_cast<void>(deliveries.push(alert("b"), kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_EQ(deliveries.give_up(id_of("a"), "HTTP 410")->attempts, 1);
    deliveries.put_back(id_of("b"), kStart);
    EXPECT_EQ(deliveries.take(kStart)->attempts, 0);
    EXPECT_FALSE(deliveries.give_up(id_of("a"), "again"));
}

TEST(DeliveryQueue, continues_counting_after_a_restart) {
    DeliveryQueue deliveries = queue();
    static_cast<void>(deliveries.push(alert("a"), kStart, 2));
    EXPECT_EQ(deliveries.items().at(0).attempts, 2);
    ASSERT_TRUE(deliveries.take(kStart));
    EXPECT_TRUE(deliveries.failed(id_of("a"), "HTTP 500", std::nullopt, kStart));
}

TEST(Alert, id_depends_on_rule_contract_and_time_alone) {
    const std::string id = alert_id("r", "BTC/USDT:USDT", test::kNow);
    EXPECT_EQ(id, alert_id("r", "BTC/USDT:USDT", test::kNow));
    EXPECT_EQ(id.size(), 38U);
    EXPECT_NE(id, alert_id("s", "BTC/USDT:USDT", test::kNow));
    EXPECT_NE(id, alert_id("r", "ETH/USDT:USDT", test::kNow));
    EXPECT_NE(id, alert_id("r", "BTC/USDT:USDT", test::kNow + milliseconds(1)));
    EXPECT_NE(alert_id("a", "bc", test::kNow), alert_id("ab", "c", test::kNow));
}

TEST(Alert, message_has_what_the_interface_promises) {
    const auto ranking = test::make_ranking({{.manip_score = 72.5, .flags = {"scam_wick"}}}, test::kNow, 9);
    const rules::RuleSubject subject = ranking::cycle_item(*ranking, ranking->ranked.at("scalp").front());
    const auto rule = rules::Rule::compile("manip_score >= 60 and (rank == 3 or rank == 4) and symbol == \"btc\"");
    ASSERT_TRUE(rule);
    Alert fired = alert("quote \" rule");
    fired.payload_json = render_payload(*ranking, "scalp", subject, *rule);
    const auto message = nlohmann::json::parse(render_message(fired));
    EXPECT_EQ(message["id"], id_of("quote \" rule"));
    EXPECT_EQ(message["rule"], "quote \" rule");
    EXPECT_EQ(message["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(message["ts"], "2026-11-22T05:24:00.000Z");
    const auto& payload = message["payload"];
    EXPECT_EQ(payload["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(payload["rank"], 3);
    EXPECT_EQ(payload["rank_delta"], 2);
    EXPECT_EQ(payload["score"], 1.5);
    EXPECT_EQ(payload["manipulation_score"], 72.5);
    EXPECT_EQ(payload["manipulation_flags"], nlohmann::json::parse(R"(["scam_wick"])"));
    EXPECT_EQ(payload["momentum_edge"], 0.5);
    for (const char* edge : {"liquidity_edge", "volatility_edge", "microstructure_edge", "anomaly_residual"}) {
        EXPECT_TRUE(payload[edge].is_number()) << edge;
    }
    EXPECT_EQ(payload["seq"], 9);
    EXPECT_EQ(payload["expression"], rule->text());
    ASSERT_EQ(payload["conditions"].size(), 3U) << "those that made it fire";
    EXPECT_EQ(payload["conditions"][0],
              nlohmann::json::parse(R"({"text":"manip_score >= 60","left":72.5,"right":60})"));
    EXPECT_EQ(payload["conditions"][1]["text"], "rank == 3");
    EXPECT_FALSE(payload.contains("simulated"));
}

}  // namespace
}  // namespace scanner::alerts
