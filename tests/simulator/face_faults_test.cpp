#include "simulator/face/encode/duration.hpp"
#include "simulator/face/faults/fault_effects.hpp"
#include "simulator/face/faults/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr core::SteadyTime kStart{std::chrono::hours(1)};
constexpr FaultTarget kDepth{"/linear-swap-ex/market/depth", "BTC-USDT"};

FaultSpec fault(std::string_view text) {
    auto parsed = parse_fault(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message());
    return parsed.value_or(FaultSpec{});
}

TEST(FaultSpec, every_option_is_read_and_written_back) {
    const std::string text = "slow:rate=0.25:on=5s:off=1500ms:after=60s:contract=BTC-USDT:path=history/kline:delay=2s";
    const FaultSpec spec = fault(text);
    EXPECT_EQ(spec.kind, FaultKind::slow);
    EXPECT_EQ(spec.rate, 0.25);
    EXPECT_EQ(spec.on, 5s);
    EXPECT_EQ(spec.off, 1500ms);
    EXPECT_EQ(spec.after, 1min);
    EXPECT_EQ(spec.delay, 2s);
    EXPECT_EQ(to_text(spec), text);
    EXPECT_EQ(fault(to_text(fault("clock-skew:offset=-2m"))).offset, -2min);
    EXPECT_EQ(to_text(fault("5xx:status=502")), "5xx:status=502");
    EXPECT_EQ(fault("vanish:contract=btc-usdt").contract, "BTC-USDT");
}

TEST(FaultSpec, every_kind_reads_back) {
    for (const FaultInfo& info : fault_infos()) {
        EXPECT_EQ(fault(info.name).kind, info.kind);
        EXPECT_EQ(to_string(info.kind), info.name);
    }
}

TEST(FaultSpec, everything_wrong_is_named_at_once) {
    const auto bad = parse_fault("sloow:rate=2:on=x:colour=red:status=200");
    ASSERT_FALSE(bad);
    for (const std::string_view part : {"sloow", "known are 429,", "rate=2", "on=x", "colour=red", "status=200"}) {
        EXPECT_THAT(bad.error().message(), HasSubstr(std::string(part)));
    }
    EXPECT_FALSE(parse_fault(""));
    EXPECT_FALSE(parse_fault("slow:on=0s"));
    EXPECT_FALSE(parse_fault("slow:contract="));
}

