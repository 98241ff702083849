#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

/// Clocks that are wrong, minutes that end and contracts that come and go while a cycle runs.
namespace scanner::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct SilentObserver final : EngineObserver {};

class TimeTest : public testing::Test {
protected:
    TimeTest() {
        options_.ranking.default_profile = "scalp";
        options_.ranking.notional_usdt = 5000;
        options_.ranking.min_qvol_usdt = 20e6;
        options_.ranking.max_spread_bps = 8;
        for (const auto& profile : signals::builtin_profiles()) options_.profiles.push_back(profile);
        options_.snapshots_ttl = seconds(90);
    }

    /// Both clocks go on together.
    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_.exchange_now += time;
    }
    ranking::RankingPtr cycle() {
        auto ranking = test::run_on(io_, engine().scan_once());
        EXPECT_TRUE(ranking) << ranking.error().message();
        return ranking.value_or(nullptr);
    }
    Engine& engine() {
        if (!engine_) engine_ = make_engine(io_.get_executor(), exchange_, clock_, options_, observer_, {});
        return *engine_;
    }
    static const ranking::ContractSnapshot* find(const ranking::RankingPtr& ranking, const std::string& code) {
        return ranking->find(code);
    }
    std::string reason_for(const std::string& code) {
        for (const UniverseEntry& entry : engine().board().universe()) {
            if (entry.contract->contract_code == code) return entry.scanned ? "scanned" : entry.reason;
        }
        return "not listed";
    }
    /// One minute behind the other, the running one last, and everything but that one closed.
    static void expect_whole_minutes(const ranking::ContractSnapshot& snapshot) {
        const auto& candles = *snapshot.data.candles;
        for (std::size_t i = 1; i < candles.size(); ++i) {
            EXPECT_EQ(candles[i].open_time_ms - candles[i - 1].open_time_ms, 60'000) << "at " << i;
        }
        EXPECT_GE(snapshot.data.closed_candles + 1, candles.size());
    }

    boost::asio::io_context io_{1};
    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    EngineOptions options_;
    SilentObserver observer_;
    std::unique_ptr<Engine> engine_;
};

/// When one cycle is over.
class AfterACycle : public TimeTest {
protected:
    void SetUp() override {
        first_ = cycle();
        ASSERT_NE(first_, nullptr);
    }

    ranking::RankingPtr first_;
};

// -- clocks ----------------------------------------------------------------------------------------------------------

TEST_F(AfterACycle, a_wall_clock_set_back_does_not_keep_old_numbers_young) {
    ASSERT_TRUE(engine().board().is_fresh(*first_));
    clock_.step_wall(-hours(1));
    EXPECT_TRUE(engine().board().is_fresh(*first_)) << "it is as young as it was";
    pass(seconds(89));
    EXPECT_EQ(engine().board().age(*first_), seconds(89)) << "by the steady clock";
    pass(seconds(2));
    EXPECT_FALSE(engine().board().is_fresh(*first_));
}

TEST_F(AfterACycle, after_a_step_back_the_next_cycle_has_the_new_time_and_a_higher_sequence) {
    clock_.step_wall(-hours(1));
    pass(seconds(15));
    const ranking::RankingPtr after = cycle();
    EXPECT_GT(after->sequence, first_->sequence);
    EXPECT_EQ(after->time, clock_.now());
    EXPECT_TRUE(engine().board().is_fresh(*after));
    EXPECT_EQ(engine().board().age(*after), milliseconds(0));
}

TEST_F(AfterACycle, a_wall_clock_set_forward_makes_numbers_old_until_the_next_cycle) {
    clock_.step_wall(hours(1));
    EXPECT_FALSE(engine().board().is_fresh(*first_)) << "its age is unknown: it is not served as live";
    const ranking::RankingPtr next = cycle();
    EXPECT_TRUE(engine().board().is_fresh(*next));
}

