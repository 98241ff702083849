#include "engine/scripted_exchange.hpp"
#include "ranking/editing.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/engine/inspector.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

/// Inputs that stand still, run ahead or contradict one another, through whole cycles.
namespace scanner::engine {
namespace {

using market::Input;
using market::InputState;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

struct SilentObserver final : EngineObserver {};

class InputsOfACycle : public testing::Test {
protected:
    InputsOfACycle() {
        options_.ranking.default_profile = "scalp";
        options_.ranking.notional_usdt = 5000;
        options_.ranking.min_qvol_usdt = 20e6;
        options_.ranking.max_spread_bps = 8;
        for (const auto& profile : signals::builtin_profiles()) options_.profiles.push_back(profile);
    }
    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_.exchange_now += time;
    }
    Engine& engine() {
        if (!engine_) engine_ = make_engine(io_.get_executor(), exchange_, clock_, options_, observer_, {});
        return *engine_;
    }
    core::Result<ranking::RankingPtr> try_cycle() { return test::run_on(io_, engine().scan_once()); }
    ranking::RankingPtr cycle() {
        auto ranking = try_cycle();
        EXPECT_TRUE(ranking) << ranking.error().message();
        return ranking.value_or(nullptr);
    }
    /// Why the contract is not in the last ranking; "" where it is.
    std::string reason(const std::string& code) {
        for (const UniverseEntry& entry : engine().board().universe()) {
            if (entry.contract->contract_code == code) return entry.scanned ? "" : entry.reason;
        }
        return "not listed";
    }
    core::Result<ContractReadingPtr> inspect(const std::string& code) {
        if (!inspector_) inspector_ = make_inspector(io_.get_executor(), exchange_, engine().board(), clock_, {});
        for (const UniverseEntry& entry : engine().board().universe()) {
            if (entry.contract->contract_code == code) return test::run_on(io_, inspector_->contract(entry));
        }
        return core::fail(core::ErrorCode::not_found, code);
    }
    static const market::MarketData& data(const ranking::RankingPtr& ranking, const std::string& code = "AAA-USDT") {
        return ranking->find(code)->data;
    }

    boost::asio::io_context io_{1};
    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    EngineOptions options_;
    SilentObserver observer_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Inspector> inspector_;
};

TEST_F(InputsOfACycle, tickers_from_a_cache_are_not_served) {
    exchange_.tickers_made_at = exchange_.exchange_now - minutes(10);
    const auto first = try_cycle();
    ASSERT_FALSE(first);
    EXPECT_THAT(first.error().message(), HasSubstr("the ticker is 600 s old"));
    exchange_.tickers_made_at.reset();
    EXPECT_NE(cycle(), nullptr) << "as soon as they are of now again";
    exchange_.tickers_made_at = exchange_.exchange_now;  // and stay there
    for (int i = 1; i <= 6; ++i) {
        pass(seconds(15));
        const ranking::RankingPtr ranking = cycle();
        EXPECT_EQ(ranking->time - data(ranking).data_time, seconds(15) * i) << "the age of the older price";
    }
    pass(seconds(15));
    EXPECT_FALSE(try_cycle());
}

TEST_F(InputsOfACycle, tickers_ahead_of_everything_else_are_not_served) {
    exchange_.tickers_made_at = exchange_.exchange_now + minutes(10);
    const auto ranking = try_cycle();
    ASSERT_FALSE(ranking);
    EXPECT_THAT(ranking.error().message(), HasSubstr("ahead of the exchange's clock"));
}

TEST_F(InputsOfACycle, a_wall_clock_of_ours_that_is_an_hour_off_excludes_nothing) {
    for (const auto step : {hours(1), hours(-2)}) {
        clock_.step_wall(step);
        pass(seconds(15));
        const ranking::RankingPtr ranking = cycle();
        EXPECT_EQ(ranking->contracts.size(), 3U);
        EXPECT_EQ(ranking->time - data(ranking).data_time, milliseconds(200));
    }
}

TEST_F(InputsOfACycle, everything_from_a_cache_grows_old) {
    static_cast<void>(cycle());
    int served = 0;
    for (int i = 0; i < 12; ++i) {
        clock_.advance(seconds(15));  // the exchange's answers all stand still
        served += try_cycle() ? 1 : 0;
    }
    EXPECT_EQ(served, 5) << "up to 75 s";
}

TEST_F(InputsOfACycle, candles_that_stopped_leave_their_contract_out_and_no_other) {
    exchange_.candles_lag_of["BBB-USDT"] = minutes(600);
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(reason("BBB-USDT"), "stale_candles");
    EXPECT_EQ(ranking->contracts.size(), 2U);
    EXPECT_EQ(ranking->excluded_by_reason.at("stale_candles"), 1U);
    exchange_.candles_lag_of.clear();
    pass(seconds(15));
    EXPECT_EQ(cycle()->contracts.size(), 3U) << "back as soon as they are";
    EXPECT_EQ(data(engine().board().current(), "BBB-USDT").candles->size(), 200U);
}

TEST_F(InputsOfACycle, candles_that_stop_while_we_look_are_left_out_after_three_minutes) {
    static_cast<void>(cycle());
    int kept = 0;
    for (int i = 1; i <= 10; ++i) {
        pass(minutes(1));
        exchange_.candles_lag_of["BBB-USDT"] = minutes(i);
        kept += cycle()->find("BBB-USDT") == nullptr ? 0 : 1;
    }
    EXPECT_GE(kept, 1);
    EXPECT_LE(kept, 3);
    EXPECT_EQ(reason("BBB-USDT"), "stale_candles");
}

TEST_F(InputsOfACycle, candles_that_lag_by_a_minute_or_two_stay_in) {
    exchange_.candles_lag_of["BBB-USDT"] = minutes(1);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(cycle()->contracts.size(), 3U);
        pass(seconds(25));
    }
}

