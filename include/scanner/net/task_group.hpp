#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::net {

/// Owns the coroutines that were started in it, so that nothing runs unobserved and everything can be ended. All on the
/// one thread of the executor's loop.
///
/// Stopping has two phases. `request_stop` emits `total` cancellation: only coroutines that asked for it
/// (`co_await this_coro::reset_cancellation_state(enable_total_cancellation())`) notice, at their next wait, and may
/// end in their own way. `cancel` emits `terminal`: every wait ends with cancelled, and the next co_await throws, which
/// the group takes as a normal end. `shutdown` does both with deadlines.
class TaskGroup {
public:
    /// Called for every exception that ends a child, other than a cancellation's. Must not throw.
    using OnException = std::function<void(std::string_view task, std::string_view what)>;

    /// `max_tasks`: children at a time; more are refused. 0: no bound of its own.
    TaskGroup(boost::asio::any_io_executor executor, OnException on_exception, std::size_t max_tasks = 0);
    /// Cancels what is left. Those children end on the loop after this; what they refer to must still be there then, so
    /// join first.
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `task` on the loop (never inside this call). False, and the task is dropped unstarted, when the group is
    /// full or was told to stop. `name` is for `on_exception`.
    [[nodiscard]] bool spawn(std::string name, boost::asio::awaitable<void> task);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool stopping() const;

    /// First phase; also refuses new children from now on.
    void request_stop();
    /// Second phase; also refuses new children from now on.
    void cancel();

    /// Waits until no child is left: timeout at `deadline`, cancelled when the awaiting coroutine is. Does not stop
    /// anything by itself.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> join(core::SteadyTime deadline);
    /// request_stop, up to `grace` for the children to end, then cancel and up to `grace` again. timeout names a child
    /// that is still there.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> shutdown(std::chrono::steady_clock::duration grace);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace scanner::net
