#pragma once

#include "engine/manipulation/episode_context.hpp"
#include "engine/manipulation/quarantine.hpp"
#include "engine/manipulation/watch_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/storage/episodes.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

namespace scanner::engine {

/// The phase of an episode whose end was not seen: the detectors' own words say how one ended.
inline constexpr std::string_view kInterrupted = "interrupted";

/// The detectors of one contract, with what belongs to them beside: quarantine, and what is kept around its episodes.
/// Times are the exchange's but where they are said to be ours. Not thread-safe.
class WatchedContract {
public:
    explicit WatchedContract(std::shared_ptr<const market::Contract> contract) : contract_(std::move(contract)) {}

    [[nodiscard]] const market::Contract& contract() const { return *contract_; }
    void rename(std::shared_ptr<const market::Contract> contract) { contract_ = std::move(contract); }

    void on_trades(std::span<const market::Trade> trades, core::WallTime at);
    /// Trades of before `at` that a hole had missed. Those that are older than the last one told come too late.
    void on_tape_filled(std::span<const market::Trade> trades, core::WallTime at);
    void on_tape_hole(core::WallTime at) { detectors_.on_tape_hole(at); }
    void on_book(const market::LiveBook& book, core::WallTime at);
    void on_polled_book(const market::OrderBook& book);
    void on_book_lost(core::WallTime at) { detectors_.on_book_lost(at); }
    void on_index(double price, core::WallTime at);
    void on_open_interest(double base_units, core::WallTime at);
    void on_funding(const market::FundingRate& rate, core::WallTime at);
    void on_market_thinning(double others, core::WallTime at) { detectors_.on_market_thinning(others, at); }
    [[nodiscard]] std::optional<double> thinning(core::WallTime at) const { return detectors_.thinning(at); }
    void on_liquidation(market::Side taker_side, double notional, core::WallTime at) {
        detectors_.on_liquidation(taker_side, notional, at);
    }
    /// Time has passed; a feed that tells trades as they happen has told all of them up to `complete_to`.
    void pass(core::WallTime at, std::optional<core::WallTime> complete_to);

    /// As it stands; the very same object while it says the same.
    [[nodiscard]] std::shared_ptr<const signals::DetectorVerdict> verdict(core::WallTime at, double threshold);
    [[nodiscard]] std::optional<core::WallTime> next_change_at(core::WallTime at);
    [[nodiscard]] bool is_quarantined() const { return quarantine_.active(); }
    /// As of the last verdict.
    [[nodiscard]] signals::FlagSet unknown() const { return unknown_; }
    [[nodiscard]] signals::FlagSet open() const { return open_; }
    [[nodiscard]] bool is_open(std::string_view id) const;

    /// States of episodes that are new since the last call. `own`: our clock, which numbers them; `simulated`: the
    /// market is a simulator's.
    [[nodiscard]] std::vector<storage::EpisodeRecord> take_changes(core::WallTime at, core::WallTime own,
                                                                   bool simulated);
    /// The episodes under way, as they are stored: after a restart the ledger may not have heard of all of them. With
    /// `interrupted` they end now, because nothing more will be seen of them.
    [[nodiscard]] std::vector<storage::EpisodeRecord> open_records(core::WallTime own, bool simulated,
                                                                   std::optional<core::WallTime> interrupted = {});

    [[nodiscard]] KeptContract keep() const;
    /// An error leaves it as it was.
    [[nodiscard]] core::Result<void> restore(const KeptContract& kept);

    /// Everything that decides what it tells next (core/checkpoint.hpp).
    void save(core::CheckpointWriter& archive) const;
    void load(core::CheckpointReader& archive);

private:
    static void persist_members(auto& self, auto& archive);
    /// An episode whose context is still being kept.
    struct Kept {
        signals::Episode episode;
        EpisodeContext context;
        std::uint64_t revision = 0;
    };
    [[nodiscard]] storage::EpisodeRecord record_of(Kept& kept, core::WallTime own, bool simulated) const;
    [[nodiscard]] std::string id_of(const signals::Episode& episode) const;

    std::shared_ptr<const market::Contract> contract_;
    signals::ContractDetectors detectors_;
    Quarantine quarantine_;
    RecentMarket recent_;
    std::map<std::uint64_t, Kept> contexts_;  ///< by the detectors' own number of the episode
    std::shared_ptr<const signals::DetectorVerdict> verdict_;
    signals::FlagSet unknown_;
    signals::FlagSet open_;
    core::WallTime trades_to_;  ///< trades are told up to here
    core::WallTime polled_book_;
    core::WallTime index_;
    core::WallTime open_interest_;
    std::optional<core::WallTime> funding_;
};

}  // namespace scanner::engine
