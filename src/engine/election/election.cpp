#include "scanner/engine/election.hpp"

#include <algorithm>

namespace scanner::engine {
namespace {

/// Of the lease: how often it is asked for while somebody else has it, and what is kept from its end.
constexpr int kPollPart = 4;
constexpr int kMarginPart = 4;
constexpr int kRenewPart = 3;
/// Between a renewal that failed and the next attempt.
constexpr int kAgainPart = 10;

}  // namespace

std::string_view to_string(ElectionState state) noexcept {
    switch (state) {
        case ElectionState::waiting: return "waiting";
        case ElectionState::candidate: return "candidate";
        case ElectionState::elected: return "elected";
        case ElectionState::fenced: break;
    }
    return "fenced";
}

void Election::wait(core::SteadyTime now, std::chrono::milliseconds pause) {
    state_ = ElectionState::waiting;
    open_ = false;
    until_ = {};
    next_at_ = now + pause;
}

void Election::hold(core::SteadyTime sent) {
    until_ = std::max(until_, sent + (lease_ - lease_ / kMarginPart));
}

void Election::expire(core::SteadyTime now) {
    if (now < until_) return;
    if (state_ == ElectionState::candidate) wait(now, lease_);
    if (state_ == ElectionState::elected) {
        state_ = ElectionState::fenced;
        next_at_ = now;
    }
}

ElectionStep Election::next(core::SteadyTime now) {
    expire(now);
    using Kind = ElectionStep::Kind;
    switch (state_) {
        case ElectionState::waiting: return {.kind = Kind::acquire, .at = next_at_};
        case ElectionState::candidate: return {.kind = open_ ? Kind::install : Kind::open_epoch, .at = next_at_};
        // A lease that is not renewed in time is noticed when its time has come.
        case ElectionState::elected: return {.kind = Kind::renew, .at = std::min(next_at_, until_)};
        case ElectionState::fenced: break;
    }
    return {.kind = Kind::step_down, .at = next_at_};
}

void Election::acquired(bool ours, core::SteadyTime sent, core::SteadyTime now) {
    if (state_ != ElectionState::waiting) return;
    if (!ours) {
        wait(now, lease_ / kPollPart);
        return;
    }
    state_ = ElectionState::candidate;
    open_ = false;
    next_at_ = now;
    until_ = {};
    hold(sent);
    expire(now);
}

void Election::opened(core::SteadyTime now) {
    if (state_ != ElectionState::candidate) return;
    open_ = true;
    next_at_ = now;
    expire(now);
}

void Election::installed(core::SteadyTime sent, core::SteadyTime now) {
    expire(now);
    if (state_ != ElectionState::candidate || !open_) return;
    state_ = ElectionState::elected;
    hold(sent);
    next_at_ = sent + lease_ / kRenewPart;
    expire(now);
}

void Election::renewed(core::SteadyTime sent, core::SteadyTime now) {
    expire(now);  // an answer that comes too late revives nothing
    if (state_ != ElectionState::elected) return;
    hold(sent);
    next_at_ = sent + lease_ / kRenewPart;
}

void Election::refused(core::SteadyTime now) {
    if (state_ == ElectionState::elected) {
        state_ = ElectionState::fenced;
        next_at_ = now;
    } else if (state_ != ElectionState::fenced) {
        wait(now, lease_ / kPollPart);
    }
}

void Election::failed(core::SteadyTime now) {
    if (state_ == ElectionState::candidate) {
        // One that can open an epoch should have the lease: this one lets it run out.
        wait(now, lease_);
    } else if (state_ == ElectionState::waiting) {
        wait(now, lease_ / kPollPart);
    } else if (state_ == ElectionState::elected) {
        next_at_ = now + lease_ / kAgainPart;
        expire(now);
    }
}

void Election::stepped_down(core::SteadyTime now) {
    if (state_ == ElectionState::fenced) wait(now, lease_ / kPollPart);
}

}  // namespace scanner::engine
