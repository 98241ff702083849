#include "signals/detect/vacuum_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

constexpr std::size_t kLeastLooks = 40;  // ten minutes
constexpr std::int64_t kSampleMs = 15'000;
constexpr std::int64_t kLookMs = 1'000;
constexpr std::int64_t kSuddenMs = 15'000;
constexpr std::chrono::seconds kMarketLasts{60};
constexpr double kMarketStill = 0.15;  // log2: books of a calm market differ from the usual by that
constexpr double kMarketWeighs = 2.5;  // a thin contract loses more than the middle one
constexpr double kUsual = 0.5;         // log2: below it depth counts as usual again

}  // namespace

VacuumWatch::VacuumWatch() : flag_(DetectorFlag::liquidity_vacuum, kLiquidityVacuum, std::chrono::seconds(60)) {}

double VacuumWatch::widen() const {
    return spread_.size() < kLeastLooks ? 1.0 : std::max(1.0, spread_.median() / 10e-4);
}

void VacuumWatch::lose() {
    known_ = false;
    look_count_ = 0;
    collapse_ = 0.0;
}

void VacuumWatch::take(const BookShape& shape, bool stressed, core::WallTime at, EpisodeLog& log) {
    const std::int64_t now = core::to_unix_ms(at);
    if (look_count_ > 0 && now - looks_[(look_count_ - 1) % kLooks].at_ms < kLookMs) return;
    std::array<double, 3> thinnings{};
    std::size_t usable = 0;
    for (std::size_t band = 0; band < depths_.size(); ++band) {
        const double depth = shape.bid.depth[band] + shape.ask.depth[band];
        const double usual = depths_[band].median();
        if (depths_[band].size() >= kLeastLooks && usual > 0.0) {
            thinnings[usable++] = -std::log2(std::max(depth / usual, 1e-3));
        }
    }
    known_ = usable >= 2;
    if (known_) {
        std::sort(thinnings.begin(), thinnings.begin() + static_cast<std::ptrdiff_t>(usable), std::greater<>{});
        const Look look{.at_ms = now,
                        .thinning = thinnings[1],
                        .opening = std::log2(shape.spread / std::max(spread_.median(), 1e-7))};
        const Look before = look_count_ > 0 ? looks_[(look_count_ - 1) % kLooks] : look;
        const double thinning = std::min(look.thinning, before.thinning);
        const double opening = std::min(look.opening, before.opening);
        double fullest = look.thinning;
        for (std::size_t i = 0; i < std::min(look_count_, kLooks); ++i) {
            if (now - looks_[i].at_ms <= kSuddenMs) fullest = std::min(fullest, looks_[i].thinning);
        }
        collapse_ = thinning < kUsual ? 0.0 : std::max(collapse_, thinning - fullest);
        looks_[look_count_++ % kLooks] = look;
        if (look_count_ >= 2 * kLooks) look_count_ -= kLooks;
        const double sudden = thinning > kUsual ? std::min(1.0, 1.5 * collapse_ / thinning) : 0.0;
        const bool compared = market_at_ && at - *market_at_ <= kMarketLasts;
        const double shared = compared ? kMarketWeighs * std::clamp(market_ - kMarketStill, 0.0, 1.5) : 0.0;
        const double explained = std::max(shared, stressed ? 2.0 : 0.0);
        const double score = thinning + 0.5 * std::max(opening, 0.0) - 1.5 * (1.0 - sudden) - explained;
        flag_.see(score, at, log, [&] {
            Episode episode{.price = shape.mid, .repetitions = 1};
            constexpr std::array kRatios{Quantity::depth_ratio_10bps, Quantity::depth_ratio_25bps,
                                         Quantity::depth_ratio_50bps};
            for (std::size_t band = 0; band < depths_.size(); ++band) {
                if (depths_[band].median() <= 0.0) continue;
                const double depth = shape.bid.depth[band] + shape.ask.depth[band];
                episode.evidence.push_back(evidence(kRatios[band], depth / depths_[band].median(), 0.25));
            }
            episode.evidence.push_back(evidence(Quantity::spread_ratio, std::exp2(look.opening), 3.0));
            return episode;
        });
    } else {
        looks_[look_count_++ % kLooks] = {.at_ms = now};
        if (look_count_ >= 2 * kLooks) look_count_ -= kLooks;
    }
    if (now / kSampleMs == sampled_) return;
    sampled_ = now / kSampleMs;
    spread_.add(shape.spread);
    for (std::size_t band = 0; band < depths_.size(); ++band) {
        depths_[band].add(shape.bid.depth[band] + shape.ask.depth[band]);
    }
}

std::optional<double> VacuumWatch::thinning(core::WallTime at) const {
    if (!known_ || look_count_ == 0) return std::nullopt;
    const Look& newest = looks_[(look_count_ - 1) % kLooks];
    // A live book that does not change stays as it was; only so long is it taken for one.
    if (core::to_unix_ms(at) - newest.at_ms > core::to_unix_ms(core::WallTime(kMarketLasts))) return std::nullopt;
    return newest.thinning;
}

std::optional<Reading> VacuumWatch::reading(core::WallTime at, const EpisodeLog& log) const {
    if (!known_) return std::nullopt;
    return flag_.reading(at, log);
}

}  // namespace scanner::signals::detect