TEST_F(AfterACycle, a_cycle_that_outlasts_its_own_numbers_is_a_failed_one) {
    exchange_.on_book = [this](const std::string&) { pass(seconds(40)); };
    const auto late = test::run_on(io_, engine().scan_once());
    ASSERT_FALSE(late);
    EXPECT_NE(late.error().message().find("120 s old"), std::string::npos) << late.error().message();
    EXPECT_EQ(engine().board().current(), first_);
    EXPECT_FALSE(engine().board().is_fresh(*first_));
    exchange_.on_book = nullptr;
    EXPECT_TRUE(engine().board().is_fresh(*cycle()));
}

TEST_F(TimeTest, a_step_within_a_cycle_gives_no_negative_age) {
    exchange_.on_book = [this](const std::string& code) {
        if (code == "BBB-USDT") clock_.step_wall(-minutes(10));
    };
    const ranking::RankingPtr ranking = cycle();
    for (const auto& snapshot : ranking->contracts) {
        EXPECT_LE(snapshot->data.data_time - ranking->time, minutes(10));
        EXPECT_GE(engine().board().age(*ranking), milliseconds(0));
    }
    exchange_.on_book = nullptr;
    pass(seconds(15));
    const ranking::RankingPtr next = cycle();
    for (const auto& snapshot : next->contracts) {
        EXPECT_EQ(next->time - snapshot->data.data_time, milliseconds(200)) << "the book's age, as always";
    }
}

TEST_F(TimeTest, the_exchanges_clock_may_be_minutes_off) {
    for (const auto skew : {minutes(-5), minutes(5)}) {
        exchange_.exchange_now = clock_.now() + skew;
        const ranking::RankingPtr ranking = cycle();
        const ranking::ContractSnapshot* snapshot = find(ranking, "AAA-USDT");
        ASSERT_NE(snapshot, nullptr);
        EXPECT_EQ(ranking->time - snapshot->data.data_time, milliseconds(200)) << "measured between its own times";
        EXPECT_TRUE(engine().board().is_fresh(*ranking));
        expect_whole_minutes(*snapshot);
    }
}

TEST_F(TimeTest, a_smeared_leap_second_closes_every_minute_once) {
    // A day of 86401 seconds told as 86400: the exchange's clock is slower by 11.6 ppm, ours is not.
    static_cast<void>(cycle());
    exchange_.candle_counts.clear();
    for (int minute = 1; minute <= 60; ++minute) {
        clock_.advance(minutes(1));
        exchange_.exchange_now += minutes(1) - milliseconds(minute % 10 < 7 ? 1 : 0);
        const ranking::RankingPtr ranking = cycle();
        for (const auto& snapshot : ranking->contracts) expect_whole_minutes(*snapshot);
    }
    const auto fetched = exchange_.candle_counts.size();
    EXPECT_GE(fetched, 3U * 59U);
    EXPECT_LE(fetched, 3U * 60U);
    for (const int count : exchange_.candle_counts) EXPECT_EQ(count, 2) << "what closed and what runs, each time";
}

TEST_F(TimeTest, a_leap_second_told_twice_closes_no_candle_twice) {
    exchange_.exchange_now = *core::parse_time("2026-12-31T23:59:59.900Z");
    static_cast<void>(cycle());
    exchange_.exchange_now += milliseconds(200);  // the year is over ...
    const ranking::RankingPtr after = cycle();
    const auto closed = find(after, "AAA-USDT")->data.closed_candles;
    exchange_.exchange_now -= seconds(1);  // ... and its last second comes again
    const ranking::RankingPtr again = cycle();
    EXPECT_EQ(find(again, "AAA-USDT")->data.candles->size(), find(after, "AAA-USDT")->data.candles->size());
    EXPECT_EQ(find(again, "AAA-USDT")->data.closed_candles, closed);
    exchange_.exchange_now += minutes(1);
    const ranking::RankingPtr next = cycle();
    expect_whole_minutes(*find(next, "AAA-USDT"));
    EXPECT_EQ(find(next, "AAA-USDT")->data.closed_candles, std::min<std::size_t>(closed + 1, 199));
}

