#pragma once

#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace scanner::engine {

struct RankingCycleOptions {
    ranking::RankingSettings settings;
    std::vector<signals::Profile> profiles;  ///< every ranking is made under each of them
    InputLimits limits;
    std::chrono::milliseconds interval{15'000};       ///< between recorded rankings
    std::chrono::milliseconds snapshots_ttl{90'000};  ///< what is older in all its numbers is not published
    /// Between published rankings, where they come more often than recorded ones: when to expect the next.
    std::optional<std::chrono::milliseconds> published_interval;
};

/// What a ranking tells of the work behind it.
struct RankingWork {
    double cycle_ms = 0.0;
    std::uint64_t requests = 0;
    SourceHealth health;
};

/// Which of the two rhythms a ranking belongs to: all are published, one an interval is recorded as well.
enum class Rhythm : std::uint8_t { published, recorded };

/// Makes rankings of the market state and puts them on the board. Knows no source: a scan asks for one at the end of
/// each pass. Loop thread only.
class RankingCycle {
public:
    /// Everything passed by reference must outlive it.
    RankingCycle(const core::Clock& clock, MarketState& state, RankingBoard& board, EngineObserver& observer,
                 RankingCycleOptions options);

    /// Ranks what the state says now. Publishes nothing and fails where nothing of it could be read (unavailable), or
    /// where its youngest number is too old to be served (timeout).
    [[nodiscard]] core::Result<void> make(RankingWork work, Rhythm rhythm);

    /// What the detectors of manipulation say of a contract, asked for each ranking under the measured model.
    using Verdicts = std::function<std::shared_ptr<const signals::DetectorVerdict>(const std::string& contract_code)>;
    void set_verdicts(Verdicts verdicts) { verdicts_ = std::move(verdicts); }
    /// Takes effect with the next ranking.
    void set_options(RankingCycleOptions options) { options_ = std::move(options); }
    /// A ranking from before a restart, for sequence, rank changes and the board; `live`: whether it may be shown.
    void restore(ranking::RankingPtr ranking, bool live);
    /// The next ranking's number will be over `sequence`.
    void continue_after(std::uint64_t sequence);
    /// Which term of an elected scanner makes the next ranking; 0: none.
    void set_epoch(std::uint64_t epoch) { epoch_ = epoch; }
    /// When something that the last ranking rests on becomes stale by itself, by the exchange's clock.
    [[nodiscard]] std::optional<core::WallTime> next_change_at() const { return next_change_at_; }
    /// What the next rankings rest on beside the market state (core/checkpoint.hpp).
    void save(core::CheckpointWriter& archive) const;
    void load(core::CheckpointReader& archive);
    /// Of the last ranking; 0 before the first.
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

private:
    /// Makes the list of contracts that goes with a ranking, the same object while nothing of it has changed.
    void renew_universe(const std::vector<ranking::Exclusion>& exclusions);

    const core::Clock& clock_;
    MarketState& state_;
    RankingBoard& board_;
    EngineObserver& observer_;
    RankingCycleOptions options_;
    ranking::Ranker ranker_;
    Verdicts verdicts_;
    std::uint64_t sequence_ = 0;
    std::uint64_t epoch_ = 0;
    std::shared_ptr<const std::vector<UniverseEntry>> universe_;
    std::uint64_t universe_of_ = 0;             // MarketState::listing() that it was made of
    std::vector<ranking::Exclusion> excluded_;  // and the exclusions
    std::optional<core::WallTime> next_change_at_;
};

}  // namespace scanner::engine
