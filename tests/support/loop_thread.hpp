#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

namespace scanner::test {

/// A loop on a thread of its own, for servers that a test talks to with blocking clients.
class LoopThread {
public:
    LoopThread() : thread_([this] { io_.run(); }) {}
    /// Ends the loop; whatever still waits on it is destroyed with it. Objects that it refers to must be gone, or
    /// outlive it.
    ~LoopThread() { join(); }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    [[nodiscard]] boost::asio::io_context& io() { return io_; }

    /// Runs `coroutine` on the loop and waits for its result; throws what it throws, or when it takes over 20 s.
    template <class T>
    T run(boost::asio::awaitable<T> coroutine) {
        auto result = boost::asio::co_spawn(io_, std::move(coroutine), boost::asio::use_future);
        return get(result);
    }
    /// Calls `function` on the loop and waits for its result.
    template <class F>
    auto call(F function) {
        // Shared, because the loop may still hold it when the wait here is given up.
        const auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::move(function));
        auto result = task->get_future();
        boost::asio::post(io_, [task] { (*task)(); });
        return get(result);
    }

    void join() {
        work_.reset();
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    template <class T>
    static T get(std::future<T>& result) {
        if (result.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
            throw std::runtime_error("nothing came back from the loop in time");
        }
        return result.get();
    }

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_;
};

}  // namespace scanner::test
