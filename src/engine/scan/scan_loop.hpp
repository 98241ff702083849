#pragma once

#include "engine/market_state.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scan/scan_schedule.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// Cost of a pass that read something, reported with the ranking made of it.
struct PassReport {
    double cycle_ms = 0.0;
    std::uint64_t requests = 0;  ///< exchange calls, retries included
    SourceHealth health;         ///< of the loop, this pass counted as a success
};

/// What the loop tells. Called on the loop thread.
struct ScanLoopEvents {
    /// The state holds what a pass read. An error makes the pass a failed one: nothing of it could be used.
    std::function<core::Result<void>(const PassReport&)> on_pass;
    std::function<void(SourceHealth)> on_health;  ///< it changed between passes
    std::function<void()> on_universe;            ///< the contracts that are ranked were chosen; may be empty
    net::StepLog* steps = nullptr;                ///< told of the steps of each pass
};

/// The first source of market state: a pass over the exchange, then a pause; failures back off, and a light probe each
/// interval ends the back-off as soon as the exchange is back. Loop thread only.
class ScanLoop {
public:
    using Progress = std::function<void(std::size_t done, std::size_t total)>;

    /// Everything passed by reference must outlive it.
    ScanLoop(boost::asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
             MarketState& state, MarketScanOptions options, std::chrono::milliseconds interval,
             EngineObserver& observer, ScanLoopEvents events, Progress progress);

    /// Scans until stopped or cancelled. Run it once.
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// One pass now; what `run` repeats.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> scan_once();
    /// Ends `run` after abandoning the pass in progress.
    void stop();
    /// After `run` has ended: it may be called again.
    void resume() { stopping_ = false; }
    /// Reads the list of contracts anew, in a pass that begins at once unless one was called for so a moment ago.
    void renew_contracts();
    /// Takes effect with the next pass.
    void set_options(MarketScanOptions options, std::chrono::milliseconds interval);
    [[nodiscard]] const SourceHealth& health() const { return health_; }
    /// From the beginning of a pass until what was made of it is out.
    [[nodiscard]] bool is_scanning() const { return scanning_; }
    /// Between passes only. When to scan is not kept: in a replay the recording says so.
    void save(core::CheckpointWriter& archive) const { scan_->save(archive); }
    void load(core::CheckpointReader& archive) { scan_->load(archive); }

private:
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> unless_stopped(boost::asio::awaitable<core::Result<T>> call);
    [[nodiscard]] boost::asio::awaitable<bool> stop_requested();
    [[nodiscard]] boost::asio::awaitable<void> pause_before_next(bool unreachable);
    [[nodiscard]] boost::asio::awaitable<void> reach_ranking(PassReport& pass);
    void count_cycle(double cycle_ms);
    void fail_cycle(const core::Error& error, double cycle_ms);
    void note_missing_inputs(const std::vector<std::string>& degraded);
    void report();

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    std::unique_ptr<MarketScan> scan_;
    std::chrono::milliseconds interval_;
    ScanSchedule schedule_;
    EngineObserver& observer_;
    ScanLoopEvents events_;
    Progress progress_;
    net::Event woken_;  // by `stopping_` and `hurry_`
    bool stopping_ = false;
    bool hurry_ = false;  // the pause ends now
    bool scanning_ = false;
    std::optional<core::SteadyTime> renewed_;
    SourceHealth health_;
    core::RepeatedFailure failures_{"scan_cycle_failed"};
    std::map<std::string, core::RepeatedFailure> missing_inputs_;  // by input
};

}  // namespace scanner::engine
