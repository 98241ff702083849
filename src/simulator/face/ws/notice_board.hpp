#pragma once

#include "simulator/face/state/scene.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/face/ws/delivery.hpp"
#include "simulator/face/ws/feed_connection.hpp"
#include "simulator/face/ws/notice_messages.hpp"
#include "simulator/face/ws/topic.hpp"

#include "scanner/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator::face {

/// The notification socket: what its clients follow, and what they are told. One thread.
class NoticeBoard {
public:
    NoticeBoard(World& world, Delivery& delivery, const FeedLimits& limits);

    void on_message(FeedConnection& connection, const std::string& text, const Scene& scene);
    /// Tells what has happened since the last time.
    void push(const Scene& scene);
    void forget(const FeedConnection& connection);

private:
    struct Follower {
        FeedConnection* connection = nullptr;
        NoticeTopic topic;
        [[nodiscard]] bool follows(NoticeKind kind, std::size_t contract) const {
            return topic.kind == kind && (!topic.contract || *topic.contract == contract);
        }
    };
    /// What is remembered of a contract to notice news.
    struct Known {
        core::SteadyTime next_rate{};
        std::uint64_t fills = 0;
        std::uint64_t info = 0;
        std::uint64_t elements = 0;
    };

    void subscribe(FeedConnection& connection, std::string_view cid, const std::string& text, const Scene& scene);
    void unsubscribe(FeedConnection& connection, std::string_view cid, const std::string& text, const Scene& scene);
    void welcome(const Follower& follower, const Scene& scene);
    void tell(NoticeKind kind, std::size_t contract, const std::string& message);
    void push_rates(const Scene& scene);
    void push_liquidations(const Scene& scene);
    void push_changes(const Scene& scene, NoticeKind kind, std::uint64_t Known::* state);
    void push_snapshots(const Scene& scene);
    void reply(FeedConnection& connection, const std::string& text);
    [[nodiscard]] bool anybody(NoticeKind kind) const;
    [[nodiscard]] const Follower* find(const FeedConnection& connection, const NoticeTopic& topic) const;
    [[nodiscard]] bool covered(const FeedConnection& connection, NoticeKind kind) const;
    /// Swaps; delisted ones too, as the exchange goes on having rates for them.
    [[nodiscard]] std::vector<std::size_t> rows(const NoticeTopic& topic, const Scene& scene) const;

    World& world_;
    Delivery& delivery_;
    const FeedLimits& limits_;
    std::vector<Follower> followers_;
    std::vector<Known> known_;
    core::SteadyTime next_look_{};
    core::SteadyTime next_snapshot_{};
};

}  // namespace scanner::simulator::face
