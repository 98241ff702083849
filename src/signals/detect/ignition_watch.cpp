#include "signals/detect/ignition_watch.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals::detect {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int32_t kMinuteBars = 4;
constexpr std::int64_t kWarmUpBars = std::chrono::hours(6) / kIgnitionBar;
/// A trade is told at most so much after it happened; only then a bar without a newer trade is complete.
constexpr seconds kTradesLate{1};
/// A tape that was not confirmed for so long says nothing about now.
constexpr seconds kTapeLasts{45};
constexpr minutes kLongest{60};
/// Within this the same burst goes on; later a clearly higher score is another one.
constexpr minutes kSameBurst{2};
constexpr double kClearlyHigher = 1.5;  // in the logit
constexpr double kExplained = 4.0;      // by news: the index does not follow one contract's buyers
constexpr double kRetraced = 0.5;
constexpr double kCollapsed = 0.1;  // of the busiest minute
constexpr minutes kCollapseAfter{5};
constexpr double kCalm = 1.5;  // of the usual trades
constexpr std::int32_t kCalmBars = 20;

double probability_of(double logit) {
    return 1.0 / (1.0 + std::exp(-std::clamp(logit, -40.0, 40.0)));
}

double bps(double from, double to) {
    return 1e4 * std::log(to / from);
}

}  // namespace

/// The thresholds at which the shipped model gives so many false alerts a symbol-day on the labelled tapes; the
/// probability is the model's own.
const Calibration& IgnitionWatch::calibration() {
    static constexpr Calibration kShipped{.at_10 = -13.0, .at_1 = -8.9, .at_01 = -3.1, .at_001 = 0.35};
    return kShipped;
}

void IgnitionWatch::on_trades(std::span<const market::Trade> trades, core::WallTime at, const MoveContext& context,
                              EpisodeLog& log) {
    if (hole_) {
        hole_ = false;
        known_ = false;
        bars_known_ = 0;
        held_.forget();
    }
    for (market::Trade trade : trades) {
        if (!core::is_finite_positive(trade.price) || !core::is_finite_positive(trade.size)) continue;
        close_bars(trade.time, context, log);
        if (flag_ == DetectorFlag::dump_ignition) {
            trade.size *= trade.price * trade.price;
            trade.price = 1.0 / trade.price;
            if (trade.taker_side != market::Side::unknown) {
                trade.taker_side = trade.taker_side == market::Side::buy ? market::Side::sell : market::Side::buy;
            }
        }
        model_.add(trade);
    }
    close_bars(at - kTradesLate, context, log);
    tape_until_ = std::max(tape_until_, at);
}

void IgnitionWatch::close_bars(core::WallTime up_to, const MoveContext& context, EpisodeLog& log) {
    while (const auto bar = model_.close_bar(up_to)) judge(*bar, context, log);
}

void IgnitionWatch::judge(const IgnitionBar& closed, const MoveContext& context, EpisodeLog& log) {
    IgnitionBar bar = closed;
    if (context.stressed) bar.logit -= kExplained;
    bars_known_ = std::min(bars_known_ + 1, kMinuteBars + 1);
    known_ = bar.bars_before >= kWarmUpBars && bars_known_ > kMinuteBars;
    const Episode* episode = log.open(flag_);
    if (episode != nullptr) follow(bar, log);
    if (!known_) return;
    // The model weighs bursts of either direction; a dump is one that falls.
    if (flag_ == DetectorFlag::dump_ignition && bar.price <= bar.price_before) return;
    if (log.recalibrates()) {
        null_.see(bar.logit, episode != nullptr || log.open(flag_) != nullptr, calibration(), bar.closes_at);
        bar.logit -= null_.raise(calibration());
    }
    held_.see(bar.logit, bar.closes_at);
    if (bar.trades == 0 || bar.logit < calibration().at_01) return;
    episode = log.open(flag_);
    if (episode == nullptr) return begin(bar, context, log);
    if (bar.closes_at - episode->start >= kSameBurst) {
        if (bar.logit < peak_logit_ + kClearlyHigher) return;
        log.end(flag_, episode->phase, bar.closes_at);
        return begin(bar, context, log);
    }
    if (bar.logit <= peak_logit_) return;
    peak_logit_ = bar.logit;
    Episode now{.probability = probability_of(bar.logit), .severity = score_of_rate(calibration().rate(bar.logit))};
    now.evidence = {evidence(Quantity::burst_probability, now.probability, kIgnitionThreshold),
                    evidence(Quantity::trades_vs_usual, std::exp(bar.features.activity)),
                    evidence(Quantity::move_bps, bps(real_price(base_), real_price(bar.price)))};
    log.update(flag_, now, bar.closes_at, true);
}

