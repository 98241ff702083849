#pragma once

#include "api/rankings/queries.hpp"
#include "api/streams/stream_rules.hpp"

#include "scanner/api/stream_hub.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace scanner::api {

class StreamSubscriber;

/// What a client wants to follow.
struct StreamDemand {
    StreamQuery query;
    std::string client;       ///< the client whose share it uses (client_of); empty: none
    bool is_default = false;  ///< what a request without parameters gets: there is always room for it
};

/// One ranking as a channel shows it; shared by all who follow the channel. Empty where there is none.
struct StreamFrame {
    std::uint64_t number = 0;                  ///< of the publication, not of the cycle
    std::uint64_t sequence = 0;                ///< of the cycle
    std::shared_ptr<const std::string> json;   ///< a WebSocket message
    std::shared_ptr<const std::string> event;  ///< a Server-Sent Event
};

/// Publications and channels (one for each parameter set with subscribers), and the subscribers of each. Loop thread
/// only. Shared with its subscribers, so that sessions may end after the Streams that began them.
class StreamHub : public std::enable_shared_from_this<StreamHub> {
public:
    StreamHub(boost::asio::any_io_executor executor, StreamOptions options, const engine::EngineView& engine);
    StreamHub(const StreamHub&) = delete;
    StreamHub& operator=(const StreamHub&) = delete;

    /// As Streams::publish.
    void publish(ranking::RankingPtr ranking, bool recorded);
    /// As Streams::forget.
    void forget();
    /// No more publications; the engine may go.
    void close();

    /// Why this subscriber is refused, in words for the client; nothing while there is room. Counts the refusal.
    /// Without a wait between it and the subscriber's construction, so that what was counted is still true.
    [[nodiscard]] std::optional<std::string> refuse(const StreamDemand* demand);

    [[nodiscard]] const StreamOptions& options() const noexcept { return options_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] StreamStatistics statistics() const;

private:
    friend class StreamSubscriber;
    struct Publication {
        std::uint64_t number = 0;
        ranking::RankingPtr ranking;
        bool stale = false;
    };
    using Publications = std::deque<Publication>;  ///< oldest first
    struct Channel {
        StreamQuery query;
        std::string key;
        StreamFrame newest;
        core::SteadyTime delivered;  ///< when the newest was offered
        bool newest_stale = false;   ///< it said that rankings are too old: the next fresh one waits for no pace
        std::vector<StreamSubscriber*> subscribers;
    };

    [[nodiscard]] Channel& join(StreamDemand demand, StreamSubscriber& subscriber);
    void leave(Channel& channel, const StreamSubscriber& subscriber);
    void give_back_share(const std::string& client, const std::string& key);
    [[nodiscard]] const StreamFrame& newest_frame(Channel& channel);
    [[nodiscard]] StreamFrame render(const Channel& channel, const Publication& publication);
    [[nodiscard]] const std::shared_ptr<const std::string>& event_of(Channel& channel);
    void take_over_current();
    void push(Publications& publications, ranking::RankingPtr ranking, bool stale);
    /// What a channel follows: every ranking, or those that were recorded.
    [[nodiscard]] const Publications& publications_of(const Channel& channel) const;
    void deliver(Channel& channel, const Publication& publication);
    void watch_age();

    boost::asio::any_io_executor executor_;
    StreamOptions options_;
    const engine::EngineView* engine_;
    boost::asio::steady_timer age_timer_;
    Publications published_;
    Publications recorded_;
    std::uint64_t last_number_ = 0;
    std::unordered_map<std::string, std::unique_ptr<Channel>> channels_;
    /// How many subscribers of a client follow which channel, but for the default one.
    std::unordered_map<std::string, std::unordered_map<std::string, std::size_t>> followed_by_;
    StreamStatistics statistics_;
};

enum class StreamKind { websocket, events, heartbeat };

/// A subscriber of the hub, for the duration of its session. `demand` is for those that follow rankings.
class StreamSubscriber {
public:
    StreamSubscriber(std::shared_ptr<StreamHub> hub, StreamKind kind, std::optional<StreamDemand> demand);
    ~StreamSubscriber();
    StreamSubscriber(const StreamSubscriber&) = delete;
    StreamSubscriber& operator=(const StreamSubscriber&) = delete;

    /// The events between `last_id` (a cycle's number) and the newest one, oldest first, as far back as rankings are
    /// kept. A subscriber that has the newest already is not sent it again by `take`.
    [[nodiscard]] std::vector<std::shared_ptr<const std::string>> replay(std::uint64_t last_id);

    /// The newest frame if it was not taken before, as this kind of subscriber is sent it; from then on it is on its
    /// way until `sent`.
    [[nodiscard]] std::shared_ptr<const std::string> take();
    /// What `take` gave was delivered, or not.
    void sent(bool delivered);

    /// There is something to do: a frame to take, or the session to end.
    [[nodiscard]] bool ready() const noexcept { return ended_ || conflation_.pending(); }
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    /// Why the hub ended the session; empty when it did not.
    [[nodiscard]] const std::string& end_reason() const noexcept { return end_reason_; }

    /// Ends the session and resumes its coroutines that wait for `changed`.
    void end(std::string reason = {});
    /// Notified when it has become `ready`.
    [[nodiscard]] net::Event& changed() noexcept { return changed_; }
    /// Called once when one frame has been on its way for too long; must drop the connection without running the
    /// session.
    void on_overdue(std::function<void()> cut) { cut_ = std::move(cut); }
    /// Counts this subscriber as cut off for not reading, once.
    void count_dropped();

    [[nodiscard]] const std::shared_ptr<StreamHub>& hub() const noexcept { return hub_; }

private:
    friend class StreamHub;
    void offer(std::uint64_t number, core::SteadyTime now);
    [[nodiscard]] std::size_t& count();

    std::shared_ptr<StreamHub> hub_;
    StreamHub::Channel* channel_ = nullptr;
    std::string client_;     ///< the client it is counted for; empty: none
    std::size_t index_ = 0;  ///< in the channel's list
    net::Event changed_;
    Conflation conflation_;
    FrameDeadline deadline_;
    std::function<void()> cut_;
    std::string end_reason_;
    StreamKind kind_;
    bool ended_ = false;
    bool dropped_ = false;
};

}  // namespace scanner::api
