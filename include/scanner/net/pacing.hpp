#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/net/rate_budget.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace scanner::net {

/// Takes the next place in `budget` and waits for its turn, pauses that come up meanwhile included. Loop thread.
/// Fails at once with rate_limited when the turn would come after `latest`, or later if a pause moves it there; with
/// cancelled when the awaiting coroutine is.
[[nodiscard]] boost::asio::awaitable<core::Result<void>> wait_for_turn(std::shared_ptr<RateBudget> budget,
                                                                       core::SteadyTime latest);

}  // namespace scanner::net
