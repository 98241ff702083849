#include "signals/detect/wall_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

constexpr std::size_t kLeastLooks = 40;  // ten minutes
constexpr std::int64_t kSampleMs = 15'000;
constexpr double kHeight = 0.5;  // ln: from here on a level is a wall
constexpr std::int64_t kStoodMs = 4'000;
constexpr double kLarge = 1.0;         // ln
constexpr double kLeft = 0.5;          // of its size: below it is gone
constexpr double kTradedShare = 0.08;  // of its size: from here on it was meant
constexpr std::int64_t kMemoryMs = 600'000;
constexpr std::int64_t kTradesLateMs = 1'500;  // a trade is told at most so much after the book that it left
constexpr std::int64_t kMovedMs = 300;         // away and up again elsewhere, in one hand
constexpr double kMoved = 0.45;                // ln: as large as before

}  // namespace

WallWatch::WallWatch() : flag_(DetectorFlag::liquidity_wall, kLiquidityWall, std::chrono::seconds(90)) {}

void WallWatch::on_trades(std::span<const market::Trade> trades) {
    for (const market::Trade& trade : trades) {
        if (!core::is_finite_positive(trade.size)) continue;
        for (SideState& side : sides_) {
            if (side.standing && trade.price == side.price) side.traded += trade.size / 2.0;
            if (side.doubtful.at_ms > 0 && trade.price == side.doubtful.price) side.doubtful.traded += trade.size / 2.0;
        }
    }
}

bool WallWatch::is_taken() const {
    const auto taken = [](const SideState& side) {
        return side.standing && side.height >= kLarge && side.traded >= kTradedShare * side.size;
    };
    return std::ranges::any_of(sides_, taken);
}

void WallWatch::lose() {
    known_ = false;
    for (SideState& side : sides_) {
        side.standing = false;
        side.doubtful = {};
        side.last = {};
    }
}

void WallWatch::take(const BookShape& shape, std::span<const market::Level> bids, std::span<const market::Level> asks,
                     bool live, bool stressed, core::WallTime at, EpisodeLog& log) {
    const std::int64_t now = core::to_unix_ms(at);
    live_ = live;
    penalty_ = stressed ? 1.5 : 0.0;
    known_ = sides_[0].usual.size() >= kLeastLooks && sides_[1].usual.size() >= kLeastLooks;
    for (SideState& side : sides_) {
        if (side.doubtful.at_ms == 0 || now - side.doubtful.at_ms < kTradesLateMs) continue;
        SideState::Gone wall = side.doubtful;
        side.doubtful = {};
        if (known_ && tape_whole_ && wall.traded < kTradedShare * wall.size) pulled(side, wall, false, shape, at, log);
    }
    if (known_) {
        follow(sides_[0], true, shape.bid, bids, shape, at, log);
        follow(sides_[1], false, shape.ask, asks, shape, at, log);
        if (now / 1'000 != second_ && !sides_[0].standing && !sides_[1].standing) {
            second_ = now / 1'000;
            flag_.see(-1.5, at, log, [] { return Episode{}; });
        }
    }
    if (now / kSampleMs == sampled_) return;
    sampled_ = now / kSampleMs;
    if (shape.bid.level > 0.0 && shape.bid.wall > 0.0) sides_[0].usual.add(std::log(shape.bid.wall / shape.bid.level));
    if (shape.ask.level > 0.0 && shape.ask.wall > 0.0) sides_[1].usual.add(std::log(shape.ask.wall / shape.ask.level));
}

