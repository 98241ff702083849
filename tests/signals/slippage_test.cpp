#include "scanner/signals/slippage.hpp"

#include "signals/support.hpp"

#include <gtest/gtest.h>

namespace scanner::signals {
namespace {

using testing::book;

TEST(Slippage, within_the_best_level_is_half_the_spread) {
    const auto deep = book({{99, 1000}}, {{101, 1000}});
    EXPECT_DOUBLE_EQ(buy_slippage_bps(deep, 5000), 100.0);
    EXPECT_DOUBLE_EQ(sell_slippage_bps(deep, 5000), 100.0);
}

TEST(Slippage, walks_level_by_level_in_quote_notional) {
    // Buying 3030 USDT: 10 units at 101 (1010), then 2020 at 202 (10 units): average 3030 / 20 = 151.5, mid 100.
    const auto thin = book({{99, 1000}}, {{101, 10}, {202, 10}});
    EXPECT_NEAR(buy_slippage_bps(thin, 3030), 5150.0, 1e-9);
    EXPECT_NEAR(slippage_bps(thin, 3030), 5150.0, 1e-9);
    EXPECT_NEAR(sell_slippage_bps(thin, 3030), 100.0, 1e-9);
}

TEST(Slippage, the_worse_side_counts) {
    EXPECT_DOUBLE_EQ(slippage_bps(book({{99, 10}, {49.5, 1000}}, {{101, 1000}}), 1980),
                     sell_slippage_bps(book({{99, 10}, {49.5, 1000}}, {{101, 1000}}), 1980));
}

TEST(Slippage, a_side_short_of_a_thousandth_still_fills) {
    EXPECT_DOUBLE_EQ(buy_slippage_bps(book({{99, 1000}}, {{100, 9.99}}), 1000), 0.5 / 99.5 * 1e4);
    EXPECT_EQ(buy_slippage_bps(book({{99, 1000}}, {{100, 9.98}}), 1000), 10'000.0);
}

TEST(Slippage, is_the_worst_value_when_unknown) {
    EXPECT_EQ(slippage_bps({}, 1000), 10'000.0);
    EXPECT_EQ(slippage_bps(book({{99, 1000}}, {}), 1000), 10'000.0);
    EXPECT_EQ(slippage_bps(book({}, {{99, 1000}}), 1000), 10'000.0);
    EXPECT_EQ(slippage_bps(book({{99, 1000}}, {{101, 1000}}), 0), 10'000.0);
    EXPECT_EQ(slippage_bps(book({{99, 1000}}, {{101, 1000}}), -5), 10'000.0);
}

TEST(SlippageCurve, is_exact_at_its_points) {
    const auto deep = book({{99, 100}, {98, 1000}, {97, 1e5}}, {{101, 100}, {102, 1000}, {103, 1e5}});
    const SlippageCurve curve = slippage_curve(deep);
    for (std::size_t i = 0; i < curve.size(); ++i) {
        EXPECT_EQ(slippage_from_curve(curve, kSlippageNotionals[i]), slippage_bps(deep, kSlippageNotionals[i]));
    }
}

TEST(SlippageCurve, is_linear_between_its_points_and_cautious_beyond) {
    SlippageCurve curve{};
    for (std::size_t i = 0; i < curve.size(); ++i) curve[i] = 10.0 * static_cast<double>(i + 1);
    EXPECT_DOUBLE_EQ(slippage_from_curve(curve, 1750), 15.0);
    EXPECT_DOUBLE_EQ(slippage_from_curve(curve, 7500), 35.0);
    EXPECT_DOUBLE_EQ(slippage_from_curve(curve, 1), 10.0);
    EXPECT_EQ(slippage_from_curve(curve, 1'000'001), 10'000.0);
    EXPECT_EQ(slippage_from_curve(curve, 0), 10'000.0);
}

}  // namespace
}  // namespace scanner::signals
