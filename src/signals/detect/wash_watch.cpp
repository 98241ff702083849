#include "signals/detect/wash_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

constexpr std::int64_t kMirrorMs = 5'000;
constexpr std::int64_t kNullMs = 35'000;  // the same question over six times as long, further back
constexpr double kNullShare = 1.0 / 6.0;
constexpr std::size_t kLeastLooks = 80;  // twenty minutes
constexpr double kFamilySpeaks = 3.0;    // own deviations
constexpr double kLeastTrades = 6.0;
constexpr std::array<double, WashWatch::kFamilies> kLeastDeviation{0.5, 0.35, 0.25, 0.05, 0.15, 0.6};
constexpr double kMoves = 1.0;         // own deviations of impact
constexpr double kInsideKeep = 0.998;  // of five minutes' share, every 15 s: half of it in 90 minutes
constexpr double kLeastInside = 0.004;
constexpr double kLeastMirrored = 0.001;
constexpr double kLeastExpected = 0.15;

/// How far a count lies over what is expected, in standard deviations (signed root of the deviance of a Poisson law).
double surplus(double count, double expected) {
    if (count <= expected) return 0.0;
    return std::sqrt(2.0 * (count * std::log(count / expected) - (count - expected)));
}

}  // namespace

WashWatch::WashWatch() : flag_(DetectorFlag::wash_trade_volume, kWashTradeVolume, std::chrono::seconds(120)) {}

void WashWatch::on_tape_hole() {
    whole_ = false;
    print_count_ = 0;
    closed_ = 0;
    buckets_ = {};
    bucket_ = 0;
    comb_ = {};
}

void WashWatch::on_trades(std::span<const market::Trade> trades, bool stressed, core::WallTime at, EpisodeLog& log) {
    stressed_ = stressed;
    whole_ = true;
    const auto reach = [&](std::int64_t ms) {
        const std::int64_t due = ms / kBucketMs;
        if (bucket_ == 0 || due - bucket_ > std::int64_t{kBuckets}) {
            if (bucket_ != 0) buckets_ = {};
            bucket_ = due;
        }
        while (bucket_ < due) {
            close_bucket(core::from_unix_ms((bucket_ + 1) * kBucketMs), log);
            ++bucket_;
            buckets_[static_cast<std::size_t>(bucket_) % kBuckets] = {};
        }
    };
    for (const market::Trade& trade : trades) {
        if (!core::is_finite_positive(trade.price) || !core::is_finite_positive(trade.size)) continue;
        if (trade.taker_side == market::Side::unknown || core::to_unix_ms(trade.time) <= 0) continue;
        reach(core::to_unix_ms(trade.time));
        add(trade);
    }
    if (core::to_unix_ms(at) > 0) reach(core::to_unix_ms(at) - 1'000);
}

void WashWatch::add(const market::Trade& trade) {
    const std::int64_t now = core::to_unix_ms(trade.time);
    const bool bought = trade.taker_side == market::Side::buy;
    Print print{.at_ms = now,
                .size = trade.size,
                .bought = bought,
                .inside = bid_ > 0.0 && trade.price > bid_ && trade.price < ask_};
    Bucket& bucket = buckets_[static_cast<std::size_t>(bucket_) % kBuckets];
    const std::size_t known = std::min(print_count_, kPrints);
    bool mirrored = false;
    bool repeated = false;
    for (std::size_t back = 1; back <= known; ++back) {
        Print& other = prints_[(print_count_ - back) % kPrints];
        const std::int64_t age = now - other.at_ms;
        if (age > kNullMs) break;
        if (other.size != print.size) continue;
        if (other.bought == bought) {
            repeated = true;
            continue;
        }
        if (!print.inside || !other.inside) continue;
        if (age > kMirrorMs) {
            bucket.expected += kNullShare;
        } else if (!mirrored && !other.paired) {
            mirrored = other.paired = print.paired = true;
        }
    }
    const double value = trade.price * trade.size / 2.0;
    bucket.trades += 1.0;
    bucket.value += value;
    bucket.net += bought ? value : -value;
    bucket.inside += print.inside ? 1.0 : 0.0;
    bucket.mirrored += mirrored ? 1.0 : 0.0;
    bucket.repeated += repeated ? 1.0 : 0.0;
    bucket.low = bucket.low > 0.0 ? std::min(bucket.low, trade.price) : trade.price;
    bucket.high = std::max(bucket.high, trade.price);
    prints_[print_count_++ % kPrints] = print;
    if (print_count_ >= 2 * kPrints) print_count_ -= kPrints;

    const std::int64_t second = now / 1'000;
    Tooth& tooth = comb_[static_cast<std::size_t>(second % 60)];
    const std::int64_t passed = second / 60 - tooth.newest;
    if (passed > 0) {
        tooth.bits = passed >= 60 ? 0 : tooth.bits << static_cast<unsigned>(passed);
        tooth.newest = second / 60;
    }
    tooth.bits |= 1;
}

/// Variance over mean of how many minutes have a trade in a given second; its logarithm.
double WashWatch::comb(std::int64_t now_s) const {
    constexpr std::uint64_t kHour = (std::uint64_t{1} << 60U) - 1;
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t second = 0; second < 60; ++second) {
        const Tooth& tooth = comb_[static_cast<std::size_t>(second)];
        const std::int64_t passed = (now_s - second) / 60 - tooth.newest;
        const double count =
            passed < 0 || passed >= 60 ? 0.0 : std::popcount((tooth.bits << static_cast<unsigned>(passed)) & kHour);
        sum += count;
        squares += count * count;
    }
    const double mean = sum / 60.0;
    if (mean < 1.0 || mean > 59.0) return 0.0;
    return std::log(std::max((squares / 60.0 - mean * mean) / (mean * (1.0 - mean / 60.0)), 0.1));
}

