#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace scanner::signals {

inline constexpr core::WallTime kStart{std::chrono::milliseconds(1'700'000'010'000)};  // a bar's beginning

/// A day of a thin contract's trades around 2 USDT, and in it a burst of buying for `burst`. The share `given_back` of
/// its move is sold off in the five minutes after it.
inline std::vector<market::Trade> tape(std::uint32_t seed, std::chrono::seconds burst, double given_back = 0.0) {
    std::mt19937 random(seed);
    std::exponential_distribution<double> pause(1.0 / 20'000.0);
    std::normal_distribution<double> step(0.0, 4e-4);
    std::lognormal_distribution<double> size(3.0, 1.0);
    std::vector<market::Trade> trades;
    double price = 2.0;
    const auto onset = kStart + std::chrono::hours(15);
    bool burst_over = false;
    for (auto time = kStart; time < kStart + std::chrono::hours(20);
         time += std::chrono::milliseconds(1 + std::int64_t(pause(random)))) {
        if (time >= onset && !burst_over) {
            const double before = price;
            for (time = onset; time < onset + burst; time += std::chrono::milliseconds(150)) {
                for (int fill = 0; fill < 3; ++fill) {
                    price *= 1.0002;
                    trades.push_back(
                        {.price = price, .size = size(random), .taker_side = market::Side::buy, .time = time});
                }
            }
            burst_over = true;
            const double peak = price;
            for (int second = 1; given_back > 0.0 && second <= 300; ++second, time += std::chrono::seconds(1)) {
                price = peak - given_back * (peak - before) * second / 300.0;
                trades.push_back(
                    {.price = price, .size = size(random), .taker_side = market::Side::sell, .time = time});
            }
        }
        price *= std::exp(step(random));
        const market::Side side = random() % 2 == 0 ? market::Side::buy : market::Side::sell;
        trades.push_back({.price = price, .size = size(random), .taker_side = side, .time = time});
    }
    return trades;
}

}  // namespace scanner::signals
