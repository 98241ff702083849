#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::engine {

/// State of a source of rankings.
struct SourceHealth {
    std::optional<double> last_cycle_ms;         ///< of the last finished cycle, successful or not
    std::string last_error;                      ///< of the last failed cycle; empty when none failed yet
    int failure_streak = 0;                      ///< failed cycles in a row; 0 after a success
    std::uint64_t cycle_count = 0;               ///< cycles begun and ended since start, failed ones included
    double backoff_sec = 0.0;                    ///< added to the pause before the next cycle because of failures
    std::vector<double> recent_cycle_ms;         ///< the last few cycles, oldest first
    std::optional<core::WallTime> next_scan_at;  ///< empty while a cycle runs or when the source has stopped
};

/// A ranking to show from now on, complete: nothing of it is looked up elsewhere.
struct Publication {
    ranking::RankingPtr ranking;                                 ///< never null
    std::shared_ptr<const std::vector<UniverseEntry>> universe;  ///< by contract code; the same object: unchanged
    SourceHealth health;
    bool recorded = false;  ///< whether it is also the cycle that history and the cache keep
};

struct BoardOptions {
    std::chrono::milliseconds snapshots_ttl{90'000};
    std::size_t rankings_kept = 4;  ///< of each kind, at least 1
};

/// What readers see of the scanner: the newest rankings, the universe, the state of the source, and the time that ages
/// are measured against. Rankings of a scan, of a feed or of another process are all published here.
///
/// Published and recorded are two things. Every ranking is published, for answers, streams and alert rules; one a scan
/// interval is recorded as well, for history and the cache, exactly once, and "previous" in any number means the
/// previous recorded one. Loop thread only.
class RankingBoard final : public EngineView {
public:
    /// Must be quick and not throw; called once the ranking is the current one.
    using Listener = std::function<void(const ranking::RankingPtr&)>;

    /// `clock` must outlive it. `exchange_status` is asked for at each health answer.
    RankingBoard(const core::Clock& clock, BoardOptions options,
                 std::function<exchange::ExchangeStatus()> exchange_status);

    /// Calls the listeners of published rankings, then those of recorded ones if it is one.
    void publish(Publication publication);
    /// A ranking from before a restart, so that there is something to show; no listener hears of it.
    void restore(ranking::RankingPtr ranking);
    /// The source's work between publications: failures, pauses.
    void report(SourceHealth health) { source_ = std::move(health); }
    void set_options(BoardOptions options) { options_ = options; }
    /// How the live feed does; asked for at each health answer.
    void set_feed_health(std::function<FeedHealth()> health) { feed_health_ = std::move(health); }

    void on_published(Listener listener) { published_.listeners.push_back(std::move(listener)); }
    void on_recorded(Listener listener) { recorded_.listeners.push_back(std::move(listener)); }

    [[nodiscard]] ranking::RankingPtr current() const override { return published_.newest(); }
    [[nodiscard]] ranking::RankingPtr recorded() const override { return recorded_.newest(); }
    [[nodiscard]] ranking::RankingPtr by_sequence(std::uint64_t sequence) const override;
    /// The wall clock, but never less than the time that has passed since the newest ranking: a clock that is set back
    /// does not make old numbers young.
    [[nodiscard]] core::WallTime now() const override;
    [[nodiscard]] std::chrono::milliseconds snapshots_ttl() const override { return options_.snapshots_ttl; }
    [[nodiscard]] std::optional<core::WallTime> next_scan_at() const override { return source_.next_scan_at; }
    [[nodiscard]] HealthDetails health() const override;
    /// What was published last, as it came: for those who pass it on. The universe is nullptr before.
    [[nodiscard]] const std::shared_ptr<const std::vector<UniverseEntry>>& shared_universe() const { return universe_; }
    [[nodiscard]] const SourceHealth& source() const { return source_; }
    [[nodiscard]] std::vector<UniverseEntry> universe() const override {
        return universe_ ? *universe_ : std::vector<UniverseEntry>();
    }

private:
    /// The newest few rankings of one kind, and the listeners to be told of each.
    struct Shelf {
        std::deque<ranking::RankingPtr> kept;
        std::vector<Listener> listeners;

        [[nodiscard]] ranking::RankingPtr newest() const { return kept.empty() ? nullptr : kept.back(); }
        [[nodiscard]] ranking::RankingPtr find(std::uint64_t sequence) const;
        void keep(const ranking::RankingPtr& ranking, std::size_t max_kept);
        void tell(const ranking::RankingPtr& ranking) const;
    };

    void show(const ranking::RankingPtr& ranking, core::WallTime at);
    /// Of contracts that are as they were in the ranking before nothing is looked up.
    void remember_symbols(const ranking::RankingPtr& ranking, bool is_relisted);
    void remember(const ranking::ContractSnapshot& snapshot);

    const core::Clock& clock_;
    BoardOptions options_;
    std::function<exchange::ExchangeStatus()> exchange_status_;
    std::function<FeedHealth()> feed_health_;  // empty while no feed is followed
    Shelf published_;
    Shelf recorded_;
    core::WallTime shown_at_;           // when the newest was published, by the wall clock
    core::SteadyTime shown_at_steady_;  // and by the one that is never set
    std::optional<core::WallTime> last_success_;
    std::shared_ptr<const std::vector<UniverseEntry>> universe_;  // nullptr before the first publication
    SourceHealth source_;
    std::map<std::string, SymbolHealth> seen_;  // by symbol
    ranking::RankingPtr remembered_;            // the newest whose contracts are all in seen_; nullptr before
};

}  // namespace scanner::engine
