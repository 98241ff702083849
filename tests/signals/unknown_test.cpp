#include "signals/support.hpp"

#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/opportunity.hpp"
#include "scanner/signals/score.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

market::OrderBook sound_book() {
    return testing::book({{99.99, 500}, {99.98, 500}}, {{100.01, 500}, {100.02, 500}});
}

/// `count` closed candles that move and trade.
market::MarketData market_of(std::size_t count, market::OrderBook order_book = sound_book()) {
    std::vector<double> closes;
    for (std::size_t i = 0; i < count; ++i) closes.push_back(100.0 + 0.3 * std::sin(static_cast<double>(i)));
    market::MarketData data = testing::market_data(std::move(order_book), testing::candles_closing_at(closes));
    auto candles = *data.candles;
    for (std::size_t i = 0; i < candles.size(); ++i) candles[i].base_volume = 10.0 + static_cast<double>(i % 7);
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    data.ticker.last = 100.0;
    data.funding_rate = 0.0001;
    data.open_interest = 1'000.0;
    return data;
}

/// After as many cycles as that, each on the same market.
ContractNumbers measured(const market::MarketData& data, int cycles = 2) {
    ContractState state;
    ContractNumbers numbers;
    for (int i = 0; i < cycles; ++i) measure_contract(data, 5'000, state, numbers);
    return numbers;
}

std::set<std::string> names(const NumberSet& unknown) {
    std::set<std::string> all;
    for (const NumberField& field : kNumbers) {
        if (unknown.has(field.number)) all.emplace(to_string(field.number));
    }
    return all;
}

TEST(Unknown, nothing_of_a_contract_with_an_hour_of_history) {
    const ContractNumbers numbers = measured(market_of(61));
    EXPECT_THAT(names(numbers.unknown), IsEmpty());
    EXPECT_THAT(notes_on(market_of(61), numbers, 5'000), IsEmpty());
}

TEST(Unknown, most_of_a_contract_that_is_two_minutes_old) {
    const ContractNumbers numbers = measured(market_of(2));
    EXPECT_TRUE(known<&Metrics::ret_1>(numbers));
    EXPECT_TRUE(known<&Metrics::atr_pct>(numbers));
    EXPECT_FALSE(known<&Metrics::ret_15>(numbers)) << "the formula says " << numbers.metrics.ret_15;
    EXPECT_FALSE(known<&Metrics::volume_zscore>(numbers));
    EXPECT_FALSE(known<&Metrics::volatility_regime>(numbers));
    EXPECT_FALSE(known<&Metrics::price_velocity>(numbers));
    EXPECT_FALSE(known<&Metrics::anomaly_score>(numbers));
    const Edges edges{.unknown = unknown_edges(numbers.unknown)};
    EXPECT_FALSE(known<&Edges::momentum_edge>(NumbersView(numbers, edges)));
    EXPECT_FALSE(known<&Edges::microstructure_edge>(NumbersView(numbers, edges)));
    EXPECT_FALSE(known<&Momentum::rsi14>(numbers));
    EXPECT_TRUE(known<&Edges::liquidity_edge>(NumbersView(numbers, edges))) << "book, turnover and volume are there";
    EXPECT_THAT(notes_on(market_of(2), numbers, 5'000),
                ElementsAre(HasSubstr("unknown after 2 closed candles, 2 with trades: ret_15, volume_zscore")));
}

TEST(Unknown, each_number_begins_with_the_history_that_its_formula_needs) {
    const auto first_known = [](Number number) {
        for (std::size_t count = 0; count < 70; ++count) {
            if (!measured(market_of(count)).unknown.has(number)) return count;
        }
        return std::size_t{999};
    };
    EXPECT_EQ(first_known("atr_pct"_number), 1U);
    EXPECT_EQ(first_known("ret_1"_number), 2U);
    EXPECT_EQ(first_known("z_15s"_number), 4U);
    EXPECT_EQ(first_known("price_velocity"_number), 6U);
    EXPECT_EQ(first_known("volume_zscore"_number), 10U);
    EXPECT_EQ(first_known("rsi14"_number), 15U);
    EXPECT_EQ(first_known("ret_15"_number), 16U);
    EXPECT_EQ(first_known("z_1m"_number), 20U);
    EXPECT_EQ(first_known("z_5m"_number), 60U);
    EXPECT_EQ(first_known("volatility_regime"_number), 61U);
    EXPECT_EQ(first_known("anomaly_score"_number), 61U);
    EXPECT_EQ(first_known("depth_to_volume_ratio"_number), 1U);
}

TEST(Unknown, candles_without_trades_tell_no_volume) {
    market::MarketData data = market_of(80);
    auto candles = *data.candles;
    for (std::size_t i = 0; i + 5 < candles.size(); ++i) candles[i].base_volume = 0.0;
    data.candles = std::make_shared<const std::vector<market::Candle>>(candles);
    const ContractNumbers numbers = measured(data);
    EXPECT_FALSE(known<&Metrics::volume_zscore>(numbers));
    EXPECT_TRUE(known<&Metrics::ret_15>(numbers));
    EXPECT_FALSE(is_new_listing(numbers.unknown)) << "it is quiet, not new";
    EXPECT_THAT(notes_on(data, numbers, 5'000), ElementsAre(HasSubstr("80 closed candles, 5 with trades")));
}

TEST(Unknown, what_compares_with_the_previous_cycle_in_the_first_one) {
    const ContractNumbers first = measured(market_of(70), 1);
    EXPECT_EQ(names(first.unknown), (std::set<std::string>{"depth_decay", "feature_imbalance_delta", "feature_oi_delta",
                                                           "feature_volume_z_trend", "feature_velocity_trend"}));
    market::MarketData without = market_of(70);
    without.open_interest = std::nullopt;
    without.funding_rate = std::nullopt;
    EXPECT_EQ(names(measured(without).unknown), (std::set<std::string>{"feature_funding", "feature_oi_delta"}));
}

TEST(Unknown, an_empty_side_is_noted_and_the_worst_values_stay) {
    const market::MarketData no_bids = market_of(70, testing::book({}, {{100.01, 500}}));
    const ContractNumbers numbers = measured(no_bids);
    EXPECT_EQ(known<&Metrics::spread_bps>(numbers), 10'000.0);
    EXPECT_EQ(known<&Metrics::slip_bps>(numbers), 10'000.0);
    EXPECT_FALSE(known<&Execution::queue_position>(numbers));
    EXPECT_EQ(known<&Metrics::order_flow_imbalance>(numbers), -1.0) << "that is measured";
    EXPECT_THAT(notes_on(no_bids, numbers, 5'000), ElementsAre(HasSubstr("no bids in the order book")));

    const market::MarketData empty = market_of(70, {});
    EXPECT_FALSE(known<&Metrics::order_flow_imbalance>(measured(empty)));
    EXPECT_THAT(notes_on(empty, measured(empty), 5'000),
                ElementsAre(HasSubstr("order_flow_imbalance"), HasSubstr("the order book is empty")));

    const market::MarketData thin = market_of(70, testing::book({{99.99, 1}}, {{100.01, 1}}));
    EXPECT_THAT(notes_on(thin, measured(thin), 1e6),
                ElementsAre("the order book cannot fill 1000000 USDT: slip_bps stands at 10000"));
}

TEST(Unknown, counts_nothing_in_favour_and_changes_no_other_contract) {
    const auto cycle = [](bool live) {
        std::vector<ContractNumbers> all(4);
        std::vector<const ContractNumbers*> pointers;
        std::vector<Edges> edges(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            market::MarketData data = market_of(i == 3 ? 5 : 80);
            data.ticker.turnover_24h = 3e7 * static_cast<double>(i + 1);
            auto candles = *data.candles;
            if (i == 3) candles.back().close = 110.0;  // ten percent in the last of its five minutes
            data.candles = std::make_shared<const std::vector<market::Candle>>(candles);
            ContractState state;
            if (live) {
                measure_contract(data, 5'000, state, all[i]);
            } else {
                compute_contract(data, 5'000, state, all[i]);
            }
            pointers.push_back(&all[i]);
        }
        compute_edges(pointers, edges);
        return std::pair(all, edges);
    };
    const auto [live, live_edges] = cycle(true);
    const auto [formulas, formula_edges] = cycle(false);
    for (const Profile& profile : builtin_profiles()) {
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(score_contract({live[i], live_edges[i]}, profile.weights, {}).score,
                      score_contract({formulas[i], formula_edges[i]}, profile.weights, {}).score);
        }
        const ScoreComponents parts = score_contract({live[3], live_edges[3]}, profile.weights, {}).components;
        const Weights& w = profile.weights;
        EXPECT_DOUBLE_EQ(parts.momentum, w.mom_ret_1 * live[3].metrics.ret_1) << "of ret_15 nothing is known";
        EXPECT_EQ(parts.structure_bonus, 0.0);
        EXPECT_DOUBLE_EQ(parts.edges, w.edges_liquidity * live_edges[3].liquidity_edge);
        EXPECT_LT(score_contract({live[3], live_edges[3]}, profile.weights, {}).score,
                  score_contract({formulas[3], formula_edges[3]}, profile.weights, {}).score);
    }
}

TEST(Unknown, raises_no_flag_and_no_signature) {
    market::MarketData data = market_of(12);
    auto candles = *data.candles;
    candles.back().close = 90.0;
    data.candles = std::make_shared<const std::vector<market::Candle>>(candles);
    ContractState state;
    ContractNumbers numbers;
    measure_contract(data, 5'000, state, numbers);
    data.open_interest = 2'000.0;
    ContractState formulas = state;
    measure_contract(data, 5'000, state, numbers);
    EXPECT_THAT(numbers.manipulation.manip_flags, ::testing::Not(::testing::Contains("oi_price_divergence")));
    EXPECT_FALSE(numbers.microstructure.dump_signature);
    EXPECT_THAT(compute_contract(data, 5'000, formulas).manipulation.manip_flags,
                ::testing::Contains("oi_price_divergence"))
        << "the formula takes ret_1 for it";
}

TEST(Unknown, of_two_minutes_is_no_trade) {
    const ContractNumbers numbers = measured(market_of(2));
    const Opportunity o =
        make_opportunity({.numbers = numbers, .components = {}, .score = 50.0, .slip_bps = 1.0, .last_price = 100.0});
    EXPECT_EQ(o.side_bias, SideBias::neutral);
    EXPECT_FALSE(o.trade || o.above || o.below);
    EXPECT_FALSE(o.reward_risk_gross || o.reward_risk_net || o.risk_usdt);
    EXPECT_THAT(o.not_tradable, ElementsAre("new_listing"));
    EXPECT_THAT(o.rationale.front(), HasSubstr("history is too short"));
}

TEST(Unknown, names_lead_back_to_numbers) {
    for (const NumberField& field : kNumbers) EXPECT_EQ(find_number(to_string(field.number)), field.number);
    EXPECT_EQ(find_number("rank"), std::nullopt);
    EXPECT_EQ(to_string("feature_funding"_number), "feature_funding");
    EXPECT_EQ(to_string("ret_15"_number), "ret_15");
}

TEST(Funding, is_given_per_eight_hours) {
    market::MarketData data = market_of(70);
    data.funding_rate = 0.0001;
    EXPECT_DOUBLE_EQ(*measured(data).metrics.funding_8h_pct, 0.01) << "no contract: the usual eight hours";
    for (const auto [hours, pct] : {std::pair(8, 0.01), std::pair(4, 0.02), std::pair(1, 0.08)}) {
        market::Contract contract;
        contract.funding_interval_hours = hours;
        data.contract = std::make_shared<const market::Contract>(contract);
        EXPECT_NEAR(*measured(data).metrics.funding_8h_pct, pct, 1e-15) << hours;
        EXPECT_NEAR(measured(data).manipulation.features.funding, pct, 1e-6) << "the model sees the same";
    }
    data.funding_rate = 0.0;
    EXPECT_EQ(measured(data).metrics.funding_8h_pct, 0.0);
}

}  // namespace
}  // namespace scanner::signals
