#include "scanner/market/tape.hpp"

#include <algorithm>
#include <iterator>

namespace scanner::market {

bool Tape::remember(std::int64_t id) {
    if (id <= floor_) return false;
    if (ids_.empty() || id > ids_.back()) {
        ids_.push_back(id);
        return true;
    }
    const auto place = std::ranges::lower_bound(ids_, id);
    if (*place == id) return false;
    ids_.insert(place, id);
    return true;
}

/// Half of them at once, so that the rest is moved rarely.
void Tape::forget_oldest() {
    if (ids_.size() < 2 * kRemembered) return;
    const auto kept = ids_.end() - static_cast<std::ptrdiff_t>(kRemembered);
    floor_ = *std::prev(kept);
    ids_.erase(ids_.begin(), kept);
    if (hole_ && hole_->before != 0 && hole_->before <= floor_) {
        hole_.reset();
        ++given_up_;
    }
}

std::span<const Trade> Tape::take_new(std::span<const Trade> trades) {
    if (ids_.capacity() == 0) ids_.reserve(2 * kRemembered);
    constexpr std::size_t kUsual = 64;
    if (fresh_.capacity() > kUsual) fresh_ = {};  // after a long list
    fresh_.clear();
    for (const Trade& trade : trades) {
        if (!remember(trade.trade_id)) continue;
        fresh_.push_back(trade);
        forget_oldest();
    }
    std::ranges::sort(fresh_, {}, &Trade::trade_id);
    return fresh_;
}

std::span<const Trade> Tape::add(std::span<const Trade> trades) {
    if (trades.empty()) return {};
    if (hole_ && hole_->before == 0) {
        const auto [first, last] = std::ranges::minmax(trades, {}, &Trade::trade_id);
        if (hole_->after != 0 && last.trade_id == hole_->after) {
            // A stream that begins with the trade that was the last one before: none was missed.
            hole_.reset();
        } else if (last.trade_id > hole_->after) {
            hole_->before = std::max(first.trade_id, hole_->after + 1);
        }
    }
    const std::span<const Trade> fresh = take_new(trades);
    if (!fresh.empty() && fresh.back().trade_id > newest_id_) {
        newest_id_ = fresh.back().trade_id;
        newest_time_ = fresh.back().time;
    }
    return fresh;
}

void Tape::interrupted() {
    if (hole_ && (hole_->after != 0 || newest_id_ == 0)) {
        hole_->before = 0;  // what came in between is remembered, and a list that reaches behind it will be needed
        return;
    }
    hole_ = Hole{.after = newest_id_, .since = newest_time_, .before = 0};
}

Tape::Filled Tape::fill(std::span<const Trade> list, bool followed, core::WallTime needed_from) {
    if (!hole_) return {.fresh = list.empty() ? std::span<const Trade>() : add(list), .complete = true};
    if (list.empty()) {
        if (hole_->after == 0 && hole_->before == 0 && followed) hole_.reset();  // it never traded
        return {.fresh = {}, .complete = is_complete()};
    }
    const auto [first, last] = std::ranges::minmax(list, {}, &Trade::trade_id);
    const Hole hole = *hole_;
    const bool reaches_newer_end = hole.before == 0 ? followed : last.trade_id >= hole.before;
    const bool reaches_older_end = hole.after == 0 || first.trade_id <= hole.after;
    const std::span<const Trade> fresh = take_new(list);
    if (last.trade_id > newest_id_) {
        newest_id_ = last.trade_id;
        newest_time_ = last.time;
    }
    if (hole_ && reaches_newer_end) {
        if (reaches_older_end) {
            hole_.reset();
        } else if (first.time < needed_from) {
            hole_.reset();
            ++given_up_;
        } else {
            hole_->before = first.trade_id;
        }
    }
    return {.fresh = fresh, .complete = is_complete()};
}

std::optional<core::WallTime> Tape::incomplete_since() const noexcept {
    return hole_ ? hole_->since : std::nullopt;
}

}  // namespace scanner::market
