#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace scanner::engine {

/// The kind of answer that an exchange time came with. Answers of one kind may share a cache and be wrong together.
enum class TimeSource : std::uint8_t { contracts, tickers, order_book, candles, funding, open_interest, index };

/// The exchange's time, from its answers, continued by our steady clock.
///
/// No single answer is trusted. One from a cache is late, one of a broken server may be early, and our own wall clock
/// may be wrong by hours. An answer can only arrive after it was made, so the latest of several times is right unless
/// it stands alone: the exchange's clock is the latest time on which answers of different kinds agree. Our wall clock
/// has half a vote: it decides between answers that disagree, but cannot outvote them.
///
/// Between passes that time advances by itself. Answers that all fall behind it come from a cache, and are as old as
/// they are behind; unless they advance at the clock's pace for ten seconds: then the exchange's clock was set back.
/// Not thread-safe. Pure: time is an argument.
class ExchangeClock {
public:
    /// An answer of this pass: the exchange's time in it, and ours when it came.
    void note(TimeSource source, core::WallTime exchange_time, core::SteadyTime received);

    /// The exchange's time, before this pass's answers are all in; empty before the first answer.
    [[nodiscard]] std::optional<core::WallTime> provisional(core::WallTime own, core::SteadyTime now) const;

    /// The exchange's time as the last pass settled it, continued by the steady clock: of this pass's answers none is
    /// trusted yet. Before the first pass has ended, as `provisional`.
    [[nodiscard]] std::optional<core::WallTime> between_passes(core::WallTime own, core::SteadyTime now) const;

    /// Ends a pass: takes its answers into account and forgets them. The exchange's time, or `own` when no answer has
    /// ever told.
    core::WallTime end_pass(core::WallTime own, core::SteadyTime now);

    static void persist(auto& self, auto& archive) {
        archive(self.samples_, self.held_, self.held_at_, self.behind_, self.behind_since_);
    }

private:
    using Offset = std::chrono::milliseconds;  // exchange's time minus the steady clock's

    struct Sample {
        TimeSource source{};
        Offset offset{};

        static void persist(auto& self, auto& archive) {
            archive(self.source, self.offset);
            archive.require(self.source <= TimeSource::index);
        }
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
