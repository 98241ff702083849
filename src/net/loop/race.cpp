#include "scanner/net/race.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> note(asio::awaitable<bool> limit, bool* reached) {
    *reached = co_await std::move(limit);
}

}  // namespace

asio::awaitable<bool> race(asio::awaitable<void> operation, asio::awaitable<bool> limit) {
    using namespace asio::experimental::awaitable_operators;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return false;
    bool reached = false;
    try {
        co_await (std::move(operation) || note(std::move(limit), &reached));
    } catch (const std::exception&) {
        // Neither side throws. Asio does, operation_aborted, when both were cancelled before they began.
        reached = false;
    }
    co_return reached;
}

}  // namespace scanner::net
