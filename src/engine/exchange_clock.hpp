#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace scanner::engine {

/// What kind of answer told the exchange's time. Answers of one kind may come out of one cache and be wrong together.
enum class TimeSource : std::uint8_t { contracts, tickers, order_book, candles, funding, open_interest, index };

/// What time it is at the exchange, by what its answers say, told forward by our steady clock.
///
/// No single answer is believed. One from a cache is late, one of a broken server may be early, and our own wall clock
/// may be wrong by hours. An answer can only arrive after it was made, so of several times the latest is right, if it
/// is not alone with it: the exchange's clock is the latest time on which answers of different kinds agree. Our wall
/// clock counts half: it tips the scale between answers that disagree, but cannot outvote them.
///
/// Between passes that time goes on by itself. When all answers fall behind it, they stand still in a cache, and they
/// are as old as they are behind; unless they go on at the clock's pace for ten seconds: then it was the exchange's
/// clock that was set back. Not thread-safe. Pure: time is an argument.
class ExchangeClock {
public:
    /// An answer of this pass: the exchange's time in it, and ours when it came.
    void note(TimeSource source, core::WallTime exchange_time, core::SteadyTime received);

    /// The exchange's time, before this pass's answers are all in; empty before the first answer.
    [[nodiscard]] std::optional<core::WallTime> provisional(core::WallTime own, core::SteadyTime now) const;

    /// Ends a pass: takes its answers into account and forgets them. The exchange's time, or `own` when no answer has
    /// ever told.
    core::WallTime end_pass(core::WallTime own, core::SteadyTime now);

private:
    using Offset = std::chrono::milliseconds;  // exchange's time minus the steady clock's

    struct Sample {
        TimeSource source{};
        Offset offset{};
    };

    [[nodiscard]] std::optional<Offset> agreed(core::WallTime own, core::SteadyTime now) const;
    [[nodiscard]] std::optional<Offset> held(core::SteadyTime now) const;
    void take(Offset offset, core::SteadyTime now);

    std::vector<Sample> samples_;
    std::optional<Offset> held_;
    core::SteadyTime held_at_;
    std::optional<Offset> behind_;  // where the answers stand while they are behind, and since when they have
    core::SteadyTime behind_since_;
};

}  // namespace scanner::engine
