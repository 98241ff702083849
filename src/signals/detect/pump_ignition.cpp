#include "scanner/signals/detect/pump_ignition.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kBarMs = milliseconds(kIgnitionBar).count();
constexpr std::size_t kMinute = 4;  // bars
constexpr std::size_t kFiveMinutes = 20;
constexpr std::size_t kHour = 240;
constexpr double kRecordHalfLife = 5760.0;  // bars of a day
/// Least usual move of a bar, and least record of a minute: below them a single price step would look like a surge.
constexpr double kLeastUsualMove = 3e-4;
constexpr double kLeastRecord = 1e-3;
constexpr double kLeastVolatility = 1e-4;
/// No single feature may decide alone.
constexpr double kFeatureLimit = 50.0;
constexpr double kProductLimit = 200.0;

/// Mean features at the onsets of the labelled pumps, rounded: products are of distances from them.
struct Onset {
    double rush = 2.3;
    double activity = 4.6;
    double move = 19.4;
    double uneven = 2.7;
    double record = 0.6;
    double volatility = -6.5;
};
constexpr Onset kOnset;

/// This and the coefficients below: bench/detector/fit.py. Fitted on all five folds; docs/manipulation.md tells what
/// the same fit reached out of fold.
constexpr double kIntercept = -12.760521;

std::int64_t to_ms(core::WallTime time) {
    return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}

std::int64_t bar_of(std::int64_t ms) {
    return ms >= 0 ? ms / kBarMs : -((-ms + kBarMs - 1) / kBarMs);
}

double limited(double value) {
    return std::isfinite(value) ? std::clamp(value, -kFeatureLimit, kFeatureLimit) : 0.0;
}

double limited_product(double value) {
    return std::isfinite(value) ? std::clamp(value, -kProductLimit, kProductLimit) : 0.0;
}

double compressed(double value) {
    return std::copysign(std::log1p(std::abs(value)), value);
}

double fade(double record, std::int64_t bars) {
    return record * std::exp2(-static_cast<double>(bars) / kRecordHalfLife);
}

}  // namespace

const std::array<IgnitionTerm, 13>& ignition_terms() noexcept {
    static constexpr std::array<IgnitionTerm, 13> kTerms{{
        {"activity", &IgnitionFeatures::activity, 2.52513},
        {"rush_active", &IgnitionFeatures::rush_active, -1.17046},
        {"rush_record", &IgnitionFeatures::rush_record, 0.88313},
        {"fourth_bar", &IgnitionFeatures::fourth_bar, -0.50099},
        {"move_5m", &IgnitionFeatures::move_5m, -0.34837},
        {"move_1h", &IgnitionFeatures::move_1h, 2.59764},
        {"move_before", &IgnitionFeatures::move_before, -2.22129},
        {"rise_record", &IgnitionFeatures::rise_record, 1.33079},
        {"move_uneven", &IgnitionFeatures::move_uneven, 0.1404},
        {"buy_value", &IgnitionFeatures::buy_value, 1.13814},
        {"volatility", &IgnitionFeatures::volatility, 1.02021},
        {"stirred", &IgnitionFeatures::stirred, 4.71987},
        {"record_calm", &IgnitionFeatures::record_calm, 2.22438},
    }};
    return kTerms;
}

DecayingMean::DecayingMean(double half_life) : keep_(std::exp2(-1.0 / half_life)) {}

void DecayingMean::add(double value) {
    sum_ = sum_ * keep_ + value * (1.0 - keep_);
    weight_ = weight_ * keep_ + (1.0 - keep_);
}

void DecayingMean::add_zeros(std::int64_t count) {
    const double kept = std::pow(keep_, static_cast<double>(count));
    sum_ *= kept;
    weight_ = 1.0 - (1.0 - weight_) * kept;
}

std::optional<IgnitionBar> PumpIgnition::close_bar(core::WallTime time) {
    if (!begun_ || holed_) return std::nullopt;
    const std::int64_t due = bar_of(to_ms(time));
    if (due <= bar_) return std::nullopt;
    // Once every close of the last hour is the same, another silent bar tells nothing new.
    if (trades_ == 0 && quiet_bars_ >= static_cast<std::int64_t>(kHour + kMinute)) {
        pass_over(due - bar_);
        return std::nullopt;
    }
    return finish_bar();
}

