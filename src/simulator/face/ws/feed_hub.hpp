#pragma once

#include "simulator/face/faults/faults.hpp"
#include "simulator/face/state/scene.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/face/ws/channel.hpp"
#include "simulator/face/ws/delivery.hpp"
#include "simulator/face/ws/feed_connection.hpp"
#include "simulator/face/ws/notice_board.hpp"
#include "simulator/face/ws/topic.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/http_server.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::simulator::face {

/// The exchange's WebSockets: who is connected, what they follow, and what they are sent when. Loop thread only.
class FeedHub {
public:
    using SceneSource = std::function<Scene()>;

    /// What is referred to must outlive the hub; `faults` may be assigned to.
    FeedHub(World& world, FaultSet& faults, const core::Clock& clock, SceneSource scene, FeedLimits limits = {});
    ~FeedHub();

    /// Whether a handshake is refused: an unknown path, too many connections, a fault.
    [[nodiscard]] std::optional<net::ServerResponse> refuse(const net::ServerRequest& request);
    /// Serves one connection until it is over.
    [[nodiscard]] boost::asio::awaitable<void> converse(std::string path, net::WebSocket& socket);
    /// Sends what has become due, with the market played to the present. To be called every 30 ms.
    void tick();

    struct Counts {
        std::size_t connections = 0;
        std::size_t topics = 0;    ///< over all connections
        std::uint64_t opened = 0;  ///< connections since the start
    };
    [[nodiscard]] Counts counts() const;

private:
    using ChannelKey = std::pair<std::string, BookStyle>;
    using ConnectionPtr = std::shared_ptr<FeedConnection>;

    void on_message(FeedConnection& connection, const std::string& text);
    void subscribe(FeedConnection& connection, std::string_view id, std::string_view text, BookStyle style);
    void unsubscribe(FeedConnection& connection, std::string_view id, std::string_view text);
    void request(FeedConnection& connection, std::string_view id, std::string_view text,
                 std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::optional<std::int64_t> size);
    void reply(FeedConnection& connection, const std::string& json);
    void ping(FeedConnection& connection, const Scene& scene);
    void forget(FeedConnection& connection);

    World& world_;
    FaultSet& faults_;
    const core::Clock& clock_;
    SceneSource scene_;
    FeedLimits limits_;
    Delivery delivery_;
    NoticeBoard notices_;
    std::map<std::uint64_t, ConnectionPtr> connections_;
    std::map<ChannelKey, std::unique_ptr<Channel>> channels_;
    std::uint64_t opened_ = 0;
    core::SteadyTime next_strike_{};
};

}  // namespace scanner::simulator::face
