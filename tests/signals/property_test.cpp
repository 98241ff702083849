#include "signals/random_market.hpp"

#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/metrics.hpp"
#include "scanner/signals/opportunity.hpp"
#include "scanner/signals/score.hpp"
#include "scanner/signals/slippage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using testing::RandomMarket;

/// Every double of a contract's own numbers.
std::vector<double> all_of(const ContractNumbers& n) {
    const Metrics& m = n.metrics;
    const ManipulationFeatures& f = n.manipulation.features;
    std::vector<double> values{m.qvol_usdt,
                               m.spread_bps,
                               m.top5_depth_usdt,
                               m.atr_pct,
                               m.ret_1,
                               m.ret_15,
                               m.slip_bps,
                               m.funding_8h_pct.value_or(0),
                               m.open_interest.value_or(0),
                               m.basis_bps.value_or(0),
                               m.volume_zscore,
                               m.order_flow_imbalance,
                               m.volatility_regime,
                               m.price_velocity,
                               m.anomaly_score,
                               m.depth_to_volume_ratio,
                               n.momentum.z_15s,
                               n.momentum.z_1m,
                               n.momentum.z_5m,
                               n.momentum.vwap_distance,
                               n.momentum.rsi14,
                               n.execution.queue_position,
                               n.execution.simulated_impact_bps,
                               n.microstructure.depth_decay,
                               n.microstructure.trade_imbalance,
                               n.manipulation.manip_score,
                               n.manipulation.probability,
                               f.imbalance,
                               f.order_flow_imbalance,
                               f.imbalance_delta,
                               f.wall_ratio,
                               f.total_depth,
                               f.wick_ratio,
                               f.oi_delta,
                               f.funding,
                               f.volume_zscore,
                               f.volume_z_trend,
                               f.vol_regime,
                               f.velocity,
                               f.velocity_trend,
                               f.pump_dump_score};
    for (const auto& [feature, value] : n.manipulation.contributions) values.push_back(value);
    for (const FlagDetail& detail : n.manipulation.flag_details) {
        for (const FlagEvidence& evidence : detail.evidence) {
            values.push_back(evidence.value);
            values.push_back(evidence.threshold);
        }
    }
    return values;
}

std::vector<double> all_of(const Edges& edges) {
    return {edges.liquidity_edge, edges.momentum_edge, edges.volatility_edge, edges.microstructure_edge,
            edges.anomaly_residual};
}

std::vector<Edges> edges_of(const std::vector<const ContractNumbers*>& contracts) {
    std::vector<Edges> edges(contracts.size());
    compute_edges(contracts, edges);
    return edges;
}

void expect_in(double value, double low, double high, const char* what) {
    EXPECT_GE(value, low) << what;
    EXPECT_LE(value, high) << what;
}