void PumpIgnition::add(const market::Trade& trade) {
    if (!core::is_finite_positive(trade.price) || !core::is_finite_positive(trade.size)) return;
    const std::int64_t ms = to_ms(trade.time);
    if (!begun_) {
        begun_ = true;
        bar_ = bar_of(ms);
        millisecond_ = ms;
        price_ = trade.price;
    }
    if (holed_) begin_again(ms, trade.price);
    if (ms > millisecond_) {
        finish_millisecond();
        millisecond_ = ms;
    }
    ++trades_;
    value_ += trade.price * trade.size;
    moment_.value += trade.price * trade.size;
    moment_.size += trade.size;
    if (trade.taker_side != market::Side::buy) return;
    buy_value_ += trade.price * trade.size;
    if (++moment_buys_ == 2) ++rushes_;
}

void PumpIgnition::begin_again(std::int64_t ms, double price) {
    holed_ = false;
    if (bar_of(ms) <= bar_) return;  // within the open bar: too little is missing to matter
    bar_ = bar_of(ms);
    millisecond_ = ms;
    moment_ = {};
    moment_buys_ = trades_ = rushes_ = quiet_bars_ = 0;
    value_ = buy_value_ = 0.0;
    price_ = price;
    last_trades_ = last_rushes_ = {};
    last_values_ = last_buy_values_ = {};
    closes_.fill(price);
}

bool PumpIgnition::is_sane() const {
    const auto means = {&usual_trades_, &usual_rushes_,     &usual_square_,   &day_square_,
                        &day_value_,    &day_value_square_, &usual_buy_value_};
    const bool mean = std::ranges::all_of(means, [](const DecayingMean* one) { return one->get() >= 0.0; });
    const bool prices = std::ranges::all_of(closes_, [](double close) { return close >= 0.0; });
    return bars_ >= 0 && quiet_bars_ >= 0 && trades_ >= 0 && rushes_ >= 0 && moment_buys_ >= 0 && moment_.size >= 0.0 &&
           mean && prices && (!begun_ || price_ > 0.0) && trades_record_ >= 0.0 && rise_record_ >= 0.0 &&
           rushes_record_ >= 0.0 && buy_value_ >= 0.0;
}

void PumpIgnition::finish_millisecond() {
    if (moment_.size > 0.0 && std::isfinite(moment_.value)) price_ = moment_.value / moment_.size;
    moment_ = {};
    moment_buys_ = 0;
}

double PumpIgnition::price_before(std::size_t bars) const {
    const auto known = static_cast<std::size_t>(std::min<std::int64_t>(bars_, kPrices));
    if (known == 0) return price_;
    const auto newest = static_cast<std::size_t>(bars_ - 1);
    return closes_[(newest - (std::min(bars, known) - 1)) % kPrices];
}

IgnitionFeatures PumpIgnition::features(double of_minute, double move) const {
    const double rushes_of_minute = static_cast<double>(rushes_ + last_rushes_[0] + last_rushes_[1] + last_rushes_[2]);
    const double bought = buy_value_ + last_buy_values_[0] + last_buy_values_[1] + last_buy_values_[2];
    const double usual_value = day_value_.get();
    const double usual_move = std::max(std::sqrt(usual_square_.get()), kLeastUsualMove);
    const auto in_usual_moves = [&](double from, double to, std::size_t bars) {
        return std::log(to / from) / (usual_move * std::sqrt(static_cast<double>(bars)));
    };
    const double activity = std::log((of_minute + 1.0) / (4.0 * usual_trades_.get() + 1.0));
    const double rush = std::log((static_cast<double>(rushes_) + 1.0) / (usual_rushes_.get() + 1.0));
    const double record = std::log((of_minute + 1.0) / (trades_record_ + 1.0));
    const double volatility = std::log(std::sqrt(day_square_.get()) + kLeastVolatility);
    const double uneven = usual_value > 0.0 ? std::log(std::sqrt(day_value_square_.get()) / usual_value) : 0.0;
    const double of_four = std::log(std::sqrt(usual_square_.get()) + kLeastVolatility);
    return {
        .activity = activity,
        .rush_active = (rush - kOnset.rush) * (activity - kOnset.activity),
        .rush_record = std::log((rushes_of_minute + 1.0) / (rushes_record_ + 1.0)),
        .fourth_bar = std::log((static_cast<double>(last_trades_[0]) + 1.0) / (usual_trades_.get() + 1.0)),
        .move_5m = limited(in_usual_moves(price_before(kFiveMinutes), price_, kFiveMinutes)),
        .move_1h = compressed(in_usual_moves(price_before(kHour), price_, kHour)),
        .move_before =
            compressed(in_usual_moves(price_before(kHour), price_before(kFiveMinutes), kHour - kFiveMinutes)),
        .rise_record = limited(move / (rise_record_ + kLeastRecord)),
        .move_uneven =
            (limited(in_usual_moves(price_before(kMinute), price_, kMinute)) - kOnset.move) * (uneven - kOnset.uneven),
        .buy_value =
            usual_value > 0.0 ? std::log((bought + usual_value) / (4.0 * usual_buy_value_.get() + usual_value)) : 0.0,
        .volatility = volatility,
        .stirred = of_four - volatility,
        .record_calm = (record - kOnset.record) * (volatility - kOnset.volatility),
    };
}

