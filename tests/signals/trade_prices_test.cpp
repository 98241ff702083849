#include "signals/trade_prices.hpp"

#include "scanner/core/numeric.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

/// Whether the shortest text of `price` is a whole multiple of mantissa * 10^exponent, told from its digits.
bool is_multiple(double price, long long mantissa, int exponent) {
    const std::string text = core::format_double(price);
    const std::size_t split = text.find_first_of("eE");
    std::string digits;
    int decimals = 0;
    bool behind_point = false;
    for (const char c : text.substr(0, split)) {
        if (c == '.') {
            behind_point = true;
        } else {
            digits += c;
            decimals += behind_point ? 1 : 0;
        }
    }
    int power = (split == std::string::npos ? 0 : std::stoi(text.substr(split + 1))) - decimals - exponent;
    for (; power > 0; --power) digits += '0';
    for (; power < 0; ++power) {
        if (digits.empty() || digits.back() != '0') return digits.empty() || digits == "0";
        digits.pop_back();
    }
    long long rest = 0;
    for (const char c : digits) rest = (rest * 10 + (c - '0')) % mantissa;
    return rest == 0;
}

struct Tick {
    long long mantissa;
    int exponent;
    [[nodiscard]] double value() const {
        return *core::parse_double(std::to_string(mantissa) + "e" + std::to_string(exponent));
    }
};

std::vector<Tick> ticks() {
    std::vector<Tick> all;
    for (int exponent = -15; exponent <= 2; ++exponent) {
        for (const long long mantissa : {1, 2, 5, 25}) all.push_back({mantissa, exponent});
    }
    return all;
}

Opportunity percentages(double last, double atr_pct) {
    Opportunity o;
    o.entry_type = EntryType::pullback;
    o.entry_pct = core::round_to(std::clamp(0.35 * atr_pct, 0.1, 2.5), 3);
    o.stop_suggestion = core::round_to(1.2 * atr_pct, 3);
    o.tp_levels = {0.5 * atr_pct, atr_pct, 1.5 * atr_pct};
    o.last_price = last;
    return o;
}

TEST(TradePrices, are_multiples_of_the_tick_whatever_tick_and_price) {
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> magnitude(-10.0, 10.0);
    std::uniform_real_distribution<double> range(0.05, 5.0);
    int looked_at = 0;
    for (const Tick& tick : ticks()) {
        for (int round = 0; round < 300; ++round) {
            const double last = std::pow(10.0, magnitude(random));
            const double steps = last / tick.value();
            if (steps < 100.0 || steps > 1e14) continue;  // no market: too coarse to trade, or finer than a double
            for (const double direction : {1.0, -1.0}) {
                const TradePrices prices = trade_prices(percentages(last, range(random)), direction, tick.value());
                for (const double price : {prices.entry_price, prices.stop_price, prices.tp_prices[0],
                                           prices.tp_prices[1], prices.tp_prices[2]}) {
                    ASSERT_TRUE(is_multiple(price, tick.mantissa, tick.exponent))
                        << core::format_double(price) << " on " << tick.mantissa << "e" << tick.exponent;
                    ++looked_at;
                }
                ASSERT_LT(direction * (prices.stop_price - prices.entry_price), 0.0);
                ASSERT_GT(direction * (prices.tp_prices[0] - prices.entry_price), 0.0);
                ASSERT_GE(direction * (prices.tp_prices[1] - prices.tp_prices[0]), 0.0);
            }
        }
    }
    EXPECT_GT(looked_at, 100'000);
}

TEST(TradePrices, tiny_ticks_by_hand) {
    EXPECT_EQ(on_tick(1.2e-10, 1e-15, 0.0), 1.2e-10);
    EXPECT_EQ(on_tick(1.1958e-10 + 4e-16, 1e-15, -1.0), 1.1958e-10);
    EXPECT_EQ(on_tick(1.234567e-9, 1e-13, 0.0), 1.2346e-9);
    EXPECT_EQ(on_tick(1.2346e-9, 1e-13, 1.0), 1.2346e-9) << "on the tick already: not moved";
    EXPECT_EQ(on_tick(80'000.00001, 1e-5, 1.0), 80'000.00001);
    EXPECT_EQ(on_tick(80'000.000013, 1e-5, 1.0), 80'000.00002) << "nine digits of steps are rounded too";
    EXPECT_EQ(on_tick(5.0, 0.0, 1.0), 5.0);
    EXPECT_EQ(on_tick(5.0, 1e-300, 1.0), 5.0);
}

TEST(TradePrices, scaling_prices_and_tick_together_changes_nothing) {
    for (const double atr : {0.1, 1.0, 4.0}) {
        const Opportunity here = percentages(123.4, atr);
        const auto at_home = prospect_of(trade_prices(here, 1.0, 0.01));
        const Opportunity there = percentages(123.4e-9, atr);
        const auto abroad = prospect_of(trade_prices(there, 1.0, 1e-11));
        ASSERT_TRUE(at_home && abroad);
        EXPECT_NEAR(at_home->reward_pct, abroad->reward_pct, 1e-9);
        EXPECT_NEAR(at_home->risk_pct, abroad->risk_pct, 1e-9);
    }
}

TEST(TradePrices, cost_is_both_ways_and_unknown_where_the_book_cannot_fill) {
    EXPECT_DOUBLE_EQ(*round_trip_cost_pct(0.06, 2.0), 0.16);
    EXPECT_DOUBLE_EQ(*round_trip_cost_pct(0.0, 0.0), 0.0);
    EXPECT_FALSE(round_trip_cost_pct(0.06, 10'000.0));
}

TEST(TradePrices, reward_to_risk_by_hand_and_falling_with_the_cost) {
    const Prospect prospect{.reward_pct = 1.5, .risk_pct = 0.5};
    EXPECT_DOUBLE_EQ(reward_risk(prospect, 0.0), 3.0);
    EXPECT_DOUBLE_EQ(reward_risk(prospect, 0.16), 1.34 / 0.66);
    EXPECT_LT(reward_risk(prospect, 2.0), 0.0);
    std::mt19937_64 random(6);
    std::uniform_real_distribution<double> pct(0.001, 10.0);
    for (int round = 0; round < 1'000; ++round) {
        const Prospect any{.reward_pct = pct(random), .risk_pct = pct(random)};
        double before = reward_risk(any, 0.0);
        for (double cost = 0.01; cost < 20.0; cost *= 1.5) {
            const double now = reward_risk(any, cost);
            ASSERT_LT(now, before);
            before = now;
        }
    }
}

TEST(TradePrices, without_a_stop_there_is_no_prospect) {
    EXPECT_FALSE(prospect_of({.entry_price = 1.0, .stop_price = 0.0, .tp_prices = {1.1, 1.2, 1.3}}));
    EXPECT_FALSE(prospect_of({.entry_price = 1.0, .stop_price = 0.9, .tp_prices = {1.1, 0.0, 0.0}}));
    EXPECT_FALSE(prospect_of({.entry_price = 0.0, .stop_price = 0.9, .tp_prices = {1.1, 1.2, 1.3}}));
}

}  // namespace
}  // namespace scanner::signals
