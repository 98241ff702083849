#include "engine/market_state.hpp"
#include "engine/ranking_cycle.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/ranking_board.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The two rhythms: rankings are published whenever something has changed, and recorded once an interval.
namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Everything in a ranking that compares a contract with its previous cycle.
struct Looks {
    std::optional<int> rank_delta;
    double depth_decay = 0.0;
    double imbalance_delta = 0.0;
    double oi_delta = 0.0;
    double volume_z_trend = 0.0;
    double velocity_trend = 0.0;
    std::vector<double> spread_history;

    friend bool operator==(const Looks&, const Looks&) = default;
};

class TwoRhythms : public testing::Test {
protected:
    TwoRhythms() {
        board_.on_published([this](const ranking::RankingPtr& ranking) { published_.push_back(ranking->sequence); });
        board_.on_recorded([this](const ranking::RankingPtr& ranking) { recorded_.push_back(ranking->sequence); });
    }

    static RankingCycleOptions options() {
        RankingCycleOptions made;
        made.settings.default_profile = "scalp";
        made.settings.notional_usdt = 5000;
        made.settings.min_qvol_usdt = 20e6;
        made.settings.max_spread_bps = 8;
        for (const auto& profile : signals::builtin_profiles()) made.profiles.push_back(profile);
        return made;
    }

    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_.exchange_now += time;
    }
    /// A scan that reads everything anew.
    void scan() {
        pass(seconds(5));
        ASSERT_TRUE(test::run_coroutine(scan_->run({})));
    }
    ranking::RankingPtr rank(Rhythm rhythm) {
        const auto made = cycle_.make({}, rhythm);
        EXPECT_TRUE(made) << made.error().message();
        return board_.current();
    }
    static Looks looks(const ranking::RankingPtr& ranking, const std::string& code = "AAA-USDT") {
        Looks found;
        const ranking::ContractSnapshot* const snapshot = ranking->find(code);
        if (snapshot == nullptr) return found;
        const signals::ManipulationFeatures& features = snapshot->numbers.manipulation.features;
        found.depth_decay = snapshot->numbers.microstructure.depth_decay;
        found.imbalance_delta = features.imbalance_delta;
        found.oi_delta = features.oi_delta;
        found.volume_z_trend = features.volume_z_trend;
        found.velocity_trend = features.velocity_trend;
        found.spread_history = snapshot->spread_history;
        for (const ranking::RankedEntry& entry : ranking->ranked.at("scalp")) {
            if (&ranking->contract(entry.contract) == snapshot) found.rank_delta = entry.rank_delta;
        }
        return found;
    }

    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    EngineObserver observer_;
    MarketState state_{1, 200};
    RankingBoard board_{clock_, {}, [] { return exchange::ExchangeStatus(); }};
    RankingCycle cycle_{clock_, state_, board_, observer_, options()};
    std::unique_ptr<MarketScan> scan_ = make_market_scan(exchange_, clock_, state_, {});
    std::vector<std::uint64_t> published_;
    std::vector<std::uint64_t> recorded_;
};

/// When one ranking was recorded and the market has moved since: a fifth of each book is gone, and the first contract
/// by turnover is the last.
class AfterOneRecorded : public TwoRhythms {
protected:
    void SetUp() override {
        scan();
        first_ = rank(Rhythm::recorded);
        exchange_.level_size = 400.0;
        exchange_.codes = {"CCC-USDT", "BBB-USDT", "AAA-USDT"};
        scan();
    }

    ranking::RankingPtr first_;
};

TEST_F(AfterOneRecorded, numbers_compare_with_it_however_often_the_market_is_ranked) {
    const ranking::RankingPtr shown = rank(Rhythm::published);
    const Looks once = looks(shown);
    EXPECT_DOUBLE_EQ(once.depth_decay, 0.2);
    ASSERT_TRUE(once.rank_delta);
    EXPECT_NE(*once.rank_delta, 0) << "its turnover is the smallest now";
    EXPECT_EQ(once.spread_history.size(), 2U);
    for (int i = 0; i < 60; ++i) {
        pass(milliseconds(200));
        const ranking::RankingPtr again = rank(i == 59 ? Rhythm::recorded : Rhythm::published);
        ASSERT_EQ(looks(again), once) << "ranking " << again->sequence;
        ASSERT_EQ(again->find("AAA-USDT"), shown->find("AAA-USDT")) << "nothing new was read: the very same";
    }
}

