#include "simulator/face/ws/feed_hub.hpp"

#include "simulator/face/encode/answer.hpp"
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/random.hpp"
#include "simulator/face/ws/feed_messages.hpp"
#include "simulator/face/ws/notice_messages.hpp"

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace scanner::simulator::face {
namespace {

namespace asio = boost::asio;
using nlohmann::json;

constexpr std::uint16_t kPingExpired = 1003;
constexpr std::uint16_t kNoClose = 1006;
constexpr std::chrono::seconds kStrikeInterval{1};
/// A silent connection whose client never gives up is dropped after this, so that it does not stay for good.
constexpr std::chrono::minutes kSilentFor{10};
constexpr std::int64_t kMaxRequestedTrades = 50;

/// The id as the client wrote it, text or number; an empty text where there is none.
std::string id_of(const json& message) {
    const auto id = message.find("id");
    if (id == message.end() || !(id->is_string() || id->is_number())) return R"("")";
    return id->dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_of(const json& message, const char* name) {
    const auto text = message.find(name);
    return text != message.end() && text->is_string() ? text->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer_of(const json& message, const char* name) {
    const auto number = message.find(name);
    if (number == message.end() || !number->is_number_integer()) return std::nullopt;
    return number->get<std::int64_t>();
}

std::string invalid_topic(std::string_view text) {
    return "invalid topic " + std::string(text);
}

}  // namespace

FeedHub::FeedHub(World& world, FaultSet& faults, const core::Clock& clock, SceneSource scene, FeedLimits limits)
    : world_(world),
      faults_(faults),
      clock_(clock),
      scene_(std::move(scene)),
      limits_(limits),
      delivery_(faults),
      notices_(world, delivery_, limits_) {}

FeedHub::~FeedHub() = default;

std::optional<net::ServerResponse> FeedHub::refuse(const net::ServerRequest& request) {
    if (!feed_socket(request.path())) {
        return http_answer(404, spring_error(world_.market().now(), 404, request.path()), kJsonType, false);
    }
    if (connections_.size() >= limits_.max_connections) return http_answer(503, html_page(503), kHtmlType, false);
    const FaultTarget target{.path = request.path(), .contract = {}};
    if (const auto struck = faults_.strike(FaultKind::ws_refuse, target, clock_.steady_now())) {
        return http_answer(struck->fault->status, html_page(struck->fault->status), kHtmlType, false);
    }
    return std::nullopt;
}

asio::awaitable<void> FeedHub::converse(std::string path, net::WebSocket& socket) {
    const auto kind = feed_socket(path);
    if (!kind) co_return;
    const auto executor = co_await asio::this_coro::executor;
    const std::uint64_t number = ++opened_;
    const auto connection = std::make_shared<FeedConnection>(socket, executor, number, *kind, std::move(path), limits_,
                                                             clock_.steady_now());
    connections_.emplace(number, connection);
    co_await connection->run([this, &on = *connection](const std::string& text) { on_message(on, text); });
    forget(*connection);
    connections_.erase(number);
}

void FeedHub::forget(FeedConnection& connection) {
    notices_.forget(connection);
    for (auto channel = channels_.begin(); channel != channels_.end();) {
        channel->second->leave(connection);
        channel = channel->second->empty() ? channels_.erase(channel) : std::next(channel);
    }
}

FeedHub::Counts FeedHub::counts() const {
    Counts counts{.connections = connections_.size(), .topics = 0, .opened = opened_};
    for (const auto& [number, connection] : connections_) counts.topics += connection->topics;
    return counts;
}

// -- what becomes due

void FeedHub::tick() {
    if (connections_.empty()) return;
    const core::SteadyTime now = clock_.steady_now();
    delivery_.begin(now);
    const Scene scene = scene_();
    const bool strike = now >= next_strike_;
    if (strike) next_strike_ = now + kStrikeInterval;
    for (const auto& [number, connection] : connections_) {
        delivery_.delay(*connection);
        if (strike) delivery_.strike_connection(*connection);
        if (now - connection->silent_since() >= kSilentFor) connection->close(kNoClose, "");
        if (!connection->over()) ping(*connection, scene);
    }
    for (const auto& [key, channel] : channels_) {
        const std::size_t contract = channel->topic().contract;
        if (!scene.directory[contract].suspended && !scene.hidden(contract)) channel->push(scene);
    }
    notices_.push(scene);
}

void FeedHub::ping(FeedConnection& connection, const Scene& scene) {
    const std::int64_t ms = scene.ts();
    const bool notices = connection.kind() == FeedSocket::notification;
    switch (connection.pings().check(delivery_.now(), ms)) {
        case PingState::Due::nothing: return;
        case PingState::Due::ping: return reply(connection, notices ? notice_signal("ping", ms) : ping_message(ms));
        case PingState::Due::expired:
            if (notices) reply(connection, notice_signal("close", ms));
            return connection.finish(kPingExpired, "ping check expired");
    }
}

// -- what clients say

void FeedHub::reply(FeedConnection& connection, const std::string& text) {
    connection.send(delivery_.packer().pack(text));
}

void FeedHub::on_message(FeedConnection& connection, const std::string& text) {
    delivery_.begin(clock_.steady_now());
    if (connection.kind() == FeedSocket::notification) return notices_.on_message(connection, text, scene_());
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) {
        return reply(connection, refusal_message(R"("")", "not json, is not json string", scene_().ts()));
    }
    if (const auto pong = integer_of(message, "pong")) return connection.pings().answered(*pong);
    if (message.contains("ping") || message.contains("pong")) return;  // a client's own pings are not answered
    const std::string id = id_of(message);
    if (message.contains("sub")) {
        const auto style = text_of(message, "data_type") == "incremental" ? BookStyle::changes : BookStyle::snapshots;
        return subscribe(connection, id, text_of(message, "sub"), style);
    }
    if (message.contains("unsub")) return unsubscribe(connection, id, text_of(message, "unsub"));
    if (message.contains("req")) {
        return request(connection, id, text_of(message, "req"), integer_of(message, "from"), integer_of(message, "to"),
                       integer_of(message, "size"));
    }
    reply(connection, refusal_message(id, "invalid request", scene_().ts()));
}

void FeedHub::subscribe(FeedConnection& connection, std::string_view id, std::string_view text, BookStyle style) {
    const Scene scene = scene_();
    auto topic = parse_topic(text, connection.kind(), scene.directory);
    if (!topic || scene.hidden(topic->contract)) {
        return reply(connection, refusal_message(id, invalid_topic(text), scene.ts()));
    }
    if (topic->kind != TopicKind::high_freq) style = BookStyle::snapshots;
    const std::string name = topic->channel;
    auto& channel = channels_[{name, style}];
    if (!channel) channel = make_channel(std::move(*topic), style, world_, delivery_);
    if (!channel->has(connection)) {
        if (connection.topics >= limits_.max_topics) {
            if (channel->empty()) channels_.erase({name, style});
            return reply(connection, refusal_message(id, "too many topics", scene.ts()));
        }
        ++connection.topics;
    }
    // The first push comes before the acknowledgement as often as behind it, as on the real wire.
    const auto acknowledge = [&] { reply(connection, done_message(id, "subbed", name, scene.ts())); };
    const bool push_first = mix(hash_text(name), connection.number()) % 2 == 0;
    if (!push_first) acknowledge();
    channel->join(connection, scene);
    if (push_first) acknowledge();
}

void FeedHub::unsubscribe(FeedConnection& connection, std::string_view id, std::string_view text) {
    const Scene scene = scene_();
    const auto topic = parse_topic(text, connection.kind(), scene.directory);
    if (!topic) return reply(connection, refusal_message(id, invalid_topic(text), scene.ts()));
    bool left = false;
    for (const BookStyle style : {BookStyle::snapshots, BookStyle::changes}) {
        const auto channel = channels_.find({topic->channel, style});
        if (channel == channels_.end() || !channel->second->leave(connection)) continue;
        left = true;
        --connection.topics;
        if (channel->second->empty()) channels_.erase(channel);
    }
    if (!left) {
        const std::string why = "unsub with not subbed topic " + topic->channel;
        return reply(connection, refusal_message(id, why, scene.ts()));
    }
    reply(connection, done_message(id, "unsubbed", topic->channel, scene.ts()));
}

void FeedHub::request(FeedConnection& connection, std::string_view id, std::string_view text,
                      std::optional<std::int64_t> from, std::optional<std::int64_t> to,
                      std::optional<std::int64_t> size) {
    const Scene scene = scene_();
    const auto topic = parse_topic(text, connection.kind(), scene.directory);
    const auto wsid = static_cast<std::int64_t>(mix(connection.number()) >> 32U);
    if (topic && topic->kind == TopicKind::kline) {
        return reply(connection, requested_klines(scene, *topic, id, wsid, from, to));
    }
    if (topic && topic->kind == TopicKind::trades) {
        const auto count = static_cast<std::size_t>(
            std::clamp<std::int64_t>(size.value_or(kMaxRequestedTrades), 1, kMaxRequestedTrades));
        return reply(connection, requested_trades(scene, *topic, id, wsid, count));
    }
    reply(connection, refusal_message(id, invalid_topic(text), scene.ts()));
}

}  // namespace scanner::simulator::face
