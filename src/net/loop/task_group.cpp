#include "scanner/net/task_group.hpp"

#include "scanner/net/event.hpp"
#include "scanner/net/exception.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <list>
#include <utility>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;

struct Child {
    std::string name;
    asio::cancellation_signal signal;
    bool begun = false;
    bool dropped = false;  // told to stop before it began
};

// A cancellation that reaches a co_spawn before its coroutine has begun makes Asio 1.24 throw out of the loop without
// ever calling the completion handler. So signals are held back until then.
asio::awaitable<void> run_child(std::shared_ptr<Child> child, asio::awaitable<void> task) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    child->begun = true;
    if (!child->dropped) co_await std::move(task);
}

}  // namespace

struct TaskGroup::State {
    State(asio::any_io_executor on, OnException report, std::size_t max)
        : executor(std::move(on)), on_exception(std::move(report)), max_tasks(max), all_ended(executor) {}

    asio::any_io_executor executor;
    OnException on_exception;
    std::size_t max_tasks;
    bool stopping = false;
    std::list<std::shared_ptr<Child>> children;  // those that have not ended
    Event all_ended;

    /// Held by a child's completion handler: keeps the child, and with it the signal, until the coroutine has ended.
    /// Also takes it out of the group when the coroutine is destroyed with its loop and never ends: nothing is left to
    /// signal.
    struct Membership {
        Membership(std::shared_ptr<State> of, std::shared_ptr<Child> which)
            : state(std::move(of)), child(std::move(which)) {}
        ~Membership() { state->leave(*child); }
        Membership(const Membership&) = delete;
        Membership& operator=(const Membership&) = delete;

        std::shared_ptr<State> state;
        std::shared_ptr<Child> child;
    };

    static asio::awaitable<core::Result<void>> join(std::shared_ptr<State> state, core::SteadyTime deadline);
    static asio::awaitable<core::Result<void>> shutdown(std::shared_ptr<State> state,
                                                        std::chrono::steady_clock::duration grace);

    void ended(const Child& child, const std::exception_ptr& exception) {
        leave(child);
        if (exception && on_exception && !is_cancellation(exception)) on_exception(child.name, describe(exception));
        if (children.empty()) all_ended.notify();
    }

    void leave(const Child& child) {
        children.remove_if([&child](const std::shared_ptr<Child>& other) { return other.get() == &child; });
    }

    void emit(asio::cancellation_type type) {
        stopping = true;
        // A copy: a child may end, and leave the list, while it is being told.
        const std::vector<std::shared_ptr<Child>> all(children.begin(), children.end());
        for (const auto& child : all) {
            if (!child->begun) {
                child->dropped = true;
                continue;
            }
            child->signal.emit(type);
            // While the loop is not running, co_spawn puts a bare pointer to the signal into its queue (asio #1332,
            // mended in 1.28.2): the child must not go before that has been worked off.
            asio::post(executor, [child] {});
        }
    }
};

asio::awaitable<core::Result<void>> TaskGroup::State::join(std::shared_ptr<State> state, core::SteadyTime deadline) {
    while (!state->children.empty()) {
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting for tasks to end");
        }
        const auto outcome = co_await state->all_ended.wait(deadline);
        if (outcome == Event::Outcome::timeout && !state->children.empty()) {
            co_return core::fail(core::ErrorCode::timeout, "still running: " + state->children.front()->name);
        }
    }
    co_return core::Result<void>();
}

asio::awaitable<core::Result<void>> TaskGroup::State::shutdown(std::shared_ptr<State> state,
                                                               std::chrono::steady_clock::duration grace) {
    state->emit(asio::cancellation_type::total);
    auto joined = co_await join(state, std::chrono::steady_clock::now() + grace);
    if (joined) co_return joined;
    state->emit(asio::cancellation_type::terminal);
    if (joined.error().code() == core::ErrorCode::cancelled) co_return joined;
    co_return co_await join(state, std::chrono::steady_clock::now() + grace);
}

TaskGroup::TaskGroup(asio::any_io_executor executor, OnException on_exception, std::size_t max_tasks)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_exception), max_tasks)) {}

TaskGroup::~TaskGroup() {
    cancel();
}

bool TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
    if (state_->stopping || (state_->max_tasks > 0 && size() >= state_->max_tasks)) return false;
    auto child = std::make_shared<Child>();
    child->name = std::move(name);
    state_->children.push_back(child);
    auto ended = [membership = std::make_shared<State::Membership>(state_, child)](
                     const std::exception_ptr& exception) { membership->state->ended(*membership->child, exception); };
    asio::co_spawn(state_->executor, run_child(child, std::move(task)),
                   asio::bind_cancellation_slot(child->signal.slot(), std::move(ended)));
    return true;
}

std::size_t TaskGroup::size() const {
    return state_->children.size();
}

bool TaskGroup::stopping() const {
    return state_->stopping;
}

void TaskGroup::request_stop() {
    state_->emit(asio::cancellation_type::total);
}

void TaskGroup::cancel() {
    state_->emit(asio::cancellation_type::terminal);
}

asio::awaitable<core::Result<void>> TaskGroup::join(core::SteadyTime deadline) {
    return State::join(state_, deadline);
}

asio::awaitable<core::Result<void>> TaskGroup::shutdown(std::chrono::steady_clock::duration grace) {
    return State::shutdown(state_, grace);
}

}  // namespace scanner::net
