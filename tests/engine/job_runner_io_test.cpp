#include "engine/scan/job_runner.hpp"

#include "scanner/net/event.hpp"
#include "scanner/net/step_log.hpp"

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
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
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

/// Keeps the steps, in order.
struct KeptSteps : net::StepLog {
    std::vector<std::string> kept;
    void step(std::string_view name, std::string_view /*contract*/, std::string_view /*detail*/) override {
        kept.emplace_back(name);
    }
};

/// A replay that comes to steps when the test says so.
struct ReplayedSteps : net::StepLog {
    explicit ReplayedSteps(const asio::any_io_executor& executor) : come(executor) {}
    net::Event come;
    std::set<std::string> reached;
    void step(std::string_view name, std::string_view /*contract*/, std::string_view /*detail*/) override {
        ADD_FAILURE() << name << " was taken without having been reached";
    }
    asio::awaitable<std::string> reach(std::string_view name, std::string detail) override {
        const std::string wanted(name);
        while (!reached.contains(wanted)) {
            if (co_await come.wait() == net::Event::Outcome::cancelled) break;
        }
        co_return detail;
    }
    bool is_replay() const override { return true; }
    void reach_all(const std::vector<std::string>& names) {
        reached.insert(names.begin(), names.end());
        come.notify();
    }
};

TEST(JobRunner, gives_up_in_a_replay_what_was_given_up_then_however_fast_it_is) {
    KeptSteps live;
    JobLimits limits;
    limits.job_deadline = std::chrono::hours(1);
    limits.straggler_grace = std::chrono::milliseconds(10);
    limits.steps = &live;
    limits.give_up = "give_up";
    const auto outcomes = run(3, limits, wait_for_ever);
    ASSERT_THAT(outcomes, ElementsAre(JobOutcome::done, JobOutcome::abandoned, JobOutcome::abandoned));
    ASSERT_THAT(live.kept, testing::UnorderedElementsAre("give_up 1", "give_up 2"));

    // At once with limits of an hour, and long after limits that have passed.
    for (const auto& [grace, delay] : {std::pair(std::chrono::milliseconds(3'600'000), std::chrono::milliseconds(0)),
                                       std::pair(std::chrono::milliseconds(1), std::chrono::milliseconds(100))}) {
        asio::io_context io(1);
        ReplayedSteps replayed(io.get_executor());
        limits.straggler_grace = grace;
        limits.job_deadline = grace;
        limits.steps = &replayed;
        std::vector<JobOutcome> again;
        asio::co_spawn(io, run_jobs(3, limits, wait_for_ever, {}),
                       [&](const std::exception_ptr& error, std::vector<JobOutcome> ended) {
                           EXPECT_FALSE(error);
                           again = std::move(ended);
                       });
        io.run_for(delay);
        io.restart();
        while (io.poll() > 0) {
        }
        EXPECT_TRUE(again.empty()) << "given up by its own clock";
        replayed.reach_all(live.kept);
        io.restart();
        io.run_for(std::chrono::seconds(20));
        EXPECT_EQ(again, outcomes);
    }
}

}  // namespace
}  // namespace scanner::engine
