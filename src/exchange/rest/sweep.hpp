#pragma once

#include "exchange/rest/answer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::exchange::rest {

/// Work to do per contract (or a few of them), shared by some workers, and its results.
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

template <class T, class Call>
boost::asio::awaitable<void> sweep_worker(std::shared_ptr<Sweep<T>> work, Call call) {
    while (work->next < work->batches.size() && !work->stopped) {
        const auto codes = work->batches[work->next++];
        auto answer = co_await call(codes, work->deadline);
        if (answer) {
            work->add(std::move(*answer));
        } else if (answer.error().code() == core::ErrorCode::not_found && codes.size() > 1) {
            // One unknown contract spoils the whole batch: ask for each by itself.
            for (const auto& code : codes) work->batches.push_back({code});
        } else if (answer.error().code() == core::ErrorCode::not_found) {
            ++work->answered;
            work->problems.push_back({codes.front(), answer.error().message()});
        } else {
            work->fail(answer.error());
            for (const auto& code : codes) work->problems.push_back({code, answer.error().message()});
        }
    }
}

/// A call per batch of contracts, `call(codes, deadline)` giving a Result<BulkAnswer<T>>. What fails for some contracts
/// leaves them out and is among the problems.
template <class T, class Call>
boost::asio::awaitable<void> run_sweep(std::shared_ptr<Sweep<T>> work, Call call) {
    using namespace boost::asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operator&&
    // Four at a time, so that books and candles find places between them.
    co_await (sweep_worker<T>(work, call) && sweep_worker<T>(work, call) && sweep_worker<T>(work, call) &&
              sweep_worker<T>(work, call));
}

}  // namespace scanner::exchange::rest
