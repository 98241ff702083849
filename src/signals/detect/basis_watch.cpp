#include "signals/detect/basis_watch.hpp"

#include "signals/detect/calibrations.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace scanner::signals::detect {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Price and index are of the same moment, or nothing is said of their difference.
constexpr seconds kFresh{2};
constexpr std::size_t kLeastLooks = 40;  // ten minutes
constexpr seconds kSampleEvery{15};
constexpr double kMads = 5.0 / 1.4826;  // five median deviations, in standard ones
constexpr double kLeastWick = 30e-4;
constexpr double kLeastPush = 6e-4;
constexpr double kLeastFunding = 4e-4;
constexpr double kLeastStress = 50e-4;
constexpr double kReverted = 0.6;
constexpr double kIndexStill = 0.3;
constexpr double kIndexAlong = 0.7;
/// So much of what is traded closes positions in a squeeze or a cascade; a push opens as many as it closes.
constexpr double kTurbulent = 2.3;     // times the usual
constexpr double kTurbulentCap = 6.0;  // of one minute
constexpr double kForcedClosing = 0.35;
constexpr double kSqueeze = 6.0;
constexpr seconds kInterestShows{8};
constexpr seconds kSettled{60};
constexpr seconds kLevelTraded{180};
constexpr double kLevelPenalty = 1.2;
constexpr double kLiquidated = 0.35;  // of what is traded
constexpr double kLagged = 0.8;       // of a quick move of the index, that the price may still have to make
constexpr double kSnappedBack = 0.8;  // so quickly no squeeze comes back

std::int64_t to_s(core::WallTime at) {
    return std::chrono::floor<seconds>(at.time_since_epoch()).count();
}

}  // namespace

BasisWatch::BasisWatch()
    : wick_(DetectorFlag::scam_wick, kScamWick, seconds(60)),
      momentum_(DetectorFlag::momentum_ignition, kMomentumIgnition, seconds(120)),
      stress_(DetectorFlag::market_stress, kMarketStress, seconds(120)),
      funding_(DetectorFlag::funding_window_push, kFundingWindowPush, seconds(180)) {}

bool BasisWatch::is_known(core::WallTime at) const {
    return index_at_ && price_at_ && at - *index_at_ <= kFresh && (live_ || at - *price_at_ <= kFresh) &&
           basis_.size() >= kLeastLooks;
}

void BasisWatch::on_price(double price, bool live, core::WallTime at) {
    if (!core::is_finite_positive(price)) return;
    live_ = live;
    price_ = price;
    low_ = price_at_ && low_ > 0.0 ? std::min(low_, price) : price;
    high_ = price_at_ ? std::max(high_, price) : price;
    price_at_ = at;
}

void BasisWatch::on_index(double price, core::WallTime at, const InterestWatch& interest, EpisodeLog& log) {
    if (!core::is_finite_positive(price)) return;
    index_price_ = price;
    index_at_ = at;
    // A live book that does not change keeps its price; one that was lost has none.
    if (!price_at_ || (!live_ && at - *price_at_ > kFresh)) return;
    closing_share_ = interest.closing_share();
    judge(at, interest, log);
}

const BasisWatch::Second* BasisWatch::second(std::int64_t at_s) const {
    const Second& found = seconds_[static_cast<std::size_t>(((at_s % std::int64_t{kSeconds}) + std::int64_t{kSeconds}) %
                                                            std::int64_t{kSeconds})];
    return found.at_s == at_s ? &found : nullptr;
}

