#include "scanner/net/circuit_breaker.hpp"

namespace scanner::net {

std::string_view to_string(CircuitState state) noexcept {
    switch (state) {
        case CircuitState::closed: return "closed";
        case CircuitState::open: return "open";
        case CircuitState::half_open: return "half-open";
    }
    return "closed";
}

CircuitBreaker::CircuitBreaker(Options options) : options_(options) {}

std::optional<CircuitBreaker::Permit> CircuitBreaker::admit(core::SteadyTime now) {
    if (!open_until_) return Permit(era_);
    if (now < *open_until_) return std::nullopt;
    if (probe_deadline_ && now < *probe_deadline_) return std::nullopt;
    ++era_;  // a given-up probe's report no longer counts
    probe_deadline_ = now + options_.probe_timeout;
    return Permit(era_);
}

void CircuitBreaker::success(Permit permit, core::SteadyTime /*now*/) {
    if (permit.era_ != era_) return;
    failures_ = 0;
    if (!open_until_) return;
    open_until_.reset();
    probe_deadline_.reset();
    ++era_;
}

void CircuitBreaker::failure(Permit permit, core::SteadyTime now) {
    if (permit.era_ != era_) return;
    ++failures_;
    if (open_until_ || failures_ >= options_.threshold) open(now);
}

void CircuitBreaker::abandon(Permit permit, core::SteadyTime /*now*/) {
    if (permit.era_ != era_ || !open_until_) return;
    probe_deadline_.reset();
    ++era_;
}

CircuitState CircuitBreaker::state(core::SteadyTime now) const {
    if (!open_until_) return CircuitState::closed;
    return now < *open_until_ ? CircuitState::open : CircuitState::half_open;
}

std::chrono::milliseconds CircuitBreaker::cooldown_remaining(core::SteadyTime now) const {
    if (!open_until_ || now >= *open_until_) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(*open_until_ - now);
}

void CircuitBreaker::open(core::SteadyTime now) {
    open_until_ = now + options_.cooldown;
    probe_deadline_.reset();
    ++era_;
}

}  // namespace scanner::net
