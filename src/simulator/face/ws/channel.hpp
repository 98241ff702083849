#pragma once

#include "simulator/face/state/scene.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/face/ws/delivery.hpp"
#include "simulator/face/ws/feed_connection.hpp"
#include "simulator/face/ws/topic.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace scanner::simulator::face {

/// How a book is told: `data_type` of a subscription.
enum class BookStyle { snapshots, changes };

/// One topic with all who follow it. What it pushes is made once for all of them. One thread.
class Channel {
public:
    Channel(Topic topic, World& world, Delivery& delivery)
        : topic_(std::move(topic)), world_(world), delivery_(delivery) {}
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    [[nodiscard]] const Topic& topic() const { return topic_; }
    [[nodiscard]] bool empty() const { return subscriptions_.empty(); }
    [[nodiscard]] bool has(const FeedConnection& connection) const;

    /// Begins to follow, or begins anew, and sends the first push, if there is something to say.
    void join(FeedConnection& connection, const Scene& scene);
    /// False when it did not follow.
    bool leave(const FeedConnection& connection);
    /// Pushes what is due.
    virtual void push(const Scene& scene) = 0;

protected:
    struct Subscription {
        FeedConnection* connection = nullptr;
        std::int64_t* version = nullptr;  ///< of the last frame, in the connection
        std::int64_t told = 0;            ///< matching id of the book that its client has
    };
    virtual void welcome(Subscription& subscription, const Scene& scene) = 0;

    [[nodiscard]] Delivery::About about() const {
        return {.contract = world_.directory()[topic_.contract].code, .channel = topic_.channel};
    }
    /// To all whose topic is not stalled.
    void send_to_all(const SharedFrame& frame);

    Topic topic_;
    World& world_;
    Delivery& delivery_;
    std::vector<Subscription> subscriptions_;
};

[[nodiscard]] std::unique_ptr<Channel> make_channel(Topic topic, BookStyle style, World& world, Delivery& delivery);

}  // namespace scanner::simulator::face
