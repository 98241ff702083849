#include "simulator/market_fixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace scanner::simulator {
namespace {

using testing::Solo;

constexpr std::string_view kAlt = "WIF-USDT";

struct Extremes {
    double high = 0.0, low = 1e300;
};

/// Runs second by second, collecting the range of the last price and the labels' phases.
Extremes watch(Solo& solo, int seconds, std::set<std::string>* phases = nullptr) {
    Extremes extremes;
    for (int i = 0; i < seconds; ++i) {
        solo.run(1.0);
        extremes.high = std::max(extremes.high, solo.last());
        extremes.low = std::min(extremes.low, solo.last());
    }
    if (phases != nullptr) {
        for (const auto& label : solo.simulation->labels()) phases->insert(label.phase);
    }
    return extremes;
}

double turnover_between(const Solo& solo, std::size_t minutes) {
    double sum = 0.0;
    for (const auto& candle : solo.simulation->venue().candles().newest(minutes)) sum += candle.doubled_turnover_usdt;
    return sum;
}

TEST(Scenario, a_pump_lifts_the_price_trades_a_day_and_comes_back) {
    for (const double percent : {3.5, 20.0}) {
        Solo solo(kAlt, 3);
        solo.run(5.0);
        const double before = solo.last();
        const double index_before = solo.simulation->index_price();
        solo.plant(ScenarioKind::pump, true, percent, 150.0, "pump");
        std::set<std::string> phases;
        const auto extremes = watch(solo, 155, &phases);
        EXPECT_GT(extremes.high / before - 1.0, 0.85 * percent / 100.0);
        EXPECT_LT(extremes.high / before - 1.0, 1.4 * percent / 100.0 + 0.01);
        EXPECT_GT(extremes.high / before, 1.03 * 0.99);
        // The index goes along only in part: that is what a detector may hold against it.
        EXPECT_LT(solo.simulation->index_price() / index_before - 1.0, 0.8 * percent / 100.0);
        EXPECT_GT(turnover_between(solo, 4), 1.0 * solo.profile().turnover_usdt);
        EXPECT_LT(turnover_between(solo, 4), 6.0 * solo.profile().turnover_usdt);
        EXPECT_TRUE(phases.contains("rise"));
        EXPECT_TRUE(phases.contains("distribution"));
        EXPECT_TRUE(phases.contains("retrace"));
    }
}

/// The scanner's own rule for a pump (metrics: pump_signature), on closed candles and the live price.
bool looks_like_a_pump(const Solo& solo) {
    const auto candles = solo.simulation->venue().candles().newest(62);
    const std::size_t running = candles.size() - 1;
    const double last = solo.last();
    std::vector<double> volumes;
    for (std::size_t i = 0; i < running; ++i) {
        if (candles[i].doubled_contracts > 0) volumes.push_back(static_cast<double>(candles[i].doubled_contracts));
    }
    const double newest = volumes.back();
    double mean = 0.0, square = 0.0;
    for (const double volume : volumes) {
        mean += volume / static_cast<double>(volumes.size());
        square += volume * volume / static_cast<double>(volumes.size());
    }
    std::ranges::sort(volumes);
    const double zscore = (newest - volumes[volumes.size() / 2]) / std::sqrt(square - mean * mean);
    const double return_15 = (last / candles[running - 15].close - 1.0) * 100.0;
    const double velocity = (last / candles[running - 5].close - 1.0) * 100.0 / 5.0;
    return return_15 > 3.0 && velocity > 0.8 && zscore > 2.5;
}

TEST(Scenario, a_pump_raises_the_scanners_flag_and_an_ordinary_hour_does_not) {
    Solo solo(kAlt, 3);
    bool raised = false;
    for (int i = 0; i < 60; ++i) {
        solo.run(1.0);
        raised = raised || looks_like_a_pump(solo);
    }
    EXPECT_FALSE(raised);
    solo.plant(ScenarioKind::pump, true, 15.0, 240.0, "pump");
    for (int i = 0; i < 240; ++i) {
        solo.run(1.0);
        raised = raised || looks_like_a_pump(solo);
    }
    EXPECT_TRUE(raised);
}

TEST(Scenario, news_takes_the_index_along_and_stays) {
    Solo solo(kAlt, 4);
    solo.run(5.0);
    const double before = solo.simulation->index_price();
    solo.plant(ScenarioKind::pump, false, 10.0, 120.0, "news");
    static_cast<void>(watch(solo, 125));
    EXPECT_GT(std::abs(solo.simulation->index_price() / before - 1.0), 0.06);
    EXPECT_NEAR(solo.premium(), 0.0, 0.02);
}

TEST(Scenario, a_wick_leaves_the_index_and_returns) {
    Solo solo(kAlt, 5);
    solo.run(5.0);
    solo.plant(ScenarioKind::wick, true, 4.0, 12.0, "wick");
    double furthest = 0.0;
    for (int i = 0; i < 60; ++i) {
        solo.run(0.2);
        furthest = std::max(furthest, std::abs(solo.premium()));
    }
    EXPECT_GT(furthest, 0.03);
    const auto candles = solo.simulation->venue().candles().newest(2);
    const double range = std::max(candles[0].high, candles[1].high) / std::min(candles[0].low, candles[1].low) - 1.0;
    EXPECT_GT(range, 0.03);
    // The scanner's scam_wick: the candle's range is more than three times the mean of the last fifty.
    double mean_range = 0.0;
    for (const auto& candle : solo.simulation->venue().candles().newest(50)) {
        mean_range += (candle.high - candle.low) / candle.close / 50.0;
    }
    EXPECT_GT(range / mean_range, 3.0);
    solo.run(5.0);
    EXPECT_NEAR(solo.premium(), 0.0, 0.008);
}

TEST(Scenario, a_crash_is_confirmed_by_the_index) {
    Solo solo(kAlt, 5);
    solo.run(5.0);
    const double before = solo.simulation->index_price();
    solo.plant(ScenarioKind::wick, false, 4.0, 12.0, "index_crash");
    double furthest = 0.0;
    for (int i = 0; i < 60; ++i) {
        solo.run(0.2);
        furthest = std::max(furthest, std::abs(solo.premium()));
    }
    EXPECT_GT(std::abs(solo.simulation->index_price() / before - 1.0), 0.025);
    EXPECT_LT(furthest, 0.02);
}

TEST(Scenario, a_vacuum_empties_the_book_and_opens_the_spread) {
    Solo solo(kAlt, 6);
    double depth = 0.0, spread = 0.0;
    for (int i = 0; i < 20; ++i) {
        solo.run(1.0);
        depth += solo.depth(20) / 20.0;
        spread += solo.spread_bps() / 20.0;
    }
    solo.plant(ScenarioKind::vacuum, true, 0.08, 40.0, "vacuum");
    solo.run(3.0);
    double empty = 0.0, open = 0.0;
    for (int i = 0; i < 20; ++i) {
        solo.run(1.0);
        empty += solo.depth(20) / 20.0;
        open += solo.spread_bps() / 20.0;
    }
    EXPECT_LT(empty, 0.35 * depth);
    EXPECT_GT(open, 1.5 * spread);
    solo.run(60.0);
    EXPECT_GT(solo.depth(20), 0.5 * depth);
}

TEST(Scenario, layers_lean_on_the_price_and_are_gone_after_the_fill) {
    // The imbalance that layering makes must move the price away from the fake side, or it fools no trader.
    double response = 0.0;
    double heaviest = 0.0;
    int leaning = 0;
    std::set<std::string> phases;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Solo solo(kAlt, seed);
        solo.run(4.0);
        const double before = solo.premium();
        solo.plant(ScenarioKind::layering, true, 25.0, 60.0, "layering", seed);
        for (int i = 0; i < 75; ++i) {
            solo.run(0.2);
            const auto bids = static_cast<double>(solo.book().contracts(Side::buy, 10));
            const auto asks = static_cast<double>(solo.book().contracts(Side::sell, 10));
            const double imbalance = (bids - asks) / (bids + asks);
            heaviest = std::max(heaviest, std::abs(imbalance));
            if (std::abs(imbalance) < 0.6) continue;
            response += (imbalance > 0.0 ? 1.0 : -1.0) * (solo.premium() - before);
            ++leaning;
        }
        for (const auto& label : solo.simulation->labels()) phases.insert(label.phase);
        solo.run(45.0);  // over: nothing of it rests any more
        std::int64_t fat = 0;
        for (std::size_t rank = 0; rank < 10; ++rank) fat = std::max(fat, solo.book().level(Side::buy, rank).contracts);
        EXPECT_LT(static_cast<double>(fat), 0.7 * solo.depth(20));
    }
    EXPECT_GT(heaviest, 0.7);
    ASSERT_GT(leaning, 20);
    EXPECT_GT(response / leaning, 0.5e-4);
    EXPECT_TRUE(phases.contains("hold"));
    EXPECT_TRUE(phases.contains("withdrawn"));
}

