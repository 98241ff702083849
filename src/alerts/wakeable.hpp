#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>

namespace scanner::alerts {

/// A wait that somebody can end. One waiter at a time; waking nobody does nothing, so look before you wait. Loop
/// thread.
class Wakeable {
public:
    explicit Wakeable(const boost::asio::any_io_executor& executor) : timer_(executor) {}
    /// Until somebody wakes it, and `most` at the most; nothing: however long that is.
    boost::asio::awaitable<void> wait(std::optional<std::chrono::steady_clock::duration> most) {
        timer_.expires_at(most ? std::chrono::steady_clock::now() + *most
                               : std::chrono::steady_clock::time_point::max());
        co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    void wake() { timer_.cancel(); }

private:
    boost::asio::steady_timer timer_;
};

}  // namespace scanner::alerts
