#include "signals/detect/layer_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

constexpr std::size_t kLeastLooks = 40;  // ten minutes
constexpr std::int64_t kSampleMs = 15'000;
constexpr double kAppears = 0.7;  // ln 2: twice the usual layer
constexpr double kGone = 0.5;     // of the peak
constexpr std::int64_t kShortestMs = 150;
constexpr std::int64_t kLongestMs = 75'000;
constexpr std::int64_t kMemoryMs = 600'000;
constexpr double kUntraded = 0.9;
constexpr double kLevels = 9.0;
constexpr std::int64_t kQuotesBothMs = 30'000;
constexpr int kShifts = 40;
constexpr std::int64_t kShiftMs = 1'500;

}  // namespace

LayerWatch::LayerWatch()
    : imbalance_(DetectorFlag::spoofing_depth_imbalance, kSpoofingDepthImbalance, std::chrono::seconds(90)),
      reversal_(DetectorFlag::spoofing_reversal, kSpoofingReversal, std::chrono::seconds(120)) {}

void LayerWatch::on_trades(std::span<const market::Trade> trades) {
    for (const market::Trade& trade : trades) {
        if (!core::is_finite_positive(trade.size) || trade.taker_side == market::Side::unknown) continue;
        const bool bought = trade.taker_side == market::Side::buy;
        sides_[bought ? 1 : 0].traded += trade.size / 2.0;
        taken_[taken_count_++ % kTrades] = {.at_ms = core::to_unix_ms(trade.time), .bought = bought};
        if (taken_count_ >= 2 * kTrades) taken_count_ -= kTrades;
    }
}

void LayerWatch::lose() {
    known_ = false;
    for (SideState& side : sides_) {
        side.present = false;
        side.recent = side.recent_before = 0.0;
    }
}

void LayerWatch::take(const BookShape& shape, std::span<const market::Level> bid_levels,
                      std::span<const market::Level> ask_levels, bool stressed, core::WallTime at, EpisodeLog& log) {
    penalty_ = stressed ? 1.5 : 0.0;
    const std::int64_t now = core::to_unix_ms(at);
    SideState& bids = sides_[0];
    SideState& asks = sides_[1];
    known_ = bids.usual.size() >= kLeastLooks && asks.usual.size() >= kLeastLooks && bids.usual.median() > 0.0 &&
             asks.usual.median() > 0.0;
    if (known_ && shape.bid.layer > 0.0 && shape.ask.layer > 0.0) {
        const double bid = std::log(shape.bid.layer / bids.usual.median());
        const double ask = std::log(shape.ask.layer / asks.usual.median());
        const std::array<double, 2> own{bid, ask};
        for (std::size_t i = 0; i < own.size(); ++i) {
            if (own[i] < sides_[i].own && now - sides_[i].own_ms < kQuotesBothMs) continue;
            sides_[i].own = own[i];
            sides_[i].own_ms = now;
        }
        const double bid_excess = bid - std::max(ask, 0.0);
        const double ask_excess = ask - std::max(bid, 0.0);
        follow(bids, true, {bid_excess, bid, &shape.bid, bid_levels}, shape, at, log);
        follow(asks, false, {ask_excess, ask, &shape.ask, ask_levels}, shape, at, log);
        if (now / 1'000 != second_) {
            second_ = now / 1'000;
            for (SideState* side : {&bids, &asks}) side->recent_before = side->recent;
            bids.recent = bid;
            asks.recent = ask;
            const double largest = std::max(bid_excess, ask_excess);
            if (!bids.present && !asks.present) {
                imbalance_.see(0.3 * std::clamp(largest, -1.0, 2.0) - 1.0, at, log, [] { return Episode{}; });
                reversal_.see(-2.0, at, log, [] { return Episode{}; });
            }
        }
    }
    if (now / kSampleMs == sampled_) return;
    sampled_ = now / kSampleMs;
    if (shape.bid.layer > 0.0) bids.usual.add(shape.bid.layer);
    if (shape.ask.layer > 0.0) asks.usual.add(shape.ask.layer);
}

void LayerWatch::follow(SideState& side, bool bid, const Layers& layers, const BookShape& shape, core::WallTime at,
                        EpisodeLog& log) {
    const std::int64_t now = core::to_unix_ms(at);
    if (!side.present) {
        // This side became larger; the other one becoming smaller is another matter.
        const double before = std::max(std::min(side.recent, side.recent_before), 0.0);
        if (layers.excess < kAppears || layers.own - before < kAppears) return;
        side.present = true;
        side.before = before;
        side.peak = layers.excess;
        side.peak_size = layers.shape->layer;
        side.price = layers.shape->layer_price;
        side.appeared_ms = now;
        side.traded = 0.0;
    }
    if (layers.excess > side.peak) {
        side.peak = layers.excess;
        side.peak_size = layers.shape->layer;
        side.price = layers.shape->layer_price;
    }
    if (layers.excess < std::max(kGone * side.peak, 0.2)) {
        side.present = false;
        // Out of sight is not gone: the price may have left them behind.
        if (size_at(layers.levels, side.price, bid) >= kGone * side.peak_size) return;
        const double fell = std::log(side.peak_size / layers.shape->layer);
        if (fell >= kGone * side.peak) withdrawn(side, bid, shape, at, log);
        return;
    }
    if (now - side.appeared_ms > kLongestMs) {  // it is meant to stay
        side.present = false;
        side.recent = side.recent_before = layers.own;
        return;
    }
    // As long as it stands it may be meant: that is a hint, and no episode.
    const double hint = std::min(side.peak - 0.7 - penalty_, kSpoofingDepthImbalance.at_10);
    imbalance_.see(hint, at, log, [&] {
        Episode episode{.start = core::from_unix_ms(side.appeared_ms),
                        .price = bid ? shape.bid.best : shape.ask.best,
                        .repetitions = side.withdrawals + 1};
        episode.evidence = {evidence(Quantity::layers_ratio, std::exp(side.peak), std::exp(kAppears)),
                            evidence(Quantity::held_seconds, static_cast<double>(now - side.appeared_ms) / 1e3)};
        return episode;
    });
}

