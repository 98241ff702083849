#include "support/run_coroutine.hpp"

#include "scanner/net/resolve.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Answer = core::Result<std::vector<asio::ip::address>>;

/// Lookups that hang until the test lets them go.
class Hanging {
public:
    ~Hanging() { release(); }
    Hanging() = default;
    Hanging(const Hanging&) = delete;
    Hanging& operator=(const Hanging&) = delete;

    NameLookup lookup() {
        return [state = state_](const std::string&) -> Answer {
            std::unique_lock lock(state->mutex);
            ++state->begun;
            state->changed.notify_all();
            state->changed.wait(lock, [&] { return state->released; });
            ++state->ended;
            state->changed.notify_all();
            return std::vector{asio::ip::make_address("192.0.2.1")};
        };
    }
    void release() {
        const std::scoped_lock lock(state_->mutex);
        state_->released = true;
        state_->changed.notify_all();
    }
    bool wait_for_begun(int count) {
        std::unique_lock lock(state_->mutex);
        return state_->changed.wait_for(lock, seconds(20), [&] { return state_->begun >= count; });
    }
    bool wait_for_ended(int count) {
        std::unique_lock lock(state_->mutex);
        return state_->changed.wait_for(lock, seconds(20), [&] { return state_->ended >= count; });
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool released = false;
        int begun = 0;
        int ended = 0;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// The threads of earlier tests have let go of their places.
void wait_for_places() {
    const auto deadline = steady_clock::now() + seconds(20);
    for (;;) {
        asio::io_context io;
        const auto answer = test::run_on(io, resolve("a.test", seconds(10), [](const std::string&) -> Answer {
                                             return std::vector{asio::ip::make_address("192.0.2.7")};
                                         }));
        if (answer) return;
        ASSERT_LT(steady_clock::now(), deadline) << answer.error().message();
        std::this_thread::sleep_for(milliseconds(5));
    }
}

TEST(Resolve, a_number_is_its_own_address_and_a_name_has_those_of_the_system) {
    asio::io_context io;
    const auto number = test::run_on(io, resolve("192.0.2.9", seconds(1)));
    ASSERT_TRUE(number.has_value());
    EXPECT_EQ(number->front().to_string(), "192.0.2.9");
    asio::io_context again;
    const auto name = test::run_on(again, resolve("localhost", seconds(10)));
    ASSERT_TRUE(name.has_value()) << name.error().message();
    EXPECT_TRUE(name->front().is_loopback());
    asio::io_context third;
    // Longer than a label may be, so that no server is asked.
    const auto none = test::run_on(third, resolve(std::string(70, 'a') + ".invalid", seconds(10)));
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code(), ErrorCode::network);
}

TEST(Resolve, a_lookup_that_hangs_ends_in_time_and_the_loop_does_not_wait_for_it) {
    Hanging hanging;
    const auto begun = steady_clock::now();
    {
        asio::io_context io;
        const auto answer = test::run_on(io, resolve("slow.test", milliseconds(50), hanging.lookup()));
        ASSERT_FALSE(answer.has_value());
        EXPECT_EQ(answer.error().code(), ErrorCode::timeout);
    }
    // It hangs still: what waited for it would be waiting now.
    EXPECT_LT(steady_clock::now() - begun, seconds(15));
    hanging.release();
    EXPECT_TRUE(hanging.wait_for_ended(1)) << "an answer after the loop is gone harms nothing";
    wait_for_places();
}

TEST(Resolve, a_loop_that_is_destroyed_meanwhile_does_not_wait_either) {
    Hanging hanging;
    {
        asio::io_context io;
        TaskGroup tasks(io.get_executor(), [](std::string_view, std::string_view) {});
        const auto look = [&]() -> asio::awaitable<void> {
            static_cast<void>(co_await resolve("slow.test", std::chrono::hours(1), hanging.lookup()));
        };
        ASSERT_TRUE(tasks.spawn("look", look()));
        io.poll();
        ASSERT_TRUE(hanging.wait_for_begun(1));
    }
    hanging.release();
    EXPECT_TRUE(hanging.wait_for_ended(1));
    wait_for_places();
}

TEST(Resolve, cancelling_ends_the_wait_at_once) {
    Hanging hanging;
    asio::io_context io;
    TaskGroup tasks(io.get_executor(), [](std::string_view, std::string_view what) { ADD_FAILURE() << what; });
    const auto story = [&]() -> asio::awaitable<void> {
        const auto look = [&]() -> asio::awaitable<void> {
            const auto answer = co_await resolve("slow.test", std::chrono::hours(1), hanging.lookup());
            ADD_FAILURE() << "it hangs, and has an answer all the same: " << answer.has_value();
        };
        EXPECT_TRUE(tasks.spawn("look", look()));
        const auto ended = co_await tasks.shutdown(seconds(2));
        EXPECT_TRUE(ended.has_value()) << ended.error().message();
    };
    test::run_on(io, story());
    hanging.release();
    wait_for_places();
}

TEST(Resolve, no_more_lookups_hang_than_there_may_be) {
    Hanging hanging;
    for (std::size_t i = 0; i < kMaxLookups; ++i) {
        asio::io_context io;
        const auto answer = test::run_on(io, resolve("slow.test", milliseconds(1), hanging.lookup()));
        ASSERT_EQ(answer.error().code(), ErrorCode::timeout) << i;
    }
    asio::io_context io;
    const auto answer = test::run_on(io, resolve("slow.test", seconds(10), hanging.lookup()));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), ErrorCode::unavailable);
    hanging.release();
    wait_for_places();
}

}  // namespace
}  // namespace scanner::net
