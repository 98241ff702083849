#pragma once

#include "scanner/core/clock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace scanner::net {

/// Lets coroutines wait until something may have changed: a condition variable for one loop. It remembers nothing, so
/// look at the condition, then wait, without a suspension between the two. Loop thread only.
class Event {
public:
    enum class Outcome {
        notified,   ///< also when the event was destroyed
        timeout,    ///< the deadline passed first
        cancelled,  ///< the awaiting coroutine was cancelled while it waited
    };

    explicit Event(boost::asio::any_io_executor executor);
    /// Ends every wait as if notified.
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    /// Resumes every coroutine that waits now, on the loop and never inside this call.
    void notify();

    /// Until `notify`, at most until `deadline`. A coroutine that was cancelled before is not ended by that here (a
    /// cancellation is signalled once): a coroutine that waits again after one must bound the wait.
    [[nodiscard]] boost::asio::awaitable<Outcome> wait(core::SteadyTime deadline = core::SteadyTime::max());
    [[nodiscard]] boost::asio::awaitable<Outcome> wait_for(std::chrono::steady_clock::duration at_most);

private:
    struct State;
    struct Waiter;
    static boost::asio::awaitable<Outcome> wait(std::shared_ptr<State> state, core::SteadyTime deadline);
    std::shared_ptr<State> state_;
};

}  // namespace scanner::net
