#include "simulator/face/ws/topic.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace scanner::simulator::face {
namespace {

constexpr std::size_t kMaxTopicLength = 128;

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t dot = text.find('.');
        parts.push_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        text.remove_prefix(dot + 1);
    }
}

constexpr std::array<std::pair<std::string_view, TopicKind>, 5> kIndexKinds{{
    {"index", TopicKind::index},
    {"mark_price", TopicKind::mark_price},
    {"premium_index", TopicKind::premium_index},
    {"estimated_rate", TopicKind::estimated_rate},
    {"basis", TopicKind::basis},
}};
constexpr std::array<std::string_view, 5> kPriceTypes{"open", "close", "high", "low", "average"};
constexpr std::array<std::pair<std::string_view, NoticeKind>, 4> kNoticeKinds{{
    {"funding_rate", NoticeKind::funding_rate},
    {"liquidation_orders", NoticeKind::liquidation_orders},
    {"contract_info", NoticeKind::contract_info},
    {"contract_elements", NoticeKind::contract_elements},
}};

/// `rest`: what follows the contract, at least one part. False when the exchange has no such topic.
bool read_market_kind(std::span<const std::string_view> rest, Topic& topic) {
    const std::string_view kind = rest[0];
    if (rest.size() == 1 && (kind == "bbo" || kind == "detail")) {
        topic.kind = kind == "bbo" ? TopicKind::bbo : TopicKind::detail;
        return true;
    }
    if (rest.size() == 2 && kind == "trade") {
        topic.kind = TopicKind::trades;
        return rest[1] == "detail";
    }
    if (rest.size() == 2 && kind == "kline") {
        const auto period = parse_period(rest[1]);
        topic.kind = TopicKind::kline;
        topic.period = period.value_or(Period::min1);
        return period.has_value();
    }
    if (rest.size() == 2 && kind == "depth") {
        const auto step = parse_depth_step(rest[1]);
        topic.kind = TopicKind::depth_step;
        topic.step = step.value_or(DepthStep{});
        return step.has_value();
    }
    if (rest.size() == 3 && kind == "depth" && rest[2] == "high_freq") {
        topic.kind = TopicKind::high_freq;
        topic.levels = rest[1] == "size_20" ? 20 : 150;
        return rest[1] == "size_20" || rest[1] == "size_150";
    }
    return false;
}

bool read_index_kind(std::span<const std::string_view> rest, Topic& topic) {
    const auto kind = std::ranges::find(kIndexKinds, rest[0], &std::pair<std::string_view, TopicKind>::first);
    if (kind == kIndexKinds.end() || rest.size() < 2) return false;
    const auto period = parse_period(rest[1]);
    if (!period) return false;
    topic.kind = kind->second;
    topic.period = *period;
    if (topic.kind != TopicKind::basis) return rest.size() == 2;
    if (rest.size() != 3 || std::ranges::find(kPriceTypes, rest[2]) == kPriceTypes.end()) return false;
    topic.price_type = rest[2];
    return true;
}

}  // namespace

std::optional<FeedSocket> feed_socket(std::string_view path) {
    if (path == "/linear-swap-ws") return FeedSocket::market;
    if (path == "/linear-swap-notification") return FeedSocket::notification;
    if (path == "/ws_index") return FeedSocket::index;
    return std::nullopt;
}

std::optional<Topic> parse_topic(std::string_view text, FeedSocket socket, const Directory& directory) {
    if (text.size() > kMaxTopicLength) return std::nullopt;
    const auto parts = split(text);
    if (parts.size() < 3 || parts[0] != "market") return std::nullopt;
    const auto contract = directory.find(parts[1]);
    if (!contract) return std::nullopt;
    const auto rest = std::span(parts).subspan(2);
    Topic topic;
    if (!(socket == FeedSocket::index ? read_index_kind(rest, topic) : read_market_kind(rest, topic))) {
        return std::nullopt;
    }
    topic.contract = *contract;
    topic.channel = "market." + upper_ascii(parts[1]);
    for (const std::string_view part : rest) topic.channel.append(1, '.').append(part);
    return topic;
}

std::expected<NoticeTopic, NoticeProblem> parse_notice_topic(std::string_view text, const Directory& directory) {
    if (text.size() > kMaxTopicLength) return std::unexpected(NoticeProblem::topic);
    const auto parts = split(text);
    if (parts.size() != 3 || parts[0] != "public") return std::unexpected(NoticeProblem::topic);
    const auto kind = std::ranges::find(kNoticeKinds, parts[2], &std::pair<std::string_view, NoticeKind>::first);
    if (kind == kNoticeKinds.end()) return std::unexpected(NoticeProblem::topic);
    NoticeTopic topic{.kind = kind->second, .contract = std::nullopt, .name = "public.*"};
    if (parts[1] != "*") {
        topic.contract = directory.find(parts[1]);
        if (!topic.contract) return std::unexpected(NoticeProblem::contract);
        topic.name = "public." + upper_ascii(parts[1]);
    }
    topic.name.append(1, '.').append(parts[2]);
    return topic;
}

std::string_view to_string(NoticeKind kind) {
    return std::ranges::find(kNoticeKinds, kind, &std::pair<std::string_view, NoticeKind>::second)->first;
}

}  // namespace scanner::simulator::face
