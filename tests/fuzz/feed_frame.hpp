#pragma once

#include "exchange/htx/feed/frames/market_frame.hpp"
#include "exchange/htx/feed/frames/notification_frame.hpp"
#include "fuzz/check.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

namespace feed = exchange::htx::feed;

inline bool sound_levels(std::span<const market::Level> levels) {
    return std::ranges::all_of(levels, [](const market::Level& level) {
        return core::is_finite_positive(level.price) && std::isfinite(level.size) && level.size >= 0.0;
    });
}

inline void check_market_frame(const feed::MarketFrame& frame) {
    if (frame.book) {
        const auto& book = *frame.book;
        require(frame.kind == feed::MarketFrame::Kind::data && frame.problem == nullptr, "a book is data");
        require(book.version > 0, "a version is above 0");
        require(sound_levels(book.bids) && sound_levels(book.asks), "prices are above 0 and sizes not below");
        if (book.whole) {
            require(std::ranges::is_sorted(book.bids, std::ranges::greater(), &market::Level::price) &&
                        std::ranges::is_sorted(book.asks, std::ranges::less(), &market::Level::price),
                    "a snapshot is in order");
        }
    }
    require(frame.problem == nullptr || frame.trades.empty(), "of what is wrong there are no trades");
    for (const market::Trade& trade : frame.trades) {
        require(trade.trade_id > 0 && core::is_finite_positive(trade.price) && core::is_finite_positive(trade.size),
                "a trade has an id, a price and a size");
    }
}

inline void check_notification(const feed::NotificationFrame& frame) {
    for (const auto& row : frame.rows) {
        require(!row.contract_code.empty() && row.contract_code.size() <= 64, "a row is about a contract");
        if (frame.about == feed::NotificationKind::liquidation) {
            require(core::is_finite_positive(row.liquidation.price) && core::is_finite_positive(row.liquidation.size),
                    "a liquidation has a price and a size");
        }
        require(!row.funding.rate || std::isfinite(*row.funding.rate), "a rate is finite");
    }
}

/// One side of the tick by a parser of all JSON; nothing where it is none of what `read_levels` takes.
inline std::optional<std::vector<market::Level>> plain_side(const nlohmann::json& tick, const char* side) {
    std::vector<market::Level> out;
    if (!tick.is_object() || !tick.contains(side)) return out;
    const auto& levels = tick.at(side);
    if (!levels.is_array()) return std::nullopt;
    for (const auto& pair : levels) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) return std::nullopt;
        out.push_back({.price = pair[0].get<double>(), .size = pair[1].get<double>()});
    }
    return out;
}

/// The levels are those that a parser of all JSON reads. Keys that come twice and escaped ones are anyone's guess.
inline void compare_levels(const feed::MarketFrame& frame, std::string_view text) {
    const auto once = [text](std::string_view key) { return text.find(key) == text.rfind(key); };
    if (!frame.book || !once("\"tick\"") || !once("\"bids\"") || !once("\"asks\"") || text.contains('\\')) return;
    // What is skipped is not looked at, so that not everything else need be JSON.
    const auto root = nlohmann::json::parse(text, nullptr, false);
    if (!root.is_object() || !root.contains("tick")) return;
    for (const bool bids : {true, false}) {
        const auto plain = plain_side(root.at("tick"), bids ? "bids" : "asks");
        require(plain.has_value(), "levels that are read are levels");
        require(std::ranges::equal(*plain, bids ? frame.book->bids : frame.book->asks), "both read the same levels");
    }
}

/// Books in their usual form pass by the parser of all JSON, which must make no difference.
inline void compare_short_cut(const core::Result<feed::MarketFrame>& fast, std::string_view text) {
    static feed::MarketFrameDecoder json;
    const auto slow = json.decode_as_json(text);
    require(fast.has_value() == slow.has_value(), "both ways read the same messages");
    if (!fast) return;
    require(fast->kind == slow->kind && fast->topic == slow->topic && fast->time == slow->time,
            "both ways say what a message is about");
    require((fast->problem == nullptr) == (slow->problem == nullptr), "both ways find what is wrong");
    require(fast->book.has_value() == slow->book.has_value(), "both ways read the same books");
    if (!fast->book) return;
    const auto& a = *fast->book;
    const auto& b = *slow->book;
    require(a.whole == b.whole && a.version == b.version && a.matching_id == b.matching_id && a.time == b.time &&
                std::ranges::equal(a.bids, b.bids) && std::ranges::equal(a.asks, b.asks),
            "both ways read the same of a book");
}

/// A message of the live feed after decompression. The first byte chooses the socket.
inline void feed_frame(std::string_view input) {
    static feed::MarketFrameDecoder market;
    static feed::NotificationDecoder notifications;
    const bool is_market = take_choice(input) % 4 != 3;
    // Just what the inflater leaves: so many bytes more may be read, and not one further.
    const auto room = std::make_unique<char[]>(input.size() + net::GzipInflater::kPadding);
    std::memcpy(room.get(), input.data(), input.size());
    const std::string_view text(room.get(), input.size());
    if (is_market) {
        const auto frame = market.decode(text);
        compare_short_cut(frame, text);
        if (frame) {
            check_market_frame(*frame);
            compare_levels(*frame, text);
        }
    } else {
        if (const auto frame = notifications.decode(text)) check_notification(*frame);
    }
}

}  // namespace scanner::fuzz