TEST_F(InputsOfACycle, candles_of_minutes_to_come_are_read_again) {
    exchange_.candles_lag_of["BBB-USDT"] = -minutes(30);
    static_cast<void>(cycle());
    EXPECT_EQ(reason("BBB-USDT"), "stale_candles");
    exchange_.candles_lag_of.clear();
    pass(seconds(15));
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(reason("BBB-USDT"), "") << "not only in half an hour";
    EXPECT_EQ(data(ranking, "BBB-USDT").closed_candles, 199U);
}

TEST_F(InputsOfACycle, a_frozen_index_costs_the_basis_alone) {
    exchange_.index_age = minutes(5);
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(ranking->contracts.size(), 3U);
    EXPECT_EQ(ranking->find("AAA-USDT")->numbers.metrics.basis_bps, std::nullopt);
    EXPECT_EQ(data(ranking).inputs[Input::index].state, InputState::stale);
    EXPECT_EQ(data(ranking).open_interest, 1000.0);
}

TEST_F(InputsOfACycle, old_lists_of_rates_and_interest_are_null) {
    exchange_.open_interest_age = minutes(6);
    exchange_.funding_age = minutes(6);
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(data(ranking).open_interest, std::nullopt);
    EXPECT_EQ(data(ranking).funding_rate, std::nullopt);
    EXPECT_EQ(data(ranking).inputs.notes().size(), 2U);
}

TEST_F(InputsOfACycle, a_failing_list_is_missing_with_its_reason_in_every_contract) {
    exchange_.funding_fails = core::Error(core::ErrorCode::http_status, "HTTP 500");
    const ranking::RankingPtr ranking = cycle();
    EXPECT_THAT(data(ranking).inputs.notes(), testing::ElementsAre("funding: HTTP 500"));
}

TEST_F(InputsOfACycle, a_last_price_outside_of_the_book_does_not_enter_the_candles) {
    static_cast<void>(cycle());
    exchange_.ticker_last = 150.0;
    pass(seconds(15));
    EXPECT_FALSE(try_cycle());
    exchange_.ticker_last.reset();
    pass(seconds(5));
    const ranking::RankingPtr after = cycle();
    ASSERT_EQ(after->contracts.size(), 3U) << "one bad tick bans nothing";
    EXPECT_DOUBLE_EQ(data(after).candles->back().high, 100.0);
}