/// The largest order-like level within ten of the touch, as a share of both sides' ten levels.
double biggest_share(const Solo& solo) {
    std::int64_t most = 0;
    for (const Side side : {Side::buy, Side::sell}) {
        for (std::size_t rank = 0; rank < std::min<std::size_t>(10, solo.book().depth(side)); ++rank) {
            most = std::max(most, solo.book().level(side, rank).contracts);
        }
    }
    return static_cast<double>(most) / solo.depth(10);
}

TEST(Scenario, a_wall_is_pulled_before_it_trades_and_its_twin_trades) {
    for (const bool manipulation : {true, false}) {
        Solo solo(kAlt, 7);
        solo.run(4.0);
        const auto traded_before = solo.simulation->venue().traded_contracts();
        solo.plant(ScenarioKind::wall, manipulation, 40.0, 60.0, manipulation ? "wall" : "wall_trades");
        solo.run(0.3);
        const auto wall =
            static_cast<double>(std::max(solo.book().contracts(Side::buy, 10), solo.book().contracts(Side::sell, 10)));
        EXPECT_GT(biggest_share(solo), 0.4);
        solo.run(63.0);
        EXPECT_LT(biggest_share(solo), 0.4);
        const auto traded = static_cast<double>(solo.simulation->venue().traded_contracts() - traded_before);
        if (manipulation) {
            EXPECT_LT(traded, 0.6 * wall);
        } else {
            EXPECT_GT(traded, 0.5 * wall);
        }
    }
}

