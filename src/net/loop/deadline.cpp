#include "scanner/net/deadline.hpp"

#include "scanner/net/exception.hpp"
#include "scanner/net/race.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace scanner::net {
namespace {

namespace asio = boost::asio;

core::SteadyTime from_now(std::chrono::steady_clock::duration duration) {
    const auto now = std::chrono::steady_clock::now();
    return duration < core::SteadyTime::max() - now ? now + duration : core::SteadyTime::max();
}

asio::awaitable<bool> expire(std::chrono::steady_clock::duration duration) {
    const auto slept = co_await sleep_for(duration);
    co_return slept.has_value();
}

}  // namespace

asio::awaitable<core::Result<void>> sleep_until(core::SteadyTime time) {
    // A cancellation is signalled once. Without this look a loop that goes on regardless would sleep its fill after it.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting");
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting");
    co_return core::Result<void>();
}

asio::awaitable<core::Result<void>> sleep_for(std::chrono::steady_clock::duration duration) {
    return sleep_until(from_now(duration));
}

namespace detail {

asio::awaitable<bool> out_of_time(asio::awaitable<void> operation, std::chrono::steady_clock::duration duration) {
    return race(std::move(operation), expire(duration));
}

core::Error error_from(const std::exception_ptr& exception) {
    if (is_cancellation(exception)) return {core::ErrorCode::cancelled, "cancelled"};
    return {core::ErrorCode::internal, fmt::format("unexpected exception: {}", describe(exception))};
}

core::Error timeout_error(std::chrono::steady_clock::duration duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration);
    return {core::ErrorCode::timeout, fmt::format("not done within {} ms", ms.count())};
}

}  // namespace detail
}  // namespace scanner::net
