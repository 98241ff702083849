#pragma once

#include "exchange/htx/feed/pacer.hpp"
#include "exchange/htx/feed/string_hash.hpp"
#include "exchange/htx/feed/topics.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace scanner::exchange::htx::feed {

/// What HTX documents or was seen to take.
struct SubscriptionLimits {
    std::size_t topics_per_connection = 150;
    std::size_t connections = 30;
    std::size_t per_second = 40;  ///< messages that subscribe or give up, over all connections
    std::chrono::milliseconds answer_timeout{10'000};
};

/// Which topics are wanted, on which connection each is, how far its subscription has come, and what to ask for next.
/// What is wanted stays, whatever happens to connections. Pure: time is an argument. Pointers to topics stay good until
/// `want` or `forget` drops them.
class Subscriptions {
public:
    static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

    enum class Phase : std::uint8_t {
        idle,         ///< nothing is asked for yet
        subscribing,  ///< asked for, no answer yet
        subscribed,
        leaving,  ///< given up, no answer yet: what still comes belongs to the old subscription
    };

    struct Topic {
        TopicKind kind = TopicKind::book;
        std::string name;
        std::string contract_code;
        std::uint64_t id = 0;
        std::size_t connection = kNowhere;
        std::size_t priority = 0;  ///< 0 is the most important
        Phase phase = Phase::idle;
        bool wanted = true;
        bool restart = false;              ///< to be left and subscribed again
        core::SteadyTime not_before{};     ///< of the next subscription
        core::SteadyTime asked_at{};       ///< of what is under way
        core::SteadyTime subscribed_at{};  ///< of the last answer or first data
        int failures = 0;                  ///< refused or not answered, in a row

        static void persist(auto& self, auto& archive) {
            archive(self.kind, self.name, self.contract_code, self.id, self.connection, self.priority, self.phase,
                    self.wanted, self.restart, self.not_before, self.asked_at, self.subscribed_at, self.failures);
            archive.require(self.kind <= TopicKind::tape && self.phase <= Phase::leaving && self.failures >= 0);
        }
    };

    struct Request {
        std::size_t connection = 0;
        std::string text;
    };

    explicit Subscriptions(SubscriptionLimits limits);

    /// The contracts of which book and tape are wanted, the most important first. Those that stay are not touched.
    void want(std::span<const std::string> contract_codes);
    /// How many connections the wanted topics need; topics may still be on higher ones that they are leaving.
    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] std::size_t topics_on(std::size_t connection) const;

    void connected(std::size_t connection);
    /// Nothing is subscribed there any more.
    void disconnected(std::size_t connection);

    /// nullptr for a topic that is not known on this connection, or whose data is none of the present subscription's.
    [[nodiscard]] Topic* active(std::size_t connection, std::string_view name);
    [[nodiscard]] Topic* find(TopicKind kind, std::string_view contract_code);
    /// The answer to a subscription, or its first data, which may come before; true the first time.
    bool confirm(Topic& topic, core::SteadyTime now);
    void left(std::size_t connection, std::string_view name);
    /// The topic whose request was refused; nullptr when `id` is none of ours.
    Topic* refused(std::size_t connection, std::string_view id, core::SteadyTime retry_at);
    /// Leaves the topic if need be and subscribes it again, not before the given time.
    void restart(Topic& topic, core::SteadyTime not_before);

    /// What to send now, if anything; it counts as sent.
    [[nodiscard]] std::optional<Request> next(core::SteadyTime now);
    /// When `next` will have something by the passing of time alone.
    [[nodiscard]] core::SteadyTime next_due() const;
    /// A message of others to the same servers takes its place among ours; false: not yet.
    [[nodiscard]] bool take_place(core::SteadyTime now);
    [[nodiscard]] core::SteadyTime next_place() const { return pacer_.due(); }
    /// The server has answered something on this connection.
    void note_answer(std::size_t connection, core::SteadyTime now);
    /// Whether a request on this connection has waited too long for its answer, and nothing was answered since it was
    /// sent: the other end is dead.
    [[nodiscard]] bool is_overdue(std::size_t connection, core::SteadyTime now) const;
    /// Requests that have waited too long on connections that answer others. What is to be left counts as left;
    /// subscriptions are given to `failed`, which says when to ask again.
    template <class Function>
    void give_up_unanswered(core::SteadyTime now, Function failed) {
        for (Topic* const topic : take_unanswered(now)) topic->not_before = failed(*topic);
    }

    template <class Function>
    void for_each(Function function) {
        for (auto& [name, topic] : topics_) function(topic);
    }

    /// Of the same limits.
    static void persist(auto& self, auto& archive) {
        archive(self.topics_, self.up_, self.answered_, self.pacer_, self.last_id_);
        archive.require(self.up_.size() == self.limits_.connections &&
                        self.answered_.size() == self.limits_.connections);
        if constexpr (std::remove_cvref_t<decltype(archive)>::kReads) archive.require(self.count_load());
    }

private:
    /// From where the topics are; false where one of them is nowhere that can be.
    [[nodiscard]] bool count_load();
    void want_topic(TopicKind kind, const std::string& contract_code, std::size_t priority);
    void place_all();
    [[nodiscard]] bool has_waited(const Topic& topic, core::SteadyTime now) const;
    [[nodiscard]] std::vector<Topic*> take_unanswered(core::SteadyTime now);
    [[nodiscard]] Topic* most_urgent(core::SteadyTime now, core::SteadyTime* earliest) const;
    [[nodiscard]] static bool has_work(const Topic& topic);
    [[nodiscard]] bool is_up(std::size_t connection) const;

    SubscriptionLimits limits_;
    StringMap<Topic> topics_;
    std::vector<bool> up_;
    std::vector<core::SteadyTime> answered_;  // when each connection last answered anything
    std::vector<std::size_t> load_;           // topics on each connection, those that are leaving included
    Pacer pacer_;
    std::uint64_t last_id_ = 0;
};

}  // namespace scanner::exchange::htx::feed