void expect_ranges(const ContractNumbers& n) {
    const Metrics& m = n.metrics;
    expect_in(m.spread_bps, 0, 20'000, "spread_bps");
    expect_in(m.top5_depth_usdt, 0, 2e100, "top5_depth_usdt");
    EXPECT_GE(m.slip_bps, 0.0);
    EXPECT_GE(m.slip_bps, n.execution.simulated_impact_bps) << "the worse side is at least the buying side";
    expect_in(m.volume_zscore, -10, 10, "volume_zscore");
    expect_in(m.order_flow_imbalance, -1, 1, "order_flow_imbalance");
    expect_in(m.volatility_regime, -1, 5, "volatility_regime");
    expect_in(m.price_velocity, -10, 10, "price_velocity");
    expect_in(m.anomaly_score, 0, 100, "anomaly_score");
    expect_in(n.momentum.rsi14, 0, 100, "rsi14");
    expect_in(n.execution.queue_position, 0, 1, "queue_position");
    expect_in(n.manipulation.manip_score, 0, 100, "manip_score");
    expect_in(n.manipulation.probability, 0, 1, "probability");
    expect_in(n.manipulation.features.wall_ratio, 0, 1, "wall_ratio");
    EXPECT_TRUE(std::ranges::is_sorted(n.manipulation.manip_flags));
    EXPECT_EQ(n.manipulation.manip_flags.size(), n.manipulation.flag_details.size());
}

TEST(Properties, any_finite_input_gives_finite_numbers_in_their_ranges) {
    RandomMarket random(1);
    ContractState state;  // one for all: any market may follow any other
    for (int round = 0; round < 3000; ++round) {
        SCOPED_TRACE(round);
        const double notional = random.chance(0.1) ? random.any_finite() : random.magnitude(1, 1e7);
        const ContractNumbers numbers = compute_contract(random.any_market(), notional, state);
        for (const double value : all_of(numbers)) ASSERT_TRUE(std::isfinite(value));
        expect_ranges(numbers);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Properties, scores_and_opportunities_of_anything_are_finite) {
    RandomMarket random(2);
    for (int round = 0; round < 300; ++round) {
        SCOPED_TRACE(round);
        std::vector<ContractNumbers> cycle;
        std::vector<const ContractNumbers*> pointers;
        for (int i = random.whole(0, 12); i > 0; --i) {
            ContractState state;
            cycle.push_back(compute_contract(random.any_market(), 5000, state));
        }
        for (const ContractNumbers& numbers : cycle) pointers.push_back(&numbers);
        const std::vector<Edges> edges = edges_of(pointers);
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            const ContractNumbers& numbers = cycle[i];
            for (const double value : all_of(numbers)) ASSERT_TRUE(std::isfinite(value));
            for (const double value : all_of(edges[i])) ASSERT_TRUE(std::isfinite(value));
            const Score score = score_contract({numbers, edges[i]}, builtin_profiles()[0].weights,
                                               {.min_qvol_usdt = -1e308, .max_spread_bps = 1e308});
            ASSERT_TRUE(score.score.has_value());
            ASSERT_TRUE(std::isfinite(*score.score));
            const Opportunity o = make_opportunity({.numbers = numbers,
                                                    .components = score.components,
                                                    .score = *score.score,
                                                    .slip_bps = numbers.metrics.slip_bps,
                                                    .last_price = random.any_positive(),
                                                    .price_tick = random.chance(0.5) ? random.any_positive() : 0.0});
            if (o.confidence) expect_in(*o.confidence, 0, 100, "confidence");
            std::vector<double> shown{o.entry_pct, o.stop_suggestion, o.tp_levels[0], o.tp_levels[2]};
            for (const auto* trade : {&o.trade, &o.above, &o.below}) {
                if (!*trade) continue;
                shown.insert(shown.end(), {(*trade)->entry_price, (*trade)->stop_price});
                shown.insert(shown.end(), (*trade)->tp_prices.begin(), (*trade)->tp_prices.end());
            }
            for (const double value : shown) {
                ASSERT_TRUE(std::isfinite(value));
                ASSERT_GE(value, 0.0);
            }
            for (const auto& ratio : {o.reward_risk_gross, o.reward_risk_net, o.round_trip_cost_pct, o.risk_usdt}) {
                ASSERT_TRUE(std::isfinite(ratio.value_or(0.0)));
            }
        }
    }
}

TEST(Properties, slippage_grows_with_the_notional) {
    RandomMarket random(3);
    for (int round = 0; round < 500; ++round) {
        const market::OrderBook book = random.proper_book(random.magnitude(1e-6, 1e5), random.whole(1, 50));
        double before = 0.0;
        for (double notional = 1.0; notional < 1e7; notional *= 1.7) {
            const double now = slippage_bps(book, notional);
            // A side of one book cannot be 10 000 away, and what is missing is 10 000.
            ASSERT_GE(now, before - 1e-6) << "round " << round << " at " << notional;
            before = now;
        }
    }
}

TEST(Properties, the_curve_lies_between_its_neighbours) {
    RandomMarket random(4);
    for (int round = 0; round < 300; ++round) {
        const SlippageCurve curve = slippage_curve(random.proper_book(100.0, random.whole(1, 50)));
        for (std::size_t i = 1; i < curve.size(); ++i) {
            const double between = random.uniform(kSlippageNotionals[i - 1], kSlippageNotionals[i]);
            expect_in(slippage_from_curve(curve, between), curve[i - 1] - 1e-6, curve[i] + 1e-6, "between");
        }
    }
}

void scale_prices(market::MarketData& data, double factor) {
    auto book = *data.order_book;
    for (auto* side : {&book.bids, &book.asks}) {
        for (market::Level& level : *side) {
            level.price *= factor;
            level.size /= factor;
        }
    }
    auto candles = *data.candles;
    for (market::Candle& candle : candles) {
        for (double* price : {&candle.open, &candle.high, &candle.low, &candle.close}) *price *= factor;
        candle.base_volume /= factor;
    }
    data.ticker.bid->price *= factor;
    data.ticker.ask->price *= factor;
    data.ticker.last *= factor;
    data.index_price = *data.index_price * factor;
    data.order_book = std::make_shared<const market::OrderBook>(std::move(book));
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
}

TEST(Properties, the_unit_of_the_base_coin_does_not_matter) {
    RandomMarket random(5);
    for (int round = 0; round < 300; ++round) {
        SCOPED_TRACE(round);
        // A thousandfold coin ("1000PEPE") is worth the same in notional. A power of two keeps the arithmetic exact.
        market::MarketData data = random.proper_market();
        ContractState before;
        ContractState after;
        const ContractNumbers plain = compute_contract(data, 5000, before);
        scale_prices(data, 1.0 / 1024.0);
        const ContractNumbers scaled = compute_contract(data, 5000, after);
        const Metrics& a = plain.metrics;
        const Metrics& b = scaled.metrics;
        const auto same = [](double x, double y, const char* what) {
            EXPECT_NEAR(x, y, 1e-9 * std::max(1.0, std::fabs(x))) << what;
        };
        same(a.spread_bps, b.spread_bps, "spread_bps");
        same(a.slip_bps, b.slip_bps, "slip_bps");
        same(a.top5_depth_usdt, b.top5_depth_usdt, "top5_depth_usdt");
        same(a.atr_pct, b.atr_pct, "atr_pct");
        same(a.ret_15, b.ret_15, "ret_15");
        same(a.basis_bps.value_or(-1), b.basis_bps.value_or(-2), "basis_bps");
        same(a.order_flow_imbalance, b.order_flow_imbalance, "order_flow_imbalance");
        same(a.volatility_regime, b.volatility_regime, "volatility_regime");
        same(a.depth_to_volume_ratio, b.depth_to_volume_ratio, "depth_to_volume_ratio");
        same(plain.momentum.vwap_distance, scaled.momentum.vwap_distance, "vwap_distance");
        same(plain.momentum.rsi14, scaled.momentum.rsi14, "rsi14");
        EXPECT_EQ(plain.manipulation.features.wick_ratio, scaled.manipulation.features.wick_ratio);
    }
}

TEST(Properties, turning_the_book_over_turns_the_imbalance_over) {
    RandomMarket random(6);
    for (int round = 0; round < 300; ++round) {
        market::OrderBook book = random.any_book();
        const double before = book_imbalance(book, 10);
        std::swap(book.bids, book.asks);
        EXPECT_DOUBLE_EQ(book_imbalance(book, 10), -before);
    }
}

TEST(Properties, edges_have_mean_zero_and_unit_deviation) {
    RandomMarket random(7);
    for (int round = 0; round < 100; ++round) {
        std::vector<ContractNumbers> cycle;
        std::vector<const ContractNumbers*> pointers;
        for (int i = random.whole(3, 60); i > 0; --i) {
            ContractState state;
            cycle.push_back(compute_contract(random.proper_market(), 5000, state));
        }
        for (const ContractNumbers& numbers : cycle) pointers.push_back(&numbers);
        const std::vector<Edges> edges = edges_of(pointers);
        for (double Edges::* edge : {&Edges::liquidity_edge, &Edges::momentum_edge, &Edges::volatility_edge,
                                     &Edges::microstructure_edge, &Edges::anomaly_residual}) {
            double sum = 0.0;
            double squares = 0.0;
            for (const Edges& contract : edges) {
                sum += contract.*edge;
                squares += (contract.*edge) * (contract.*edge);
            }
            const auto count = static_cast<double>(edges.size());
            EXPECT_NEAR(sum / count, 0.0, 1e-4);  // each is rounded to 4 decimals
            EXPECT_NEAR(squares / count, 1.0, 1e-3);
        }
    }
}

TEST(Properties, edges_do_not_depend_on_the_order_of_the_contracts) {
    RandomMarket random(8);
    std::vector<ContractNumbers> cycle;
    for (int i = 0; i < 40; ++i) {
        ContractState state;
        cycle.push_back(compute_contract(random.proper_market(), 5000, state));
    }
    std::vector<const ContractNumbers*> pointers;
    for (const ContractNumbers& numbers : cycle) pointers.push_back(&numbers);
    const std::vector<Edges> before = edges_of(pointers);
    random.shuffle(pointers);
    const std::vector<Edges> after = edges_of(pointers);
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const auto place = static_cast<std::size_t>(pointers[i] - cycle.data());
        EXPECT_NEAR(after[i].liquidity_edge, before[place].liquidity_edge, 1.01e-4);
    }
}