TEST_F(InputsOfACycle, a_book_that_a_cache_stamps_anew_grows_old) {
    exchange_.matching_id = 1000;
    static_cast<void>(cycle());
    exchange_.matching_id = 900;
    pass(seconds(60));
    const ranking::RankingPtr ranking = cycle();
    EXPECT_GE(ranking->time - data(ranking).data_time, seconds(60));
    pass(seconds(60));
    EXPECT_FALSE(try_cycle()) << "it cannot be younger than the one with the higher id";
}

// -- contract list ---------------------------------------------------------------------------------------------------

TEST_F(InputsOfACycle, a_size_that_changes_is_read_again_before_anything_is_published) {
    static_cast<void>(cycle());
    exchange_.contract_sizes["BBB-USDT"] = exchange_.traded_sizes["BBB-USDT"] = 10.0;
    pass(seconds(15));
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(exchange_.calls["contracts"], 2);
    const ranking::ContractSnapshot* changed = ranking->find("BBB-USDT");
    ASSERT_NE(changed, nullptr);
    EXPECT_EQ(changed->data.contract->contract_size, 10.0);
    EXPECT_EQ(changed->data.order_book->bids.front().size, 5000.0) << "read with the new size";
    EXPECT_EQ(data(ranking).order_book->bids.front().size, 500.0);
}

TEST_F(InputsOfACycle, a_size_that_stays_wrong_leaves_the_contract_out_with_both_numbers) {
    exchange_.traded_sizes["BBB-USDT"] = 10.0;
    for (int i = 0; i < 3; ++i) {
        const ranking::RankingPtr ranking = cycle();
        EXPECT_EQ(ranking->contracts.size(), 2U);
        EXPECT_EQ(reason("BBB-USDT"), "contract_size_mismatch");
        pass(seconds(15));
    }
    EXPECT_EQ(exchange_.calls["contracts"], 2) << "asked for again, but not in every cycle";
    pass(seconds(60));
    exchange_.contract_sizes["BBB-USDT"] = 10.0;
    static_cast<void>(cycle());
    EXPECT_EQ(reason("BBB-USDT"), "");
}

TEST_F(InputsOfACycle, an_unreadable_row_costs_no_other_and_is_named) {
    exchange_.unreadable["BBB-USDT"] = "contract_size: must be > 0, got 0";
    const ranking::RankingPtr ranking = cycle();
    EXPECT_EQ(ranking->contracts.size(), 2U);
    EXPECT_EQ(reason("BBB-USDT"), "malformed");
    EXPECT_EQ(ranking->excluded_by_reason.at("malformed"), 1U);
}

TEST_F(InputsOfACycle, a_settlement_that_runs_is_looked_at_again_soon) {
    exchange_.statuses["BBB-USDT"] = market::ContractStatus::in_settlement;
    static_cast<void>(cycle());
    EXPECT_EQ(reason("BBB-USDT"), "inactive");
    exchange_.statuses.clear();
    pass(seconds(31));
    static_cast<void>(cycle());
    EXPECT_EQ(reason("BBB-USDT"), "") << "and not only after the list's time to live";
}

// -- on demand -------------------------------------------------------------------------------------------------------

TEST_F(InputsOfACycle, on_demand_the_same_rules_hold) {
    options_.scan.universe.top_by_turnover = 2;
    static_cast<void>(cycle());
    exchange_.index_age = minutes(5);
    const auto reading = inspect("CCC-USDT");
    ASSERT_TRUE(reading) << reading.error().message();
    EXPECT_EQ((*reading)->snapshot.data.index_price, std::nullopt);
    EXPECT_EQ((*reading)->snapshot.data.inputs[Input::order_book].state, InputState::live);
    pass(seconds(20));
    exchange_.book_age = minutes(10);
    const auto stale = inspect("CCC-USDT");
    ASSERT_TRUE(stale) << stale.error().message();
    const market::MarketData& data = (*stale)->snapshot.data;
    EXPECT_EQ(data.inputs[Input::order_book].state, InputState::stale);
    EXPECT_THAT(data.inputs[Input::order_book].note, HasSubstr("600 s old"));
    EXPECT_EQ((*stale)->read_at - data.data_time, minutes(10)) << "which is the age of the whole";
}

