#pragma once

#include "engine/feed/book_audit.hpp"
#include "engine/feed/feed_source.hpp"
#include "engine/feed/ranking_rhythm.hpp"
#include "engine/feed/sequence_blocks.hpp"
#include "engine/feed/tape_watch.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/feed_parts.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

struct LiveLoopOptions {
    std::chrono::milliseconds rank_interval{1'000};
    std::chrono::milliseconds recording{15'000};
    double audits_per_sec = 10.0;
    std::chrono::milliseconds look_lease = kLookLease;
};

/// What the loop asks of the engine around it. Called on the loop thread.
struct LiveLoopEvents {
    /// Makes a ranking of the state; `recorded`: no scan has ended for so long that it must be recorded.
    std::function<core::Result<void>(bool recorded)> publish;
    std::function<std::uint64_t()> sequence;   ///< of the last ranking
    std::function<void()> on_contract_change;  ///< the list of contracts should be read again
};

/// Everything that goes on beside the scan while a live feed is followed: the feed itself, rankings as the market
/// changes, audits of its books and fall-backs for those that are not live, holes of tapes, and the index each second.
/// Loop thread only.
class LiveLoop {
public:
    /// Everything passed by reference must outlive it. `parts.make_feed` is called here, and at each start after a
    /// stop.
    LiveLoop(boost::asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
             MarketState& state, FeedParts parts, LiveLoopOptions options, LiveLoopEvents events,
             net::StepLog* steps = nullptr);

    /// Begins, for the first time or after a stop; the numbers of the first rankings are reserved when it returns,
    /// where they can be.
    [[nodiscard]] boost::asio::awaitable<void> start();
    /// Ends everything that `start` began; quick.
    [[nodiscard]] boost::asio::awaitable<void> stop();
    /// Takes effect at once.
    void set_options(LiveLoopOptions options);

    /// Who else is told of what the feed tells; must outlive it.
    void tell(ManipulationWatch* detectors) { source_.tell(detectors); }
    /// The state has another universe.
    void universe_changed() { source_.want_universe(); }
    /// Writes what the feed has told to the state: before a ranking is read of it.
    void bring() { source_.bring(); }
    /// Whether a feed is there to be followed; while none is, nothing is asked or published beside the scan.
    [[nodiscard]] bool is_following() { return source_.is_there(); }
    [[nodiscard]] LiveView& view() { return source_; }
    /// A ranking of the state as it was at `at` is out. `next_change_at`: when something that it rests on becomes stale
    /// by itself, by the exchange's clock.
    void published(core::SteadyTime at, bool recorded, std::optional<core::WallTime> next_change_at);

    [[nodiscard]] FeedHealth health() const;

    /// In a replay: others are looked at than before.
    void set_looks(std::string_view detail);
    /// Everything that decides, the feed and what is being asked for included; false where the feed cannot be kept.
    /// When to rank is not: in a replay the recording says so.
    [[nodiscard]] bool save(core::CheckpointWriter& archive);
    /// Before `start`, which then goes on with what was being asked for. After the state's own `load`.
    void load(core::CheckpointReader& archive);

private:
    using Awaitable = boost::asio::awaitable<void>;
    static constexpr std::size_t kBookReaders = 12;
    static constexpr std::size_t kTapeFillers = 4;
    /// Trades that are being asked for.
    struct TapeTask {
        std::shared_ptr<const market::Contract> contract;
        std::uint64_t life = 0;
        TapeWatch::Asked asked;

        static void persist(auto& self, auto& archive) {
            archive(self.contract, self.life, self.asked);
            archive.require(self.contract != nullptr);
        }
    };

    [[nodiscard]] Awaitable publish_changes();
    [[nodiscard]] Awaitable watch_books();
    /// What follows happens at the moment of that step, and in a replay then and not when a timer says so.
    [[nodiscard]] boost::asio::awaitable<std::string> reach(std::string name, std::string detail = {});
    [[nodiscard]] bool is_replay() const { return steps_ != nullptr && steps_->is_replay(); }
    [[nodiscard]] boost::asio::awaitable<bool> pause(core::SteadyTime::duration time);
    [[nodiscard]] Awaitable read_books(std::size_t number);
    [[nodiscard]] Awaitable read_book(std::size_t number, bool goes_on);
    [[nodiscard]] Awaitable read_index();
    [[nodiscard]] Awaitable fill_tapes(std::size_t number);
    [[nodiscard]] Awaitable audit_tapes();
    [[nodiscard]] Awaitable audit_tape();
    [[nodiscard]] Awaitable fill_tape(std::size_t number);
    static void persist_rest(auto& self, auto& archive);
    [[nodiscard]] const FollowedContract* tape_to_audit() const;
    [[nodiscard]] Awaitable reserve_numbers();
    [[nodiscard]] Awaitable end_looks();
    [[nodiscard]] boost::asio::awaitable<bool> reserve(std::uint64_t up_to);
    void begin_anew();
    void give_up_silent_books();
    void take_audit(const BookTask& task, const market::OrderBook& answer);

    exchange::Exchange& exchange_;
    net::StepLog* const steps_;
    const core::Clock& clock_;
    MarketState& state_;
    LiveLoopOptions options_;
    LiveLoopEvents events_;
    std::function<boost::asio::awaitable<core::Result<void>>(std::uint64_t)> reserve_;
    std::function<std::unique_ptr<exchange::MarketFeed>(exchange::FeedListener&)> make_feed_;
    RankingRhythm rhythm_;
    SequenceBlocks numbers_;
    BookAudit audit_;
    TapeWatch tape_watch_;
    net::Event changed_;
    net::Event hole_;
    std::deque<std::string> holes_;                                    // of tapes, in the order in which they were told
    core::SteadyTime next_book_;                                       // when the next one may be asked for
    std::unordered_map<std::string, core::SteadyTime> tapes_audited_;  // when each was last
    // What is being asked for, by the number of who asks: a checkpoint is made in between as well.
    std::vector<std::optional<BookTask>> reading_;
    std::vector<std::optional<TapeTask>> filling_;
    std::optional<TapeTask> auditing_;
    FeedHealth counted_;  // its counters; what is of now is made when it is asked for
    FeedSource source_;
    std::unique_ptr<exchange::MarketFeed> feed_;  // tells source_
    boost::asio::any_io_executor executor_;
    std::unique_ptr<net::TaskGroup> tasks_;  // of this run
    core::RepeatedFailure not_reserved_{"sequence_not_reserved"};
    core::RepeatedFailure not_published_{"ranking_not_published"};
    bool stopping_ = false;
};

}  // namespace scanner::engine
