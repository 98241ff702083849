#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/feed_parts.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/engine/scan_options.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

struct EngineOptions {
    MarketScanOptions scan;
    ranking::RankingSettings ranking;
    std::vector<signals::Profile> profiles;  ///< every cycle ranks under each of them
    std::chrono::milliseconds interval{15'000};
    std::chrono::milliseconds snapshots_ttl{90'000};
    std::size_t rankings_kept = 4;         ///< of each kind, for readers that page through one
    double manipulation_threshold = 60.0;  ///< of manip_score, from which on a contract is quarantined

    // With a live feed only
    std::chrono::milliseconds rank_interval{1'000};     ///< between published rankings; 0: as fast as changes come
    double audits_per_sec = 10.0;                       ///< live books compared with what the exchange answers; > 0
    std::chrono::milliseconds look_lease = kLookLease;  ///< see LiveView::look
};

/// What an elected scanner begins with.
struct Term {
    std::uint64_t epoch = 0;
    std::uint64_t after = 0;            ///< the number of its first ranking is over this one
    ranking::RankingPtr previous;       ///< the newest recorded one, its own or another's; may be nullptr
    std::function<bool()> may_publish;  ///< asked before each ranking is made
};

/// A scanner's engine, wired in one place: the scan writes the market state, at the end of each pass a ranking is made
/// of it, and the board shows it. With a live feed the market state follows the market in between, and so do published
/// rankings. Loop thread only.
class Engine {
public:
    virtual ~Engine() = default;

    /// Scans until stopped. Run it once, or once in each term.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    /// One cycle now; what `run` repeats. Its ranking is published and recorded.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ranking::RankingPtr>> scan_once() = 0;
    /// In place of `run` where `steps` replays: begins what goes on beside scans, each of which is a `scan_once`.
    [[nodiscard]] virtual boost::asio::awaitable<void> follow_recording() = 0;
    [[nodiscard]] virtual boost::asio::awaitable<void> end_recording() = 0;
    /// In a replay: other contracts are looked at than before. The detail of the recorded step "looks".
    virtual void replay_looks(std::string_view detail) = 0;

    /// Everything that decides what the next rankings are, as bytes (docs/recording.md); the engine goes on as if it
    /// had been restored from it. Nothing while a pass or a ranking is under way, before `run` has begun, and while
    /// detectors of manipulation wait for what was saved of them. Not from within a call of the engine's: between two
    /// things that the loop runs.
    [[nodiscard]] virtual std::optional<std::string> checkpoint() = 0;
    /// Goes on from there, before anything has run and with the same options. malformed: the bytes are of another
    /// version or damaged, and the engine is of no use any more.
    [[nodiscard]] virtual core::Result<void> restore_checkpoint(std::string_view bytes) = 0;

    /// Ends `run` after abandoning the cycle in progress.
    virtual void stop() = 0;

    /// Before `run`, also after one that has ended: from now on rankings are made in this term. Nothing of it is taken
    /// on trust: `previous` as by `restore`.
    virtual void begin_term(Term term) = 0;

    /// What readers see. Lives as long as the engine.
    [[nodiscard]] virtual RankingBoard& board() = 0;
    /// What the live feed says right now; nullptr without one. Lives as long as the engine.
    [[nodiscard]] virtual LiveView* live() = 0;

    /// Takes effect with the next cycle.
    virtual void set_options(EngineOptions options) = 0;
    [[nodiscard]] virtual const EngineOptions& options() const = 0;
    /// Takes over a ranking from before a restart, so that there is something to serve and sequence and rank changes go
    /// on from it. Ignored once a cycle has run. Of one that is not current only the sequence is taken: older than the
    /// snapshots' time to live, dated ahead of now, or made of numbers whose own times are not just before its own.
    virtual void restore(ranking::RankingPtr ranking) = 0;
    /// How the detectors of manipulation do; empty without them.
    [[nodiscard]] virtual std::optional<ManipulationStatus> manipulation() const = 0;
    /// The next cycle's number will be over `sequence`: history knows it already. Ignored once a cycle has run.
    virtual void continue_after(std::uint64_t sequence) = 0;
};

using ScanProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Everything passed by reference must outlive the engine, and so must `steps`, which is told of each step of a scan
/// where it is not null.
[[nodiscard]] std::unique_ptr<Engine> make_engine(boost::asio::any_io_executor executor, exchange::Exchange& exchange,
                                                  const core::Clock& clock, EngineOptions options,
                                                  EngineObserver& observer, ScanProgress progress, FeedParts feed = {},
                                                  ManipulationParts manipulation = {}, net::StepLog* steps = nullptr);

}  // namespace scanner::engine
