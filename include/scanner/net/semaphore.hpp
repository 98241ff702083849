#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace scanner::net {

/// Limits how many coroutines do something at a time. First come, first served; a permit is handed straight to the
/// first in line, so that none overtakes. One loop thread.
class Semaphore {
    struct State;

public:
    /// Gives itself back when destroyed. May outlive the semaphore. An empty one (default, moved from) gives nothing.
    class [[nodiscard]] Permit {
    public:
        Permit() = default;
        Permit(Permit&& other) noexcept = default;
        Permit& operator=(Permit&& other) noexcept {
            if (this != &other) {
                release();
                state_ = std::move(other.state_);
            }
            return *this;
        }
        ~Permit() { release(); }
        void release() noexcept;
        [[nodiscard]] explicit operator bool() const { return state_ != nullptr; }

    private:
        friend class Semaphore;
        explicit Permit(std::shared_ptr<State> state) : state_(std::move(state)) {}
        std::shared_ptr<State> state_;
    };

    /// At most `max_waiting` may wait in line; more are refused as unavailable.
    Semaphore(boost::asio::any_io_executor executor, std::size_t permits, std::size_t max_waiting = 4'096);

    /// Waits for a permit: timeout at `deadline`, cancelled when the awaiting coroutine is, unavailable when the line
    /// is full.
    [[nodiscard]] boost::asio::awaitable<core::Result<Permit>> acquire(
        core::SteadyTime deadline = core::SteadyTime::max());
    /// A permit if one is free and no caller waits.
    [[nodiscard]] std::optional<Permit> try_acquire();

    [[nodiscard]] std::size_t available() const;
    [[nodiscard]] std::size_t waiting() const;

private:
    struct Waiter;
    static boost::asio::awaitable<core::Result<Permit>> wait(std::shared_ptr<State> state, core::SteadyTime deadline);
    std::shared_ptr<State> state_;
};

}  // namespace scanner::net
