#include "scanner/net/task_group.hpp"

#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/semaphore.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using test::run_on;

/// How a child got on.
struct Log {
    std::vector<std::string> lines;
    TaskGroup::OnException on_exception() {
        return [this](std::string_view task, std::string_view what) {
            lines.push_back(std::string(task) + ": " + std::string(what));
        };
    }
};

core::SteadyTime in(std::chrono::milliseconds duration) {
    return std::chrono::steady_clock::now() + duration;
}

asio::awaitable<void> sleeps(std::chrono::milliseconds duration, Log* log, std::string name) {
    const auto slept = co_await sleep_for(duration);
    log->lines.push_back(name + (slept ? " done" : " cancelled"));
}

asio::awaitable<void> sleeps_for_ever(Log* log) {
    for (;;) {
        const auto slept = co_await sleep_for(1h);
        log->lines.push_back(slept ? "woke" : "cancelled");
    }
}

/// Says good-bye in its own time when asked to stop.
asio::awaitable<void> winds_up(Log* log) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto slept = co_await sleep_for(1h);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    const auto flushed = co_await sleep_for(2ms);
    log->lines.push_back(!slept && flushed ? "flushed" : "not flushed");
}

asio::awaitable<void> throws(std::string what) {
    const auto slept = co_await sleep_for(1ms);
    EXPECT_TRUE(slept.has_value());
    throw std::runtime_error(what);
}

asio::awaitable<void> stops_its_group(TaskGroup* group, Log* log) {
    group->cancel();
    const auto slept = co_await sleep_for(1h);
    log->lines.push_back(slept ? "woke" : "cancelled");
}

TEST(TaskGroup, joins_when_the_last_child_has_ended) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("slow", sleeps(4ms, &log, "slow")));
    EXPECT_TRUE(group.spawn("quick", sleeps(1ms, &log, "quick")));
    EXPECT_EQ(group.size(), 2U);
    EXPECT_TRUE(log.lines.empty()) << "nothing runs inside spawn";
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(log.lines, (std::vector<std::string>{"quick done", "slow done"}));
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value()) << "joining an empty group";
}

TEST(TaskGroup, join_gives_up_at_its_deadline_and_says_who_is_left) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("collector", sleeps(1h, &log, "collector")));
    const auto joined = run_on(io, group.join(in(3ms)));
    ASSERT_FALSE(joined.has_value());
    EXPECT_EQ(joined.error().code(), ErrorCode::timeout);
    EXPECT_EQ(joined.error().message(), "still running: collector");
    EXPECT_EQ(group.size(), 1U);
    group.cancel();
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"collector cancelled"}));
}

TEST(TaskGroup, cancel_ends_loops_that_pay_no_attention) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("loop", sleeps_for_ever(&log)));
    io.poll();
    group.cancel();
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"cancelled"})) << "a cancellation is not reported as an exception";
}

TEST(TaskGroup, a_child_told_to_stop_before_it_began_never_begins) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("late", sleeps(0ms, &log, "late")));
    group.cancel();
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_TRUE(log.lines.empty());
}

TEST(TaskGroup, a_child_may_stop_its_own_group) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("self", stops_its_group(&group, &log)));
    EXPECT_TRUE(group.spawn("other", sleeps_for_ever(&log)));
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(group.size(), 0U);
    for (const auto& line : log.lines) EXPECT_EQ(line, "cancelled");
}

TEST(TaskGroup, reports_exceptions_and_lets_the_others_be) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("bad", throws("out of luck")));
    EXPECT_TRUE(group.spawn("good", sleeps(5ms, &log, "good")));
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"bad: out of luck", "good done"}));
}

TEST(TaskGroup, refuses_more_than_its_bound_and_takes_more_when_one_has_ended) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception(), 2);
    EXPECT_TRUE(group.spawn("a", sleeps(1ms, &log, "a")));
    EXPECT_TRUE(group.spawn("b", sleeps(1ms, &log, "b")));
    EXPECT_FALSE(group.spawn("c", sleeps(1ms, &log, "c")));
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_TRUE(group.spawn("d", sleeps(1ms, &log, "d")));
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"a done", "b done", "d done"}));
}

TEST(TaskGroup, shutdown_lets_tasks_that_ask_for_it_finish_and_ends_the_rest) {
    asio::io_context io(1);
    Log log;
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("polite", winds_up(&log)));
    EXPECT_TRUE(group.spawn("deaf", sleeps_for_ever(&log)));
    io.poll();
    EXPECT_TRUE(run_on(io, group.shutdown(30ms)).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"flushed", "cancelled"}));
    EXPECT_TRUE(group.stopping());
    EXPECT_FALSE(group.spawn("too late", sleeps(0ms, &log, "too late")));
}

TEST(TaskGroup, going_away_ends_what_is_left) {
    asio::io_context io(1);
    Log log;
    auto group = std::make_unique<TaskGroup>(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group->spawn("left", sleeps(1h, &log, "left")));
    io.poll();
    group.reset();
    io.restart();
    io.run_for(10s);
    EXPECT_TRUE(io.stopped());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"left cancelled"}));
}