TEST_F(InputsOfACycle, on_demand_stale_candles_are_shown_as_stale_and_used_for_nothing) {
    exchange_.candles_lag_of["CCC-USDT"] = minutes(600);
    static_cast<void>(cycle());
    const auto reading = inspect("CCC-USDT");
    ASSERT_TRUE(reading) << reading.error().message();
    const ranking::ContractSnapshot& snapshot = (*reading)->snapshot;
    EXPECT_EQ(snapshot.data.inputs[Input::candles].state, InputState::stale);
    EXPECT_EQ(snapshot.data.candles->size(), 200U) << "with their times";
    EXPECT_EQ(snapshot.numbers.metrics.depth_to_volume_ratio, 0.0);
    EXPECT_GT(engine().board().current()->find("AAA-USDT")->numbers.metrics.depth_to_volume_ratio, 0.0);
    EXPECT_EQ(snapshot.data.ticker.last, 100.0) << "the cycle's ticker";
    EXPECT_LE((*reading)->read_at - snapshot.data.data_time, milliseconds(200));
}

// -- rankings from before a restart ----------------------------------------------------------------------------------

class Restoring : public InputsOfACycle {
protected:
    void SetUp() override { before_ = cycle(); }
    /// What a new process makes of the ranking, changed by `change`.
    template <class Change>
    bool serves(Change change) {
        auto copy = std::make_shared<ranking::Ranking>(*before_);
        change(*copy);
        const auto restarted = make_engine(io_.get_executor(), exchange_, clock_, options_, observer_, {});
        restarted->restore(copy);
        if (restarted->board().current() == nullptr) return false;
        return restarted->board().is_fresh(*restarted->board().current());
    }
    ranking::RankingPtr before_;
};

TEST_F(Restoring, one_of_just_now_is_served) {
    pass(seconds(20));
    EXPECT_TRUE(serves([](ranking::Ranking&) {}));
    pass(seconds(71));
    EXPECT_FALSE(serves([](ranking::Ranking&) {}));
}

TEST_F(Restoring, one_dated_ahead_is_not) {
    for (const auto ahead : {milliseconds(1), milliseconds(hours(24 * 365))}) {
        EXPECT_FALSE(serves([&](ranking::Ranking& ranking) { ranking.time += ahead; }));
    }
}

TEST_F(Restoring, an_honest_one_is_not_when_the_clock_was_set_back_meanwhile) {
    clock_.step_wall(-minutes(5));
    EXPECT_FALSE(serves([](ranking::Ranking&) {}));
}

TEST_F(Restoring, a_current_one_with_old_numbers_is_not) {
    EXPECT_FALSE(serves([](ranking::Ranking& ranking) { edit_contract(ranking, 1).data.data_time -= minutes(10); }));
    EXPECT_FALSE(serves([](ranking::Ranking& ranking) { edit_contract(ranking, 1).data.data_time += minutes(10); }));
    pass(seconds(60));
    EXPECT_FALSE(serves([](ranking::Ranking& ranking) {
        for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
            edit_contract(ranking, i).data.data_time -= seconds(60);
        }
    })) << "each was of then when it was made, and none is of now";
}

TEST_F(Restoring, the_sequence_goes_on_even_from_one_that_is_not_served) {
    auto copy = std::make_shared<ranking::Ranking>(*before_);
    copy->time += hours(1);
    copy->sequence = 41;
    const auto restarted = make_engine(io_.get_executor(), exchange_, clock_, options_, observer_, {});
    restarted->restore(copy);
    EXPECT_EQ((*test::run_on(io_, restarted->scan_once()))->sequence, 42U);
}

}  // namespace
}  // namespace scanner::engine
