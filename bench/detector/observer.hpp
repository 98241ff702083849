#pragma once

#include "scanner/market/market.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <span>
#include <utility>

namespace scanner::bench {

/// What an observer who knows the scenarios would look at, over a few seconds.
struct Observed {
    float basis = std::numeric_limits<float>::quiet_NaN();  ///< ln of the middle over the index, mean
    float trades = 0.0F;                                    ///< fills
    float inside = 0.0F;                                    ///< of them, strictly between the quotes they met
    float mirrored = 0.0F;  ///< of those, with an opposite one of the same size within 5 s
    float pulled = 0.0F;    ///< largest level that went untraded, in mean levels around the touch
};

/// Public data as the planted scenarios shape them: for the ceiling that the report card shows beside the detectors.
class Observer {
public:
    void trade(const market::Trade& trade, double bid, double ask) {
        ++trades_;
        for (Wall& wall : walls_) {
            if (wall.size > 0.0 && trade.price == wall.price) wall.traded += trade.size / 2.0;
        }
        if (bid <= 0.0 || trade.price <= bid || trade.price >= ask) return;
        ++inside_;
        while (!prints_.empty() && trade.time - prints_.front().time > std::chrono::seconds(5)) prints_.pop_front();
        const auto twin = std::ranges::find_if(prints_, [&](const market::Trade& other) {
            return other.size == trade.size && other.taker_side != trade.taker_side;
        });
        if (twin != prints_.end()) {
            ++mirrored_;
            prints_.erase(twin);
        } else {
            prints_.push_back(trade);
        }
    }
    void book(std::span<const market::Level> bids, std::span<const market::Level> asks) {
        side(walls_[0], bids);
        side(walls_[1], asks);
        mid_ = bids.empty() || asks.empty() ? 0.0 : (bids.front().price + asks.front().price) / 2.0;
    }
    void second(double index) {
        if (mid_ <= 0.0 || index <= 0.0) return;
        basis_ += std::log(mid_ / index);
        ++seconds_;
    }
    /// Of the time since the last call.
    [[nodiscard]] Observed take() {
        const Observed observed{
            .basis = seconds_ > 0 ? static_cast<float>(basis_ / seconds_) : std::numeric_limits<float>::quiet_NaN(),
            .trades = static_cast<float>(std::exchange(trades_, 0)),
            .inside = static_cast<float>(std::exchange(inside_, 0)),
            .mirrored = static_cast<float>(std::exchange(mirrored_, 0)),
            .pulled = static_cast<float>(std::exchange(pulled_, 0.0))};
        basis_ = 0.0;
        seconds_ = 0;
        return observed;
    }

private:
    struct Wall {
        double price = 0.0;
        double size = 0.0;
        double ratio = 0.0;
        double traded = 0.0;
    };
    void side(Wall& wall, std::span<const market::Level> levels) {
        if (wall.size > 0.0) {
            const auto found = std::ranges::find(levels, wall.price, &market::Level::price);
            const double left = found != levels.end() ? found->size : 0.0;
            if (left >= 0.5 * wall.size) return;
            if (wall.traded < 0.08 * wall.size) pulled_ = std::max(pulled_, wall.ratio);
            wall = {};
        }
        const std::size_t count = std::min<std::size_t>(levels.size(), 10);
        if (count < 4) return;
        std::size_t largest = 1;
        for (std::size_t i = 1; i < count; ++i) largest = levels[i].size > levels[largest].size ? i : largest;
        double sum = 0.0;
        double others = 0.0;
        for (std::size_t i = 0; i < std::min<std::size_t>(count, 7); ++i) {
            if (i == largest) continue;
            sum += levels[i].size;
            ++others;
        }
        const double ratio = levels[largest].size / (sum / others);
        if (ratio >= 3.0) wall = {levels[largest].price, levels[largest].size, ratio, 0.0};
    }

    std::deque<market::Trade> prints_;
    std::array<Wall, 2> walls_{};
    double mid_ = 0.0;
    double basis_ = 0.0;
    double pulled_ = 0.0;
    int seconds_ = 0;
    int trades_ = 0;
    int inside_ = 0;
    int mirrored_ = 0;
};

}  // namespace scanner::bench
