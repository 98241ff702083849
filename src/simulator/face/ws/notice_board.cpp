#include "simulator/face/ws/notice_board.hpp"

#include "simulator/face/encode/rows.hpp"
#include "simulator/face/random.hpp"

#include "scanner/core/numeric.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace scanner::simulator::face {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kRateInterval{5'000};
constexpr milliseconds kLookInterval{1'000};
constexpr std::chrono::seconds kSnapshotInterval{60};

std::string text_of(const json& message, const char* name) {
    const auto text = message.find(name);
    return text != message.end() && text->is_string() ? text->get<std::string>() : std::string();
}

/// As the client wrote it; empty where there is none.
std::string cid_of(const json& message) {
    const auto cid = message.find("cid");
    if (cid == message.end() || !(cid->is_string() || cid->is_number())) return {};
    return cid->dump(-1, ' ', false, json::error_handler_t::replace);
}

NoticeError error_of(NoticeProblem problem) {
    return problem == NoticeProblem::contract ? NoticeError::contract : NoticeError::topic;
}

/// Whether subscribing this needs a login, as all that is about an account does.
bool is_private(std::string_view topic) {
    return !topic.starts_with("public.");
}

}  // namespace

NoticeBoard::NoticeBoard(World& world, Delivery& delivery, const FeedLimits& limits)
    : world_(world), delivery_(delivery), limits_(limits), known_(world.directory().size()) {}

void NoticeBoard::reply(FeedConnection& connection, const std::string& text) {
    connection.send(delivery_.packer().pack(text));
}

void NoticeBoard::on_message(FeedConnection& connection, const std::string& text, const Scene& scene) {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) {
        return reply(connection, notice_refused("error", "", "", NoticeError::missing, scene.ts()));
    }
    const std::string op = text_of(message, "op");
    if (op == "pong") {
        const auto ts = message.find("ts");
        if (ts != message.end() && ts->is_number_integer()) connection.pings().answered(ts->get<std::int64_t>());
        if (ts != message.end() && ts->is_string()) {
            connection.pings().answered(core::parse_int(ts->get<std::string>()).value_or(0));
        }
        return;
    }
    if (op == "ping") return;
    const std::string cid = cid_of(message);
    const std::string topic = text_of(message, "topic");
    if (op == "auth") return reply(connection, notice_refused(op, cid, "", NoticeError::authentication, scene.ts()));
    if ((op != "sub" && op != "unsub") || topic.empty()) {
        return reply(connection, notice_refused(op, cid, topic, NoticeError::missing, scene.ts()));
    }
    if (is_private(topic)) {
        return reply(connection, notice_refused(op, cid, topic, NoticeError::not_logged_in, scene.ts()));
    }
    op == "sub" ? subscribe(connection, cid, topic, scene) : unsubscribe(connection, cid, topic, scene);
}

const NoticeBoard::Follower* NoticeBoard::find(const FeedConnection& connection, const NoticeTopic& topic) const {
    const auto found = std::ranges::find_if(followers_, [&](const Follower& follower) {
        return follower.connection == &connection && follower.topic.kind == topic.kind &&
               follower.topic.contract == topic.contract;
    });
    return found == followers_.end() ? nullptr : &*found;
}

bool NoticeBoard::covered(const FeedConnection& connection, NoticeKind kind) const {
    return find(connection, {.kind = kind, .contract = std::nullopt, .name = {}}) != nullptr;
}

void NoticeBoard::subscribe(FeedConnection& connection, std::string_view cid, const std::string& text,
                            const Scene& scene) {
    auto topic = parse_notice_topic(text, scene.directory);
    const auto refuse = [&](NoticeError error) {
        reply(connection, notice_refused("sub", cid, text, error, scene.ts()));
    };
    if (!topic) return refuse(error_of(topic.error()));
    // Under "*" no contract can be subscribed on its own.
    if (covered(connection, topic->kind) || find(connection, *topic) != nullptr) return refuse(NoticeError::repeated);
    if (!topic->contract) {
        connection.topics -= std::erase_if(followers_, [&](const Follower& follower) {
            return follower.connection == &connection && follower.topic.kind == topic->kind;
        });
    }
    if (connection.topics >= limits_.max_topics) return refuse(NoticeError::too_much);
    if (!anybody(topic->kind)) {
        // News are those from now on.
        for (std::size_t i = 0; i < known_.size(); ++i) {
            if (topic->kind == NoticeKind::liquidation_orders) known_[i].fills = scene.market.fill_count(i);
            if (topic->kind == NoticeKind::contract_info) known_[i].info = notice_state(scene, topic->kind, i);
            if (topic->kind == NoticeKind::contract_elements) known_[i].elements = notice_state(scene, topic->kind, i);
        }
    }
    ++connection.topics;
    reply(connection, notice_done("sub", cid, topic->name, scene.ts()));
    followers_.push_back({.connection = &connection, .topic = std::move(*topic)});
    welcome(followers_.back(), scene);
}

void NoticeBoard::unsubscribe(FeedConnection& connection, std::string_view cid, const std::string& text,
                              const Scene& scene) {
    const auto topic = parse_notice_topic(text, scene.directory);
    const auto refuse = [&](NoticeError error) {
        reply(connection, notice_refused("unsub", cid, text, error, scene.ts()));
    };
    if (!topic) return refuse(error_of(topic.error()));
    const Follower* const follower = find(connection, *topic);
    if (follower == nullptr) return refuse(NoticeError::not_subscribed);
    followers_.erase(followers_.begin() + (follower - followers_.data()));
    --connection.topics;
    reply(connection, notice_done("unsub", cid, topic->name, scene.ts()));
}