TEST_F(AfterOneRecorded, what_the_feed_tells_comes_with_the_next_ranking_and_changes_no_other_number) {
    const ranking::RankingPtr without = rank(Rhythm::published);
    EXPECT_FALSE(without->has_flow);
    signals::FlowNumbers told;
    told.microprice = 100.125;
    state_.find("BBB-USDT")->flow = std::make_shared<const signals::FlowNumbers>(told);
    const ranking::RankingPtr with = rank(Rhythm::published);
    EXPECT_TRUE(with->has_flow);
    EXPECT_EQ(with->numbers_view(with->index_of("BBB-USDT").value()).flow, told);
    EXPECT_EQ(with->find("AAA-USDT"), without->find("AAA-USDT")) << "the very same: the feed says nothing of it";
    EXPECT_EQ(looks(with, "BBB-USDT"), looks(without, "BBB-USDT"));
}

TEST_F(AfterOneRecorded, what_was_only_published_in_between_leaves_no_trace) {
    static_cast<void>(rank(Rhythm::published));
    exchange_.level_size = 100.0;
    scan();
    EXPECT_DOUBLE_EQ(looks(rank(Rhythm::published)).depth_decay, 0.8);
    exchange_.level_size = 300.0;
    scan();
    const Looks recorded = looks(rank(Rhythm::recorded));
    EXPECT_DOUBLE_EQ(recorded.depth_decay, 0.4) << "against 500, not against 100";
    EXPECT_EQ(recorded.spread_history.size(), 2U);
    ASSERT_TRUE(recorded.rank_delta);
    EXPECT_NE(*recorded.rank_delta, 0);
}

TEST_F(AfterOneRecorded, recording_moves_what_the_next_compare_with) {
    static_cast<void>(rank(Rhythm::recorded));
    scan();
    const Looks next = looks(rank(Rhythm::published));
    EXPECT_DOUBLE_EQ(next.depth_decay, 0.0) << "the book is as it was recorded";
    EXPECT_EQ(next.rank_delta, 0);
    EXPECT_EQ(next.spread_history.size(), 3U);
}

TEST_F(AfterOneRecorded, a_contract_that_was_away_is_remembered_by_time_not_by_the_number_of_rankings) {
    static_cast<void>(rank(Rhythm::recorded));
    exchange_.codes = {"BBB-USDT", "CCC-USDT"};
    scan();
    for (int i = 0; i < 100; ++i) static_cast<void>(rank(Rhythm::published));
    pass(minutes(6));
    scan();
    static_cast<void>(rank(Rhythm::published));
    exchange_.codes = {"AAA-USDT", "BBB-USDT", "CCC-USDT"};
    scan();
    EXPECT_EQ(looks(rank(Rhythm::published)).spread_history.size(), 1U) << "six minutes are too long";
}

TEST_F(AfterOneRecorded, a_hundred_rankings_within_a_minute_forget_no_contract_that_is_missing_from_them) {
    static_cast<void>(rank(Rhythm::recorded));
    exchange_.book_fails.emplace("AAA-USDT", core::Error(core::ErrorCode::timeout, "no answer"));
    scan();
    for (int i = 0; i < 100; ++i) static_cast<void>(rank(i % 10 == 0 ? Rhythm::recorded : Rhythm::published));
    exchange_.book_fails.clear();
    scan();
    const Looks back = looks(rank(Rhythm::published));
    EXPECT_EQ(back.spread_history.size(), 3U);
    EXPECT_DOUBLE_EQ(back.depth_decay, 0.0);
}

TEST_F(AfterOneRecorded, every_ranking_has_a_number_and_history_hears_of_the_recorded_ones_once) {
    static_cast<void>(rank(Rhythm::published));
    static_cast<void>(rank(Rhythm::recorded));
    static_cast<void>(rank(Rhythm::published));
    EXPECT_EQ(published_, (std::vector<std::uint64_t>{1, 2, 3, 4}));
    EXPECT_EQ(recorded_, (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(board_.current()->sequence, 4U);
    EXPECT_EQ(board_.recorded()->sequence, 3U);
}

}  // namespace
}  // namespace scanner::engine
