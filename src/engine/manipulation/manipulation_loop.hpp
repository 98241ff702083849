#pragma once

#include "engine/manipulation/manipulation_watch.hpp"
#include "engine/manipulation/trade_reads.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/log.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/step_log.hpp"
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
#include <string_view>
#include <unordered_map>
#include <vector>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

namespace scanner::engine {

/// What goes on around the detectors of manipulation: time passes, trades are asked for where no feed tells them, the
/// state is saved, and states of episodes go to the ledger.
///
/// A change of an episode is first made durable in the state, then told to the ledger: after a crash in between, the
/// restored detectors tell it again under the same id; after one before, nothing was told that they do not know. So
/// none is lost or told twice. While the state cannot be saved the ledger is told all the same.
///
/// Each time that it acts is a step (net/step_log.hpp), and so is what it reads of saved states and of the ledger, so
/// that a replay does the same; there nothing is saved. Loop thread only.
class ManipulationLoop {
public:
    /// Everything passed by reference must outlive it. `followed()`: whether a feed is there that tells trades.
    ManipulationLoop(boost::asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
                     MarketState& state, ManipulationParts parts, std::function<bool()> followed,
                     net::StepLog* steps = nullptr);

    [[nodiscard]] ManipulationWatch& watch() { return watch_; }
    /// Restores what was saved, or goes on from what was loaded, then begins. Before anything is told to `watch`.
    [[nodiscard]] boost::asio::awaitable<void> start();
    /// Saves once more, tells what is left, and ends what `start` began.
    [[nodiscard]] boost::asio::awaitable<void> stop();
    /// Before a ranking is read of the state.
    void observe() { watch_.observe(state_, exchange_now()); }
    [[nodiscard]] std::shared_ptr<const signals::DetectorVerdict> verdict(const std::string& contract_code) {
        return watch_.verdict(contract_code, exchange_now());
    }
    [[nodiscard]] ManipulationStatus status() const;

    /// Whether it waits for what was saved or for the ledger: no checkpoint can be made then.
    [[nodiscard]] bool is_asking() const { return asking_; }
    /// Everything that decides (core/checkpoint.hpp).
    void save(core::CheckpointWriter& archive) const;
    /// Before `start`.
    void load(core::CheckpointReader& archive);

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
        static void persist(auto& self, auto& archive) {
            auto& [newest_id, read, turnover, turnover_at, grown, over] = self;
            archive(newest_id, read, turnover, turnover_at, grown, over);
        }
    };
    /// Trades that are being asked for.
    struct TradesTask {
        std::shared_ptr<const market::Contract> contract;
        core::WallTime at;  ///< of the exchange, when they were
        static void persist(auto& self, auto& archive) {
            auto& [contract, at] = self;
            archive(contract, at);
            archive.require(contract != nullptr);
        }
    };
    static constexpr std::size_t kTradeReaders = 4;

    [[nodiscard]] core::WallTime exchange_now() const;
    [[nodiscard]] Awaitable tick();
    [[nodiscard]] Awaitable restore();
    [[nodiscard]] Awaitable resume();
    [[nodiscard]] Awaitable save_and_tell();
    void take_changes();
    void tell(std::size_t count);
    [[nodiscard]] Awaitable poll_trades(std::size_t number);
    [[nodiscard]] Awaitable read_trades(std::size_t number);
    static void persist_members(auto& self, auto& archive);
    /// What follows happens at the moment of that step, and in a replay then and not when a timer says so.
    [[nodiscard]] boost::asio::awaitable<std::string> reach(std::string name);
    void step(std::string_view name, std::string_view contract, std::string_view detail);
    [[nodiscard]] bool is_replay() const { return steps_ != nullptr && steps_->is_replay(); }
    [[nodiscard]] boost::asio::awaitable<bool> pause(core::SteadyTime::duration time);
    [[nodiscard]] bool passed(const std::optional<core::SteadyTime>& since, std::chrono::seconds least) const;
    void choose_reads();

    exchange::Exchange& exchange_;
    net::StepLog* const steps_;
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
    std::vector<std::optional<TradesTask>> reading_;  ///< by the number of who asks
    bool asking_ = false;
    bool loaded_ = false;
    core::RepeatedFailure not_saved_{"detectors_not_saved"};
    boost::asio::any_io_executor executor_;
    std::unique_ptr<net::TaskGroup> tasks_;  ///< of this run; nullptr before the first
    bool stopping_ = false;
};

}  // namespace scanner::engine
