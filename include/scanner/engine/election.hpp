#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <compare>
#include <string_view>

namespace scanner::engine {

enum class ElectionState {
    waiting,    ///< somebody else is elected, or no one can be asked
    candidate,  ///< the lease is ours; its epoch is not open yet
    elected,    ///< may publish, as long as `may_publish` says so
    fenced,     ///< was elected; what it began has to end before it waits again
};
[[nodiscard]] std::string_view to_string(ElectionState state) noexcept;

/// What is to be done next, and when at the earliest. Only one thing is under way at a time.
struct ElectionStep {
    enum class Kind {
        acquire,     ///< ask for the lease
        open_epoch,  ///< in the database: the old epoch ends, the new one begins
        install,     ///< the new epoch is the one that may publish
        renew,       ///< the lease
        step_down,   ///< stop scanning, then say so with stepped_down()
    };
    Kind kind = Kind::acquire;
    core::SteadyTime at;
};

/// How one scanner of several comes to be elected and ceases to be. Pure: time and the outcomes of what it asks for are
/// arguments, and it can be copied and compared.
///
/// The lease is counted from when it was asked for, by this process' steady clock, and a quarter less than the server
/// counts it: for the way there, and for clocks that run unlike. So a scanner that cannot renew, or was stopped for a
/// while, knows by itself that it may not publish before anybody else may.
class Election {
public:
    explicit Election(std::chrono::milliseconds lease, core::SteadyTime now = {}) : lease_(lease), next_at_(now) {}

    /// The time has come to `now`: a lease that has run out is noticed here.
    [[nodiscard]] ElectionStep next(core::SteadyTime now);

    // Outcomes. `sent`: when the request was sent.
    /// `ours`: false when somebody else has the lease.
    void acquired(bool ours, core::SteadyTime sent, core::SteadyTime now);
    void opened(core::SteadyTime now);
    void installed(core::SteadyTime sent, core::SteadyTime now);
    void renewed(core::SteadyTime sent, core::SteadyTime now);
    /// The lease or the epoch is somebody else's: also when publishing was refused.
    void refused(core::SteadyTime now);
    /// Nothing is known of the outcome of the last step.
    void failed(core::SteadyTime now);
    void stepped_down(core::SteadyTime now);

    [[nodiscard]] ElectionState state() const { return state_; }
    /// Whether a ranking may be shown or sent now. What is sent is checked again where it arrives.
    [[nodiscard]] bool may_publish(core::SteadyTime now) const {
        return state_ == ElectionState::elected && now < until_;
    }
    /// Until when the lease is ours by our own clock; of `candidate` and `elected`.
    [[nodiscard]] core::SteadyTime until() const { return until_; }

    friend auto operator<=>(const Election&, const Election&) = default;

private:
    void expire(core::SteadyTime now);
    void wait(core::SteadyTime now, std::chrono::milliseconds pause);
    void hold(core::SteadyTime sent);

    std::chrono::milliseconds lease_;
    ElectionState state_ = ElectionState::waiting;
    bool open_ = false;         // the candidate's epoch is open
    core::SteadyTime next_at_;  // of the next step
    core::SteadyTime until_;
};

}  // namespace scanner::engine
