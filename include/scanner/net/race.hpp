#pragma once

#include <boost/asio/awaitable.hpp>

namespace scanner::net {

/// Runs `operation` until it ends or `limit` returns true, then cancels it (all types) and waits for it to let go: it
/// must honour (terminal) cancellation, as everything in this room does. True when the limit was reached first. Neither
/// may throw, except for an operation_aborted that ends it. `limit` returns false when it was cancelled, as it is once
/// the operation has ended. A coroutine that was cancelled before starts neither and gets false.
[[nodiscard]] boost::asio::awaitable<bool> race(boost::asio::awaitable<void> operation,
                                                boost::asio::awaitable<bool> limit);

}  // namespace scanner::net
