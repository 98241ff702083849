#include "simulator/market_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

// Loose checks that the market looks like a market: tails, clustering, what explains price moves, how it ends its
// orders.
namespace scanner::simulator {
namespace {

using testing::Solo;

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const auto n = static_cast<double>(x.size());
    double mean_x = 0.0, mean_y = 0.0, xy = 0.0, xx = 0.0, yy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    return xy / std::sqrt(xx * yy);
}

std::vector<double> minute_returns(const SimulatedMarket& market, std::size_t contract) {
    const auto candles = market.minute_candles(contract, 2'000);
    std::vector<double> returns;
    for (std::size_t i = 1; i < candles.size(); ++i)
        returns.push_back(std::log(candles[i].close / candles[i - 1].close));
    return returns;
}

TEST(MarketStatistics, one_minute_returns_have_heavy_tails_and_clustered_volatility) {
    auto market = make_market(testing::small_market(14, 21));
    std::vector<double> exponents, clustering;
    for (std::size_t i = 0; i < 9; ++i) {  // the crypto of this market
        auto returns = minute_returns(*market, i);
        std::vector<double> size;
        for (const double value : returns) size.push_back(std::abs(value));
        std::vector<double> early(size.begin(), size.end() - 5), late(size.begin() + 5, size.end());
        // Correlated in ranks rather than in size: with such tails a single minute would decide the latter.
        const double threshold = median(size);
        for (auto* part : {&early, &late}) {
            for (double& value : *part) value = value > threshold ? 1.0 : 0.0;
        }
        clustering.push_back(correlation(early, late));
        std::ranges::sort(size, std::greater{});
        double hill = 0.0;
        for (std::size_t k = 0; k < 40; ++k) hill += std::log(size[k] / size[40]);
        exponents.push_back(40.0 / hill);
    }
    EXPECT_GT(median(exponents), 1.6);
    EXPECT_LT(median(exponents), 3.2);
    EXPECT_GT(median(clustering), 0.03);
}

TEST(MarketStatistics, order_flow_explains_ten_second_moves) {
    double flow_r2 = 0.0, trade_r2 = 0.0;
    const std::vector<std::string_view> codes{"XRP-USDT", "LINK-USDT", "WIF-USDT"};
    for (const auto code : codes) {
        Solo solo(code, 22);
        solo.run(5.0);
        std::vector<double> moves, flows, signed_volumes;
        for (int window = 0; window < 40; ++window) {
            const double before = solo.middle();
            const auto now = solo.simulation->venue().time();
            double flow = 0.0;
            for (int slice = 0; slice < 200;
                 ++slice) {  // order flow imbalance at the best quotes (Cont, Kukanov, Stoikov 2014)
                const auto bid = solo.book().level(Side::buy, 0);
                const auto ask = solo.book().level(Side::sell, 0);
                solo.run(0.05);
                const auto next_bid = solo.book().level(Side::buy, 0);
                const auto next_ask = solo.book().level(Side::sell, 0);
                if (next_bid.price_ticks >= bid.price_ticks) flow += static_cast<double>(next_bid.contracts);
                if (next_bid.price_ticks <= bid.price_ticks) flow -= static_cast<double>(bid.contracts);
                if (next_ask.price_ticks <= ask.price_ticks) flow -= static_cast<double>(next_ask.contracts);
                if (next_ask.price_ticks >= ask.price_ticks) flow += static_cast<double>(ask.contracts);
            }
            double volume = 0.0;
            for (const auto& trade : solo.simulation->venue().newest_trades(500)) {
                if (trade.time <= to_wall(now)) continue;
                volume += sign_of(trade.taker_side) * static_cast<double>(trade.doubled_contracts);
            }
            moves.push_back(std::clamp(std::log(solo.middle() / before), -20e-4, 20e-4));
            flows.push_back(flow);
            signed_volumes.push_back(volume);
        }
        const double by_flow = correlation(moves, flows);
        const double by_trades = correlation(moves, signed_volumes);
        EXPECT_GT(by_flow, 0.0) << code;
        flow_r2 += by_flow * by_flow / static_cast<double>(codes.size());
        trade_r2 += by_trades * by_trades / static_cast<double>(codes.size());
    }
    RecordProperty("order_flow_r2_percent", static_cast<int>(100.0 * flow_r2));
    RecordProperty("signed_trades_r2_percent", static_cast<int>(100.0 * trade_r2));
    EXPECT_GT(flow_r2, 0.2);
    EXPECT_GT(trade_r2, 0.1);
}

TEST(MarketStatistics, trades_cluster_and_thin_contracts_have_silent_minutes) {
    auto options = testing::small_market(16, 23, MarketKind::real);
    auto market = make_market(options);
    for (std::size_t i = 0; i < 16; ++i) {
        const auto candles = market->minute_candles(i, 2'000);
        double mean = 0.0, square = 0.0;
        int silent = 0;
        for (const auto& candle : candles) {
            const auto fills = static_cast<double>(candle.doubled_count) / 2.0;
            mean += fills / static_cast<double>(candles.size());
            square += fills * fills / static_cast<double>(candles.size());
            silent += candle.doubled_count == 0 ? 1 : 0;
        }
        EXPECT_GT((square - mean * mean) / mean, 1.2) << i;  // a Poisson process has 1
        if (mean < 3.0) EXPECT_GT(silent, 50) << i;
    }
}

TEST(MarketStatistics, live_minutes_look_like_the_history_before_them) {
    // Any one market may be in a wild hour, so several are averaged, in logarithms.
    double volume = 0.0, range = 0.0;
    constexpr int kMarkets = 8;
    for (std::uint64_t seed = 0; seed < kMarkets; ++seed) {
        Solo solo(seed % 2 == 0 ? "WIF-USDT" : "BOME-USDT", 240 + seed);
        constexpr std::size_t kLive = 8, kBefore = 290;
        solo.run(60.0 * kLive);
        const auto candles = solo.simulation->venue().candles().newest(kLive + kBefore + 1);
        std::vector<double> old_ranges, ranges;
        double old_volume = 0.0, live_volume = 0.0;
        for (std::size_t i = 0; i + 1 < candles.size(); ++i) {
            const bool live = i >= kBefore;
            (live ? ranges : old_ranges).push_back((candles[i].high - candles[i].low) / candles[i].close);
            (live ? live_volume : old_volume) += candles[i].doubled_turnover_usdt;
        }
        volume += std::log(live_volume / static_cast<double>(kLive) / (old_volume / static_cast<double>(kBefore)));
        range += std::log(median(ranges) / median(old_ranges));
    }
    volume = std::exp(volume / kMarkets);
    range = std::exp(range / kMarkets);
    RecordProperty("volume_ratio_percent", static_cast<int>(100.0 * volume));
    RecordProperty("range_ratio_percent", static_cast<int>(100.0 * range));
    EXPECT_GT(volume, 0.4);
    EXPECT_LT(volume, 2.5);
    EXPECT_GT(range, 0.4);
    EXPECT_LT(range, 2.0);
}

TEST(MarketStatistics, almost_all_orders_are_cancelled) {
    Solo solo("SOL-USDT", 25);
    const auto changes = solo.book().changes();
    const auto trades = solo.simulation->venue().newest_trades(2'000).size();
    solo.run(60.0);
    const auto events = static_cast<double>(solo.book().changes() - changes);
    const auto fills = static_cast<double>(solo.simulation->venue().newest_trades(2'000).size() - trades);
    // Every order is placed once and ends once: half of the events are ends, and few of those are fills.
    EXPECT_GT(1.0 - fills / (0.5 * events), 0.93);
}

TEST(CommonFactor, stress_is_rare_and_hits_everything_at_once) {
    CommonFactor factor(5);
    int stressed = 0;
    constexpr int kMinutes = 30 * 1'440;
    for (int i = 0; i < kMinutes; ++i) stressed += factor.step(60.0).stress > 0.5 ? 1 : 0;
    EXPECT_GT(stressed, 100);
    EXPECT_LT(stressed, kMinutes / 20);
}

TEST(DayCycle, is_u_shaped_and_means_one) {
    Profile always;
    double mean = 0.0;
    for (int minute = 0; minute < 1'440; ++minute) mean += day_cycle(always, minute * 60).activity / 1'440.0;
    EXPECT_NEAR(mean, 1.0, 0.02);
    EXPECT_GT(day_cycle(always, 15 * 3600).activity, 1.5 * day_cycle(always, 6 * 3600).activity);
    Profile stock;
    stock.session = Session::us_stocks;
    const std::int64_t monday = 4 * 86'400;  // 1970-01-05
    EXPECT_GT(day_cycle(stock, monday + 15 * 3600).activity, day_cycle(stock, monday - 86'400 + 15 * 3600).activity);
    EXPECT_GT(day_cycle(stock, monday + 3 * 3600).spread, 2.0);
}

}  // namespace
}  // namespace scanner::simulator
