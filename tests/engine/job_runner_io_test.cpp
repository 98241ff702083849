#include "engine/scan/job_runner.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <vector>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using testing::Each;

/// Job 0 is done at once, the others never.
asio::awaitable<void> wait_for_ever(std::size_t number) {
    if (number == 0) co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

TEST(JobRunner, jobs_that_never_began_are_not_done_when_it_is_cancelled) {
    asio::io_context io(1);
    asio::cancellation_signal cancel;
    std::vector<JobOutcome> outcomes;
    JobLimits limits;
    limits.concurrency = 2;
    limits.job_deadline = std::chrono::hours(1);
    asio::co_spawn(io, run_jobs(6, limits, wait_for_ever, {}),
                   asio::bind_cancellation_slot(cancel.slot(),
                                                [&](const std::exception_ptr& error, std::vector<JobOutcome> ended) {
                                                    EXPECT_FALSE(error);
                                                    outcomes = std::move(ended);
                                                }));
    for (int i = 0; i < 100; ++i) io.poll_one();
    cancel.emit(asio::cancellation_type::terminal);
    io.run_for(std::chrono::seconds(20));
    ASSERT_EQ(outcomes.size(), 6U);
    EXPECT_EQ(outcomes[0], JobOutcome::done);
    EXPECT_THAT(std::vector<JobOutcome>(outcomes.begin() + 1, outcomes.end()), Each(JobOutcome::abandoned));
}

}  // namespace
}  // namespace scanner::engine