// -- minutes ---------------------------------------------------------------------------------------------------------

TEST_F(TimeTest, a_minute_that_ends_within_a_cycle_is_closed_for_those_read_after_it) {
    exchange_.exchange_now = *core::parse_time("2026-11-22T05:23:59.000Z");
    exchange_.call_takes = milliseconds(300);  // six calls: the fourth is answered after the minute
    const ranking::RankingPtr ranking = cycle();
    for (const auto& snapshot : ranking->contracts) {
        expect_whole_minutes(*snapshot);
        const auto& newest = snapshot->data.candles->back();
        const bool running = snapshot->data.closed_candles < snapshot->data.candles->size();
        EXPECT_TRUE(running) << "as far as the exchange could tell when it answered";
        EXPECT_EQ(newest.open_time_ms % 60'000, 0);
    }
    pass(seconds(15));
    const ranking::RankingPtr next = cycle();
    const std::int64_t minute = core::to_unix_ms(*core::parse_time("2026-11-22T05:24:00.000Z"));
    for (const auto& snapshot : next->contracts) {
        EXPECT_EQ(snapshot->data.candles->back().open_time_ms, minute) << "all of them have the new minute now";
        expect_whole_minutes(*snapshot);
    }
}

TEST_F(AfterACycle, no_cycle_for_an_hour_leaves_no_hole) {
    pass(hours(1));
    const ranking::RankingPtr ranking = cycle();
    for (const auto& snapshot : ranking->contracts) {
        expect_whole_minutes(*snapshot);
        EXPECT_EQ(snapshot->data.candles->size(), 200U);
    }
}

// -- funding ---------------------------------------------------------------------------------------------------------

TEST_F(TimeTest, a_settlement_brings_the_new_rate_and_the_next_time_at_once) {
    exchange_.next_funding_time = exchange_.exchange_now + seconds(60);
    const ranking::RankingPtr before = cycle();
    EXPECT_EQ(find(before, "AAA-USDT")->data.funding_rate, 0.0001);
    pass(seconds(70));
    exchange_.next_funding_time = exchange_.exchange_now + hours(8);
    exchange_.funding_rate = -0.0003;
    const ranking::RankingPtr after = cycle();
    EXPECT_EQ(find(after, "AAA-USDT")->data.funding_rate, -0.0003);
    EXPECT_EQ(find(after, "AAA-USDT")->data.contract->next_funding_time, exchange_.next_funding_time)
        << "the contract list is read again after a settlement, not only when its time to live is over";
    EXPECT_EQ(exchange_.calls["contracts"], 2);
    static_cast<void>(cycle());
    EXPECT_EQ(exchange_.calls["contracts"], 2) << "and then not before the next one";
}

TEST_F(TimeTest, a_settlement_that_the_exchange_is_late_to_list_does_not_make_it_ask_for_ever) {
    exchange_.next_funding_time = exchange_.exchange_now + seconds(60);
    static_cast<void>(cycle());
    for (int i = 0; i < 20; ++i) {
        pass(seconds(15));
        static_cast<void>(cycle());
    }
    EXPECT_EQ(exchange_.calls["contracts"], 2);
}

TEST_F(AfterACycle, while_a_settlement_runs_there_is_no_rate_rather_than_the_old_one) {
    exchange_.funding_rate.reset();
    const ranking::RankingPtr during = cycle();
    EXPECT_EQ(find(during, "AAA-USDT")->data.funding_rate, std::nullopt);
    EXPECT_EQ(find(during, "AAA-USDT")->numbers.metrics.funding_8h_pct, std::nullopt);
    EXPECT_EQ(during->ranked.at("scalp").size(), 3U) << "ranked without it";
}

// -- contracts that come and go --------------------------------------------------------------------------------------

TEST_F(AfterACycle, a_contract_listed_now_is_scanned_as_soon_as_the_list_says_so) {
    exchange_.codes.push_back("NEW-USDT");
    exchange_.listed_minutes["NEW-USDT"] = 3;
    static_cast<void>(cycle());
    EXPECT_EQ(reason_for("NEW-USDT"), "not listed") << "its size and status are not known yet";
    pass(minutes(11));
    const ranking::RankingPtr ranking = cycle();
    const ranking::ContractSnapshot* snapshot = find(ranking, "NEW-USDT");
    ASSERT_NE(snapshot, nullptr);
    EXPECT_EQ(snapshot->data.candles->size(), 3U);
    EXPECT_TRUE(std::isfinite(snapshot->numbers.metrics.atr_pct));
    EXPECT_TRUE(std::isfinite(snapshot->numbers.metrics.ret_15)) << "three minutes of it";
}

TEST_F(AfterACycle, a_contract_suspended_within_a_cycle_is_left_out_and_the_others_are_not) {
    exchange_.book_fails.emplace("BBB-USDT", core::Error(core::ErrorCode::not_found, "this contract is suspended"));
    ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(find(ranking, "BBB-USDT"), nullptr);
    EXPECT_EQ(reason_for("BBB-USDT"), "fetch_failed");
    EXPECT_EQ(ranking->ranked.at("scalp").size(), 2U);
    exchange_.statuses["BBB-USDT"] = market::ContractStatus::suspended;
    pass(minutes(11));
    ranking = cycle();
    EXPECT_EQ(reason_for("BBB-USDT"), "inactive") << "once the list says it";
}

TEST_F(TimeTest, a_contract_delisted_within_a_cycle_is_gone_from_the_next) {
    exchange_.on_book = [this](const std::string& code) {
        if (code == "AAA-USDT") std::erase(exchange_.codes, "CCC-USDT");
    };
    const ranking::RankingPtr ranking = cycle();
    EXPECT_NE(find(ranking, "AAA-USDT"), nullptr);
    exchange_.on_book = nullptr;
    exchange_.book_fails.emplace("CCC-USDT", core::Error(core::ErrorCode::not_found, "this contract doesnt exist"));
    const ranking::RankingPtr next = cycle();
    EXPECT_EQ(find(next, "CCC-USDT"), nullptr);
    EXPECT_EQ(next->ranked.at("scalp").size(), 2U);
    pass(minutes(11));
    static_cast<void>(cycle());
    EXPECT_EQ(reason_for("CCC-USDT"), "not listed");
}

TEST_F(AfterACycle, a_contract_that_comes_back_starts_afresh) {
    std::erase(exchange_.codes, "BBB-USDT");
    pass(minutes(11));
    for (int i = 0; i < 60; ++i) static_cast<void>(cycle());
    EXPECT_EQ(reason_for("BBB-USDT"), "not listed");
    exchange_.codes.emplace_back("BBB-USDT");
    exchange_.last = 300.0;
    exchange_.listed_minutes["BBB-USDT"] = 5;
    pass(minutes(11));
    const ranking::RankingPtr ranking = cycle();
    const ranking::ContractSnapshot* snapshot = find(ranking, "BBB-USDT");
    ASSERT_NE(snapshot, nullptr);
    EXPECT_EQ(snapshot->data.candles->size(), 5U) << "nothing of its former life";
    EXPECT_EQ(snapshot->spread_history.size(), 1U);
    const auto& scalp = ranking->ranked.at("scalp");
    const auto entry = std::ranges::find_if(
        scalp, [&](const ranking::RankedEntry& each) { return &ranking->contract(each.contract) == snapshot; });
    ASSERT_NE(entry, scalp.end());
    EXPECT_FALSE(entry->rank_delta) << "it had no rank in the cycle before";
}

}  // namespace
}  // namespace scanner::engine
