#pragma once

#include "signals/detect/episode_log.hpp"
#include "signals/detect/flag_evidence.hpp"

#include "scanner/market/market.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace scanner::signals::detect {

/// oi_implausible: a trade changes open interest by at most its own size, one side counted, so that a change beyond
/// what was traded in between is none of the market's. And what share of trades closed positions.
class InterestWatch {
public:
    InterestWatch();
    void on_trades(std::span<const market::Trade> trades, core::WallTime at);
    void on_tape_hole();
    void on_open_interest(double base_units, core::WallTime at, EpisodeLog& log);
    void tick(core::WallTime at, EpisodeLog& log) { flag_.tick(at, log); }
    [[nodiscard]] std::optional<Reading> reading(core::WallTime at, const EpisodeLog& log) const;
    /// Of what was traded in the last two to four minutes, by how much open interest fell; empty without enough looks
    /// or trades.
    [[nodiscard]] std::optional<double> closing_share() const;
    /// The same from the last look before `since` to the newest.
    [[nodiscard]] std::optional<double> closing_share_since(core::WallTime since) const;
    /// When open interest was last read; empty when it is not, or not often enough to wait for.
    [[nodiscard]] std::optional<core::WallTime> looked_at(core::WallTime at) const;

    static void persist(auto& self, auto& archive) {
        archive(self.flag_);
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.whole_, self.traded_, self.trades_, self.tape_until_, self.slots_, self.slot_s_, self.looks_,
                    self.count_, self.highest_, self.in_a_row_);
            archive.require(self.count_ < 2 * kLooks && self.in_a_row_ >= 0 && self.in_a_row_ <= 1'000);
        }
    }

private:
    struct Look {
        core::WallTime at;
        double interest = 0.0;
        double traded = 0.0;  ///< one side, since the tape is whole
        std::uint64_t trades = 0;
        static void persist(auto& self, auto& archive) {
            auto& [at, interest, traded, trades] = self;
            archive(at, interest, traded, trades);
        }
    };
    static constexpr std::size_t kLooks = 16;
    static constexpr std::size_t kSlots = 64;  ///< seconds
    [[nodiscard]] double traded_since(core::WallTime from) const;
    /// Whether so much has been closed within minutes that little is left to close: what is traded now says nothing.
    [[nodiscard]] bool is_drained() const;

    bool whole_ = false;  ///< the tape has no hole since the oldest look
    double traded_ = 0.0;
    std::uint64_t trades_ = 0;
    core::WallTime tape_until_;
    std::array<double, kSlots> slots_{};
    std::array<std::int64_t, kSlots> slot_s_{};
    std::array<Look, kLooks> looks_{};
    std::size_t count_ = 0;
    double highest_ = 0.0;  ///< interest, fading over twenty minutes
    int in_a_row_ = 0;
    FlagEvidence flag_;
};

}  // namespace scanner::signals::detect
