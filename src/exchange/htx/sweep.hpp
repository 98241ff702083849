#pragma once

#include "exchange/htx/answer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace scanner::exchange::htx {

/// Work to do per contract (or ten of them), shared by a few workers, and what came of it.
template <class T>
struct Sweep {
    Sweep(std::vector<std::string> wanted, std::size_t codes_per_batch, core::SteadyTime latest) : deadline(latest) {
        for (std::size_t i = 0; i < wanted.size(); i += codes_per_batch) {
            const auto end = std::min(wanted.size(), i + codes_per_batch);
            batches.emplace_back(wanted.begin() + static_cast<std::ptrdiff_t>(i),
                                 wanted.begin() + static_cast<std::ptrdiff_t>(end));
        }
    }

    std::vector<std::vector<std::string>> batches;
    core::SteadyTime deadline;
    std::size_t next = 0;
    std::size_t answered = 0;
    Bulk<T> bulk;  ///< its time: the oldest of the answers in it
    std::optional<core::Error> first_error;
    bool stopped = false;
    std::vector<RowProblem> problems;

    void add(BulkAnswer<T> answer) {
        if (answered == 0 || answer.bulk.exchange_time < bulk.exchange_time) {
            bulk.exchange_time = answer.bulk.exchange_time;
        }
        ++answered;
        bulk.by_contract.merge(answer.bulk.by_contract);
        std::ranges::move(answer.problems, std::back_inserter(problems));
    }
    void fail(const core::Error& error) {
        if (!first_error) first_error = error;
        // Nothing left that could go better: the breaker opened, time is up, or the caller has gone.
        using core::ErrorCode;
        const auto code = error.code();
        if (code == ErrorCode::unavailable || code == ErrorCode::cancelled || code == ErrorCode::timeout)
            stopped = true;
    }
};

}  // namespace scanner::exchange::htx