void WallWatch::follow(SideState& side, bool bid, const SideShape& shape, std::span<const market::Level> levels,
                       const BookShape& book, core::WallTime at, EpisodeLog& log) {
    const std::int64_t now = core::to_unix_ms(at);
    if (side.standing && size_at(levels, side.price, bid) < kLeft * side.size) gone(side, bid, shape, book, at, log);
    if (!side.standing) {
        if (shape.level <= 0.0 || shape.wall <= 0.0) return;
        const double height = std::log(shape.wall / shape.level) - side.usual.median();
        if (height < kHeight + 2.0 * std::min(side.usual.deviation(), 0.4)) return;
        side.standing = true;
        side.price = shape.wall_price;
        side.size = shape.wall;
        side.height = height;
        side.since_ms = now;
        side.looks = 0;
        side.touched = false;
        side.traded = 0.0;
        // Away and up again at another price in one move, as large as before: one hand, that does not want to trade.
        const bool moved = live_ && side.last.at_ms > 0 && now - side.last.at_ms <= kMovedMs &&
                           side.last.price != side.price && std::abs(std::log(side.size / side.last.size)) <= kMoved;
        if (moved) {
            if (side.doubtful.at_ms == side.last.at_ms) side.doubtful = {};
            pulled(side, side.last, true, book, at, log);
        }
        side.last = {};
    }
    if (side.seen_ms != now) ++side.looks;
    side.seen_ms = now;
    side.touched = side.touched || shape.best == side.price;
    if (now / 1'000 == side.second) return;
    side.second = now / 1'000;
    const bool meant = side.traded >= kTradedShare * side.size;
    const bool stood = now - side.since_ms >= kStoodMs && side.looks >= 2;
    const bool again = side.pulls > 0 && now - side.pulled_ms <= kMemoryMs;
    const double height =
        side.height - 1.5 + (stood ? 0.5 : 0.0) + (again ? 0.6 : 0.0) - (meant ? 2.5 : 0.0) - penalty_;
    // As long as it stands it may be meant: that is a hint, and no episode.
    const double score = again ? height : std::min(height, kLiquidityWall.at_10);
    flag_.see(score, at, log, [&] {
        Episode episode{.start = core::from_unix_ms(side.since_ms), .price = side.price, .repetitions = side.pulls};
        episode.evidence = {
            evidence(Quantity::wall_ratio, std::exp(side.height), std::exp(kHeight)),
            evidence(Quantity::wall_usdt, side.size * side.price),
            evidence(Quantity::wall_seconds, static_cast<double>(now - side.since_ms) / 1e3),
            evidence(Quantity::distance_bps, 1e4 * std::abs(side.price - book.mid) / book.mid),
            evidence(Quantity::untraded, 1.0 - std::min(1.0, side.traded / side.size), 1.0 - kTradedShare)};
        return episode;
    });
}

void WallWatch::gone(SideState& side, bool bid, const SideShape& shape, const BookShape& book, core::WallTime at,
                     EpisodeLog& log) {
    side.standing = false;
    const std::int64_t now = core::to_unix_ms(at);
    SideState::Gone wall{.at_ms = now,
                         .since_ms = side.since_ms,
                         .price = side.price,
                         .size = side.size,
                         .height = side.height,
                         .traded = side.traded};
    const bool through = bid ? shape.best < side.price : shape.best > side.price;
    const bool traded = side.traded >= kTradedShare * side.size;
    const bool stood = now - side.since_ms >= kStoodMs && side.looks >= 2;
    if (!traded) side.last = wall;
    if (!stood || traded) {
        if (traded) flag_.see(-2.0, at, log, [] { return Episode{}; });
        return;
    }
    if (!side.touched && !through) {
        pulled(side, wall, false, book, at, log);
        side.last = wall;
        return;
    }
    // It went where it could trade: was it taken? Without every trade nothing can be said.
    if (live_ && tape_whole_) side.doubtful = wall;
}

void WallWatch::pulled(SideState& side, SideState::Gone& wall, bool moved, const BookShape& book, core::WallTime at,
                       EpisodeLog& log) {
    if (wall.at_ms - side.pulled_ms > kMemoryMs) side.pulls = side.moves = 0;
    if (moved) ++side.moves;
    if (!wall.counted) ++side.pulls;
    wall.counted = true;
    side.pulled_ms = wall.at_ms;
    const double score = wall.height + 0.4 * std::log(static_cast<double>(std::max(side.pulls, 1U))) +
                         0.5 * std::log1p(static_cast<double>(side.moves)) + 0.3 - penalty_;
    flag_.see(score, at, log, [&] {
        Episode episode{.start = core::from_unix_ms(wall.since_ms), .price = wall.price, .repetitions = side.pulls};
        episode.evidence = {evidence(Quantity::wall_ratio, std::exp(wall.height), std::exp(kHeight)),
                            evidence(Quantity::wall_usdt, wall.size * wall.price),
                            evidence(Quantity::wall_seconds, static_cast<double>(wall.at_ms - wall.since_ms) / 1e3),
                            evidence(Quantity::distance_bps, 1e4 * std::abs(wall.price - book.mid) / book.mid),
                            evidence(Quantity::untraded, 1.0 - wall.traded / wall.size, 1.0 - kTradedShare)};
        return episode;
    });
}

std::optional<Reading> WallWatch::reading(core::WallTime at, const EpisodeLog& log) const {
    if (!known_) return std::nullopt;
    return flag_.reading(at, log);
}

}  // namespace scanner::signals::detect