TEST(Properties, the_ranking_is_a_total_order_whatever_the_input_order) {
    RandomMarket random(9);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::string> names;
        std::vector<RankKey> keys;
        const int count = random.whole(0, 60);
        for (int i = 0; i < count; ++i) names.push_back("C" + std::to_string(i));
        // Few distinct scores and turnovers, so that ties are common.
        for (const std::string& name : names) {
            keys.push_back({.score = static_cast<double>(random.whole(-2, 2)),
                            .qvol_usdt = static_cast<double>(random.whole(0, 2)),
                            .symbol = name});
        }
        const auto ranked = [](const std::vector<RankKey>& from) {
            std::vector<std::string_view> order;
            for (const std::size_t i : rank_order(from)) order.push_back(from[i].symbol);
            return order;
        };
        const auto order = ranked(keys);
        EXPECT_EQ(order.size(), keys.size());
        auto shuffled = keys;
        random.shuffle(shuffled);
        EXPECT_EQ(ranked(shuffled), order);
        for (const RankKey& a : keys) {
            for (const RankKey& b : keys) {
                const bool same = a.symbol == b.symbol;
                EXPECT_EQ(ranks_before(a, b) + ranks_before(b, a), same ? 0 : 1) << "exactly one comes first";
            }
        }
    }
}

}  // namespace
}  // namespace scanner::signals
