#include "engine/scan/job_runner.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/race.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

/// What became of a job. In a frame that waits for all who use it.
struct Fate {
    bool threw = false;
    bool ended = false;
};

asio::awaitable<void> follow(asio::awaitable<void> job, Fate* fate) {
    try {
        co_await std::move(job);
    } catch (...) {
        fate->threw = true;
    }
    fate->ended = true;
}

/// Workers take the jobs in order. Shared with them, so that it outlives them when the loop goes first.
class JobRun : public std::enable_shared_from_this<JobRun> {
public:
    JobRun(const asio::any_io_executor& executor, std::size_t count, JobLimits limits,
           std::function<asio::awaitable<void>(std::size_t)> job, std::function<void(std::size_t)> on_finished)
        : limits_(limits),
          job_(std::move(job)),
          on_finished_(std::move(on_finished)),
          outcomes_(count, JobOutcome::done),
          workers_(executor, {}),
          last_moment_moved_(executor) {}

    asio::awaitable<std::vector<JobOutcome>> run() {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        for (std::size_t i = 0; i < std::min(limits_.concurrency, outcomes_.size()); ++i) {
            static_cast<void>(workers_.spawn("jobs", work(shared_from_this())));
        }
        if (const auto ended = co_await workers_.join(core::SteadyTime::max()); !ended) {
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            abandon_all();
            static_cast<void>(co_await workers_.join(core::SteadyTime::max()));
        }
        co_return std::move(outcomes_);
    }

private:
    static asio::awaitable<void> work(std::shared_ptr<JobRun> self) {
        while (self->next_ < self->outcomes_.size()) {
            const std::size_t number = self->next_++;
            if (self->next_ == self->outcomes_.size()) self->hurry_stragglers();
            Fate fate;
            const bool late = co_await net::race(follow(self->job_(number), &fate), too_late(self, number, &fate));
            if (late) {
                self->outcomes_[number] = JobOutcome::abandoned;
            } else if (fate.threw) {
                self->outcomes_[number] = JobOutcome::failed;
            }
            if (self->on_finished_) self->on_finished_(++self->finished_);
        }
    }

    /// Waits until a job that begins now has had its time; false when it ended before.
    static asio::awaitable<bool> too_late(std::shared_ptr<JobRun> self, std::size_t number, const Fate* fate) {
        if (self->limits_.steps != nullptr && self->limits_.steps->is_replay()) {
            bool told = false;
            const bool abandoned = co_await net::race(reach_giving_up(self, number, &told), abandonment(self));
            co_return abandoned || told;
        }
        const auto started = SteadyClock::now();
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        while (cancellation.cancelled() == asio::cancellation_type::none) {
            const auto until = std::min(started + self->limits_.job_deadline, self->last_moment_);
            // It may have ended, and its worker not have come to that yet: then it was in time.
            if (fate->ended) co_return false;
            if (SteadyClock::now() >= until) {
                if (self->limits_.steps != nullptr && !self->abandoned_) {
                    self->limits_.steps->step(self->step_of(number), {}, {});
                }
                co_return true;
            }
            co_await self->last_moment_moved_.wait(until);
        }
        co_return false;
    }

    std::string step_of(std::size_t number) const { return limits_.give_up + ' ' + std::to_string(number); }

    static asio::awaitable<void> reach_giving_up(std::shared_ptr<JobRun> self, std::size_t number, bool* told) {
        static_cast<void>(co_await self->limits_.steps->reach(self->step_of(number), {}));
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        *told = cancellation.cancelled() == asio::cancellation_type::none;
    }

    static asio::awaitable<bool> abandonment(std::shared_ptr<JobRun> self) {
        while (!self->abandoned_) {
            if (co_await self->last_moment_moved_.wait() == net::Event::Outcome::cancelled) co_return false;
        }
        co_return true;
    }

    /// Every job has started.
    void hurry_stragglers() {
        const auto now = SteadyClock::now();
        last_moment_ = now + std::max<SteadyClock::duration>(now - began_, limits_.straggler_grace);
        last_moment_moved_.notify();
    }

    /// Those that never began are not done either.
    void abandon_all() {
        while (next_ < outcomes_.size()) outcomes_[next_++] = JobOutcome::abandoned;
        abandoned_ = true;
        last_moment_ = SteadyClock::time_point::min();
        last_moment_moved_.notify();
    }

    JobLimits limits_;
    std::function<asio::awaitable<void>(std::size_t)> job_;
    std::function<void(std::size_t)> on_finished_;
    std::vector<JobOutcome> outcomes_;
    net::TaskGroup workers_;
    net::Event last_moment_moved_;
    std::size_t next_ = 0;
    std::size_t finished_ = 0;
    bool abandoned_ = false;  ///< all of it
    SteadyClock::time_point began_ = SteadyClock::now();
    SteadyClock::time_point last_moment_ = SteadyClock::time_point::max();  // for all jobs that run
};

}  // namespace

asio::awaitable<std::vector<JobOutcome>> run_jobs(std::size_t count, JobLimits limits,
                                                  std::function<asio::awaitable<void>(std::size_t)> job,
                                                  std::function<void(std::size_t)> on_finished) {
    const auto executor = co_await asio::this_coro::executor;
    const auto run = std::make_shared<JobRun>(executor, count, limits, std::move(job), std::move(on_finished));
    co_return co_await run->run();
}

}  // namespace scanner::engine
