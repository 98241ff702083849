#include "scanner/net/semaphore.hpp"

#include "scanner/net/event.hpp"

#include <boost/asio/this_coro.hpp>

#include <list>

namespace scanner::net {

namespace asio = boost::asio;

struct Semaphore::State {
    asio::any_io_executor executor;
    std::size_t permits;
    std::size_t max_waiting;
    std::list<Waiter*> line;

    void give_back() noexcept;
};

/// A place in line, in the frame of the coroutine that waits. Leaves the line, or gives back a permit that it was
/// handed and did not take, however that frame ends.
struct Semaphore::Waiter {
    explicit Waiter(std::shared_ptr<State> of) : state(std::move(of)), turn(state->executor) {
        state->line.push_back(this);
    }
    ~Waiter() {
        if (granted) {
            state->give_back();
        } else {
            state->line.remove(this);
        }
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::shared_ptr<State> state;
    Event turn;
    bool granted = false;
};

void Semaphore::State::give_back() noexcept {
    if (line.empty()) {
        ++permits;
        return;
    }
    Waiter* const first = line.front();
    line.pop_front();
    first->granted = true;
    first->turn.notify();
}

void Semaphore::Permit::release() noexcept {
    const auto state = std::move(state_);
    state_.reset();
    if (state) state->give_back();
}

Semaphore::Semaphore(asio::any_io_executor executor, std::size_t permits, std::size_t max_waiting)
    : state_(std::make_shared<State>(State{std::move(executor), permits, max_waiting, {}})) {}

asio::awaitable<core::Result<Semaphore::Permit>> Semaphore::acquire(core::SteadyTime deadline) {
    return wait(state_, deadline);
}

asio::awaitable<core::Result<Semaphore::Permit>> Semaphore::wait(std::shared_ptr<State> state,
                                                                 core::SteadyTime deadline) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting for a permit");
    }
    if (state->permits > 0) {
        --state->permits;
        co_return Permit(std::move(state));
    }
    if (state->line.size() >= state->max_waiting) {
        co_return core::fail(core::ErrorCode::unavailable, "too many are waiting for a permit");
    }
    Waiter waiter(state);
    const auto outcome = co_await waiter.turn.wait(deadline);
    if (waiter.granted) {
        waiter.granted = false;  // taken
        co_return Permit(std::move(state));
    }
    if (outcome == Event::Outcome::cancelled) {
        co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting for a permit");
    }
    co_return core::fail(core::ErrorCode::timeout, "no permit came free in time");
}

std::optional<Semaphore::Permit> Semaphore::try_acquire() {
    if (state_->permits == 0) return std::nullopt;
    --state_->permits;
    return Permit(state_);
}

std::size_t Semaphore::available() const {
    return state_->permits;
}

std::size_t Semaphore::waiting() const {
    return state_->line.size();
}

}  // namespace scanner::net