TEST(Scenario, wash_trades_come_in_mirrored_pairs_inside_the_spread) {
    Solo solo("UNI-USDT", 8);  // thin: there is room between the quotes
    solo.run(4.0);
    solo.plant(ScenarioKind::wash, true, 0.9, 120.0, "wash");
    const auto before = solo.simulation->venue().newest_trades(2'000).size();
    solo.run(120.0);
    const auto trades = solo.simulation->venue().newest_trades(2'000);
    std::int64_t mirrored = 0, total = 0;
    for (std::size_t i = before; i < trades.size(); ++i) {
        total += trades[i].doubled_contracts;
        for (std::size_t k = i + 1; k < trades.size() && trades[k].time - trades[i].time <= std::chrono::seconds(5);
             ++k) {
            if (trades[k].doubled_contracts == trades[i].doubled_contracts &&
                trades[k].taker_side != trades[i].taker_side) {
                mirrored += 2 * trades[i].doubled_contracts;
                break;
            }
        }
    }
    ASSERT_GT(total, 0);
    EXPECT_GT(static_cast<double>(mirrored) / static_cast<double>(total), 0.5);
}

TEST(Scenario, painted_open_interest_exceeds_what_was_traded) {
    Solo solo(kAlt, 9);
    solo.run(4.0);
    solo.plant(ScenarioKind::oi_paint, true, 5.0, 60.0, "oi_paint");
    const auto interest = solo.simulation->venue().open_interest();
    const auto traded = solo.simulation->venue().traded_contracts();
    solo.run(60.0);
    EXPECT_GT(solo.simulation->venue().open_interest() - interest,
              solo.simulation->venue().traded_contracts() - traded);
}

TEST(Scenario, a_cascade_closes_positions_with_volume_to_show_for_it) {
    Solo solo(kAlt, 9);
    solo.run(4.0);
    const double before = solo.last();
    solo.plant(ScenarioKind::oi_paint, false, 5.0, 60.0, "liquidation_cascade");
    const auto interest = solo.simulation->venue().open_interest();
    const auto traded = solo.simulation->venue().traded_contracts();
    const auto extremes = watch(solo, 60);
    const auto closed = interest - solo.simulation->venue().open_interest();
    EXPECT_GT(closed, 0);
    EXPECT_LE(closed, solo.simulation->venue().traded_contracts() - traded);
    EXPECT_LT(extremes.low / before, 0.97);
}

TEST(Scenario, ignition_reverses_and_momentum_does_not) {
    double left[2] = {};
    for (const bool manipulation : {true, false}) {
        Solo solo(kAlt, 10);
        solo.run(4.0);
        const double before = solo.middle();
        solo.plant(ScenarioKind::ignition, manipulation, 2.0, 60.0, manipulation ? "ignition" : "momentum", 5);
        const auto extremes = watch(solo, 62);
        EXPECT_GT(std::max(extremes.high / before - 1.0, 1.0 - extremes.low / before), 0.013);
        left[manipulation ? 0 : 1] = std::abs(solo.middle() / before - 1.0);
    }
    EXPECT_LT(left[0], 0.009);
    EXPECT_GT(left[1], 0.011);
}

TEST(Scenario, a_funding_push_moves_the_premium_before_the_settlement) {
    Solo solo(kAlt, 11);
    solo.run(4.0);
    const double before = solo.premium();
    solo.plant(ScenarioKind::funding_push, true, 60.0, 80.0, "funding_push");
    solo.run(60.0);
    EXPECT_GT(std::abs(solo.premium() - before), 0.004);
}

TEST(Scenario, pressure_ends_with_the_episode) {
    for (std::size_t kind = 0; kind < kScenarioKinds; ++kind) {
        for (const bool manipulation : {true, false}) {
            Solo solo(kAlt, 20 + kind);
            EpisodePlan plan{.kind = static_cast<ScenarioKind>(kind), .manipulation = manipulation};
            core::Random random(kind);
            draw_episode(plan, random);
            solo.plant(plan.kind, manipulation, std::min(plan.intensity, 20.0), 10.0, plan.label);
            solo.run(12.0);
            ASSERT_FALSE(solo.simulation->labels().empty()) << plan.label;
            const auto& label = solo.simulation->labels().front();
            EXPECT_EQ(label.kind, plan.label);
            EXPECT_EQ(label.manipulation, manipulation);
            EXPECT_FALSE(label.phase.empty()) << plan.label;
            const auto labels = solo.simulation->labels().size();
            solo.run(10.0);
            EXPECT_EQ(solo.simulation->labels().size(), labels) << plan.label;  // over
            EXPECT_LT(solo.book().best(Side::buy), solo.book().best(Side::sell));
        }
    }
}

TEST(SimulatedMarket, labels_stream_in_order_and_only_once) {
    auto options = testing::small_market(6, 13);
    options.scenarios = {"layering", "wash"};
    options.prevalence = 0.45;
    auto market = make_market(options);
    auto after = market->now();
    std::size_t streamed = 0;
    core::WallTime latest{};
    while (streamed < 40) {
        market->advance(market->now() + std::chrono::milliseconds(1'700));
        ASSERT_LT(market->now(), options.start + std::chrono::minutes(10));
        for (const auto& label : market->labels(after)) {
            EXPECT_GE(label.time, latest);
            EXPECT_GT(label.time, after);
            EXPECT_LE(label.time, market->now());
            latest = label.time;
            ++streamed;
        }
        after = market->now();
    }
    EXPECT_EQ(market->labels({}).size(), streamed);
    EXPECT_TRUE(market->labels(market->now()).empty());
}

}  // namespace
}  // namespace scanner::simulator
