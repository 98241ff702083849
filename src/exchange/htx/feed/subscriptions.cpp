#include "exchange/htx/feed/subscriptions.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <utility>

namespace scanner::exchange::htx::feed {

Subscriptions::Subscriptions(SubscriptionLimits limits) : limits_(limits), pacer_(limits.per_second) {
    up_.resize(limits_.connections);
    load_.resize(limits_.connections);
    answered_.resize(limits_.connections);
}

bool Subscriptions::count_load() {
    load_.assign(limits_.connections, 0);
    for (const auto& [name, topic] : topics_) {
        if (topic.name != name) return false;
        if (topic.connection == kNowhere) {
            if (topic.phase != Phase::idle) return false;
        } else if (topic.connection >= load_.size()) {
            return false;
        } else {
            ++load_[topic.connection];
        }
    }
    return true;
}

bool Subscriptions::is_up(std::size_t connection) const {
    return connection < up_.size() && up_[connection];
}

void Subscriptions::want_topic(TopicKind kind, const std::string& contract_code, std::size_t priority) {
    auto name = topic_name(kind, contract_code);
    const auto [place, added] = topics_.try_emplace(std::move(name));
    Topic& topic = place->second;
    if (added) {
        topic.kind = kind;
        topic.name = place->first;
        topic.contract_code = contract_code;
        topic.id = ++last_id_;
    }
    topic.priority = priority;
    topic.wanted = true;
}

void Subscriptions::want(std::span<const std::string> contract_codes) {
    for (auto& [name, topic] : topics_) topic.wanted = false;
    // Books before tapes, wherever both cannot be at once.
    std::size_t priority = 0;
    for (const auto kind : {TopicKind::book, TopicKind::tape}) {
        for (const auto& code : contract_codes) want_topic(kind, code, priority++);
    }
    std::erase_if(topics_, [this](const auto& entry) {
        const Topic& topic = entry.second;
        if (topic.wanted || topic.phase != Phase::idle) return false;
        if (topic.connection != kNowhere) --load_[topic.connection];
        return true;
    });
    place_all();
}

/// Topics spread evenly over as few connections as hold them all: one that breaks then takes the fewest books along.
void Subscriptions::place_all() {
    std::vector<Topic*> homeless;
    std::size_t count = limits_.connections == 0 ? 0
                                                 : (topics_.size() + limits_.topics_per_connection - 1) /
                                                       std::max<std::size_t>(limits_.topics_per_connection, 1);
    for (auto& [name, topic] : topics_) {
        if (topic.connection == kNowhere) {
            if (topic.wanted) homeless.push_back(&topic);
        } else {
            count = std::max(count, topic.connection + 1);
        }
    }
    count = std::min(count, limits_.connections);
    if (count == 0) return;
    std::ranges::sort(homeless, {}, [](const Topic* topic) { return topic->priority; });
    for (Topic* const topic : homeless) {
        const auto least = std::min_element(load_.begin(), load_.begin() + static_cast<std::ptrdiff_t>(count));
        if (*least >= limits_.topics_per_connection) return;  // the rest waits for room
        topic->connection = static_cast<std::size_t>(least - load_.begin());
        ++*least;
    }
}

std::size_t Subscriptions::connections() const {
    std::size_t count = 0;
    for (const auto& [name, topic] : topics_) {
        if (topic.connection != kNowhere) count = std::max(count, topic.connection + 1);
    }
    return count;
}

std::size_t Subscriptions::topics_on(std::size_t connection) const {
    return connection < load_.size() ? load_[connection] : 0;
}

void Subscriptions::connected(std::size_t connection) {
    if (connection < up_.size()) up_[connection] = true;
}

void Subscriptions::disconnected(std::size_t connection) {
    if (connection >= up_.size()) return;
    up_[connection] = false;
    for (auto place = topics_.begin(); place != topics_.end();) {
        Topic& topic = place->second;
        if (topic.connection != connection) {
            ++place;
            continue;
        }
        topic.phase = Phase::idle;
        topic.restart = false;
        if (topic.wanted) {
            ++place;
        } else {
            --load_[connection];
            place = topics_.erase(place);
        }
    }
    place_all();
}

Subscriptions::Topic* Subscriptions::active(std::size_t connection, std::string_view name) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return nullptr;
    Topic& topic = found->second;
    const bool present = topic.phase == Phase::subscribing || topic.phase == Phase::subscribed;
    return topic.connection == connection && present && topic.wanted && !topic.restart ? &topic : nullptr;
}

Subscriptions::Topic* Subscriptions::find(TopicKind kind, std::string_view contract_code) {
    const auto found = topics_.find(topic_name(kind, contract_code));
    return found == topics_.end() ? nullptr : &found->second;
}

bool Subscriptions::confirm(Topic& topic, core::SteadyTime now) {
    if (topic.phase != Phase::subscribing) return false;
    topic.phase = Phase::subscribed;
    topic.subscribed_at = now;
    topic.failures = 0;
    return true;
}

