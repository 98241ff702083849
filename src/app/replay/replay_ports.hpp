#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/recording/record.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What a replayed engine stands on in place of sockets and clocks. Loop thread only.
namespace scanner::app {

/// Stands where the recording is.
class ReplayClock final : public core::Clock {
public:
    [[nodiscard]] core::WallTime now() const override { return wall_; }
    [[nodiscard]] core::SteadyTime steady_now() const override { return steady_; }
    void set(const recording::Stamp& at) {
        wall_ = core::WallTime(std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds(at.wall_ns)));
        steady_ = core::SteadyTime(std::chrono::nanoseconds(at.steady_ns));
    }

private:
    core::WallTime wall_;
    core::SteadyTime steady_;
};

/// Answers each request with the newest recorded answer to it, at once. Scheme and host do not matter.
class ReplayClient final : public net::HttpClient {
public:
    /// Where a request was not recorded as it is, one of the same path about the same contract will do: what captured
    /// it need not have asked for as many rows.
    void be_lenient() { lenient_ = true; }
    /// `known_before`: of a checkpoint, so that it may be of any age.
    void put(recording::RestAnswer answer, bool known_before = false);
    /// How many answers have come: what `answer_since` takes.
    [[nodiscard]] std::uint64_t answers() const { return count_; }
    /// From now on it answers with what has come since then. 0: with all that is known.
    void answer_since(std::uint64_t count) { since_ = count; }
    [[nodiscard]] boost::asio::awaitable<core::Result<net::ClientResponse>> send(net::ClientRequest request) override;

private:
    struct Known {
        std::uint64_t number = 0;
        recording::RestAnswer answer;
    };
    std::unordered_map<std::string, Known> answers_;        ///< by path and query
    std::unordered_map<std::string, std::string> similar_;  ///< keys of `answers_` by path and contract
    std::uint64_t count_ = 0;
    std::uint64_t since_ = 0;
    bool lenient_ = false;
};

/// What a step tells that is a number; 0 where it is none.
[[nodiscard]] std::uint64_t count_in(std::string_view text);

/// Things that wait for the recording to come to them, by name and contract.
class Waiters {
public:
    explicit Waiters(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Waits, and gives the recorded detail; nothing when the caller was cancelled. `of_scan`: a call of a pass.
    [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> wait(std::string name, std::string contract,
                                                                          bool of_scan = false);
    /// Wakes the one that waits longest for it. False when none does. With kAnswerLate it goes on waiting until it is
    /// cancelled, and has its answer then.
    [[nodiscard]] bool wake(std::string_view name, std::string_view contract, std::string detail);
    /// Unless `end` is waited for already: what a pass waits for was never asked, because its tickers failed at once,
    /// before the turn of these calls. Each is told that it was cancelled. False where there is nothing to be told.
    [[nodiscard]] bool give_up_scan(std::string_view end);
    /// Unless `end` is waited for already: calls that were given up, and of which the recording does not tell what
    /// became of them, have ended by then. False where there are none.
    [[nodiscard]] bool end_given_up(std::string_view end);
    /// Whether the recording tells what became of every call of a pass that is given up: then such a call goes on
    /// waiting for that, so that it ends when it ended then.
    void follow_given_up(bool told) { given_up_is_told_ = told; }
    /// The replay ends: what was given up ends without having been told.
    void let_go();
    /// From now on nothing waits.
    void release_all() { free_ = true; }
    /// "order_book BTC-USDT, …": of some that wait.
    [[nodiscard]] std::string describe() const;

private:
    struct Waiter;
    [[nodiscard]] bool is_awaited(std::string_view step) const;
    /// Tells each of these that it was cancelled; whether there were any.
    [[nodiscard]] bool cancel_where(bool (*is_meant)(const Waiter&), std::string_view why);

    struct Waiter {
        std::string name;
        std::string contract;
        bool of_scan = false;
        std::unique_ptr<net::Event> woken;
        std::optional<std::string> detail;
        bool late = false;
        bool given_up = false;
    };
    boost::asio::any_io_executor executor_;
    std::list<std::shared_ptr<Waiter>> waiting_;
    bool free_ = false;
    bool given_up_is_told_ = false;
};

/// The engine's own steps wait here. What it is told from outside it was told by the replay, which knows.
class ReplaySteps final : public net::StepLog {
public:
    explicit ReplaySteps(Waiters& waiters) : waiters_(waiters) {}
    void step(std::string_view, std::string_view, std::string_view) override {}
    [[nodiscard]] boost::asio::awaitable<std::string> reach(std::string_view name, std::string detail) override;
    [[nodiscard]] bool is_replay() const override { return true; }

private:
    Waiters& waiters_;
};

/// Each call waits until the recording says that it was answered, and is then answered as it was: by `inner` from the
/// recorded bytes, or with the recorded error.
/// `prefix`: as it was recorded with.
/// `client` is what `inner` asks: it answers each call with what came while that was under way.
[[nodiscard]] std::unique_ptr<exchange::Exchange> make_replay_exchange(exchange::Exchange& inner, ReplayClient& client,
                                                                       Waiters& waiters, std::string prefix = {});

}  // namespace scanner::app