TEST(FaultSchedule, on_and_off_take_turns) {
    const FaultSpec spec = fault("reset:on=5s:off=10s:after=1s");
    EXPECT_FALSE(scheduled_on(spec, 999ms));
    EXPECT_TRUE(scheduled_on(spec, 1s));
    EXPECT_TRUE(scheduled_on(spec, 5'999ms));
    EXPECT_FALSE(scheduled_on(spec, 6s));
    EXPECT_FALSE(scheduled_on(spec, 15'999ms));
    EXPECT_TRUE(scheduled_on(spec, 16s));
    EXPECT_EQ(on_until(spec, 17s), 4s);
    EXPECT_EQ(on_until(spec, 7s), std::nullopt);
}

TEST(FaultSchedule, on_alone_happens_once_and_off_alone_waits) {
    EXPECT_TRUE(scheduled_on(fault("reset:on=5s"), 4s));
    EXPECT_FALSE(scheduled_on(fault("reset:on=5s"), 5s));
    EXPECT_FALSE(scheduled_on(fault("reset:off=5s"), 4s));
    EXPECT_TRUE(scheduled_on(fault("reset:off=5s"), 5s));
    EXPECT_TRUE(scheduled_on(fault("reset"), 0s));
    EXPECT_EQ(on_until(fault("reset"), 1h), std::nullopt);
}

TEST(FaultSet, rates_are_met_and_the_same_seed_draws_the_same) {
    FaultSet one(7, {fault("429:rate=0.1")}, kStart);
    FaultSet same(7, {fault("429:rate=0.1")}, kStart);
    FaultSet other(8, {fault("429:rate=0.1")}, kStart);
    int hits = 0;
    int differences = 0;
    for (int i = 0; i < 10'000; ++i) {
        const bool hit = one.decide(kDepth, kStart).replacement.has_value();
        EXPECT_EQ(hit, same.decide(kDepth, kStart).replacement.has_value());
        differences += hit != other.decide(kDepth, kStart).replacement.has_value() ? 1 : 0;
        hits += hit ? 1 : 0;
    }
    EXPECT_NEAR(hits, 1'000, 120);
    EXPECT_GT(differences, 500);
    EXPECT_EQ(one.states(kStart).front().hits, static_cast<std::uint64_t>(hits));
}

TEST(FaultSet, contract_and_path_narrow_it) {
    FaultSet set(1, {fault("empty:contract=ETH-USDT"), fault("reset:path=history/")}, kStart);
    EXPECT_FALSE(set.decide(kDepth, kStart).replacement);
    EXPECT_EQ(set.decide({"/linear-swap-ex/market/depth", "ETH-USDT"}, kStart).replacement->kind, FaultKind::empty);
    EXPECT_EQ(set.decide({"/linear-swap-ex/market/history/kline", "BTC-USDT"}, kStart).replacement->kind,
              FaultKind::reset);
}

TEST(FaultSet, kinds_that_go_together_add_up) {
    FaultSet set(1,
                 {fault("slow:delay=1s"), fault("slow:delay=3s"), fault("clock-skew:offset=-5s"), fault("truncated"),
                  fault("malformed"), fault("1032"), fault("empty")},
                 kStart);
    const FaultVerdict verdict = set.decide(kDepth, kStart);
    EXPECT_EQ(verdict.delay, 3s);
    EXPECT_EQ(verdict.skew, -5s);
    EXPECT_EQ(verdict.corruption->kind, FaultKind::truncated);
    EXPECT_EQ(verdict.replacement->kind, FaultKind::body_1032);
}

TEST(FaultSet, bulk_404_takes_only_v1_funding_and_open_interest) {
    FaultSet set(1, {fault("404-bulk")}, kStart);
    EXPECT_TRUE(set.decide({"/linear-swap-api/v1/swap_batch_funding_rate", ""}, kStart).replacement);
    EXPECT_TRUE(set.decide({"/linear-swap-api/v1/swap_open_interest", ""}, kStart).replacement);
    EXPECT_FALSE(set.decide({"/v5/market/open_interest", "BTC-USDT"}, kStart).replacement);
    EXPECT_FALSE(set.decide(kDepth, kStart).replacement);
}

TEST(FaultSet, contracts_vanish_by_share_and_stay_the_same_ones) {
    const FaultSet set(3, {fault("vanish:rate=0.3:on=5s")}, kStart);
    int gone = 0;
    for (int i = 0; i < 1'000; ++i) {
        const std::string code = "C" + std::to_string(i) + "-USDT";
        const bool holds = set.holds_for(FaultKind::vanish, code, kStart);
        EXPECT_EQ(holds, set.holds_for(FaultKind::vanish, code, kStart + 4s));
        gone += holds ? 1 : 0;
        EXPECT_FALSE(set.holds_for(FaultKind::vanish, code, kStart + 5s));
        EXPECT_FALSE(set.holds_for(FaultKind::stale_book, code, kStart));
    }
    EXPECT_NEAR(gone, 300, 60);
    EXPECT_TRUE(set.any_on(FaultKind::vanish, kStart));
    EXPECT_FALSE(set.any_on(FaultKind::vanish, kStart + 5s));
}

TEST(FaultEffects, malformed_bodies_are_cut_html_or_of_the_wrong_type) {
    const std::string body = R"({"status":"ok","data":[{"a":1},{"a":2}],"ts":1})";
    EXPECT_EQ(make_malformed(body, 0), body.substr(0, body.size() * 2 / 3));
    EXPECT_THAT(make_malformed(body, 1), HasSubstr("<html>"));
    EXPECT_EQ(make_malformed(body, 2), R"({"status":"ok","data":"unavailable"})");
}

TEST(FaultEffects, non_finite_values_spare_times_ids_and_keys) {
    const std::string body =
        R"({"status":"ok","ticks":[{"id":17,"ts":18,"ask":[77105.1,7980],"contract_code":"1INCH-USDT","vol":"1884"}]})";
    for (std::uint64_t draw = 0; draw < 30; ++draw) {
        const std::string spoilt = make_non_finite(body, "", draw);
        EXPECT_NE(spoilt, body);
        EXPECT_THAT(spoilt, HasSubstr(R"("id":17,"ts":18)"));
        EXPECT_THAT(spoilt, HasSubstr(R"("contract_code":"1INCH-USDT")"));
        EXPECT_EQ(spoilt, make_non_finite(body, "", draw));
    }
    EXPECT_EQ(make_non_finite(R"({"a":1})", "", 0), R"({"a":NaN})");
    EXPECT_EQ(make_non_finite(R"({"a":-1.5E-7})", "", 1), R"({"a":1e999})");
    EXPECT_EQ(make_non_finite(R"({"a":1})", "", 2), R"({"a":"NaN"})");
    EXPECT_EQ(make_non_finite(R"({"a":"1"})", "", 0), R"({"a":"NaN"})");
    EXPECT_EQ(make_non_finite(R"({"status":"ok"})", "", 0), R"({"status":"ok"})");
}

TEST(FaultEffects, non_finite_for_a_contract_spoils_its_row_alone) {
    const std::string body =
        R"({"data":[{"a":1,"contract_code":"BTC-USDT"},{"a":2,"contract_code":"ETH-USDT"}],"n":3})";
    EXPECT_EQ(make_non_finite(body, "ETH-USDT", 0),
              R"({"data":[{"a":1,"contract_code":"BTC-USDT"},{"a":NaN,"contract_code":"ETH-USDT"}],"n":3})");
    EXPECT_EQ(make_non_finite(body, "XRP-USDT", 0), body);
}

TEST(FaultDuration, units_and_nonsense) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("1.5s"), 1'500ms);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("3"), 3s);
    EXPECT_EQ(parse_duration("-3s"), std::nullopt);
    EXPECT_EQ(parse_duration("s"), std::nullopt);
    EXPECT_EQ(parse_duration("999d"), std::nullopt);
    EXPECT_EQ(parse_duration("9999h"), std::nullopt);
    EXPECT_EQ(duration_text(1'500ms), "1500ms");
}

TEST(WebSocketFaults, leave_requests_alone_and_the_others_leave_them_alone) {
    FaultSet faults(1, {fault("ws-garbage"), fault("empty")}, kStart);
    EXPECT_EQ(faults.decide(kDepth, kStart).replacement->kind, FaultKind::empty);
    EXPECT_TRUE(faults.strike(FaultKind::ws_garbage, {"/linear-swap-ws", "BTC-USDT"}, kStart));
    EXPECT_FALSE(faults.strike(FaultKind::ws_bomb, {"/linear-swap-ws", "BTC-USDT"}, kStart));
    EXPECT_TRUE(faults.any_for_websockets());
    EXPECT_FALSE(FaultSet(1, {fault("empty")}, kStart).any_for_websockets());
}

TEST(WebSocketFaults, strike_their_share_of_frames) {
    FaultSet faults(1, {fault("ws-duplicate:rate=0.25:contract=BTC-USDT:path=swap-ws")}, kStart);
    int struck = 0;
    for (int i = 0; i < 4'000; ++i) {
        struck += faults.strike(FaultKind::ws_duplicate, {"/linear-swap-ws", "BTC-USDT"}, kStart) ? 1 : 0;
    }
    EXPECT_NEAR(struck, 1'000, 120);
    EXPECT_EQ(faults.states(kStart).front().hits, static_cast<std::uint64_t>(struck));
    EXPECT_FALSE(faults.strike(FaultKind::ws_duplicate, {"/linear-swap-ws", "ETH-USDT"}, kStart));
    EXPECT_FALSE(faults.strike(FaultKind::ws_duplicate, {"/ws_index", "BTC-USDT"}, kStart));
}

TEST(WebSocketFaults, what_is_stalled_stays_so_until_the_next_time) {
    FaultSet faults(1, {fault("ws-stall:rate=0.5:on=10s:off=10s")}, kStart);
    const auto stalled = [&faults](core::SteadyTime at) {
        std::vector<std::uint64_t> keys;
        for (std::uint64_t key = 0; key < 200; ++key) {
            if (faults.strike_for(FaultKind::ws_stall, {"/linear-swap-ws", "BTC-USDT"}, key, at)) keys.push_back(key);
        }
        return keys;
    };
    const auto first = stalled(kStart);
    EXPECT_NEAR(static_cast<double>(first.size()), 100.0, 30.0);
    EXPECT_EQ(stalled(kStart + 9s), first);
    EXPECT_TRUE(stalled(kStart + 11s).empty());
    EXPECT_NE(stalled(kStart + 20s), first);
    EXPECT_EQ(stalled(kStart + 25s), stalled(kStart + 21s));
}

}  // namespace
}  // namespace scanner::simulator::face
