#pragma once

#include "engine/manipulation/manipulation_watch.hpp"
#include "engine/manipulation/trade_reads.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/log.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

/// What goes on around the detectors of manipulation: time passes, trades are asked for where no feed tells them, the
/// state is saved, and states of episodes go to the ledger.
///
/// A change of an episode is first made durable in the state, then told to the ledger: after a crash in between, the
/// restored detectors tell it again under the same id; after one before, nothing was told that they do not know. So
/// none is lost or told twice. While the state cannot be saved the ledger is told all the same. Loop thread only.
class ManipulationLoop {
public:
    /// Everything passed by reference must outlive it. `followed()`: whether a feed is there that tells trades.
    ManipulationLoop(boost::asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
                     MarketState& state, ManipulationParts parts, std::function<bool()> followed);

    [[nodiscard]] ManipulationWatch& watch() { return watch_; }
    /// Restores what was saved, then begins. Before anything is told to `watch`.
    [[nodiscard]] boost::asio::awaitable<void> start();
    /// Saves once more, tells what is left, and ends what `start` began.
    [[nodiscard]] boost::asio::awaitable<void> stop();
    /// Before a ranking is read of the state.
    void observe() { watch_.observe(state_, exchange_now()); }
    [[nodiscard]] std::shared_ptr<const signals::DetectorVerdict> verdict(const std::string& contract_code) {
        return watch_.verdict(contract_code, exchange_now());
    }
    [[nodiscard]] ManipulationStatus status() const;

private:
    using Awaitable = boost::asio::awaitable<void>;
    /// What was read of a contract's tape by requests.
    struct PolledTape {
        std::int64_t newest_id = 0;
        std::optional<core::SteadyTime> read;
        double turnover = 0.0;
        std::optional<core::WallTime> turnover_at;
        std::optional<double> grown;
        std::optional<std::chrono::milliseconds> over;
    };

    [[nodiscard]] core::WallTime exchange_now() const;
    [[nodiscard]] Awaitable tick();
    [[nodiscard]] Awaitable restore();
    [[nodiscard]] Awaitable resume();
    [[nodiscard]] Awaitable save_and_tell();
    [[nodiscard]] Awaitable poll_trades();
    [[nodiscard]] Awaitable read_trades(std::string contract_code);
    [[nodiscard]] bool passed(const std::optional<core::SteadyTime>& since, std::chrono::seconds least) const;
    void choose_reads();

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    MarketState& state_;
    ManipulationParts parts_;
    std::function<bool()> followed_;
    ManipulationWatch watch_;
    std::vector<storage::EpisodeRecord> untold_;
    std::optional<core::SteadyTime> saved_all_;
    std::optional<core::SteadyTime> saved_told_;
    std::optional<core::SteadyTime> asked_open_;
    ManipulationStatus counted_;
    std::unordered_map<std::string, PolledTape> tapes_;  ///< by contract code
    std::deque<std::string> due_;
    core::RepeatedFailure not_saved_{"detectors_not_saved"};
    boost::asio::any_io_executor executor_;
    std::unique_ptr<net::TaskGroup> tasks_;  ///< of this run; nullptr before the first
    bool stopping_ = false;
};

}  // namespace scanner::engine
