#pragma once

#include "engine/manipulation/watched_contract.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace scanner::engine {

/// The detectors of every contract that is ranked: told by feed and scan, asked by the ranking cycle and the ledger.
/// Bounded: a contract that is ranked no more is forgotten an hour later. Times are the exchange's but where they are
/// said to be ours. Loop thread only; no I/O.
class ManipulationWatch {
public:
    struct Settings {
        double threshold = 60.0;  ///< of the score, from which on a contract is quarantined
        bool simulated = false;   ///< the market is a simulator's
    };

    void set(Settings settings) { settings_ = settings; }

    // What a feed tells. Contracts that are not watched yet are begun.
    void on_trades(const market::Contract& contract, std::span<const market::Trade> trades, core::WallTime at);
    void on_tape_hole(const market::Contract& contract, core::WallTime at);
    /// What a hole had missed: of use only where nothing later was told meanwhile.
    void on_tape_filled(const market::Contract& contract, std::span<const market::Trade> trades, core::WallTime at);
    void on_book(const market::Contract& contract, const market::LiveBook& book, core::WallTime at);
    void on_book_lost(const market::Contract& contract, core::WallTime at);
    void on_liquidation(std::string_view contract_code, market::Side taker_side, double notional, core::WallTime at);

    /// What else the state holds: books, index, open interest, funding, and how far tapes are complete. To be called
    /// before a ranking is read of the state, and once in a while without one.
    void observe(const MarketState& state, core::WallTime at);

    /// What a ranking is told of a contract; nullptr for one that is not watched.
    [[nodiscard]] std::shared_ptr<const signals::DetectorVerdict> verdict(const std::string& contract_code,
                                                                          core::WallTime at);
    /// When a verdict may next change by itself; empty when none does.
    [[nodiscard]] std::optional<core::WallTime> next_change_at(core::WallTime at);

    /// States of episodes that are new since the last call; `own` is our clock.
    [[nodiscard]] std::vector<storage::EpisodeRecord> take_changes(core::WallTime at, core::WallTime own);

    /// The whole state as a file holds it. `own` is our clock.
    [[nodiscard]] std::string encode(core::WallTime own) const;
    /// Goes on from what `encode` gave: contracts are restored as they are first watched. `own` is our clock.
    [[nodiscard]] core::Result<void> restore(std::string_view bytes, core::WallTime own);
    /// What stood open in the ledger at the start. Those that the restored detectors know go on; of the others nothing
    /// more is known: they are told as interrupted, since their end was not seen. `own` is our clock.
    void resume(std::vector<storage::Episode> open, core::WallTime own);

    void fill(ManipulationStatus& status) const;

private:
    struct Watched {
        WatchedContract contract;
        core::WallTime wanted;  ///< when it was last ranked
        bool restored = false;  ///< the ledger may not know its open episodes
    };
    [[nodiscard]] Watched& at(const market::Contract& contract, core::WallTime now);
    [[nodiscard]] Watched& at(const std::shared_ptr<const market::Contract>& contract, core::WallTime now);
    void begin(Watched& watched);
    void settle_resumed(core::WallTime own);
    void end_watching(Watched& watched, core::WallTime now);
    void forget(core::WallTime now);

    Settings settings_;
    std::unordered_map<std::string, Watched> watched_;    ///< by contract code
    std::unordered_map<std::string, KeptContract> kept_;  ///< from before a restart, not watched yet
    std::vector<storage::EpisodeRecord> waiting_;         ///< of contracts no longer watched
    std::vector<storage::EpisodeRecord> resumed_;         ///< open in the ledger at the start, not settled yet
    std::optional<core::WallTime> resumed_at_;            ///< by our clock
    std::optional<core::WallTime> saved_at_;              ///< of what was restored
    std::map<std::string_view, std::uint64_t> episodes_;  ///< begun since start, by flag
    std::unordered_set<std::string> begun_;               ///< ids of those under way
};

}  // namespace scanner::engine
