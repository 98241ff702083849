#pragma once

#include "scanner/core/log.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace scanner::storage {

/// A connection on which the database says at once that another process has changed something. Blocking; on one thread,
/// except for interrupt().
class ChangeListener {
public:
    virtual ~ChangeListener() = default;
    /// Waits at most so long; whether something was changed. Throws SqlError when the connection is lost.
    [[nodiscard]] virtual bool wait(std::chrono::milliseconds at_most) = 0;
    /// Ends a wait, from any thread. The connection is unusable after it.
    virtual void interrupt() noexcept = 0;
};

/// Hears of changes on a thread of its own, with a connection of its own that is renewed when it is lost. Only to be
/// sooner than polling, which goes on: while there is no connection nothing is missed, it only takes longer.
class ChangeWatch {
public:
    /// `connect` throws SqlError. `changed` is called on the loop, also after each connect, because something may have
    /// been changed before; no more after stop().
    ChangeWatch(boost::asio::any_io_executor loop, std::function<std::unique_ptr<ChangeListener>()> connect,
                std::function<void()> changed);
    ~ChangeWatch();
    ChangeWatch(const ChangeWatch&) = delete;
    ChangeWatch& operator=(const ChangeWatch&) = delete;

    void start();
    /// Loop thread. Does not block.
    void stop();
    /// Blocks for as long as connecting takes at most.
    void join();

private:
    void run();
    void tell();
    /// False when it is to end.
    [[nodiscard]] bool pause(std::chrono::milliseconds length);

    boost::asio::any_io_executor loop_;
    std::function<std::unique_ptr<ChangeListener>()> connect_;
    std::shared_ptr<std::function<void()>> changed_;  ///< empty inside once stopped; on the loop only
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;  ///< guards the pointer against interrupt()
    std::condition_variable stopped_;
    std::unique_ptr<ChangeListener> listener_;
    core::RepeatedFailure failure_{"database_changes_unheard"};
    std::thread thread_;
};

}  // namespace scanner::storage
