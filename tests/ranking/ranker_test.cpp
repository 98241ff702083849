#include "scanner/ranking/ranker.hpp"

#include "api/sample.hpp"

#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace scanner::ranking {
namespace {

namespace test = api::test;
using std::chrono::minutes;
using std::chrono::seconds;

/// A ranker and the market that it is given: cycle after cycle the same readings, until a test changes them.
class Cycles : public testing::Test {
protected:
    Cycles() {
        for (const test::Spec& spec : test::sample_specs()) data_.push_back(test::make_data(spec));
    }

    Ranking cycle(bool recorded = true, seconds later = seconds(15)) {
        now_ += later;
        const auto builtin = signals::builtin_profiles();
        return ranker_.rank({.data = shared(data_), .exclusions = {}, .flow = flow_}, settings_,
                            {builtin.begin(), builtin.end()},
                            {.sequence = ++sequence_, .time = now_, .recorded = recorded, .interval = interval_});
    }

    /// Reads the contract again; `up` moves the last price and all closes, percent.
    void read_again(std::size_t index, double up) {
        test::Spec spec = test::sample_specs().at(index);
        spec.last *= 1.0 + up / 100.0;
        spec.level_usdt *= 1.0 + up / 10.0;
        data_.at(index) = test::make_data(spec, now_);
    }

