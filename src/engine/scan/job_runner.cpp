#include "engine/scan/job_runner.hpp"

#include "scanner/net/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSupervision{50};

/// Shared with the completion handlers, which may run last.
class JobRun : public std::enable_shared_from_this<JobRun> {
public:
    JobRun(asio::any_io_executor executor, std::size_t count, JobLimits limits,
           std::function<asio::awaitable<void>(std::size_t)> job, std::function<void(std::size_t)> on_finished)
        : executor_(std::move(executor)),
          limits_(limits),
          job_(std::move(job)),
          on_finished_(std::move(on_finished)),
          outcomes_(count, JobOutcome::done),
          all_done_(executor_) {}

    asio::awaitable<std::vector<JobOutcome>> run() {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        start_more();
        while (!running_.empty()) {
            co_await all_done_.wait_for(kSupervision);
            if (cancellation.cancelled() != asio::cancellation_type::none) {
                // Those that never began are not done either.
                while (next_ < outcomes_.size()) outcomes_[next_++] = JobOutcome::abandoned;
                abandon_if([](const Running&) { return true; });
            } else {
                supervise();
            }
        }
        co_return std::move(outcomes_);
    }

private:
    struct Running {
        asio::cancellation_signal cancel;
        SteadyClock::time_point started;
        bool abandoned = false;
    };

    void start_more() {
        while (next_ < outcomes_.size() && running_.size() < limits_.concurrency) {
            const std::size_t number = next_++;
            Running& running = running_[number];
            running.started = SteadyClock::now();
            asio::co_spawn(executor_, job_(number),
                           asio::bind_cancellation_slot(running.cancel.slot(),
                                                        [self = shared_from_this(), number](std::exception_ptr error) {
                                                            self->finished(number, error);
                                                        }));
        }
        if (next_ >= outcomes_.size() && all_started_ == SteadyClock::time_point()) all_started_ = SteadyClock::now();
    }

    void finished(std::size_t number, const std::exception_ptr& error) {
        const auto running = running_.find(number);
        if (running->second.abandoned) {
            outcomes_[number] = JobOutcome::abandoned;
        } else if (error) {
            outcomes_[number] = JobOutcome::failed;
        }
        running_.erase(running);
        if (on_finished_) on_finished_(++finished_);
        start_more();
        if (running_.empty()) all_done_.notify();
    }

    void supervise() {
        const auto now = SteadyClock::now();
        auto last_moment = SteadyClock::time_point::max();
        if (all_started_ != SteadyClock::time_point()) {
            last_moment =
                all_started_ + std::max<SteadyClock::duration>(all_started_ - began_, limits_.straggler_grace);
        }
        abandon_if([&](const Running& running) {
            return now >= last_moment || now - running.started >= limits_.job_deadline;
        });
    }

    template <class Predicate>
    void abandon_if(Predicate too_late) {
        for (auto& [number, running] : running_) {
            if (running.abandoned || !too_late(running)) continue;
            running.abandoned = true;
            // Posted: emitting may complete the job at once, which would change `running_` under this loop.
            asio::post(executor_, [self = shared_from_this(), job = number] {
                const auto found = self->running_.find(job);
                if (found != self->running_.end()) found->second.cancel.emit(asio::cancellation_type::terminal);
            });
        }
    }

    asio::any_io_executor executor_;
    JobLimits limits_;
    std::function<asio::awaitable<void>(std::size_t)> job_;
    std::function<void(std::size_t)> on_finished_;
    std::vector<JobOutcome> outcomes_;
    net::Event all_done_;
    std::map<std::size_t, Running> running_;
    std::size_t next_ = 0;
    std::size_t finished_ = 0;
    SteadyClock::time_point began_ = SteadyClock::now();
    SteadyClock::time_point all_started_;
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
