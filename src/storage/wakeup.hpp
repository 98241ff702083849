#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <set>
#include <utility>

namespace scanner::storage {

/// Lets coroutines wait until something may have changed. Loop thread only; must outlive those who wait.
class Wakeup {
public:
    explicit Wakeup(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    /// Everybody who waits goes on.
    void notify() {
        for (auto* const timer : waiting_) timer->cancel();
    }
    [[nodiscard]] boost::asio::awaitable<void> wait(std::chrono::milliseconds at_most) {
        boost::asio::steady_timer timer(executor_, at_most);
        const Entry entry(waiting_, timer);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

private:
    using Timers = std::set<boost::asio::steady_timer*>;
    class Entry {
    public:
        Entry(Timers& timers, boost::asio::steady_timer& timer) : timers_(timers), timer_(&timer) {
            timers_.insert(timer_);
        }
        ~Entry() { timers_.erase(timer_); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        Timers& timers_;
        boost::asio::steady_timer* timer_;
    };

    boost::asio::any_io_executor executor_;
    Timers waiting_;
};

}  // namespace scanner::storage
