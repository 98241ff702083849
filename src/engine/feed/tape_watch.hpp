#pragma once

#include "engine/feed/feed_source.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

namespace scanner::engine {

/// What a list of trades says of a live tape.
enum class TapeFinding : std::uint8_t {
    agrees,   ///< the tape has told all that had the time to reach it
    moved,    ///< the tape has told something since, or has begun anew: nothing follows
    behind,   ///< it lacks a trade that is no longer on its way, the first time
    stalled,  ///< it still does
};

/// Finds tapes that have stalled while everything else on their connection lives: trade ids have holes of their own,
/// so that a tape that lacks trades looks like one that rests.
///
/// Every tape is compared with the exchange's list of trades now and then. First, and out of turn, come those that are
/// silent while the tickers show that the contract trades: their price or 24 h volume has moved, and a sum of 24 h
/// grows by new trades alone. A trade that is listed, older than messages are on their way, and that the tape has not
/// told, twice without a frame in between, is a stall. Pure: time is an argument. One thread.
class TapeWatch {
public:
    /// A tape comes out of turn after this much silence.
    static constexpr std::chrono::seconds kSilent{5};
    /// A younger trade may be on its way to us.
    static constexpr std::chrono::seconds kOnTheWay{2};

    using Followed = FollowedContracts;
    using Tickers = std::unordered_map<std::string, market::Ticker>;

    /// When a list was asked for, by the exchange's clock and by ours.
    struct Asked {
        core::WallTime exchange;
        core::SteadyTime steady;

        static void persist(auto& self, auto& archive) { archive(self.exchange, self.steady); }
    };

    /// The newest tickers, which may be the same as before.
    void note(const Tickers& tickers, const Followed& followed, core::SteadyTime now);
    /// The next one to compare out of turn; nullptr while there is none.
    [[nodiscard]] std::shared_ptr<const market::Contract> next(const Followed& followed, core::SteadyTime now);
    /// What the newest trades say of a tape, before they are filled into it.
    [[nodiscard]] TapeFinding judge(const FollowedContract& contract, std::span<const market::Trade> trades,
                                    const Asked& asked, core::SteadyTime now);

    static void persist(auto& self, auto& archive) { archive(self.records_); }

private:
    struct Record {
        bool trades = false;  ///< so the tickers say, since the tape last told something
        std::optional<core::SteadyTime> asked;
        std::optional<core::SteadyTime> behind;  ///< found so, and no frame has come since
        double last = 0.0;                       ///< of the last ticker: price and volume
        double volume = 0.0;
        std::optional<core::SteadyTime> noted;  ///< when the last ticker was another one than before

        static void persist(auto& self, auto& archive) {
            archive(self.trades, self.asked, self.behind, self.last, self.volume, self.noted);
        }
    };

    std::unordered_map<std::string, Record> records_;
};

}  // namespace scanner::engine
