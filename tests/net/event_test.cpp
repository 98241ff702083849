#include "scanner/net/event.hpp"

#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/exception.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Outcome = Event::Outcome;

asio::awaitable<void> waits(Event* event, core::SteadyTime deadline, std::vector<Outcome>* outcomes) {
    co_await asio::this_coro::throw_if_cancelled(false);
    outcomes->push_back(co_await event->wait(deadline));
}

TEST(Event, resumes_all_that_wait_and_remembers_nothing) {
    asio::io_context io;
    Event event(io.get_executor());
    TaskGroup tasks(io.get_executor(), {});
    std::vector<Outcome> outcomes;
    event.notify();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(tasks.spawn("waits", waits(&event, core::SteadyTime::max(), &outcomes)));
    io.run_for(20ms);
    EXPECT_TRUE(outcomes.empty()) << "an earlier notification is not kept for those that come later";
    event.notify();
    EXPECT_TRUE(outcomes.empty()) << "they resume on the loop, not inside notify";
    io.restart();
    io.run_for(10s);
    EXPECT_EQ(outcomes, std::vector<Outcome>(3, Outcome::notified));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Event, a_deadline_ends_the_wait_and_a_notification_in_the_same_moment_is_not_lost) {
    asio::io_context io;
    Event event(io.get_executor());
    TaskGroup tasks(io.get_executor(), {});
    std::vector<Outcome> outcomes;
    ASSERT_TRUE(tasks.spawn("waits", waits(&event, std::chrono::steady_clock::now() + 5ms, &outcomes)));
    io.run_for(10s);
    EXPECT_EQ(outcomes, std::vector<Outcome>{Outcome::timeout});

    outcomes.clear();
    ASSERT_TRUE(tasks.spawn("waits", waits(&event, std::chrono::steady_clock::now() + 1h, &outcomes)));
    io.restart();
    io.run_for(5ms);
    event.notify();
    event.notify();  // the second finds a timer that has been cancelled already
    io.restart();
    io.run_for(10s);
    EXPECT_EQ(outcomes, std::vector<Outcome>{Outcome::notified});
}

TEST(Event, cancelling_the_awaiting_coroutine_ends_its_wait_alone) {
    asio::io_context io;
    Event event(io.get_executor());
    TaskGroup cancelled(io.get_executor(), {});
    TaskGroup other(io.get_executor(), {});
    std::vector<Outcome> outcomes;
    std::vector<Outcome> others;
    ASSERT_TRUE(cancelled.spawn("waits", waits(&event, core::SteadyTime::max(), &outcomes)));
    ASSERT_TRUE(other.spawn("waits", waits(&event, core::SteadyTime::max(), &others)));
    io.run_for(5ms);
    cancelled.cancel();
    io.restart();
    io.run_for(20ms);
    EXPECT_EQ(outcomes, std::vector<Outcome>{Outcome::cancelled});
    EXPECT_TRUE(others.empty());
    event.notify();
    io.restart();
    io.run_for(10s);
    EXPECT_EQ(others, std::vector<Outcome>{Outcome::notified});
}

TEST(Event, may_be_destroyed_while_coroutines_wait) {
    std::vector<Outcome> outcomes;
    {
        asio::io_context io;
        TaskGroup tasks(io.get_executor(), {});
        auto event = std::make_unique<Event>(io.get_executor());
        ASSERT_TRUE(tasks.spawn("waits", waits(event.get(), core::SteadyTime::max(), &outcomes)));
        io.run_for(5ms);
        event.reset();
        io.restart();
        io.run_for(10s);
        EXPECT_EQ(outcomes, std::vector<Outcome>{Outcome::notified});

        event = std::make_unique<Event>(io.get_executor());
        ASSERT_TRUE(tasks.spawn("waits", waits(event.get(), core::SteadyTime::max(), &outcomes)));
        io.restart();
        io.run_for(5ms);
        event.reset();
    }
    EXPECT_EQ(outcomes.size(), 1U) << "the loop went before the second could resume";
}

TEST(Exception, is_described_by_its_text_and_a_cancellation_is_recognised) {
    const auto thrown = [](auto&& exception) { return std::make_exception_ptr(exception); };
    EXPECT_EQ(describe(thrown(std::runtime_error("disk full"))), "disk full");
    EXPECT_EQ(describe(thrown(7)), "unknown exception");
    EXPECT_TRUE(is_cancellation(thrown(boost::system::system_error(asio::error::operation_aborted))));
    EXPECT_FALSE(is_cancellation(thrown(boost::system::system_error(asio::error::eof))));
    EXPECT_FALSE(is_cancellation(thrown(std::runtime_error("operation_aborted"))));
    EXPECT_FALSE(is_cancellation(nullptr));
}

}  // namespace
}  // namespace scanner::net
