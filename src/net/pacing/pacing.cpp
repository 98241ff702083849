#include "scanner/net/pacing.hpp"

#include "scanner/net/deadline.hpp"

namespace scanner::net {

boost::asio::awaitable<core::Result<void>> wait_for_turn(std::shared_ptr<RateBudget> budget, core::SteadyTime latest) {
    core::SteadyTime now = std::chrono::steady_clock::now();
    const auto ticket = budget->acquire(now, latest);
    if (!ticket) co_return core::fail(core::ErrorCode::rate_limited, "request budget: no turn before the deadline");
    for (auto due = budget->due(*ticket); due > now; due = budget->due(*ticket)) {
        if (due > latest)
            co_return core::fail(core::ErrorCode::rate_limited, "request budget: paused past the deadline");
        auto slept = co_await sleep_until(due);
        if (!slept) co_return slept;
        now = std::chrono::steady_clock::now();
    }
    co_return core::Result<void>();
}

}  // namespace scanner::net
