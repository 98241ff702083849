#pragma once

#include "simulator/face/faults/faults.hpp"
#include "simulator/face/ws/feed_connection.hpp"
#include "simulator/face/ws/frame_packer.hpp"

#include "scanner/core/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::simulator::face {

/// Frames on their way to clients, and what faults make of them. One thread.
class Delivery {
public:
    /// `faults` must outlive it, and may be assigned to at any time.
    explicit Delivery(FaultSet& faults) : faults_(faults) {}

    /// To be called with the time before anything else in a turn of the loop.
    void begin(core::SteadyTime now) {
        now_ = now;
        faulty_ = faults_.any_for_websockets();
    }
    [[nodiscard]] core::SteadyTime now() const { return now_; }
    [[nodiscard]] FramePacker& packer() { return packer_; }
    /// Whether any fault may strike; false saves asking.
    [[nodiscard]] bool faulty() const { return faulty_; }

    /// What a frame is about.
    struct About {
        std::string_view contract;  ///< its code
        std::string_view channel;
    };
    /// Whether this topic says nothing on this connection now.
    [[nodiscard]] bool stalled(const FeedConnection& connection, const About& about);
    /// Whether a change of a book gets lost.
    [[nodiscard]] bool dropped(const FeedConnection& connection, const About& about);
    /// Whether a change of a book is to be untrue, and how.
    [[nodiscard]] std::optional<std::uint64_t> falsified(const FeedConnection& connection, const About& about);
    /// Sends a frame of a topic: once, twice, or something else in its place.
    void send(FeedConnection& connection, const About& about, const SharedFrame& frame);
    /// What befalls whole connections; to be called once a second for each.
    void strike_connection(FeedConnection& connection);
    /// Late frames; to be called at every turn.
    void delay(FeedConnection& connection);

private:
    [[nodiscard]] std::optional<FaultStrike> strike(FaultKind kind, const FeedConnection& connection,
                                                    std::string_view contract);
    void send_garbage(FeedConnection& connection, const SharedFrame& frame, std::uint64_t draw);

    FaultSet& faults_;
    FramePacker packer_;
    SharedFrame bomb_;  ///< made when it is first needed
    core::SteadyTime now_{};
    bool faulty_ = false;
};

}  // namespace scanner::simulator::face
