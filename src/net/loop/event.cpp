#include "scanner/net/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>
#include <utility>

namespace scanner::net {

namespace asio = boost::asio;

struct Event::State {
    asio::any_io_executor executor;
    std::list<Waiter*> waiters;
};

/// In the frame of the coroutine that waits, so that it leaves the list however that frame ends.
struct Event::Waiter {
    Waiter(std::shared_ptr<State> of, core::SteadyTime deadline)
        : state(std::move(of)),
          timer(state->executor, deadline),
          place(state->waiters.insert(state->waiters.end(), this)) {}
    ~Waiter() { state->waiters.erase(place); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::shared_ptr<State> state;
    asio::steady_timer timer;
    bool notified = false;  ///< also tells a notification from a deadline that passed in the same moment
    std::list<Waiter*>::iterator place;
};

Event::Event(asio::any_io_executor executor) : state_(std::make_shared<State>(State{std::move(executor), {}})) {}

Event::~Event() {
    notify();
}

void Event::notify() {
    for (Waiter* const waiter : state_->waiters) {
        waiter->notified = true;
        waiter->timer.cancel();
    }
}

asio::awaitable<Event::Outcome> Event::wait(core::SteadyTime deadline) {
    return wait(state_, deadline);
}

asio::awaitable<Event::Outcome> Event::wait_for(std::chrono::steady_clock::duration at_most) {
    const auto now = std::chrono::steady_clock::now();
    return wait(state_, at_most < core::SteadyTime::max() - now ? now + at_most : core::SteadyTime::max());
}

asio::awaitable<Event::Outcome> Event::wait(std::shared_ptr<State> state, core::SteadyTime deadline) {
    Waiter waiter(std::move(state), deadline);
    const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiter.notified) co_return Outcome::notified;
    co_return error ? Outcome::cancelled : Outcome::timeout;
}

}  // namespace scanner::net
