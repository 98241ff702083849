#include "engine/manipulation/episode_context.hpp"

#include "scanner/core/json_writer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

std::vector<market::Level> best_of(std::span<const market::Level> side) {
    const auto kept = side.first(std::min(side.size(), RecentMarket::kLevels));
    return {kept.begin(), kept.end()};
}

void write_side(core::JsonWriter& json, std::string_view name, const std::vector<market::Level>& side) {
    json.key(name).begin_array();
    for (const market::Level& level : side) json.begin_array().value(level.price).value(level.size).end_array();
    json.end_array();
}

}  // namespace

void RecentMarket::add(std::span<const market::Trade> trades) {
    for (const market::Trade& trade : trades) trades_.push_back({.number = ++number_, .trade = trade});
    while (trades_.size() > kMaxTrades) {
        trades_.pop_front();
        overflowed_ = true;
    }
}

void RecentMarket::look(std::span<const market::Level> bids, std::span<const market::Level> asks, core::WallTime at) {
    if (!looks_.empty() && at - looks_.back().book.time < kBetweenLooks) return;
    looks_.push_back({.number = ++number_, .book = {.time = at, .bids = best_of(bids), .asks = best_of(asks)}});
    forget(at);
}

void RecentMarket::forget(core::WallTime at) {
    while (!trades_.empty() && trades_.front().trade.time < at - kReach) trades_.pop_front();
    while (!looks_.empty() && looks_.front().book.time < at - kReach) looks_.pop_front();
    if (trades_.empty()) overflowed_ = false;
}

bool EpisodeContext::wants(core::WallTime time) const {
    const auto near = [time](core::WallTime moment) {
        return time >= moment - RecentMarket::kReach && time <= moment + RecentMarket::kReach;
    };
    return near(start_) || (end_ && near(*end_));
}

void EpisodeContext::take(const RecentMarket& recent) {
    for (const RecentMarket::KeptTrade& kept : recent.trades()) {
        if (kept.number <= last_trade_ || !wants(kept.trade.time)) continue;
        last_trade_ = kept.number;
        if (trades_.size() < kMaxTrades) {
            trades_.push_back(kept.trade);
        } else {
            truncated_ = true;
        }
    }
    for (const RecentMarket::KeptLook& kept : recent.looks()) {
        if (kept.number <= last_look_ || !wants(kept.book.time)) continue;
        last_look_ = kept.number;
        if (looks_.size() < kMaxLooks) {
            looks_.push_back(kept.book);
        } else {
            truncated_ = true;
        }
    }
    truncated_ = truncated_ || (recent.overflowed() && !trades_.empty());
}

std::string EpisodeContext::json() const {
    core::JsonWriter json(256 + trades_.size() * 56 + looks_.size() * 320);
    json.begin_object().field("truncated", truncated_).key("trades").begin_array();
    std::vector<market::Trade> trades = trades_;
    std::ranges::sort(trades, {}, [](const market::Trade& trade) { return std::pair(trade.time, trade.trade_id); });
    for (const market::Trade& trade : trades) {
        json.begin_array().value(core::to_unix_ms(trade.time)).value(to_string(trade.taker_side));
        json.value(trade.price).value(trade.size / 2.0).end_array();  // Trade::size counts both sides
    }
    json.end_array().key("books").begin_array();
    for (const BookGlance& look : looks_) {
        json.begin_object().field("ts_ms", core::to_unix_ms(look.time));
        write_side(json, "bids", look.bids);
        write_side(json, "asks", look.asks);
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace scanner::engine