void NoticeBoard::forget(const FeedConnection& connection) {
    std::erase_if(followers_, [&](const Follower& follower) { return follower.connection == &connection; });
}

bool NoticeBoard::anybody(NoticeKind kind) const {
    return std::ranges::any_of(followers_, [kind](const Follower& follower) { return follower.topic.kind == kind; });
}

std::vector<std::size_t> NoticeBoard::rows(const NoticeTopic& topic, const Scene& scene) const {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < scene.directory.size(); ++i) {
        const WireContract& contract = scene.directory[i];
        if (topic.contract && *topic.contract != i) continue;
        if (contract.futures || scene.hidden(i)) continue;
        if (contract.ghost && topic.kind != NoticeKind::funding_rate) continue;
        rows.push_back(i);
    }
    return rows;
}

/// All that there is to say in one frame; of liquidations nothing.
void NoticeBoard::welcome(const Follower& follower, const Scene& scene) {
    const NoticeKind kind = follower.topic.kind;
    if (kind == NoticeKind::liquidation_orders) return;
    const auto contracts = rows(follower.topic, scene);
    if (contracts.empty()) return;
    const std::string_view event = kind == NoticeKind::funding_rate ? "" : "init";
    const Delivery::About about{.contract = {}, .channel = follower.topic.name};
    if (delivery_.stalled(*follower.connection, about)) return;
    const std::string message = notice_message(scene, kind, follower.topic.name, event, contracts);
    delivery_.send(*follower.connection, about, delivery_.packer().pack(message));
}

void NoticeBoard::tell(NoticeKind kind, std::size_t contract, const std::string& message) {
    const SharedFrame frame = delivery_.packer().pack(message);
    for (const Follower& follower : followers_) {
        if (!follower.follows(kind, contract)) continue;
        const Delivery::About about{.contract = world_.directory()[contract].code, .channel = follower.topic.name};
        if (!delivery_.stalled(*follower.connection, about)) delivery_.send(*follower.connection, about, frame);
    }
}

void NoticeBoard::push(const Scene& scene) {
    if (followers_.empty()) return;
    push_liquidations(scene);
    push_rates(scene);
    if (delivery_.now() < next_look_) return;
    next_look_ = delivery_.now() + kLookInterval;
    push_changes(scene, NoticeKind::contract_info, &Known::info);
    push_changes(scene, NoticeKind::contract_elements, &Known::elements);
    push_snapshots(scene);
}

void NoticeBoard::push_rates(const Scene& scene) {
    if (!anybody(NoticeKind::funding_rate)) return;
    for (std::size_t i = 0; i < known_.size(); ++i) {
        const WireContract& contract = scene.directory[i];
        if (contract.futures || contract.ghost || contract.suspended || scene.hidden(i)) continue;
        Known& known = known_[i];
        if (delivery_.now() < known.next_rate) continue;
        // Staggered, and the first time not at once: who has just come was told already.
        const bool first = known.next_rate == core::SteadyTime{};
        known.next_rate = delivery_.now() + (first ? milliseconds(1 + mix(i) % 5'000) : kRateInterval);
        if (first) continue;
        const std::array<std::size_t, 1> one{i};
        tell(NoticeKind::funding_rate, i,
             notice_message(scene, NoticeKind::funding_rate, notice_name(NoticeKind::funding_rate, contract.code), "",
                            one));
    }
}

void NoticeBoard::push_liquidations(const Scene& scene) {
    if (!anybody(NoticeKind::liquidation_orders)) return;
    for (std::size_t i = 0; i < known_.size(); ++i) {
        const std::uint64_t fills = scene.market.fill_count(i);
        if (fills == known_[i].fills) continue;
        const auto trades = scene.market.trades(i, static_cast<std::size_t>(fills - known_[i].fills));
        known_[i].fills = fills;
        if (scene.hidden(i)) continue;
        for (const auto match : split_matches(trades)) {
            if (!match.front().liquidation) continue;
            tell(NoticeKind::liquidation_orders, i, liquidation_message(scene, i, match));
        }
    }
}

void NoticeBoard::push_changes(const Scene& scene, NoticeKind kind, std::uint64_t Known::* state) {
    if (!anybody(kind)) return;
    for (std::size_t i = 0; i < known_.size(); ++i) {
        if (scene.directory[i].futures || scene.directory[i].ghost || scene.hidden(i)) continue;
        const std::uint64_t now = notice_state(scene, kind, i);
        if (now == known_[i].*state) continue;
        known_[i].*state = now;
        const std::array<std::size_t, 1> one{i};
        tell(kind, i, notice_message(scene, kind, notice_name(kind, scene.directory[i].code), "update", one));
    }
}

/// Contract information is told as a whole once a minute.
void NoticeBoard::push_snapshots(const Scene& scene) {
    if (delivery_.now() < next_snapshot_) return;
    const bool first = next_snapshot_ == core::SteadyTime{};
    next_snapshot_ = delivery_.now() + kSnapshotInterval;
    if (first) return;
    for (const Follower& follower : followers_) {
        if (follower.topic.kind != NoticeKind::contract_info) continue;
        const Delivery::About about{.contract = {}, .channel = follower.topic.name};
        if (delivery_.stalled(*follower.connection, about)) continue;
        const auto contracts = rows(follower.topic, scene);
        if (contracts.empty()) continue;
        const auto text = notice_message(scene, NoticeKind::contract_info, follower.topic.name, "snapshot", contracts);
        delivery_.send(*follower.connection, about, delivery_.packer().pack(text));
    }
}

}  // namespace scanner::simulator::face
