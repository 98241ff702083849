#pragma once

#include "simulator/face/encode/depth_step.hpp"
#include "simulator/face/state/candle_series.hpp"
#include "simulator/face/state/directory.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// The grammar of what can be subscribed. Pure.
namespace scanner::simulator::face {

/// The three kinds of WebSocket that the exchange offers without a login.
enum class FeedSocket {
    market,        ///< /linear-swap-ws
    notification,  ///< /linear-swap-notification
    index,         ///< /ws_index
};
[[nodiscard]] std::optional<FeedSocket> feed_socket(std::string_view path);

/// What a topic of the market or index socket is about.
enum class TopicKind {
    kline,       ///< market.$c.kline.$period
    depth_step,  ///< market.$c.depth.step0 … step19
    high_freq,   ///< market.$c.depth.size_20.high_freq, size_150
    bbo,
    detail,
    trades,          ///< market.$c.trade.detail
    index,           ///< market.$c.index.$period, of the index socket as all that follow
    mark_price,      ///< market.$c.mark_price.$period
    premium_index,   ///< market.$c.premium_index.$period
    estimated_rate,  ///< market.$c.estimated_rate.$period
    basis,           ///< market.$c.basis.$period.$price_type
};

struct Topic {
    TopicKind kind = TopicKind::bbo;
    std::size_t contract = 0;
    std::string channel;           ///< as the exchange writes it, the contract in upper case
    std::size_t levels = 150;      ///< high_freq
    DepthStep step;                ///< depth_step
    Period period = Period::min1;  ///< candles
    std::string price_type;        ///< basis: open, close, high, low, average
};
/// Nothing for what the exchange would not know on this socket. The contract may be in any case.
[[nodiscard]] std::optional<Topic> parse_topic(std::string_view text, FeedSocket socket, const Directory& directory);

/// What a topic of the notification socket is about.
enum class NoticeKind { funding_rate, liquidation_orders, contract_info, contract_elements };

struct NoticeTopic {
    NoticeKind kind = NoticeKind::funding_rate;
    std::optional<std::size_t> contract;  ///< nothing: "*", all of them
    std::string name;                     ///< "public.BTC-USDT.funding_rate"
};
enum class NoticeProblem {
    topic,     ///< 2010
    contract,  ///< 2011
};
[[nodiscard]] std::expected<NoticeTopic, NoticeProblem> parse_notice_topic(std::string_view text,
                                                                           const Directory& directory);
/// "funding_rate"
[[nodiscard]] std::string_view to_string(NoticeKind kind);

}  // namespace scanner::simulator::face
