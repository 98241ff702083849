#include "exchange/htx/feed/topics.hpp"

#include "scanner/core/json_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

constexpr std::string_view kPrefix = "market.";
constexpr std::string_view kBookSuffix = ".depth.size_150.high_freq";
constexpr std::string_view kTapeSuffix = ".trade.detail";

std::string_view suffix(TopicKind kind) {
    return kind == TopicKind::book ? kBookSuffix : kTapeSuffix;
}

std::string finished(core::JsonWriter& json) {
    json.end_object();
    return std::move(json).take();
}

}  // namespace

std::string topic_name(TopicKind kind, std::string_view contract_code) {
    return fmt::format("{}{}{}", kPrefix, contract_code, suffix(kind));
}

std::optional<TopicName> parse_topic(std::string_view name) {
    if (!name.starts_with(kPrefix)) return std::nullopt;
    name.remove_prefix(kPrefix.size());
    for (const auto kind : {TopicKind::book, TopicKind::tape}) {
        if (name.size() > suffix(kind).size() && name.ends_with(suffix(kind))) {
            name.remove_suffix(suffix(kind).size());
            return TopicName{.kind = kind, .contract_code = name};
        }
    }
    return std::nullopt;
}

std::string subscribe_text(TopicKind kind, std::string_view name, std::uint64_t id) {
    core::JsonWriter json(128);
    json.begin_object().field("sub", name);
    if (kind == TopicKind::book) json.field("data_type", "incremental");
    json.field("id", fmt::format("{}", id));
    return finished(json);
}

std::string unsubscribe_text(std::string_view name, std::uint64_t id) {
    core::JsonWriter json(128);
    json.begin_object().field("unsub", name).field("id", fmt::format("{}", id));
    return finished(json);
}

std::string pong_text(std::int64_t number) {
    return fmt::format(R"({{"pong":{}}})", number);
}

std::optional<NotificationKind> parse_notification_topic(std::string_view name) {
    static constexpr std::array kEndings{
        std::pair(std::string_view(".funding_rate"), NotificationKind::funding_rate),
        std::pair(std::string_view(".liquidation_orders"), NotificationKind::liquidation),
        std::pair(std::string_view(".contract_info"), NotificationKind::contract_info)};
    if (!name.starts_with("public.")) return std::nullopt;
    for (const auto& [ending, kind] : kEndings) {
        if (name.ends_with(ending)) return kind;
    }
    return std::nullopt;
}

std::string notification_subscribe_text(std::string_view name, std::uint64_t id) {
    core::JsonWriter json(128);
    json.begin_object().field("op", "sub").field("cid", fmt::format("{}", id)).field("topic", name);
    return finished(json);
}

std::string notification_pong_text(std::int64_t number) {
    return fmt::format(R"({{"op":"pong","ts":{}}})", number);
}

std::string feed_url(std::string_view base_url) {
    static constexpr std::array kSchemes{std::pair(std::string_view("https://"), std::string_view("wss://")),
                                         std::pair(std::string_view("http://"), std::string_view("ws://")),
                                         std::pair(std::string_view("wss://"), std::string_view("wss://")),
                                         std::pair(std::string_view("ws://"), std::string_view("ws://"))};
    while (base_url.ends_with('/')) base_url.remove_suffix(1);
    for (const auto& [from, to] : kSchemes) {
        if (base_url.starts_with(from) && base_url.size() > from.size()) {
            return fmt::format("{}{}", to, base_url.substr(from.size()));
        }
    }
    return {};
}

}  // namespace scanner::exchange::htx::feed
