#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/net/http_client.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace scanner::net {

/// When the next request to one rate-limited service may go. Three rules, whichever is strictest:
///  1. an own cap per second, as a token bucket that holds one second's worth (GCRA, ITU-T I.371: constant memory);
///  2. what the service says is left in its window: `ratelimit-limit`, `-interval` (ms), `-remaining` and `-reset`
///     (Unix ms of the service's clock). A tenth of the limit is left unused, for answers still under way and for
///     others behind the same address;
///  3. a pause after a refusal.
/// Pure: time is an argument and must not run backwards. One thread. `wait_for_turn` (pacing.hpp) does the waiting.
class RateBudget {
public:
    struct Options {
        double per_second = 100.0;                    ///< own cap; > 0
        std::chrono::milliseconds penalty{3'000};     ///< pause after a refusal : the service's window
        std::chrono::milliseconds max_pause{60'000};  ///< whatever the headers say
    };

    /// A place in the queue. `due` says when its turn comes; that may move back, never forward.
    class Ticket {
    private:
        friend class RateBudget;
        explicit Ticket(core::SteadyTime slot) : slot_(slot) {}
        core::SteadyTime slot_;  // on the budget's own clock, which stands still during pauses
    };

    explicit RateBudget(Options options);

    /// Reserves the next place, in order of calls. Nothing (and nothing reserved) if its turn would come after
    /// `latest`: the callers' deadlines are what bounds the queue.
    [[nodiscard]] std::optional<Ticket> acquire(core::SteadyTime now,
                                                core::SteadyTime latest = core::SteadyTime::max());
    /// When the holder of `ticket` may go: at once if not after now. Ask again after waiting: a refusal in between
    /// moves all of them back, in order and still spread out.
    [[nodiscard]] core::SteadyTime due(const Ticket& ticket) const;

    /// Learns from an answer's headers. Absent or senseless ones are ignored.
    void observe(const std::vector<Header>& headers, core::SteadyTime now);
    /// The service refused a request for coming too often.
    void penalise(core::SteadyTime now);

    /// No request goes before this; in the past when there is no pause.
    [[nodiscard]] core::SteadyTime paused_until() const { return paused_until_; }
    /// Requests that could go at once, 0..per_second; 0 during a pause.
    [[nodiscard]] double available(core::SteadyTime now) const;

private:
    /// The service's current window as far as it is known.
    struct Window {
        std::chrono::milliseconds reset{0};  // its end by the service's clock; names the window
        std::int64_t remaining = 0;          // by the service's count, less what was reserved since
        std::int64_t reserve = 0;            // not to be used
        core::SteadyTime end;
    };
    [[nodiscard]] core::SteadyTime own_time(core::SteadyTime now) const;
    [[nodiscard]] core::SteadyTime window_end(std::chrono::milliseconds reset, std::chrono::milliseconds interval,
                                              core::SteadyTime now);
    void pause_until(core::SteadyTime until, core::SteadyTime now);

    Options options_;
    core::SteadyTime::duration spacing_;    // between requests at the cap
    core::SteadyTime::duration tolerance_;  // how far ahead of the spacing a burst may run
    // On the own clock: GCRA's theoretical arrival time, and the latest slot given, which none may overtake.
    core::SteadyTime next_;
    core::SteadyTime last_slot_;
    core::SteadyTime::duration paused_{0};  // all pauses together: steady time less own time
    core::SteadyTime paused_until_;
    std::optional<Window> window_;
    std::optional<std::chrono::milliseconds> clock_offset_;  // service's clock less ours: highest lower bound so far
};

}  // namespace scanner::net
