#pragma once

#include "exchange/htx/feed/market_frame.hpp"
#include "exchange/htx/feed/notification_frame.hpp"
#include "fuzz/check.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>

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
        if (const auto frame = market.decode(text)) check_market_frame(*frame);
    } else {
        if (const auto frame = notifications.decode(text)) check_notification(*frame);
    }
}

}  // namespace scanner::fuzz