    Ranker ranker_;
    RankingSettings settings_ = test::make_settings();
    std::vector<market::MarketData> data_;
    std::vector<std::shared_ptr<const signals::FlowNumbers>> flow_;
    core::WallTime now_ = test::kNow;
    std::uint64_t sequence_ = 0;
    std::chrono::milliseconds interval_{15'000};
};

TEST_F(Cycles, share_what_was_not_read_again) {
    const Ranking first = cycle();
    read_again(1, 2.0);
    const Ranking second = cycle();
    ASSERT_EQ(second.contracts.size(), first.contracts.size());
    for (std::size_t i = 0; i < first.contracts.size(); ++i) {
        const bool same = first.contract(i).data.contract->contract_code != "ETH-USDT";
        EXPECT_EQ(first.contracts[i] == second.contracts[i], same) << first.contract(i).data.contract->symbol;
    }
    const std::size_t btc = first.index_of("BTC-USDT").value();
    EXPECT_NE(first.edges[btc].liquidity_edge, second.edges[btc].liquidity_edge) << "the others have changed";
    EXPECT_EQ(first.find("ETH-USDT")->spread_history.size(), 1U);
    EXPECT_EQ(second.find("ETH-USDT")->spread_history.size(), 2U);
}

TEST_F(Cycles, compute_a_reading_again_for_another_notional) {
    static_cast<void>(cycle());
    read_again(0, -1.0);
    const Ranking before = cycle();
    settings_.notional_usdt = 500'000.0;
    const Ranking after = cycle();
    const ContractSnapshot& small = *before.find("BTC-USDT");
    const ContractSnapshot& large = *after.find("BTC-USDT");
    EXPECT_NE(&small, &large);
    EXPECT_LT(small.numbers.metrics.slip_bps, large.numbers.metrics.slip_bps);
    EXPECT_EQ(small.spread_history, large.spread_history) << "it is the same reading";
    EXPECT_NE(small.numbers.microstructure.depth_decay, 0.0);
    EXPECT_EQ(small.numbers.microstructure.depth_decay, large.numbers.microstructure.depth_decay)
        << "compared with the same one before";
}

TEST_F(Cycles, compare_with_the_previous_recorded_one) {
    Ranker recorded_only;
    const auto builtin = signals::builtin_profiles();
    const auto record = [&] {
        return recorded_only.rank({.data = shared(data_), .exclusions = {}, .flow = {}}, settings_,
                                  {builtin.begin(), builtin.end()}, {.sequence = sequence_, .time = now_});
    };
    static_cast<void>(cycle());
    static_cast<void>(record());
    read_again(3, 5.0);
    static_cast<void>(cycle(false));
    read_again(3, -5.0);
    static_cast<void>(cycle(false));
    read_again(3, -4.0);
    const Ranking mixed = cycle();
    const Ranking plain = record();
    const ContractSnapshot& one = *mixed.find("DOGE-USDT");
    const ContractSnapshot& other = *plain.find("DOGE-USDT");
    EXPECT_EQ(one.spread_history, other.spread_history);
    EXPECT_EQ(one.spread_history.size(), 2U);
    EXPECT_NE(other.numbers.microstructure.depth_decay, 0.0);
    EXPECT_EQ(one.numbers.microstructure.depth_decay, other.numbers.microstructure.depth_decay);
    EXPECT_EQ(one.numbers.manipulation.features.imbalance_delta, other.numbers.manipulation.features.imbalance_delta);
    for (const auto& [profile, entries] : plain.ranked) {
        ASSERT_EQ(mixed.ranked.at(profile).size(), entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            EXPECT_EQ(mixed.ranked.at(profile)[i].contract, entries[i].contract);
            EXPECT_EQ(mixed.ranked.at(profile)[i].rank_delta, entries[i].rank_delta);
        }
    }
}

TEST_F(Cycles, take_the_numbers_of_the_feed_along) {
    static_cast<void>(cycle());
    read_again(1, 2.0);
    const Ranking without = cycle();
    EXPECT_FALSE(without.has_flow);
    const auto told = [](double microprice) {
        signals::FlowNumbers numbers;
        numbers.microprice = microprice;
        return std::make_shared<const signals::FlowNumbers>(numbers);
    };
    flow_.resize(data_.size());
    flow_[1] = told(2'500.25);  // ETH-USDT, which is second as it was given and third in the ranking
    const Ranking with = cycle();
    EXPECT_TRUE(with.has_flow);
    const std::size_t eth = with.index_of("ETH-USDT").value();
    ASSERT_NE(eth, 1U);
    for (std::size_t i = 0; i < with.contracts.size(); ++i) {
        EXPECT_EQ(with.contracts[i], without.contracts[i]) << "nothing was read anew: the same objects";
        EXPECT_EQ(with.flow_of(i) != nullptr, i == eth);
    }
    EXPECT_EQ(with.numbers_view(eth).flow.microprice, 2'500.25);
    EXPECT_EQ(without.numbers_view(eth).flow, signals::FlowNumbers());

    flow_[1] = nullptr;
    EXPECT_EQ(cycle().numbers_view(eth).flow, signals::FlowNumbers());
    flow_[1] = told(2'501.0);
    read_again(1, 1.0);
    const Ranking moved = cycle();
    EXPECT_EQ(moved.numbers_view(eth).flow.microprice, 2'501.0);
    EXPECT_EQ(moved.contract(eth).spread_history.size(), 3U);
}

TEST_F(Cycles, remember_a_contract_for_five_minutes) {
    const auto away = data_.begin() + 2;
    const auto decay_unknown = [](const Ranking& ranking) {
        return ranking.find("SOL-USDT")->numbers.unknown.has(signals::find_number("depth_decay").value());
    };
    const market::MarketData sol = *away;
    EXPECT_TRUE(decay_unknown(cycle())) << "there is no cycle before";
    data_.erase(away);
    EXPECT_EQ(cycle().find("SOL-USDT"), nullptr);
    data_.push_back(sol);
    data_.back().fetch_latency_ms += 1.0;
    EXPECT_FALSE(decay_unknown(cycle())) << "it was there a moment ago";
    data_.pop_back();
    static_cast<void>(cycle(true, minutes(6)));
    data_.push_back(sol);
    const Ranking back = cycle();
    EXPECT_TRUE(decay_unknown(back));
    EXPECT_EQ(back.find("SOL-USDT")->spread_history.size(), 1U);
}

TEST_F(Cycles, remember_a_contract_across_slow_cycles) {
    interval_ = minutes(10);
    static_cast<void>(cycle(true, minutes(10)));
    data_.front().fetch_latency_ms += 1.0;
    const Ranking next = cycle(true, minutes(10));
    EXPECT_EQ(next.contracts.front()->spread_history.size(), 1U + 1U);
}

TEST_F(Cycles, give_fifty_spreads_at_most) {
    for (int i = 0; i < 60; ++i) {
        read_again(0, 0.001 * i);
        static_cast<void>(cycle());
    }
    read_again(0, 0.5);
    const Ranking ranking = cycle();
    const ContractSnapshot& snapshot = *ranking.find("BTC-USDT");
    EXPECT_EQ(snapshot.spread_history.size(), 50U);
    EXPECT_EQ(snapshot.spread_history.back(), snapshot.numbers.metrics.spread_bps);
}

TEST(SnapshotAlone, computes_nothing_from_candles_of_another_time) {
    market::MarketData data = test::make_data(test::sample_specs().front());
    data.inputs[market::Input::candles].state = market::InputState::live;
    const ContractSnapshot live = snapshot_alone(data, 5'000.0);
    EXPECT_FALSE(live.numbers.unknown.has(signals::find_number("ret_15").value()));
    EXPECT_TRUE(live.numbers.unknown.has(signals::find_number("depth_decay").value())) << "a first cycle";
    data.inputs[market::Input::candles].state = market::InputState::stale;
    const ContractSnapshot stale = snapshot_alone(data, 5'000.0);
    EXPECT_TRUE(stale.numbers.unknown.has(signals::find_number("ret_15").value()));
    EXPECT_EQ(stale.data.candles, data.candles) << "they are still shown";
    EXPECT_EQ(stale.data.closed_candles, data.closed_candles);
}

}  // namespace
}  // namespace scanner::ranking