void BasisWatch::judge(core::WallTime at, const InterestWatch& interest, EpisodeLog& log) {
    const std::int64_t now_s = to_s(at);
    if (now_s == last_s_) return;
    last_s_ = now_s;
    // A price and an index of the same second may be two seconds apart: the index was anywhere between its readings.
    double index_low = std::log(index_price_);
    double index_high = index_low;
    for (std::int64_t s = now_s - 2; s < now_s; ++s) {
        if (const Second* const one = second(s)) {
            index_low = std::min(index_low, one->index);
            index_high = std::max(index_high, one->index);
        }
    }
    const Second now{.index = std::log(index_price_),
                     .price = std::log(price_),
                     .low = std::log(low_) - index_low,
                     .high = std::log(high_) - index_high,
                     .at_s = now_s};
    seconds_[static_cast<std::size_t>(((now_s % std::int64_t{kSeconds}) + std::int64_t{kSeconds}) %
                                      std::int64_t{kSeconds})] = now;
    low_ = high_ = price_;
    add_to_slot(now);
    if (basis_.size() >= kLeastLooks / 2) {
        judge_excursion(now, at, interest, log);
        judge_funding(at, log);
        judge_stress(now, at, log);
    }
    if (now_s % kSampleEvery.count() == 0) sample(now);
}

void BasisWatch::sample(const Second& now) {
    basis_.add(now.price - now.index);
    peaks_.add(peak_);
    const Second* const before = second(now.at_s - 60);
    if (before == nullptr) return;
    basis_change_.add(now.price - now.index - (before->price - before->index));
    price_change_.add(now.price - before->price);
    // Over five minutes, each against the usual: one jump is no turbulence.
    double moved = 0.0;
    int minutes_known = 0;
    for (std::int64_t back = 0; back < 5; ++back) {
        const Second* const to = second(now.at_s - 60 * back);
        const Second* const from = second(now.at_s - 60 * back - 60);
        if (to == nullptr || from == nullptr) continue;
        moved += std::min(std::abs(to->index - from->index), kTurbulentCap * index_change_.median());
        ++minutes_known;
    }
    if (minutes_known == 5 && index_change_.size() >= kLeastLooks &&
        moved / 5.0 >= kTurbulent * index_change_.median()) {
        turbulent_at_ = core::WallTime(seconds(now.at_s));
    }
    index_change_.add(std::abs(now.index - before->index));
}

std::optional<double> BasisWatch::mean_basis(std::int64_t first, std::int64_t last) const {
    double sum = 0.0;
    std::int64_t count = 0;
    for (std::int64_t s = first; s <= last; ++s) {
        if (const Second* const one = second(s)) {
            sum += one->price - one->index;
            ++count;
        }
    }
    if (2 * count < last - first + 1) return std::nullopt;
    return sum / static_cast<double>(count);
}

