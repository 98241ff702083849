#include "scanner/net/race.hpp"

#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::run_coroutine;

asio::awaitable<void> sleeps(std::chrono::milliseconds duration, bool* cancelled) {
    const auto slept = co_await sleep_for(duration);
    *cancelled = !slept.has_value();
}

asio::awaitable<bool> passes(std::chrono::milliseconds duration, bool* cancelled) {
    const auto slept = co_await sleep_for(duration);
    *cancelled = !slept.has_value();
    co_return slept.has_value();
}

TEST(Race, an_operation_that_ends_first_cancels_the_limit) {
    bool operation_cancelled = true;
    bool limit_cancelled = false;
    EXPECT_FALSE(run_coroutine(race(sleeps(1ms, &operation_cancelled), passes(1h, &limit_cancelled))));
    EXPECT_FALSE(operation_cancelled);
    EXPECT_TRUE(limit_cancelled);
}

TEST(Race, a_limit_that_is_reached_first_cancels_the_operation_and_waits_for_it) {
    bool operation_cancelled = false;
    bool limit_cancelled = true;
    EXPECT_TRUE(run_coroutine(race(sleeps(1h, &operation_cancelled), passes(1ms, &limit_cancelled))));
    EXPECT_TRUE(operation_cancelled);
    EXPECT_FALSE(limit_cancelled);
}

asio::awaitable<void> ends_at_once() {
    co_return;
}

asio::awaitable<bool> race_against_an_event() {
    Event event(co_await asio::this_coro::executor);
    const auto notified = [](Event* awaited) -> asio::awaitable<bool> {
        co_return co_await awaited->wait() == Event::Outcome::notified;
    };
    co_return co_await race(ends_at_once(), notified(&event));
}

TEST(Race, an_operation_that_ends_at_once_does_not_wait_for_the_limit) {
    EXPECT_FALSE(run_coroutine(race_against_an_event()));
}

}  // namespace
}  // namespace scanner::net
