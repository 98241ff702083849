#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What HTX calls what the feed subscribes, and the texts that ask for it. Pure.
namespace scanner::exchange::htx::feed {

inline constexpr std::string_view kMarketPath = "/linear-swap-ws";
inline constexpr std::string_view kNotificationPath = "/linear-swap-notification";

enum class TopicKind : std::uint8_t {
    book,  ///< every change of the 150 best levels of each side
    tape,  ///< every trade
};

[[nodiscard]] constexpr std::string_view to_string(TopicKind kind) {
    return kind == TopicKind::book ? "book" : "tape";
}
[[nodiscard]] std::string topic_name(TopicKind kind, std::string_view contract_code);

struct TopicName {
    TopicKind kind = TopicKind::book;
    std::string_view contract_code;
};
/// Nothing for topics that the feed does not subscribe.
[[nodiscard]] std::optional<TopicName> parse_topic(std::string_view name);

[[nodiscard]] std::string subscribe_text(TopicKind kind, std::string_view name, std::uint64_t id);
[[nodiscard]] std::string unsubscribe_text(std::string_view name, std::uint64_t id);
[[nodiscard]] std::string pong_text(std::int64_t number);

// The notification socket has a language of its own. Of all contracts at once:
inline constexpr std::string_view kFundingTopic = "public.*.funding_rate";
inline constexpr std::string_view kLiquidationTopic = "public.*.liquidation_orders";
inline constexpr std::string_view kContractTopic = "public.*.contract_info";

enum class NotificationKind : std::uint8_t { funding_rate, liquidation, contract_info };
/// Of "public.*.funding_rate" and of "public.BTC-USDT.funding_rate" alike.
[[nodiscard]] std::optional<NotificationKind> parse_notification_topic(std::string_view name);

[[nodiscard]] std::string notification_subscribe_text(std::string_view name, std::uint64_t id);
[[nodiscard]] std::string notification_pong_text(std::int64_t number);

/// Where the feed of the market at `base_url` is: the same host by ws:// or wss://, without a trailing slash; empty for
/// what is no http(s) or ws(s) URL.
[[nodiscard]] std::string feed_url(std::string_view base_url);

}  // namespace scanner::exchange::htx::feed
