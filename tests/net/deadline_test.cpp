#include "scanner/net/deadline.hpp"

#include "support/run_coroutine.hpp"

#include "scanner/net/pacing.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using core::Result;
using test::run_coroutine;

template <class T>
asio::awaitable<Result<T>> at_once(T value) {
    co_return value;
}

asio::awaitable<Result<int>> after(std::chrono::milliseconds delay, int value) {
    const auto slept = co_await sleep_for(delay);
    if (!slept) co_return std::unexpected(slept.error());
    co_return value;
}

asio::awaitable<Result<int>> throws() {
    co_await asio::steady_timer(co_await asio::this_coro::executor, 1ms).async_wait(asio::use_awaitable);
    throw std::runtime_error("broken");
}

/// Waits the plain Asio way, which throws when cancelled.
asio::awaitable<Result<int>> waits_throwing() {
    co_await asio::steady_timer(co_await asio::this_coro::executor, 1h).async_wait(asio::use_awaitable);
    co_return 1;
}

/// Has no default constructor, as results of real operations may not.
struct Reading {
    explicit Reading(std::string of) : text(std::move(of)) {}
    std::string text;
};

/// Runs `operation`, emits `type` once it has got as far as it gets by itself, and returns what it made of that.
Result<int> cancelled_with(asio::cancellation_type type, asio::awaitable<Result<int>> operation) {
    asio::io_context io(1);
    asio::cancellation_signal signal;
    Result<int> result = -1;
    asio::co_spawn(
        io, std::move(operation),
        asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& thrown, Result<int> value) {
            EXPECT_EQ(thrown, nullptr);
            result = std::move(value);
        }));
    io.poll();
    signal.emit(type);
    io.restart();
    io.run_for(10s);
    EXPECT_TRUE(io.stopped()) << "something still waits";
    return result;
}

TEST(WithTimeout, gives_the_result_of_an_operation_that_is_in_time) {
    EXPECT_EQ(run_coroutine(with_timeout(at_once(7), 10s)), 7);
    EXPECT_EQ(run_coroutine(with_timeout(after(1ms, 8), 10s)), 8);
}

TEST(WithTimeout, passes_on_the_operations_own_error) {
    const auto broken = [](Result<int> result) -> asio::awaitable<Result<int>> { co_return result; };
    const auto result = run_coroutine(with_timeout(broken(core::fail(ErrorCode::not_found, "nothing there")), 10s));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::not_found);
}

TEST(WithTimeout, ends_an_operation_that_takes_too_long) {
    const auto result = run_coroutine(with_timeout(after(1h, 7), 3ms));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::timeout);
    EXPECT_EQ(result.error().message(), "not done within 3 ms");
}

TEST(WithTimeout, ends_an_operation_that_throws_when_cancelled) {
    const auto result = run_coroutine(with_timeout(waits_throwing(), 3ms));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::timeout);
}

TEST(WithTimeout, makes_an_exception_an_error_at_once) {
    const auto result = run_coroutine(with_timeout(throws(), 1h));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::internal);
    EXPECT_NE(result.error().message().find("broken"), std::string::npos);
}

TEST(WithTimeout, takes_results_without_a_default_and_results_of_nothing) {
    const auto reading = run_coroutine([]() -> asio::awaitable<std::string> {
        const auto result = co_await with_timeout(at_once(Reading("ten")), 10s);
        co_return result->text;
    });
    EXPECT_EQ(reading, "ten");
    EXPECT_TRUE(run_coroutine(with_timeout(sleep_for(1ms), 10s)).has_value());
}

TEST(WithTimeout, takes_a_duration_without_end) {
    EXPECT_EQ(run_coroutine(with_timeout(after(1ms, 9), std::chrono::steady_clock::duration::max())), 9);
}

TEST(WithTimeout, cancelling_the_waiter_cancels_the_operation) {
    const auto result = cancelled_with(asio::cancellation_type::terminal, with_timeout(after(1h, 7), 2h));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::cancelled);
}

TEST(WithTimeout, nests) {
    EXPECT_EQ(run_coroutine(with_timeout(with_timeout(after(1h, 7), 1h), 3ms)).error().code(), ErrorCode::timeout);
    EXPECT_EQ(run_coroutine(with_timeout(with_timeout(after(1h, 7), 3ms), 1h)).error().code(), ErrorCode::timeout);
    const auto result =
        cancelled_with(asio::cancellation_type::terminal, with_timeout(with_timeout(after(1h, 7), 1h), 1h));
    EXPECT_EQ(result.error().code(), ErrorCode::cancelled);
}

TEST(Sleep, waits_until_its_time) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(run_coroutine(sleep_until(start + 5ms)).has_value());
    EXPECT_GE(std::chrono::steady_clock::now(), start + 5ms);
    EXPECT_TRUE(run_coroutine(sleep_until(start - 1h)).has_value());
}

asio::awaitable<Result<int>> sleeps_in_a_row() {
    co_await asio::this_coro::throw_if_cancelled(false);
    int cancelled = 0;
    for (int i = 0; i < 5; ++i) {
        const auto slept = co_await sleep_for(1h);
        if (!slept && slept.error().code() == ErrorCode::cancelled) ++cancelled;
        const auto in_time = co_await with_timeout(after(1h, 1), 2h);
        if (!in_time && in_time.error().code() == ErrorCode::cancelled) ++cancelled;
    }
    co_return cancelled;
}

TEST(Sleep, a_cancelled_coroutine_does_not_wait_again_even_if_it_carries_on) {
    EXPECT_EQ(cancelled_with(asio::cancellation_type::terminal, sleeps_in_a_row()), 10);
}

TEST(WaitForTurn, waits_for_the_budget) {
    const auto budget = std::make_shared<RateBudget>(RateBudget::Options{.per_second = 200});
    const auto start = std::chrono::steady_clock::now();
    const auto all = run_coroutine([&]() -> asio::awaitable<bool> {
        for (int i = 0; i < 202; ++i) {
            const auto turn = co_await wait_for_turn(budget, start + 1h);
            if (!turn) co_return false;
        }
        co_return true;
    });
    EXPECT_TRUE(all);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms - 1us);  // two past the burst, 5 ms each; rounded
}

TEST(WaitForTurn, fails_at_once_when_its_turn_comes_too_late) {
    const auto budget = std::make_shared<RateBudget>(RateBudget::Options{.per_second = 1});
    const auto now = std::chrono::steady_clock::now();
    budget->penalise(now);
    const auto turn = run_coroutine(wait_for_turn(budget, now + 1s));
    ASSERT_FALSE(turn.has_value());
    EXPECT_EQ(turn.error().code(), ErrorCode::rate_limited);
}

asio::awaitable<Result<int>> turn_as_number(std::shared_ptr<RateBudget> budget, core::SteadyTime latest) {
    const auto turn = co_await wait_for_turn(std::move(budget), latest);
    if (!turn) co_return std::unexpected(turn.error());
    co_return 1;
}

TEST(WaitForTurn, is_cancelled_while_it_waits) {
    const auto budget = std::make_shared<RateBudget>(RateBudget::Options{.per_second = 1, .penalty = 30s});
    const auto now = std::chrono::steady_clock::now();
    budget->penalise(now);
    const auto result = cancelled_with(asio::cancellation_type::terminal, turn_as_number(budget, now + 1h));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::cancelled);
}

}  // namespace
}  // namespace scanner::net