/// The largest excursion of the last three minutes, and how much of it is left.
void BasisWatch::judge_excursion(const Second& now, core::WallTime at, const InterestWatch& interest, EpisodeLog& log) {
    // From where it was in the minute before, not from where it mostly is: a slow premium is no excursion.
    const double usual = mean_basis(now.at_s - 240, now.at_s - 181).value_or(basis_.median());
    const double deviation = std::max(basis_.deviation(), 0.5e-4);
    const double change = std::max(basis_change_.deviation(), 0.5e-4);
    double peak = 0.0;
    std::int64_t peak_s = now.at_s;
    for (std::int64_t s = now.at_s; s > now.at_s - 180; --s) {
        const Second* const one = second(s);
        if (one == nullptr) continue;
        for (const double away : {std::min(one->low - usual, 0.0), std::max(one->high - usual, 0.0)}) {
            if (std::abs(away) <= std::abs(peak)) continue;
            peak = away;
            peak_s = s;
        }
    }
    // Away began when the basis was last within a fifth of the peak.
    std::int64_t began_s = peak_s;
    const Second* began = nullptr;
    while (began_s > peak_s - 120) {
        const Second* const one = second(--began_s);
        if (one == nullptr) continue;
        began = one;
        if (std::abs(one->price - one->index - usual) <= 0.2 * std::abs(peak)) break;
    }
    peak_ = std::abs(peak);
    // A price follows a jump of its index late: so much of the excursion is none.
    double index_high = now.index;
    double index_low = now.index;
    bool compared = false;
    for (std::int64_t s = std::max(peak_s - 10, now.at_s - std::int64_t{kSeconds} + 2); s <= peak_s + 3; ++s) {
        const Second* const one = second(s);
        if (one == nullptr) continue;
        index_high = compared ? std::max(index_high, one->index) : one->index;
        index_low = compared ? std::min(index_low, one->index) : one->index;
        compared = true;
    }
    const double lag = compared ? kLagged * (index_high - index_low) : 0.0;
    if (lag > 0.3 * std::abs(peak)) peak -= std::copysign(std::min(lag, 0.98 * std::abs(peak)), peak);
    const double small = std::max(peaks_.median() + 3.0 * peaks_.deviation(), kLeastPush);
    if (std::abs(peak) < 0.4 * small) {
        index_share_.reset();
        momentum_.see(-2.0, at, log, [] { return Episode{}; });
        wick_.see(-2.0, at, log, [] { return Episode{}; });
        return;
    }
    const double left = now.price - now.index - usual;
    const double reverted = peak != 0.0 ? std::clamp(1.0 - left / peak, 0.0, 1.0) : 0.0;
    const double index_move = began != nullptr ? now.index - began->index : 0.0;
    const double share = peak != 0.0 ? std::abs(index_move) / (std::abs(peak) + std::abs(index_move)) : 0.0;
    index_share_.reset();
    if (std::abs(peak) + std::abs(index_move) > 4.0 * change) index_share_ = share;
    // Pushed away from the index, not back to it.
    const bool outward = std::abs(usual + peak) - std::abs(usual) >= 0.5 * std::abs(peak);
    const core::WallTime began_at{seconds(began_s)};
    auto closing = interest.closing_share_since(began_at);
    if (!closing || (closing_share_ && *closing_share_ > *closing)) closing = closing_share_;
    const bool forced = closing && *closing >= kForcedClosing;
    // Where open interest is read all along, a squeeze shows in the next reading: until then it may be one.
    const auto looked = interest.looked_at(at);
    const bool waits = looked && *looked < began_at + kInterestShows && reverted < kReverted;
    const auto describe = [&] {
        Episode episode{
            .start = began_at, .price = std::exp(began != nullptr ? began->price : now.price), .repetitions = 1};
        episode.evidence = {evidence(Quantity::basis_excursion_bps, 1e4 * peak, 1e4 * kLeastPush),
                            evidence(Quantity::basis_mads, std::abs(peak) / deviation, kMads),
                            evidence(Quantity::index_move_bps, 1e4 * index_move),
                            evidence(Quantity::index_share, share, kIndexStill),
                            evidence(Quantity::reverted, reverted, kReverted)};
        return episode;
    };
    const bool quick = peak_s - began_s <= 60 && now.at_s - peak_s <= 60;
    double penalty = outward ? 0.0 : 1.0;
    penalty += share >= kIndexStill ? 2.0 * (share - kIndexStill) : 0.0;
    if (level_traded_at_ && at - *level_traded_at_ <= kLevelTraded) penalty += kLevelPenalty;
    const double wick_penalty =
        penalty + (forced ? (quick && reverted >= kSnappedBack ? 0.25 : 1.0) * kSqueeze * *closing : 0.0);
    if (forced) penalty += kSqueeze * *closing;
    const double most = waits ? kMomentumIgnition.at_10 : 1e3;
    const double size = std::log(std::abs(peak) / small);
    momentum_.see(std::min(size - penalty + (reverted >= kReverted ? 0.3 : 0.0), most), at, log, describe);
    const double wick = std::log(std::abs(peak) / std::max({kMads * deviation, 6.0 * change, kLeastWick}));
    const double rest = (quick && reverted >= kReverted ? 0.5 : 0.0) - (quick ? 0.0 : 1.5);
    wick_.see(std::min(wick - wick_penalty + rest, waits ? kScamWick.at_10 : 1e3), at, log, describe);
}

