#include "engine/candle_series.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scanner::engine {
namespace {

using Candles = std::vector<market::Candle>;

/// The exchange prints minutes without trades, so a hole is one of its own making. A short one is bridged with such
/// flat candles; across a long one nothing can be said of what happened, and what lies before it is given up.
constexpr std::int64_t kMaxBridge = 3;

/// A volume is a sum, whose last digits depend on the order.
constexpr double kVolumeTolerance = 1e-6;

bool agree(const market::Candle& told, const market::Candle& fetched) {
    const double larger = std::max(std::abs(told.base_volume), std::abs(fetched.base_volume));
    return told.open == fetched.open && told.high == fetched.high && told.low == fetched.low &&
           told.close == fetched.close && std::abs(told.base_volume - fetched.base_volume) <= kVolumeTolerance * larger;
}

bool same(const market::Candle& left, const market::Candle& right) {
    return left.open == right.open && left.high == right.high && left.low == right.low && left.close == right.close &&
           left.base_volume == right.base_volume;
}

void append_on_grid(Candles& out, const market::Candle& candle, std::int64_t interval_ms) {
    if (!out.empty() && candle.open_time_ms - out.back().open_time_ms > (kMaxBridge + 1) * interval_ms) out.clear();
    while (!out.empty() && out.back().open_time_ms + interval_ms < candle.open_time_ms) {
        const double close = out.back().close;
        out.push_back({out.back().open_time_ms + interval_ms, close, close, close, close, 0.0});
    }
    out.push_back(candle);
}

}  // namespace

CandleSeries::CandleSeries(int interval_minutes, std::size_t capacity)
    : interval_ms_(static_cast<std::int64_t>(interval_minutes) * 60'000),
      capacity_(capacity),
      candles_(std::make_shared<const Candles>()) {}

std::int64_t CandleSeries::bucket(core::WallTime time) const {
    return core::to_unix_ms(time) / interval_ms_ * interval_ms_;
}

int CandleSeries::missing(core::WallTime exchange_now) const {
    if (candles_->empty() || !fetched_ms_) return static_cast<int>(capacity_);
    const std::int64_t behind = (bucket(exchange_now) - *fetched_ms_) / interval_ms_;
    if (behind <= 0) return 0;
    // The one that was running is fetched again too: it has grown since it was seen last.
    return static_cast<int>(std::min<std::int64_t>(behind + 1, static_cast<std::int64_t>(capacity_)));
}

CandleSeries::Checked CandleSeries::merge(std::span<const market::Candle> newest) {
    if (newest.empty()) return {};
    const Checked checked = check(newest);
    fetched_ms_ = std::max(fetched_ms_.value_or(newest.back().open_time_ms), newest.back().open_time_ms);
    Candles merged;
    merged.reserve(capacity_ + newest.size());
    for (const market::Candle& held : *candles_) {
        if (held.open_time_ms >= newest.front().open_time_ms) break;
        merged.push_back(held);
    }
    if (!merged.empty() && merged.back().open_time_ms + interval_ms_ < newest.front().open_time_ms) merged.clear();
    for (const market::Candle& candle : newest) append_on_grid(merged, candle, interval_ms_);
    for (const market::Candle& held : *candles_) {
        if (held.open_time_ms > newest.back().open_time_ms) append_on_grid(merged, held, interval_ms_);
    }
    if (merged.size() > capacity_) {
        merged.erase(merged.begin(), merged.end() - static_cast<std::ptrdiff_t>(capacity_));
    }
    candles_ = std::make_shared<const Candles>(std::move(merged));
    return checked;
}

CandleSeries::Checked CandleSeries::check(std::span<const market::Candle> newest) {
    Checked checked;
    for (const market::Candle& fetched : newest) {
        if (std::erase(told_ms_, fetched.open_time_ms) == 0) continue;
        const auto held = std::ranges::find(*candles_, fetched.open_time_ms, &market::Candle::open_time_ms);
        if (held == candles_->end()) continue;
        ++checked.candles;
        if (!agree(*held, fetched)) ++checked.mismatches;
    }
    // What the fetch did not reach stays unchecked; it is not asked for again.
    std::erase_if(told_ms_, [&](std::int64_t open) { return open < newest.back().open_time_ms; });
    if (told_last_ms_ && *told_last_ms_ <= newest.back().open_time_ms) told_last_ms_.reset();
    return checked;
}

void CandleSeries::clear() {
    candles_ = std::make_shared<const std::vector<market::Candle>>();
    fetched_ms_.reset();
    told_last_ms_.reset();
    told_ms_.clear();
}

void CandleSeries::leave_tape() {
    if (!is_last_told()) return;
    told_last_ms_.reset();
    if (fetched_ms_) fetched_ms_ = std::min(*fetched_ms_, candles_->back().open_time_ms - interval_ms_);
}

bool CandleSeries::follow_tape(const market::Candle& running, const std::optional<market::Candle>& finished) {
    if (candles_->empty()) return false;
    const market::Candle& last = candles_->back();
    if (running.open_time_ms == last.open_time_ms) {
        if (same(running, last)) return false;
        Candles moved = *candles_;
        moved.back() = running;
        told_last_ms_ = running.open_time_ms;
        candles_ = std::make_shared<const Candles>(std::move(moved));
        return false;
    }
    const bool follows = running.open_time_ms == last.open_time_ms + interval_ms_;
    if (!follows || !finished || finished->open_time_ms != last.open_time_ms) return false;
    Candles longer;
    longer.reserve(capacity_ + 1);
    longer.assign(candles_->begin(), candles_->end());
    longer.back() = *finished;
    longer.push_back(running);
    if (longer.size() > capacity_) longer.erase(longer.begin());
    if (told_ms_.size() >= capacity_) told_ms_.erase(told_ms_.begin());
    told_ms_.push_back(finished->open_time_ms);
    told_last_ms_ = running.open_time_ms;
    candles_ = std::make_shared<const Candles>(std::move(longer));
    return true;
}

void CandleSeries::follow(double last_price, core::WallTime exchange_now) {
    if (candles_->empty() || !(last_price > 0.0)) return;
    const market::Candle& running = candles_->back();
    if (running.open_time_ms < bucket(exchange_now) || running.close == last_price) return;
    move_last(last_price, last_price, last_price);
}

void CandleSeries::follow_trades(double low, double high, double last_price, core::WallTime at) {
    if (candles_->empty() || !(low > 0.0)) return;
    const market::Candle& running = candles_->back();
    if (running.open_time_ms != bucket(at)) return;
    if (running.close == last_price && running.low <= low && running.high >= high) return;
    move_last(low, high, last_price);
}

void CandleSeries::move_last(double low, double high, double close) {
    Candles moved = *candles_;
    moved.back().close = close;
    moved.back().high = std::max(moved.back().high, high);
    moved.back().low = std::min(moved.back().low, low);
    candles_ = std::make_shared<const Candles>(std::move(moved));
}

CandleSeries::View CandleSeries::view(core::WallTime exchange_now) const {
    const bool running = !candles_->empty() && candles_->back().open_time_ms >= bucket(exchange_now);
    return {candles_, candles_->size() - (running ? 1U : 0U)};
}

}  // namespace scanner::engine