WashWatch::Bucket WashWatch::newest(std::size_t buckets) const {
    Bucket all;
    for (std::size_t back = 0; back < buckets; ++back) {
        const Bucket& one = buckets_[(static_cast<std::size_t>(bucket_) + kBuckets - back) % kBuckets];
        all.trades += one.trades;
        all.value += one.value;
        all.net += one.net;
        all.inside += one.inside;
        all.mirrored += one.mirrored;
        all.expected += one.expected;
        all.repeated += one.repeated;
        if (one.high <= 0.0) continue;
        all.low = all.low > 0.0 ? std::min(all.low, one.low) : one.low;
        all.high = std::max(all.high, one.high);
    }
    return all;
}

void WashWatch::close_bucket(core::WallTime at, EpisodeLog& log) {
    if (closed_ < kBuckets) {
        ++closed_;
        if (closed_ < kBuckets) return;
    }
    const Bucket all = newest(kBuckets);
    const Bucket recent = newest(kShort);
    if (!std::isfinite(all.value) || all.value <= 0.0 || all.trades < kLeastTrades) {
        flag_.see(-3.0, at, log, [] { return Episode{}; });
        return;
    }
    const double net = std::abs(all.net) / all.value;
    const double busy = volume_.size() >= kLeastLooks ? std::log(all.value) - volume_.median() : 0.0;
    const double range = std::log(all.high / all.low) + 1e-4;
    const double impact = 0.5 * std::log(all.value) - std::log(range);
    const bool moves = usual_[2].size() >= kLeastLooks &&
                       impact < usual_[2].median() - kMoves * std::max(usual_[2].deviation(), kLeastDeviation[2]);
    // Those of one size all along are mirrored at any distance: a null beside them would hide them.
    const double pairs = std::max(mirrored_share_, kLeastMirrored);
    const double shifted = moves ? 1.0 : 0.25;
    const auto mirrors = [pairs, shifted](const Bucket& of) {
        return surplus(of.mirrored, std::max({pairs * of.trades, shifted * of.expected, kLeastExpected}));
    };
    const double share = std::max(inside_share_, kLeastInside);
    const auto insides = [share](const Bucket& of) {
        return surplus(of.inside, std::max(share * of.trades, kLeastExpected));
    };
    const std::array<double, kFamilies> figures{std::max(mirrors(all), mirrors(recent)),
                                                -std::log(net + 0.03) + std::min(busy, 0.0),
                                                impact,
                                                all.repeated / all.trades,
                                                comb(core::to_unix_ms(at) / 1'000 - 1),
                                                std::max(insides(all), insides(recent))};
    std::array<double, kFamilies> strengths{};
    const bool known = usual_[0].size() >= kLeastLooks;
    if (known) {
        for (std::size_t i = 0; i < kFamilies; ++i) {
            if (usual_[i].size() < kLeastLooks) continue;
            strengths[i] = (figures[i] - usual_[i].median()) / std::max(usual_[i].deviation(), kLeastDeviation[i]);
        }
        const double one_sided = std::max(0.0, -strengths[1]);
        // A wash moves nothing; in a rush prints lie between quotes that are already old.
        const double moving = std::max(0.0, -strengths[2]);
        std::array<double, kFamilies> sorted = strengths;
        std::ranges::sort(sorted, std::greater<>{});
        const auto speaking = std::ranges::count_if(sorted, [](double z) { return z >= kFamilySpeaks; });
        // One family alone is a hint; the flag needs two.
        const double first = std::log1p(std::max(sorted[0], 0.0));
        const double second = std::log1p(std::max(sorted[1], 0.0));
        double score = 0.6 * first + second - 0.8 * std::log1p(one_sided) - 0.7 * std::log1p(moving) +
                       0.8 * std::log1p(std::max(strengths[0], 0.0)) - 3.0 - (stressed_ ? 1.0 : 0.0);
        if (speaking < 2) score = std::min(score, kWashTradeVolume.at_1 - 0.15);
        flag_.see(score, at, log, [&] {
            Episode episode{.start = at - std::chrono::milliseconds(kBucketMs),
                            .repetitions = static_cast<std::uint64_t>(all.mirrored),
                            .trades = static_cast<std::uint64_t>(all.inside)};
            episode.evidence = {evidence(Quantity::families, static_cast<double>(speaking), 2.0),
                                evidence(Quantity::mirrored_pairs, all.mirrored),
                                evidence(Quantity::expected_pairs, all.expected),
                                evidence(Quantity::inside_share, all.inside / all.trades),
                                evidence(Quantity::net_flow_share, net),
                                evidence(Quantity::volume_vs_usual, std::exp(busy)),
                                evidence(Quantity::size_law, strengths[3], kFamilySpeaks),
                                evidence(Quantity::impact_ratio, strengths[2], kFamilySpeaks),
                                evidence(Quantity::second_comb, strengths[4], kFamilySpeaks)};
            return episode;
        });
    }
    for (std::size_t i = 0; i < kFamilies; ++i) usual_[i].add(figures[i]);
    if (strengths[0] < kFamilySpeaks) {
        mirrored_share_ = kInsideKeep * mirrored_share_ + (1.0 - kInsideKeep) * all.mirrored / all.trades;
    }
    // Of the contract's calm: what stands out is no part of what is usual.
    if (strengths[kInside] < kFamilySpeaks) {
        inside_share_ = kInsideKeep * inside_share_ + (1.0 - kInsideKeep) * all.inside / all.trades;
    }
    volume_.add(std::log(all.value));
}

std::optional<Reading> WashWatch::reading(core::WallTime at, const EpisodeLog& log) const {
    if (!whole_ || closed_ < kBuckets || usual_[0].size() < kLeastLooks) return std::nullopt;
    return flag_.reading(at, log);
}

}  // namespace scanner::signals::detect
