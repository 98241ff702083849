#include "engine/manipulation/episode_context.hpp"
#include "engine/manipulation/quarantine.hpp"
#include "engine/manipulation/trade_reads.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr core::WallTime kStart{milliseconds(1'796'000'000'000)};

signals::FlagSet set_of(std::initializer_list<signals::DetectorFlag> flags) {
    signals::FlagSet set;
    for (const signals::DetectorFlag flag : flags) set.set(flag);
    return set;
}
constexpr auto kPump = signals::DetectorFlag::pump_ignition;
constexpr auto kWash = signals::DetectorFlag::wash_trade_volume;

TEST(Quarantine, lasts_until_no_flag_has_been_over_the_threshold_for_five_minutes) {
    Quarantine quarantine;
    EXPECT_FALSE(quarantine.update({}, {}, kStart));
    EXPECT_TRUE(quarantine.update(set_of({kPump}), {}, kStart + seconds(1)));
    EXPECT_TRUE(quarantine.update({}, {}, kStart + minutes(4)));
    EXPECT_TRUE(quarantine.update(set_of({kWash}), {}, kStart + minutes(5))) << "it begins anew";
    EXPECT_TRUE(quarantine.update({}, {}, kStart + minutes(10) - milliseconds(1)));
    EXPECT_EQ(quarantine.ends_at(), kStart + minutes(10));
    EXPECT_FALSE(quarantine.update({}, {}, kStart + minutes(10)));
    EXPECT_FALSE(quarantine.ends_at());
}

TEST(Quarantine, is_not_ended_while_a_flag_that_raised_it_cannot_be_told) {
    Quarantine quarantine;
    EXPECT_FALSE(quarantine.update({}, set_of({kPump, kWash}), kStart)) << "and not begun";
    EXPECT_TRUE(quarantine.update(set_of({kWash}), set_of({kPump}), kStart));
    EXPECT_FALSE(quarantine.is_held()) << "the pump has nothing to do with it";
    EXPECT_TRUE(quarantine.update({}, set_of({kWash}), kStart + minutes(20)));
    EXPECT_TRUE(quarantine.is_held());
    EXPECT_TRUE(quarantine.update({}, set_of({kPump}), kStart + minutes(24)));
    EXPECT_FALSE(quarantine.update({}, set_of({kPump}), kStart + minutes(25)));
}

TEST(Quarantine, is_not_held_for_ever_by_an_input_that_is_gone) {
    Quarantine quarantine;
    EXPECT_TRUE(quarantine.update(set_of({kWash}), {}, kStart));
    for (int minute = 1; minute < 60; ++minute) {
        EXPECT_TRUE(quarantine.update({}, set_of({kWash}), kStart + minutes(minute)));
    }
    EXPECT_TRUE(quarantine.update({}, set_of({kWash}), kStart + minutes(60)));
    EXPECT_FALSE(quarantine.update({}, set_of({kWash}), kStart + minutes(64)));
}

TEST(Quarantine, goes_on_after_a_restart_while_nothing_can_be_told) {
    signals::FlagSet all;
    for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) all.set(flag.flag);
    Quarantine quarantine;
    quarantine.restore(kStart);
    EXPECT_TRUE(quarantine.update({}, all, kStart + minutes(6)));
    EXPECT_TRUE(quarantine.update({}, set_of({kPump}), kStart + minutes(10)));
    EXPECT_FALSE(quarantine.update({}, set_of({kPump}), kStart + minutes(11)));
}

market::Trade trade(std::int64_t id, core::WallTime at) {
    return {.trade_id = id, .price = 2.0, .size = 3.0, .taker_side = market::Side::buy, .time = at};
}

