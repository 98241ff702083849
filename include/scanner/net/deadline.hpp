#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace scanner::net {

/// Waits; fails only with cancelled, and does so at once in a coroutine that was cancelled before. Executor's thread.
[[nodiscard]] boost::asio::awaitable<core::Result<void>> sleep_until(core::SteadyTime time);
[[nodiscard]] boost::asio::awaitable<core::Result<void>> sleep_for(std::chrono::steady_clock::duration duration);

namespace detail {

/// A race of `operation` against `duration`; true when time was up first.
[[nodiscard]] boost::asio::awaitable<bool> out_of_time(boost::asio::awaitable<void> operation,
                                                       std::chrono::steady_clock::duration duration);
/// What an exception means as an error: operation_aborted is cancelled, anything else internal.
[[nodiscard]] core::Error error_from(const std::exception_ptr& exception);
[[nodiscard]] core::Error timeout_error(std::chrono::steady_clock::duration duration);

// `out` lives in the frame of with_timeout, which waits for this coroutine to end.
template <class T>
boost::asio::awaitable<void> store_result(boost::asio::awaitable<core::Result<T>> operation,
                                          std::optional<core::Result<T>>* out) {
    try {
        out->emplace(co_await std::move(operation));
    } catch (...) {
        out->emplace(std::unexpect, error_from(std::current_exception()));
    }
}

}  // namespace detail

/// The result of `operation`, or timeout when it takes longer than `duration`. The operation is then cancelled, and
/// this returns as soon as it has let go: it must honour (terminal) cancellation, as everything in this room does; work
/// on another thread does not and needs a deadline of its own. Exceptions come back as cancelled or internal. When the
/// awaiting coroutine is cancelled the operation is too, and its result (normally cancelled) is returned.
template <class T>
[[nodiscard]] boost::asio::awaitable<core::Result<T>> with_timeout(boost::asio::awaitable<core::Result<T>> operation,
                                                                   std::chrono::steady_clock::duration duration) {
    std::optional<core::Result<T>> result;
    const bool late = co_await detail::out_of_time(detail::store_result<T>(std::move(operation), &result), duration);
    // A result that came in the very last moment is still a result.
    if (result && (result->has_value() || !late)) co_return std::move(*result);
    if (late) co_return std::unexpected(detail::timeout_error(duration));
    co_return core::fail(core::ErrorCode::cancelled, "cancelled before it started");
}

}  // namespace scanner::net