TEST(TaskGroup, frames_that_never_ended_go_with_the_loop) {
    Log log;
    auto io = std::make_unique<asio::io_context>(1);
    TaskGroup group(io->get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("stuck", sleeps(1h, &log, "stuck")));
    io->poll();
    io.reset();
    EXPECT_TRUE(log.lines.empty());
}

asio::awaitable<void> holds(Semaphore* semaphore, int number, std::vector<int>* order, int* now, int* most) {
    const auto permit = co_await semaphore->acquire();
    EXPECT_TRUE(permit.has_value());
    order->push_back(number);
    *most = std::max(*most, ++*now);
    const auto slept = co_await sleep_for(1ms);
    EXPECT_TRUE(slept.has_value());
    --*now;
}

TEST(Semaphore, lets_no_more_in_than_it_has_permits_and_in_order) {
    asio::io_context io(1);
    Log log;
    Semaphore semaphore(io.get_executor(), 3);
    TaskGroup group(io.get_executor(), log.on_exception());
    std::vector<int> order;
    int now = 0;
    int most = 0;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn("holder", holds(&semaphore, i, &order, &now, &most)));
    io.poll();
    EXPECT_EQ(semaphore.available(), 0U);
    EXPECT_EQ(semaphore.waiting(), 7U);
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(most, 3);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(semaphore.available(), 3U);
    EXPECT_TRUE(log.lines.empty());
}

TEST(Semaphore, waits_no_longer_than_its_deadline) {
    asio::io_context io(1);
    Semaphore semaphore(io.get_executor(), 1);
    auto held = semaphore.try_acquire();
    ASSERT_TRUE(held.has_value());
    EXPECT_FALSE(semaphore.try_acquire().has_value());
    EXPECT_EQ(run_on(io, semaphore.acquire(in(3ms))).error().code(), ErrorCode::timeout);
    EXPECT_EQ(semaphore.waiting(), 0U);
    held.reset();
    EXPECT_TRUE(run_on(io, semaphore.acquire(in(10s))).has_value());
    EXPECT_EQ(semaphore.available(), 1U);
}

TEST(Semaphore, refuses_when_the_line_is_full) {
    asio::io_context io(1);
    Semaphore semaphore(io.get_executor(), 1, 0);
    const auto held = semaphore.try_acquire();
    EXPECT_EQ(run_on(io, semaphore.acquire()).error().code(), ErrorCode::unavailable);
}

asio::awaitable<void> waits(Semaphore* semaphore, Log* log, std::string name) {
    const auto permit = co_await semaphore->acquire();
    log->lines.push_back(name + (permit ? " in" : " out"));
}

TEST(Semaphore, a_cancelled_waiter_leaves_the_line) {
    asio::io_context io(1);
    Log log;
    Semaphore semaphore(io.get_executor(), 1);
    auto held = semaphore.try_acquire();
    TaskGroup impatient(io.get_executor(), log.on_exception());
    TaskGroup patient(io.get_executor(), log.on_exception());
    EXPECT_TRUE(impatient.spawn("first", waits(&semaphore, &log, "first")));
    EXPECT_TRUE(patient.spawn("second", waits(&semaphore, &log, "second")));
    io.poll();
    EXPECT_EQ(semaphore.waiting(), 2U);
    impatient.cancel();
    EXPECT_TRUE(run_on(io, impatient.join(in(10s))).has_value());
    EXPECT_EQ(semaphore.waiting(), 1U);
    held.reset();
    EXPECT_TRUE(run_on(io, patient.join(in(10s))).has_value());
    EXPECT_EQ(log.lines, (std::vector<std::string>{"first out", "second in"}));
    EXPECT_EQ(semaphore.available(), 1U);
}

TEST(Semaphore, a_permit_granted_while_its_waiter_is_cancelled_is_not_lost) {
    asio::io_context io(1);
    Log log;
    Semaphore semaphore(io.get_executor(), 1);
    auto held = semaphore.try_acquire();
    TaskGroup group(io.get_executor(), log.on_exception());
    EXPECT_TRUE(group.spawn("unlucky", waits(&semaphore, &log, "unlucky")));
    io.poll();
    held.reset();    // hands it over; the coroutine has not been resumed yet
    group.cancel();  // ... and is cancelled first
    EXPECT_TRUE(run_on(io, group.join(in(10s))).has_value());
    EXPECT_EQ(semaphore.available(), 1U);
}

TEST(Semaphore, a_permit_outlives_it) {
    asio::io_context io(1);
    auto semaphore = std::make_unique<Semaphore>(io.get_executor(), 1);
    auto held = semaphore->try_acquire();
    semaphore.reset();
    held.reset();
    EXPECT_FALSE(held.has_value());
}

}  // namespace
}  // namespace scanner::net
