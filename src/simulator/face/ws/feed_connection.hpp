#pragma once

#include "simulator/face/ws/frame_packer.hpp"
#include "simulator/face/ws/topic.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/http_message.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::simulator::face {

/// What one client may cost.
struct FeedLimits {
    std::size_t max_connections = 256;        ///< over all sockets; more are refused with 503
    std::size_t max_topics = 1'000;           ///< of one connection; more are refused with an error
    std::size_t max_queued_frames = 50'000;   ///< that a client has not taken; then it is closed with 1008
    std::size_t max_queued_bytes = 16 << 20;  ///< the same in bytes
};

/// Pings go out about every five seconds, and the fifth that would follow four unanswered ones closes the connection.
/// Pure.
class PingState {
public:
    static constexpr int kMaxUnanswered = 4;

    /// `number` tells connections apart: not all are pinged at the same moment.
    PingState(std::uint64_t number, std::chrono::milliseconds interval, core::SteadyTime now);

    enum class Due { nothing, ping, expired };
    /// What is due now; a ping counts as sent.
    [[nodiscard]] Due check(core::SteadyTime now, std::int64_t ms);
    /// The client answered the ping with this number. Others are ignored.
    void answered(std::int64_t ms);

private:
    std::uint64_t number_;
    std::chrono::milliseconds interval_;
    core::SteadyTime next_;
    std::uint64_t sent_ = 0;
    int unanswered_ = 0;
    std::array<std::int64_t, kMaxUnanswered> numbers_{};
};

/// One client's WebSocket: what it is to be sent waits here until it takes it. Loop thread only.
class FeedConnection : public std::enable_shared_from_this<FeedConnection> {
public:
    FeedConnection(net::WebSocket& socket, const boost::asio::any_io_executor& executor, std::uint64_t number,
                   FeedSocket kind, std::string path, const FeedLimits& limits, core::SteadyTime now);

    using OnMessage = std::function<void(const std::string& text)>;
    /// Reads and writes until the connection is over.
    [[nodiscard]] boost::asio::awaitable<void> run(OnMessage on_message);

    /// Sends a frame behind those that wait. A client that has left too many of them is closed.
    void send(SharedFrame frame, bool binary = true);
    /// Closes with this code at once; what waits is not sent. 1006 drops the connection without a close.
    void close(std::uint16_t code, std::string reason);
    /// Closes once all that waits has been sent.
    void finish(std::uint16_t code, std::string reason);
    /// From now on nothing is sent and nothing is heard, and the connection stays open.
    void fall_silent();
    /// What is sent from now on goes out this much later.
    void delay_frames(std::chrono::milliseconds delay) { delay_ = delay; }

    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] FeedSocket kind() const { return kind_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool over() const { return ended_ || silent_ || finish_; }
    [[nodiscard]] core::SteadyTime silent_since() const { return silent_since_; }
    [[nodiscard]] PingState& pings() { return pings_; }
    /// The version of the last frame of a topic: they go on when it is subscribed again. `first` where there is none.
    [[nodiscard]] std::int64_t& version(const std::string& channel, std::int64_t first);

    std::size_t topics = 0;  ///< how many it has subscribed

private:
    struct Waiting {
        SharedFrame frame;
        bool binary = true;
        core::SteadyTime due;
    };
    static boost::asio::awaitable<void> write_frames(std::shared_ptr<FeedConnection> self);
    static boost::asio::awaitable<void> close_socket(std::shared_ptr<FeedConnection> self, std::uint16_t code,
                                                     std::string reason);

    net::WebSocket& socket_;
    std::uint64_t number_;
    FeedSocket kind_;
    std::string path_;
    const FeedLimits& limits_;
    PingState pings_;
    net::Event changed_;
    net::TaskGroup tasks_;
    std::deque<Waiting> queue_;
    std::size_t queued_bytes_ = 0;
    std::chrono::milliseconds delay_{0};
    std::map<std::string, std::int64_t> versions_;
    std::optional<std::pair<std::uint16_t, std::string>> finish_;
    bool ended_ = false;
    bool silent_ = false;
    core::SteadyTime silent_since_ = core::SteadyTime::max();
};

}  // namespace scanner::simulator::face
