#pragma once

#include "scanner/net/step_log.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace scanner::engine {

struct JobLimits {
    std::size_t concurrency = 12;
    std::chrono::milliseconds job_deadline{10'000};  ///< a job that takes longer is abandoned
    /// Once nothing is left to start, the last jobs get as long again as the run has taken, at least this: a contract
    /// in trouble does not delay the others.
    std::chrono::milliseconds straggler_grace{2'000};
    /// Told each time that a job is given up, "`give_up` 12". In a replay jobs are given up when it comes to that step,
    /// and never by time; nullptr: by time alone.
    net::StepLog* steps = nullptr;
    std::string give_up;
};

enum class JobOutcome { done, abandoned, failed };

/// Runs jobs 0..count-1 on the caller's executor, at most `concurrency` at a time, in order of their number. Abandoned
/// jobs are cancelled and waited for, so nothing runs on after the return. `on_finished(done)` is called after each
/// one. A job that throws is `failed` and does not touch the others. Cancelling the awaiting coroutine abandons all.
[[nodiscard]] boost::asio::awaitable<std::vector<JobOutcome>> run_jobs(
    std::size_t count, JobLimits limits, std::function<boost::asio::awaitable<void>(std::size_t)> job,
    std::function<void(std::size_t)> on_finished);

}  // namespace scanner::engine