void BasisWatch::add_to_slot(const Second& now) {
    const std::int64_t slot = now.at_s / kSlotS;
    if (slot - slot_ >= std::int64_t{kSlots} || slot < slot_) {
        slots_ = {};
    } else {
        for (std::int64_t i = slot_ + 1; i <= slot; ++i) slots_[static_cast<std::size_t>(i) % kSlots] = {};
    }
    slot_ = slot;
    Slot& open = slots_[static_cast<std::size_t>(slot) % kSlots];
    open.sum += static_cast<float>(now.price - now.index);
    ++open.count;
}

std::optional<double> BasisWatch::mean_slots(std::int64_t first_s, std::int64_t last_s) const {
    const std::int64_t first = first_s / kSlotS;
    const std::int64_t last = std::min(last_s / kSlotS, slot_);
    if (last < first || slot_ - first >= std::int64_t{kSlots}) return std::nullopt;
    double sum = 0.0;
    std::int64_t count = 0;
    for (std::int64_t i = first; i <= last; ++i) {
        const Slot& slot = slots_[static_cast<std::size_t>(i) % kSlots];
        sum += static_cast<double>(slot.sum);
        count += slot.count;
    }
    if (2 * count < (last - first) * kSlotS) return std::nullopt;
    return sum / static_cast<double>(count);
}

std::optional<BasisWatch::Push> BasisWatch::find_push(std::int64_t now_s, std::int64_t settled_s) const {
    constexpr std::array<std::int64_t, 9> kLengths{60, 85, 120, 170, 240, 340, 480, 680, 900};
    std::optional<Push> best;
    for (const std::int64_t length : kLengths) {
        const std::int64_t since = settled_s - length;
        const std::int64_t held = settled_s - 7 * length / 10;
        const std::int64_t until = std::min(now_s, settled_s - std::max<std::int64_t>(length / 16, 4));
        if (until - held < std::max<std::int64_t>(length / 5, 20)) continue;
        const auto before = mean_slots(since - 60, since - 5);
        const auto hold = mean_slots(held, until);
        if (!before || !hold) continue;
        const double minutes_apart = static_cast<double>(length) / 120.0;
        const double noise = std::max(
            {std::min(1.5 * basis_.deviation(), basis_change_.deviation() * std::sqrt(std::max(minutes_apart, 1.0))),
             kLeastFunding / 4.0});
        Push push{.before = *before, .moved = *hold - *before, .noise = noise, .since_s = since};
        const double size = std::abs(push.moved);
        const auto after = now_s >= settled_s + 12 ? mean_slots(settled_s + 3, now_s) : std::nullopt;
        if (after) {
            const double back = push.moved > 0.0 ? *hold - *after : *after - *hold;
            push.reverted = std::clamp(back / std::max(size, 1e-9), 0.0, 1.0);
            push.score = std::log((std::min(size, std::max(back, 0.0)) + 1e-6) / (4.0 * noise)) + 0.7;
        } else {
            // Towards the index is what arbitrage does before a settlement.
            const bool away = std::abs(*hold) - std::abs(*before) >= 0.3 * size;
            push.score = std::log((size + 1e-6) / (4.0 * noise)) - (away ? 0.0 : 1.5);
        }
        if (!best || push.score > best->score) best = push;
    }
    if (!best) return best;
    // It began where half of the way was made.
    while (best->since_s < std::min(now_s, settled_s)) {
        const auto here = mean_slots(best->since_s, best->since_s + kSlotS - 1);
        if (here && (*here - best->before) / best->moved >= 0.5) break;
        best->since_s += kSlotS;
    }
    return best;
}