TEST(EpisodeContext, keeps_half_a_minute_around_start_and_end) {
    RecentMarket recent;
    EpisodeContext context(kStart + minutes(2));
    const std::vector<market::Level> bids{{1.9, 5.0}};
    const std::vector<market::Level> asks{{2.1, 4.0}, {2.2, 1.0}};
    for (int second = 0; second <= 600; ++second) {
        const auto now = kStart + seconds(second);
        recent.add(std::vector{trade(second, now)});
        recent.look(bids, asks, now);
        recent.look(bids, asks, now + milliseconds(100));  // too soon after the other
        recent.forget(now);
        if (second == 420) context.end(now);
        if (second >= 120) context.take(recent);
        EXPECT_EQ(context.is_complete(now), second >= 450);
    }
    const json kept = json::parse(context.json());
    EXPECT_FALSE(kept["truncated"]);
    ASSERT_EQ(kept["trades"].size(), 2U * 61U);
    EXPECT_EQ(kept["trades"].front(), json({core::to_unix_ms(kStart + seconds(90)), "buy", 2.0, 1.5}))
        << "one side counted";
    EXPECT_EQ(kept["trades"][60][0], core::to_unix_ms(kStart + seconds(150)));
    EXPECT_EQ(kept["trades"][61][0], core::to_unix_ms(kStart + seconds(390)));
    EXPECT_EQ(kept["trades"].back()[0], core::to_unix_ms(kStart + seconds(450)));
    ASSERT_EQ(kept["books"].size(), 2U * 61U);
    EXPECT_EQ(kept["books"][0]["asks"], json::parse("[[2.1,4.0],[2.2,1.0]]"));
}

TEST(EpisodeContext, is_bounded_and_says_so) {
    RecentMarket recent;
    EpisodeContext context(kStart);
    for (int i = 0; i < 30'000; ++i) {
        const auto now = kStart + milliseconds(i);
        recent.add(std::vector{trade(i, now)});
        recent.forget(now);
        if (i % 100 == 0) context.take(recent);
    }
    EXPECT_EQ(recent.trades().size(), RecentMarket::kMaxTrades);
    const json kept = json::parse(context.json());
    EXPECT_TRUE(kept["truncated"]);
    EXPECT_EQ(kept["trades"].size(), EpisodeContext::kMaxTrades);
}

constexpr core::SteadyTime kNow{std::chrono::hours(5)};

TradeReadCandidate candidate(const std::string& code, double heat, std::optional<seconds> read_ago) {
    TradeReadCandidate made{
        .contract_code = code, .turnover_24h = 86'400e3, .turnover_grown = {}, .over = {}, .read = {}};
    made.turnover_grown = heat * 15'000.0;
    made.over = seconds(15);
    if (read_ago) made.read = kNow - *read_ago;
    return made;
}

TEST(TradeReads, go_to_the_hottest_first_and_then_to_those_that_waited_longest) {
    const std::vector<TradeReadCandidate> candidates{candidate("A", 1.0, seconds(40)), candidate("B", 9.0, seconds(6)),
                                                     candidate("C", 5.0, seconds(7)),  candidate("D", 1.0, {}),
                                                     candidate("E", 9.0, seconds(2)),  candidate("F", 1.0, seconds(20)),
                                                     candidate("G", 1.0, seconds(90))};
    EXPECT_THAT(choose_trade_reads(candidates, kNow, 10), ElementsAre("B", "C", "D", "G", "A"));
    EXPECT_THAT(choose_trade_reads(candidates, kNow, 3), ElementsAre("B", "C", "D"));
    EXPECT_THAT(choose_trade_reads(candidates, kNow, 0), IsEmpty());
    EXPECT_THAT(choose_trade_reads({}, kNow, 5), IsEmpty());
}

TEST(TradeReads, do_not_take_a_contract_of_unknown_turnover_for_a_hot_one) {
    TradeReadCandidate unknown = candidate("A", 100.0, seconds(10));
    unknown.turnover_24h = 0.0;
    EXPECT_THAT(choose_trade_reads(std::vector{unknown}, kNow, 5), IsEmpty());
}

}  // namespace
}  // namespace scanner::engine
