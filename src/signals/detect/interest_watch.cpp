#include "signals/detect/interest_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// The exchange counts a trade into open interest a moment before or after it tells of it.
constexpr seconds kSlack{2};
constexpr minutes kLookLasts{2};
constexpr minutes kClosingWindow{2};
constexpr std::uint64_t kLeastSince = 20;
constexpr seconds kOften{30};
constexpr double kHighestLasts = 1'200.0;  // s
constexpr double kDrained = 0.7;           // of the highest
constexpr double kDrainedShare = 0.7;
constexpr std::uint64_t kLeastTrades = 40;  // fewer close or open by chance

}  // namespace

InterestWatch::InterestWatch() : flag_(DetectorFlag::oi_implausible, kOiImplausible, seconds(60)) {}

void InterestWatch::on_trades(std::span<const market::Trade> trades, core::WallTime at) {
    whole_ = true;
    tape_until_ = at;
    for (const market::Trade& trade : trades) {
        if (!core::is_finite_positive(trade.size)) continue;
        const double size = trade.size / 2.0;
        if (!std::isfinite(traded_ + size)) continue;
        traded_ += size;
        ++trades_;
        const std::int64_t second = std::chrono::floor<seconds>(trade.time.time_since_epoch()).count();
        const auto slot = static_cast<std::size_t>(second & std::int64_t{kSlots - 1});
        if (second < slot_s_[slot]) continue;
        if (second > slot_s_[slot]) slots_[slot] = 0.0;
        slot_s_[slot] = second;
        slots_[slot] += size;
    }
}

void InterestWatch::on_tape_hole() {
    whole_ = false;
    highest_ = 0.0;
    count_ = 0;
    in_a_row_ = 0;
}

double InterestWatch::traded_since(core::WallTime from) const {
    const std::int64_t first = std::chrono::floor<seconds>(from.time_since_epoch()).count();
    double sum = 0.0;
    for (std::size_t i = 0; i < kSlots; ++i) {
        if (slot_s_[i] >= first) sum += slots_[i];
    }
    return sum;
}

void InterestWatch::on_open_interest(double base_units, core::WallTime at, EpisodeLog& log) {
    if (!std::isfinite(base_units) || base_units < 0.0 || !whole_) return;
    const Look now{.at = at, .interest = base_units, .traded = traded_, .trades = trades_};
    if (count_ > 0) {
        const Look& before = looks_[(count_ - 1) % kLooks];
        const auto gap = at - before.at;
        if (gap <= seconds(0)) return;
        if (gap > kLookLasts) {
            count_ = 0;
            in_a_row_ = 0;
        } else {
            // What was traded in between, and in the slack before: the bound must hold whatever the order.
            const double extra =
                gap < seconds(kSlots - 8) ? traded_since(before.at - kSlack) : now.traded - before.traded;
            const double allowed = std::max(now.traded - before.traded, extra);
            const double change = std::abs(now.interest - before.interest);
            const bool beyond = change > allowed * (1.0 + 1e-9) && change > 1e-9 * now.interest;
            in_a_row_ = beyond ? std::min(in_a_row_ + 1, 1'000) : 0;
            const double excess = beyond ? std::log2(change / std::max(allowed, 1e-3 * change)) : 0.0;
            const double score = !beyond          ? -2.0
                                 : in_a_row_ >= 2 ? 1.0 + std::min(excess, 6.0)
                                                  : std::min(excess, 2.0) - 2.0;
            flag_.see(score, at, log, [&] {
                Episode episode{.start = before.at, .repetitions = static_cast<std::uint64_t>(in_a_row_)};
                episode.evidence = {evidence(Quantity::open_interest_change, now.interest - before.interest, allowed),
                                    evidence(Quantity::one_sided_volume, allowed),
                                    evidence(Quantity::in_a_row, in_a_row_, 2.0)};
                return episode;
            });
        }
    }
    const double passed =
        count_ > 0 ? std::chrono::duration<double>(at - looks_[(count_ - 1) % kLooks].at).count() : 0.0;
    highest_ = std::max(base_units, highest_ * std::exp(-passed / kHighestLasts));
    looks_[count_++ % kLooks] = now;
    if (count_ >= 2 * kLooks) count_ -= kLooks;
}

bool InterestWatch::is_drained() const {
    return count_ > 0 && looks_[(count_ - 1) % kLooks].interest < kDrained * highest_;
}

std::optional<double> InterestWatch::closing_share() const {
    if (count_ < 2) return std::nullopt;
    if (is_drained()) return kDrainedShare;
    const Look& now = looks_[(count_ - 1) % kLooks];
    for (std::size_t back = 2; back <= std::min(count_, kLooks); ++back) {
        const Look& before = looks_[(count_ - back) % kLooks];
        if (now.at - before.at < kClosingWindow && back < std::min(count_, kLooks)) continue;
        const double traded = now.traded - before.traded;
        if (traded <= 0.0 || now.trades - before.trades < kLeastTrades) return std::nullopt;
        return std::clamp((before.interest - now.interest) / traded, -1.0, 1.0);
    }
    return std::nullopt;
}

std::optional<double> InterestWatch::closing_share_since(core::WallTime since) const {
    if (count_ < 2) return std::nullopt;
    if (is_drained()) return kDrainedShare;
    const Look& now = looks_[(count_ - 1) % kLooks];
    for (std::size_t back = 2; back <= std::min(count_, kLooks); ++back) {
        const Look& before = looks_[(count_ - back) % kLooks];
        if (before.at > since) continue;
        const double traded = now.traded - before.traded;
        if (traded <= 0.0 || now.trades - before.trades < kLeastSince) return std::nullopt;
        return std::clamp((before.interest - now.interest) / traded, -1.0, 1.0);
    }
    return std::nullopt;
}

std::optional<core::WallTime> InterestWatch::looked_at(core::WallTime at) const {
    if (count_ < 2) return std::nullopt;
    const Look& now = looks_[(count_ - 1) % kLooks];
    const Look& before = looks_[(count_ - 2) % kLooks];
    if (at - now.at > kOften || now.at - before.at > kOften) return std::nullopt;
    return now.at;
}

std::optional<Reading> InterestWatch::reading(core::WallTime at, const EpisodeLog& log) const {
    if (!whole_ || count_ < 2 || at - looks_[(count_ - 1) % kLooks].at > kLookLasts) return std::nullopt;
    Reading reading = flag_.reading(at, log);
    const core::WallTime old = looks_[(count_ - 1) % kLooks].at + kLookLasts + std::chrono::milliseconds(1);
    if (!reading.next_change || old < *reading.next_change) reading.next_change = old;
    return reading;
}

}  // namespace scanner::signals::detect
