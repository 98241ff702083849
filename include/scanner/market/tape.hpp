#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace scanner::market {

/// One contract's trades, each told once, and whether any may be missing. Trade ids grow with time but are not
/// consecutive, so that a missing trade cannot be seen: the reader of the stream says when it may have been
/// interrupted
/// (`interrupted`), and a list of trades that was read elsewhere closes the hole when it overlaps both ends (`fill`).
/// Knows no windows and no clock. At most 32 KiB a contract, and the trades of the last call. Not thread-safe.
class Tape {
public:
    /// So many of the newest ids are remembered at least; a list of trades must not be longer to be understood whole.
    static constexpr std::size_t kRemembered = 2'048;

    /// A tape begins with a hole: what was traded before it is unknown.
    Tape() = default;

    /// Trades as the stream told them, in any order and with repetitions. Returns those that were not there yet, by id;
    /// valid until the next call. A trade older than all that is remembered is taken for a repetition.
    [[nodiscard]] std::span<const Trade> add(std::span<const Trade> trades);

    /// Trades may be missing from now on since the newest that was told, until `add` is called next. A hole that is
    /// still open grows.
    void interrupted();

    struct Filled {
        std::span<const Trade> fresh;  ///< as of `add`
        bool complete = false;         ///< nothing is missing any more
    };
    /// The newest trades as another interface of the exchange lists them, without gaps between them, in any order.
    /// `followed`: the stream was subscribed again before the list was asked for, so that the two overlap even when no
    /// trade has come since. A list that does not reach the older end of the hole makes the hole smaller; where it
    /// begins before `needed_from`, what is missing is given up, because the list will not reach it later either.
    [[nodiscard]] Filled fill(std::span<const Trade> list, bool followed,
                              core::WallTime needed_from = core::WallTime::min());

    [[nodiscard]] bool is_complete() const noexcept { return !hole_; }
    /// Time of the last trade before the hole; empty without a hole, and where nothing was ever told.
    [[nodiscard]] std::optional<core::WallTime> incomplete_since() const noexcept;
    /// Id of the newest trade that was told, 0 before the first.
    [[nodiscard]] std::int64_t newest_id() const noexcept { return newest_id_; }
    /// Holes that no list can reach any more because so many trades came after them, or whose older end has become too
    /// old to matter. The tape goes on without them.
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

    /// Everything but what the last call returned (core/checkpoint.hpp).
    static void persist(auto& self, auto& archive) {
        archive(self.ids_, self.hole_, self.floor_, self.newest_id_, self.newest_time_, self.given_up_);
        archive.require(self.ids_.size() <= 2 * kRemembered && std::ranges::is_sorted(self.ids_));
    }

private:
    /// What may be missing lies between two ids.
    struct Hole {
        std::int64_t after = 0;               ///< the last before it; 0: nothing is known before it
        std::optional<core::WallTime> since;  ///< its time
        std::int64_t before = 0;              ///< the first behind it; 0 while none came

        static void persist(auto& self, auto& archive) { archive(self.after, self.since, self.before); }
    };

    /// Whether it was new.
    bool remember(std::int64_t id);
    void forget_oldest();
    [[nodiscard]] std::span<const Trade> take_new(std::span<const Trade> trades);

    std::vector<std::int64_t> ids_;  ///< ascending
    std::vector<Trade> fresh_;       ///< of the last call
    std::optional<Hole> hole_ = Hole();
    std::int64_t floor_ = 0;  ///< the greatest id that was forgotten
    std::int64_t newest_id_ = 0;
    core::WallTime newest_time_;
    std::uint64_t given_up_ = 0;
};

}  // namespace scanner::market