void Subscriptions::left(std::size_t connection, std::string_view name) {
    const auto found = topics_.find(name);
    if (found == topics_.end() || found->second.connection != connection) return;
    Topic& topic = found->second;
    if (topic.phase != Phase::leaving) return;
    topic.phase = Phase::idle;
    topic.restart = false;
    if (topic.wanted) return;
    --load_[connection];
    topics_.erase(found);
    place_all();
}

Subscriptions::Topic* Subscriptions::refused(std::size_t connection, std::string_view id, core::SteadyTime retry_at) {
    const auto number = core::parse_int(id);
    if (!number) return nullptr;
    for (auto& [name, topic] : topics_) {
        if (topic.connection != connection || static_cast<std::int64_t>(topic.id) != *number) continue;
        if (topic.phase == Phase::leaving) {
            // There was nothing to leave, which comes to the same.
            left(connection, std::string(name));
            return nullptr;
        }
        topic.phase = Phase::idle;
        topic.restart = false;
        topic.not_before = retry_at;
        ++topic.failures;
        return &topic;
    }
    return nullptr;
}

void Subscriptions::restart(Topic& topic, core::SteadyTime not_before) {
    topic.not_before = not_before;
    topic.restart = topic.phase == Phase::subscribing || topic.phase == Phase::subscribed;
}

bool Subscriptions::has_work(const Topic& topic) {
    switch (topic.phase) {
        case Phase::idle: return topic.wanted;
        case Phase::subscribing:
        case Phase::subscribed: return topic.restart || !topic.wanted;
        case Phase::leaving: return false;
    }
    return false;
}

Subscriptions::Topic* Subscriptions::most_urgent(core::SteadyTime now, core::SteadyTime* earliest) const {
    const Topic* best = nullptr;
    for (const auto& [name, topic] : topics_) {
        if (!is_up(topic.connection) || !has_work(topic)) continue;
        if (topic.phase == Phase::idle && topic.not_before > now) {
            if (earliest != nullptr) *earliest = std::min(*earliest, topic.not_before);
            continue;
        }
        // What is to be left comes last, unless it is to be subscribed again.
        const auto order = [](const Topic& of) { return std::pair(!of.wanted, of.priority); };
        if (best == nullptr || order(topic) < order(*best)) best = &topic;
    }
    return const_cast<Topic*>(best);
}

std::optional<Subscriptions::Request> Subscriptions::next(core::SteadyTime now) {
    if (pacer_.due() > now) return std::nullopt;
    Topic* const topic = most_urgent(now, nullptr);
    if (topic == nullptr) return std::nullopt;
    pacer_.note(now);
    topic->asked_at = now;
    Request request{.connection = topic->connection};
    if (topic->phase == Phase::idle) {
        topic->phase = Phase::subscribing;
        request.text = subscribe_text(topic->kind, topic->name, topic->id);
    } else {
        topic->phase = Phase::leaving;
        topic->restart = false;
        request.text = unsubscribe_text(topic->name, topic->id);
    }
    return request;
}

core::SteadyTime Subscriptions::next_due() const {
    auto earliest = core::SteadyTime::max();
    // A topic that could go now waits for nothing but its place.
    if (most_urgent(core::SteadyTime::min(), &earliest) != nullptr) return pacer_.due();
    return earliest == core::SteadyTime::max() ? earliest : std::max(earliest, pacer_.due());
}

bool Subscriptions::take_place(core::SteadyTime now) {
    if (pacer_.due() > now) return false;
    pacer_.note(now);
    return true;
}

void Subscriptions::note_answer(std::size_t connection, core::SteadyTime now) {
    if (connection < answered_.size()) answered_[connection] = now;
}

bool Subscriptions::has_waited(const Topic& topic, core::SteadyTime now) const {
    const bool asked = topic.phase == Phase::subscribing || topic.phase == Phase::leaving;
    return asked && now - topic.asked_at > limits_.answer_timeout;
}

bool Subscriptions::is_overdue(std::size_t connection, core::SteadyTime now) const {
    return std::ranges::any_of(topics_, [&](const auto& entry) {
        const Topic& topic = entry.second;
        return topic.connection == connection && has_waited(topic, now) && answered_[connection] < topic.asked_at;
    });
}

std::vector<Subscriptions::Topic*> Subscriptions::take_unanswered(core::SteadyTime now) {
    std::vector<Topic*> subscribing;
    std::vector<std::pair<std::size_t, std::string>> leaving;
    for (auto& [name, topic] : topics_) {
        if (!has_waited(topic, now) || answered_[topic.connection] < topic.asked_at) continue;
        if (topic.phase == Phase::leaving) {
            leaving.emplace_back(topic.connection, name);
            continue;
        }
        topic.phase = Phase::idle;
        topic.restart = false;
        ++topic.failures;
        if (topic.wanted) {
            subscribing.push_back(&topic);
        } else {
            leaving.emplace_back(topic.connection, name);
        }
    }
    for (const auto& [connection, name] : leaving) {
        Topic& topic = topics_.find(name)->second;
        topic.phase = Phase::leaving;
        left(connection, name);
    }
    return subscribing;
}

}  // namespace scanner::exchange::htx::feed