void BasisWatch::judge_funding(core::WallTime at, EpisodeLog& log) {
    if (!settlement_) return;
    const auto before = *settlement_ - at;
    if (before >= seconds(0) && before <= minutes(15)) judged_ = settlement_;
    const bool after = judged_ && at > *judged_ && at - *judged_ <= kSettled;
    if (!judged_ || (!after && *judged_ != *settlement_)) {
        funding_.see(-3.0, at, log, [] { return Episode{}; });
        return;
    }
    const auto push = find_push(to_s(at), to_s(*judged_));
    if (!push) return;
    const double forced = closing_share_ && *closing_share_ >= kForcedClosing ? 1.5 : 0.0;
    funding_.see(push->score - forced, at, log, [&] {
        Episode episode{.start = core::WallTime(seconds(push->since_s)), .repetitions = 1};
        if (index_price_ > 0.0) episode.price = price_;
        episode.evidence = {
            evidence(Quantity::basis_excursion_bps, 1e4 * push->moved, 1e4 * kLeastFunding),
            evidence(Quantity::basis_mads, std::abs(push->moved) / push->noise, 4.0),
            evidence(Quantity::seconds_to_settlement, std::chrono::duration<double>(*judged_ - at).count(), 900.0)};
        if (after) episode.evidence.push_back(evidence(Quantity::reverted, push->reverted, kReverted));
        return episode;
    });
}

double BasisWatch::liquidated_share(core::WallTime at) const {
    const double traded = std::max(traded_.of(at), liquidated_.of(at));
    return traded > 0.0 ? liquidated_.of(at) / traded : 0.0;
}

void BasisWatch::judge_stress(const Second& now, core::WallTime at, EpisodeLog& log) {
    const Second* const before = second(now.at_s - 60);
    if (before == nullptr) return;
    const double move = now.price - before->price;
    const double index_move = now.index - before->index;
    const double share = move != 0.0 ? std::clamp(index_move / move, 0.0, 1.0) : 0.0;
    const double scale = std::max(6.0 * price_change_.deviation(), kLeastStress);
    const double liquidated = liquidated_share(at);
    const bool forced = (closing_share_ && *closing_share_ >= kForcedClosing) || liquidated >= kLiquidated;
    const double score = std::log((std::abs(move) + 1e-6) / scale) -
                         (share >= kIndexAlong || forced ? 0.0 : 2.0 * (kIndexAlong - share));
    if (score >= -0.5 && (share >= kIndexAlong || forced)) stressed_at_ = at;
    stress_.see(score, at, log, [&] {
        Episode episode{.price = std::exp(before->price), .repetitions = 1};
        episode.evidence = {evidence(Quantity::move_bps, 1e4 * move, 1e4 * scale),
                            evidence(Quantity::index_move_bps, 1e4 * index_move),
                            evidence(Quantity::index_share, share, kIndexAlong)};
        if (liquidated > 0.0) episode.evidence.push_back(evidence(Quantity::liquidated_share, liquidated, kLiquidated));
        return episode;
    });
}

void BasisWatch::tick(core::WallTime at, EpisodeLog& log) {
    for (FlagEvidence* flag : {&wick_, &momentum_, &stress_, &funding_}) flag->tick(at, log);
}

std::optional<Reading> BasisWatch::reading(DetectorFlag flag, core::WallTime at, const EpisodeLog& log) const {
    if (!is_known(at) || (flag == DetectorFlag::funding_window_push && !settlement_)) return std::nullopt;
    const FlagEvidence& one = flag == DetectorFlag::scam_wick           ? wick_
                              : flag == DetectorFlag::momentum_ignition ? momentum_
                              : flag == DetectorFlag::market_stress     ? stress_
                                                                        : funding_;
    Reading reading = one.reading(at, log);
    const core::WallTime oldest = live_ ? *index_at_ : std::min(*index_at_, *price_at_);
    const core::WallTime old = oldest + kFresh + std::chrono::milliseconds(1);
    if (!reading.next_change || old < *reading.next_change) reading.next_change = old;
    return reading;
}

}  // namespace scanner::signals::detect
