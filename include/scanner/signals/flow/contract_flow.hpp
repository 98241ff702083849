#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/flow/book_ladder.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <memory>
#include <optional>
#include <span>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

namespace scanner::signals {

/// What every change of one contract's book and every trade of it tell, kept up to date event by event. Formulas, and
/// what null means for each: docs/metrics.md, "The live feed".
///
/// Pure: reads no clock. Every call brings the time, of the exchange's clock; a time before the last one counts as the
/// last one. Time is cut into quarter seconds of that clock, and a window is made of whole ones: so its memory is
/// bounded however much happens, and a number changes by itself only when a quarter second ends. At most 56 KiB a
/// contract, taken when it is made; no call allocates. Not thread-safe.
class ContractFlow {
public:
    /// Bytes of a contract.
    [[nodiscard]] static std::size_t memory() noexcept;

    ContractFlow();
    ~ContractFlow();
    ContractFlow(ContractFlow&& other) noexcept;
    ContractFlow& operator=(ContractFlow&& other) noexcept;

    /// The book after a change, or as it was confirmed. One that is crossed or lacks a side is no book: as
    /// on_book_lost.
    void on_book(const market::LiveBook& book, core::WallTime at);
    /// The book may not be believed until the next on_book: what rests on it is unknown from here on.
    void on_book_lost(core::WallTime at);

    /// New trades, each once (market::Tape), in any order; each counts at its own time, one ahead of `at` then.
    void on_trades(std::span<const market::Trade> trades, core::WallTime at);
    /// Trades may be missing since the last one. The next on_trades ends the hole, which stays unknown until it is
    /// filled or has left the windows.
    void on_tape_hole(core::WallTime at);
    /// Nothing is missing any more: `trades` are those of the hole that were new, in any order.
    void on_tape_filled(std::span<const market::Trade> trades, core::WallTime at);

    /// A position was closed by force; `notional` in USDT, one side counted. Buy: it was short.
    void on_liquidation(market::Side taker_side, double notional, core::WallTime at);
    /// Liquidations are not followed from here on, or may have been missed until now.
    void on_liquidations_unknown(core::WallTime at);
    /// Each is told from here on. Before the first call they are unknown.
    void on_liquidations_known(core::WallTime at);

    /// All of them as they stand at `at`.
    [[nodiscard]] FlowNumbers numbers(core::WallTime at);
    /// The levels within 25 bps of the middle, at least ten a side where there are as many; empty while there is no
    /// book. Allocates. What is firm of the levels within 25 bps adds up to what firm_depth_bid_usdt and
    /// firm_depth_ask_usdt are the averages of.
    [[nodiscard]] std::optional<BookLadder> ladder(core::WallTime at);
    /// When they next differ from numbers(at) although nothing happens (something leaves a window, or a window is
    /// full); empty when they stay. It may come to nothing.
    [[nodiscard]] std::optional<core::WallTime> next_change_at(core::WallTime at);

    /// For core/checkpoint.hpp: everything. What is read back goes on exactly.
    void save(core::CheckpointWriter& archive) const;
    void load(core::CheckpointReader& archive);
    static void persist(const ContractFlow& self, core::CheckpointWriter& archive) { self.save(archive); }
    static void persist(ContractFlow& self, core::CheckpointReader& archive) { self.load(archive); }

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::signals
