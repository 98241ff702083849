#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace scanner::storage {

/// One thread for blocking work, reached from the loop by awaitables. Loop thread only, unless it says otherwise. The
/// loop's context must outlive it.
class Worker {
public:
    using Clock = std::chrono::steady_clock;

    /// At most `max_waiting` pieces of work at a time; more are refused as unavailable.
    Worker(boost::asio::any_io_executor loop, std::size_t max_waiting)
        : loop_(std::move(loop)), max_waiting_(max_waiting), waiting_(std::make_shared<std::size_t>(0)) {}
    ~Worker() { join(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Runs `work` over there, one after another, and gives its result; timeout when that takes longer than `limit`
    /// (queueing included): the work goes on then, and its result is dropped.
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> run(std::function<core::Result<T>()> work,
                                                              std::chrono::milliseconds limit) {
        if (*waiting_ >= max_waiting_)
            co_return core::fail(core::ErrorCode::unavailable, "too much is waiting already");
        const auto call = std::make_shared<Call<T>>(loop_, limit);
        ++*waiting_;
        start(call, std::move(work));
        co_await call->done.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (auto& result = call->result; result) co_return std::move(*result);
        if (Clock::now() < call->deadline) co_return core::fail(core::ErrorCode::cancelled, "cancelled");
        co_return core::fail(core::ErrorCode::timeout, "no answer in time");
    }

    /// Runs `work`, which must not throw, over there; bounded by the caller.
    void post(std::function<void()> work) { boost::asio::post(pool_, std::move(work)); }

    /// For how long the current piece of work has been running; 0 without one. Any thread.
    [[nodiscard]] std::chrono::milliseconds busy_for() const {
        const auto since = busy_since_.load();
        if (since == 0) return std::chrono::milliseconds(0);
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch() -
                                                                     Clock::duration(since));
    }

    /// Waits for what was begun; blocks. Nothing may be run after it.
    void join() { pool_.join(); }

private:
    template <class T>
    struct Call {
        Call(const boost::asio::any_io_executor& loop, std::chrono::milliseconds limit)
            : deadline(Clock::now() + limit), done(loop, deadline) {}
        Clock::time_point deadline;
        boost::asio::steady_timer done;
        std::optional<core::Result<T>> result;
    };

    // A plain function, so that what the other thread holds are its own copies.
    template <class T>
    void start(std::shared_ptr<Call<T>> call, std::function<core::Result<T>()> work) {
        boost::asio::post(pool_, [this, call = std::move(call), work = std::move(work), loop = loop_,
                                  waiting = waiting_]() mutable {
            busy_since_ = Clock::now().time_since_epoch().count();
            auto result = std::make_shared<core::Result<T>>(guarded(work));
            work = nullptr;
            busy_since_ = 0;
            // Moved: the timer may only be touched, and destroyed, over there.
            boost::asio::post(loop, [call = std::move(call), waiting = std::move(waiting), result = std::move(result)] {
                --*waiting;
                call->result = std::move(*result);
                call->done.cancel();
            });
        });
    }

    template <class T>
    static core::Result<T> guarded(const std::function<core::Result<T>()>& work) {
        try {
            return work();
        } catch (const std::exception& error) {
            return core::fail(core::ErrorCode::internal, error.what());
        }
    }

    boost::asio::any_io_executor loop_;
    std::size_t max_waiting_;
    std::shared_ptr<std::size_t> waiting_;
    std::atomic<Clock::rep> busy_since_{0};
    boost::asio::thread_pool pool_{1};
};

}  // namespace scanner::storage