void IgnitionWatch::begin(const IgnitionBar& bar, const MoveContext& context, EpisodeLog& log) {
    base_ = bar.price_before;
    peak_ = std::max(bar.price, base_);
    peak_at_ = bar.closes_at;
    peak_logit_ = bar.logit;
    peak_trades_ = static_cast<double>(bar.trades_60s);
    calm_bars_ = 0;
    Episode episode{.flag = flag_,
                    .phase = EpisodePhase::ignition,
                    .start = bar.closes_at - kIgnitionBar,
                    .probability = probability_of(bar.logit),
                    .severity = score_of_rate(calibration().rate(bar.logit)),
                    .price = real_price(base_),
                    .repetitions = 1,
                    .trades = static_cast<std::uint64_t>(bar.trades_60s)};
    episode.evidence = {evidence(Quantity::burst_probability, episode.probability, kIgnitionThreshold),
                        evidence(Quantity::trades_vs_usual, std::exp(bar.features.activity)),
                        evidence(Quantity::value_vs_usual, std::exp(bar.features.buy_value)),
                        evidence(Quantity::move_bps, bps(real_price(base_), real_price(bar.price)))};
    if (context.index_share) episode.evidence.push_back(evidence(Quantity::index_share, *context.index_share));
    log.begin(std::move(episode), bar.closes_at);
}

void IgnitionWatch::follow(const IgnitionBar& bar, EpisodeLog& log) {
    const Episode& episode = *log.open(flag_);
    if (bar.price > peak_) {
        peak_ = bar.price;
        peak_at_ = bar.closes_at;
    }
    peak_trades_ = std::max(peak_trades_, static_cast<double>(bar.trades_60s));
    const double rise = std::log(peak_ / base_);
    const double retrace = rise > 0.0 ? std::log(peak_ / bar.price) / rise : 0.0;
    const bool in_time = bar.closes_at - episode.start <= kLongest;
    if (episode.phase != EpisodePhase::post_surge_reversal && in_time && retrace >= kRetraced) {
        log.set_phase(flag_, EpisodePhase::post_surge_reversal, {evidence(Quantity::retrace, retrace, kRetraced)},
                      bar.closes_at);
    } else if (episode.phase == EpisodePhase::ignition && bar.closes_at - peak_at_ >= kCollapseAfter &&
               static_cast<double>(bar.trades_60s) <= kCollapsed * peak_trades_) {
        log.set_phase(flag_, EpisodePhase::exhausted_spike, {evidence(Quantity::retrace, retrace, kRetraced)},
                      bar.closes_at);
    }
    calm_bars_ = static_cast<double>(bar.trades_60s) <= kCalm * bar.usual_trades + 1.0 ? calm_bars_ + 1 : 0;
    const bool settled = episode.phase == EpisodePhase::post_surge_reversal && calm_bars_ >= kCalmBars;
    if (!in_time || settled) {
        log.end(flag_, episode.phase == EpisodePhase::ignition ? EpisodePhase::over : episode.phase, bar.closes_at);
    }
}

void IgnitionWatch::tick(core::WallTime at, EpisodeLog& log) {
    const Episode* const episode = log.open(flag_);
    if (episode == nullptr || at - episode->start <= kLongest + kTapeLasts) return;
    log.end(flag_, episode->phase == EpisodePhase::ignition ? EpisodePhase::over : episode->phase, at);
}

std::optional<Reading> IgnitionWatch::reading(core::WallTime at, const EpisodeLog& log) const {
    if (hole_ || !known_ || at - tape_until_ >= kTapeLasts) return std::nullopt;
    Reading reading{.next_change = tape_until_ + kTapeLasts};
    if (const auto score = held_.score(at)) {
        reading.probability = probability_of(*score);
        reading.rate = calibration().rate(*score);
        reading.next_change = std::min(tape_until_ + kTapeLasts, *held_.next_change(at));
    }
    if (const Episode* const episode = log.open(flag_)) {
        reading.next_change = std::min(*reading.next_change, episode->start + kLongest + kTapeLasts);
    }
    return reading;
}

}  // namespace scanner::signals::detect
