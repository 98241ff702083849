#pragma once

#include "scanner/engine/engine_view.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace scanner::api {

class StreamHub;

/// Limits and deadlines: docs/streams.md tells clients of them.
struct StreamOptions {
    std::size_t max_subscribers = 12'000;  ///< of all kinds together; more are told to try later
    /// Different parameter sets followed at a time; each is rendered once a frame. The set of a request without
    /// parameters has a place always.
    std::size_t max_channels = 256;
    std::size_t max_channels_of_client = 64;               ///< and of these by one client
    std::size_t kept_rankings = 4;                         ///< what Last-Event-ID can reach back to
    std::chrono::milliseconds heartbeat_interval{10'000};  ///< of `WS /stream`
    std::chrono::milliseconds comment_interval{10'000};    ///< of silence on `GET /stream/events`, then a comment
    /// A subscriber gets this long to take one frame, however little by little; without any progress the server's
    /// write deadline, which is shorter, ends it.
    std::chrono::milliseconds frame_deadline{60'000};
    int max_messages = 100;  ///< that a WebSocket client may send within one heartbeat interval; more is a 1008
    bool replay = false;     ///< frames say that they are of a replay
    /// From which manip_score on items have `manipulation_threshold_exceeded`. Asked once a frame; empty: 60.
    std::function<double()> manipulation_threshold;
};

struct StreamStatistics {
    std::size_t websockets = 0;   ///< now, of /stream/rankings
    std::size_t events = 0;       ///< now, of /stream/events
    std::size_t heartbeats = 0;   ///< now, of /stream
    std::size_t channels = 0;     ///< different parameter sets with subscribers now
    std::uint64_t rendered = 0;   ///< frames made, one a ranking and channel
    std::uint64_t sent = 0;       ///< frames that were handed to a subscriber's connection completely
    std::uint64_t conflated = 0;  ///< frames passed over because a subscriber had not taken the one before
    std::uint64_t dropped = 0;    ///< subscribers cut off because they did not read
    std::uint64_t refused = 0;    ///< subscribers turned away because there were too many

    [[nodiscard]] std::size_t subscribers() const noexcept { return websockets + events + heartbeats; }
};

/// The newest ranking, pushed: to WebSockets and Server-Sent Events. A frame is rendered once for each parameter set
/// and shared by all subscribers to it; a subscriber that has not taken its frame when a newer one comes gets only the
/// newest. Loop thread only. `engine` must outlive it; running sessions keep what they need, so they may end after
/// it.
class Streams {
public:
    Streams(boost::asio::any_io_executor executor, StreamOptions options, const engine::EngineView& engine);
    ~Streams();
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    /// Sends `ranking` to those who follow every published one, and a recorded one to all subscribers: connect it to
    /// the board's two lists of listeners. A ranking that comes both ways is sent once. Quick; does not throw.
    void publish(ranking::RankingPtr ranking, bool recorded = true);

    /// What was sent is of another time from now on: new subscribers get the next ranking, and none from before.
    void forget();

    [[nodiscard]] StreamStatistics statistics() const;

    /// For the request handler.
    [[nodiscard]] const std::shared_ptr<StreamHub>& hub() const noexcept { return hub_; }

private:
    std::shared_ptr<StreamHub> hub_;
};

}  // namespace scanner::api