IgnitionBar PumpIgnition::finish_bar() {
    finish_millisecond();
    const auto of_minute = static_cast<double>(trades_ + last_trades_[0] + last_trades_[1] + last_trades_[2]);
    const double move = std::log(price_ / price_before(kMinute));
    IgnitionBar bar{.closes_at = core::WallTime(milliseconds((bar_ + 1) * kBarMs)),
                    .trades = trades_,
                    .bars_before = bars_,
                    .trades_60s = trades_ + last_trades_[0] + last_trades_[1] + last_trades_[2],
                    .usual_trades = 4.0 * usual_trades_.get(),
                    .price = price_,
                    .price_before = price_before(kMinute),
                    .features = features(of_minute, move)};
    bar.logit = kIntercept;
    for (const IgnitionTerm& term : ignition_terms()) {
        double& feature = bar.features.*term.feature;
        feature = limited_product(feature);
        bar.logit += term.coefficient * feature;
    }
    bar.probability = 1.0 / (1.0 + std::exp(-bar.logit));

    // The bar was not part of its own yardsticks; it is of the next ones.
    const double change = std::log(price_ / price_before(1));
    usual_trades_.add(static_cast<double>(trades_));
    usual_rushes_.add(static_cast<double>(rushes_));
    usual_square_.add(change * change);
    day_square_.add(change * change);
    day_value_.add(value_);
    day_value_square_.add(value_ * value_);
    trades_record_ = std::max(fade(trades_record_, 1), of_minute);
    rushes_record_ = std::max(fade(rushes_record_, 1),
                              static_cast<double>(rushes_ + last_rushes_[0] + last_rushes_[1] + last_rushes_[2]));
    rise_record_ = std::max(fade(rise_record_, 1), move);
    usual_buy_value_.add(buy_value_);
    closes_[static_cast<std::size_t>(bars_) % kPrices] = price_;
    last_trades_ = {last_trades_[1], last_trades_[2], trades_};
    last_values_ = {last_values_[1], last_values_[2], value_};
    last_rushes_ = {last_rushes_[1], last_rushes_[2], rushes_};
    last_buy_values_ = {last_buy_values_[1], last_buy_values_[2], buy_value_};
    quiet_bars_ = trades_ == 0 ? quiet_bars_ + 1 : 0;
    trades_ = 0;
    rushes_ = 0;
    value_ = buy_value_ = 0.0;
    ++bars_;
    ++bar_;
    return bar;
}

void PumpIgnition::pass_over(std::int64_t bars) {
    usual_trades_.add_zeros(bars);
    usual_rushes_.add_zeros(bars);
    usual_square_.add_zeros(bars);
    day_square_.add_zeros(bars);
    day_value_.add_zeros(bars);
    day_value_square_.add_zeros(bars);
    trades_record_ = fade(trades_record_, bars);
    rushes_record_ = fade(rushes_record_, bars);
    rise_record_ = fade(rise_record_, bars);
    usual_buy_value_.add_zeros(bars);
    bars_ += bars;
    bar_ += bars;
    closes_.fill(price_);
}

}  // namespace scanner::signals