void LayerWatch::withdrawn(SideState& side, bool bid, const BookShape& shape, core::WallTime at, EpisodeLog& log) {
    const std::int64_t now = core::to_unix_ms(at);
    const std::int64_t held = now - side.appeared_ms;
    const double untraded = 1.0 - std::min(1.0, side.traded / (kLevels * side.peak_size));
    if (!tape_whole_ || held < kShortestMs || untraded < kUntraded) return;
    side.withdrawn_ms[side.withdrawals++ % side.withdrawn_ms.size()] = now;
    if (side.withdrawals >= 2 * side.withdrawn_ms.size()) side.withdrawals -= side.withdrawn_ms.size();
    std::size_t recent = 0;
    for (const std::int64_t one : side.withdrawn_ms) recent += one > 0 && now - one <= kMemoryMs ? 1 : 0;
    const double repeated = std::log(static_cast<double>(std::max<std::size_t>(recent, 1)));
    const auto describe = [&] {
        Episode episode{.start = core::from_unix_ms(side.appeared_ms),
                        .price = bid ? shape.bid.best : shape.ask.best,
                        .repetitions = recent};
        episode.evidence = {evidence(Quantity::layers_ratio, std::exp(side.peak), std::exp(kAppears)),
                            evidence(Quantity::untraded, untraded, kUntraded),
                            evidence(Quantity::held_seconds, static_cast<double>(held) / 1e3),
                            evidence(Quantity::withdrawals, static_cast<double>(recent))};
        return episode;
    };
    // Who quotes as much on the other side too is a maker, whom the trade of one side made quote anew.
    const SideState& other = sides_[bid ? 1 : 0];
    const bool quotes_both = now - other.own_ms < kQuotesBothMs && other.own >= 0.6 * side.peak;
    const double maker = quotes_both ? 1.5 : 0.0;
    imbalance_.see(side.peak + 0.3 + 0.4 * repeated - penalty_ - maker, at, log, describe);
    const auto rare = surprise(bid, now);
    if (!rare) return;
    if (now - surprised_ms_ > kMemoryMs) {
        surprises_ = 0.0;
        surprise_count_ = 0;
    }
    surprised_ms_ = now;
    surprises_ += *rare;
    ++surprise_count_;
    // A sum of n such logarithms has mean n and variance n under the null.
    const double excess = (surprises_ - surprise_count_) / std::sqrt(static_cast<double>(surprise_count_));
    const double score = 0.5 * side.peak + 0.5 * excess + (surprise_count_ >= 2 ? 0.0 : -1.0) - penalty_ - maker;
    reversal_.see(score, at, log, [&] {
        Episode episode = describe();
        episode.evidence.push_back(evidence(Quantity::expected_withdrawals, std::exp(-*rare) * surprise_count_));
        return episode;
    });
}

std::optional<double> LayerWatch::surprise(bool bid, std::int64_t now_ms) const {
    // Whose order was behind it was filled by the other side's takers: layers on the bid are there to sell.
    const std::size_t known = std::min(taken_count_, kTrades);
    if (known < 16) return std::nullopt;
    const auto lag = [&](std::int64_t moment) {
        std::int64_t least = kShifts * kShiftMs;
        for (std::size_t i = 0; i < known; ++i) {
            const std::int64_t before = moment - taken_[i].at_ms;
            if (taken_[i].bought == bid && before >= 0) least = std::min(least, before);
        }
        return least;
    };
    const std::int64_t here = lag(now_ms);
    int as_close = 0;
    for (int shift = 1; shift <= kShifts; ++shift) as_close += lag(now_ms - shift * kShiftMs) <= here ? 1 : 0;
    return -std::log((as_close + 1.0) / (kShifts + 1.0));
}

void LayerWatch::tick(core::WallTime at, EpisodeLog& log) {
    imbalance_.tick(at, log);
    reversal_.tick(at, log);
}

std::optional<Reading> LayerWatch::reading(DetectorFlag flag, core::WallTime at, const EpisodeLog& log) const {
    if (!known_ || !tape_whole_) return std::nullopt;
    return (flag == DetectorFlag::spoofing_reversal ? reversal_ : imbalance_).reading(at, log);
}

}  // namespace scanner::signals::detect
