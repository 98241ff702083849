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

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

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

std::vector<JobOutcome> run(std::size_t count, const JobLimits& limits,
                            std::function<asio::awaitable<void>(std::size_t)> job,
                            std::function<void(std::size_t)> on_finished = {}) {
    asio::io_context io(1);
    std::vector<JobOutcome> outcomes;
    asio::co_spawn(io, run_jobs(count, limits, std::move(job), std::move(on_finished)),
                   [&](const std::exception_ptr& error, std::vector<JobOutcome> ended) {
                       EXPECT_FALSE(error);
                       outcomes = std::move(ended);
                   });
    io.run_for(std::chrono::seconds(20));
    return outcomes;
}

TEST(JobRunner, a_job_that_throws_does_not_touch_the_others) {
    std::vector<std::size_t> finished;
    const auto outcomes = run(
        3, JobLimits(),
        [](std::size_t number) -> asio::awaitable<void> {
            if (number == 1) throw std::runtime_error("broken");
            co_return;
        },
        [&](std::size_t done) { finished.push_back(done); });
    EXPECT_THAT(outcomes, ElementsAre(JobOutcome::done, JobOutcome::failed, JobOutcome::done));
    EXPECT_THAT(finished, ElementsAre(1U, 2U, 3U));
}

TEST(JobRunner, runs_at_most_so_many_at_a_time_in_their_order) {
    JobLimits limits;
    limits.concurrency = 2;
    std::vector<std::size_t> started;
    int running = 0;
    int most = 0;
    const auto outcomes = run(5, limits, [&](std::size_t number) -> asio::awaitable<void> {
        started.push_back(number);
        most = std::max(most, ++running);
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(2));
        co_await timer.async_wait(asio::use_awaitable);
        --running;
    });
    EXPECT_THAT(outcomes, AllOf(SizeIs(5), Each(JobOutcome::done)));
    EXPECT_THAT(started, ElementsAre(0U, 1U, 2U, 3U, 4U));
    EXPECT_EQ(most, 2);
}

TEST(JobRunner, abandons_a_job_at_its_deadline_and_starts_the_next) {
    JobLimits limits;
    limits.concurrency = 1;
    limits.job_deadline = std::chrono::milliseconds(10);
    limits.straggler_grace = std::chrono::hours(1);
    const auto outcomes = run(2, limits, [](std::size_t number) { return wait_for_ever(1 - number); });
    EXPECT_THAT(outcomes, ElementsAre(JobOutcome::abandoned, JobOutcome::done));
}

TEST(JobRunner, gives_the_last_jobs_no_more_than_the_grace) {
    JobLimits limits;
    limits.job_deadline = std::chrono::hours(1);
    limits.straggler_grace = std::chrono::milliseconds(10);
    EXPECT_THAT(run(3, limits, wait_for_ever),
                ElementsAre(JobOutcome::done, JobOutcome::abandoned, JobOutcome::abandoned));
}

}  // namespace
}  // namespace scanner::engine
