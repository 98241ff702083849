#pragma once

#include "engine/manipulation/watched_contract.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/storage/detector_states.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

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

    /// Forgets all but its settings and counts.
    void begin_anew();
    /// Which states to save.
    enum class Changed {
        told,  ///< of contracts whose episodes changed since they were last saved: the ledger hears of it afterwards
        all,   ///< of all that changed
    };
    /// What is to be saved, and is held to be saved from then on. Contracts that are watched no more have empty bytes.
    /// `own` is our clock.
    [[nodiscard]] std::vector<storage::DetectorState> take_states(core::WallTime own, Changed changed);
    /// What was taken could not be saved: all is to be saved.
    void not_saved();
    /// Goes on from what was saved: contracts are restored as they are first watched; those that are not within an hour
    /// are forgotten. To be called before anything is watched. Gives the number of contracts. `own` is our clock.
    std::size_t restore(std::vector<storage::DetectorState> states, core::WallTime own);
    /// What stands open in the ledger, from before the start. Those that the detectors know go on; of the others
    /// nothing more is known: they are told as interrupted, since their end was not seen. Once; `own` is our clock.
    void resume(std::vector<storage::Episode> open, core::WallTime own);
    [[nodiscard]] bool is_resumed() const { return resumed_at_.has_value(); }

    void fill(ManipulationStatus& status) const;

    /// Everything that decides what it tells next (core/checkpoint.hpp), but its settings; what is saved for a restart
    /// and how often is none of it.
    void save(core::CheckpointWriter& archive) const;
    /// In place of `restore`, before anything is watched.
    void load(core::CheckpointReader& archive);

private:
    static void persist_rest(auto& self, auto& archive);
    struct Watched {
        WatchedContract contract;
        core::WallTime wanted;          ///< when it was last ranked
        bool restored = false;          ///< the ledger may not know its open episodes
        bool told = false;              ///< an episode changed since it was saved
        std::uint64_t saved_check = 0;  ///< of the bytes that were saved last; 0: none
    };
    [[nodiscard]] Watched& at(const market::Contract& contract, core::WallTime now);
    [[nodiscard]] Watched& at(const std::shared_ptr<const market::Contract>& contract, core::WallTime now);
    void begin(Watched& watched);
    /// Our clock, but never behind the states that the ledger has from another host.
    [[nodiscard]] core::WallTime numbering(core::WallTime own) const;
    void settle_resumed(core::WallTime own);
    void end_watching(Watched& watched, core::WallTime now);
    void forget(core::WallTime now);
    /// Tells each contract what the books of all do: what is market-wide is no vacuum of one.
    void compare_books(core::WallTime now);

    Settings settings_;
    // In the order of the codes: what is told in one go is told in the same order after a checkpoint.
    std::map<std::string, Watched, std::less<>> watched_;    ///< by contract code
    std::map<std::string, KeptContract, std::less<>> kept_;  ///< from before a restart, not watched yet
    std::vector<storage::EpisodeRecord> waiting_;            ///< of contracts no longer watched
    std::vector<storage::EpisodeRecord> resumed_;            ///< open in the ledger at the start, not settled yet
    std::optional<core::WallTime> resumed_at_;               ///< by our clock
    std::optional<core::WallTime> saved_at_;                 ///< the newest of what was restored
    std::optional<core::WallTime> kept_since_;               ///< when it could first have been watched again
    /// Told as ended before `resume`, by id: the ledger may not have taken it, from another host's slower clock.
    std::unordered_map<std::string, storage::EpisodeRecord> ended_;
    std::uint64_t known_revision_ = 0;   ///< the highest that the ledger had at the start, of what stood open
    std::vector<std::string> dropped_;   ///< codes of those whose saved state is of no use any more
    std::vector<std::string> dropping_;  ///< of those the ones taken last
    std::map<std::string_view, std::uint64_t> episodes_;  ///< begun since start, by flag
    std::unordered_set<std::string> begun_;               ///< ids of those under way
};

}  // namespace scanner::engine
