#include "scanner/engine/engine.hpp"

#include "engine/feed/live_loop.hpp"
#include "engine/manipulation/manipulation_loop.hpp"
#include "engine/ranking_cycle.hpp"
#include "engine/scan/scan_loop.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/core/log.hpp"
#include "scanner/ranking/ranking_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Why a ranking from before a restart must not be served as live; empty where it may. It comes from a store that
/// others can write, and the clock may have been set back meanwhile: neither its own time nor its numbers' are
/// taken on trust.
std::string why_not_live(const ranking::Ranking& ranking, const EngineOptions& options, core::WallTime now) {
    const auto seconds = [](milliseconds span) { return static_cast<double>(span.count()) / 1000.0; };
    if (ranking.time > now) return fmt::format("dated {:.1f} s ahead of now", seconds(ranking.time - now));
    if (now - ranking.time > options.snapshots_ttl) {
        return fmt::format("made {:.1f} s ago", seconds(now - ranking.time));
    }
    auto youngest = core::WallTime::min();
    for (const ranking::ContractSnapshotPtr& contract : ranking.contracts) {
        youngest = std::max(youngest, contract->data.data_time);
        const milliseconds age = ranking.time - contract->data.data_time;
        if (age >= milliseconds(0) && age <= options.scan.max_price_age) continue;
        return fmt::format("the numbers of {} are dated {:.1f} s before it", contract->data.contract->contract_code,
                           seconds(age));
    }
    if (!ranking.contracts.empty() && now - youngest > options.snapshots_ttl) {
        return fmt::format("its youngest number is {:.1f} s old", seconds(now - youngest));
    }
    return {};
}

/// Of the bytes that `checkpoint` makes. Grows with each change of what is in them.
/// 2: of other detectors, which are passed over.
constexpr std::uint32_t kCheckpointVersion = 3;
/// Says nothing of detectors: where there were any, no state was kept.
constexpr std::uint32_t kWithoutDetectors = 1;

/// A basis of prices that are further apart says something of the time between them.
constexpr milliseconds kMaxIndexGap{3'000};

RankingCycleOptions cycle_options(const EngineOptions& options, bool with_feed) {
    RankingCycleOptions made{.settings = options.ranking,
                             .profiles = options.profiles,
                             .limits = {.price = options.scan.max_price_age,
                                        .candle_interval_minutes = options.scan.candle_interval_minutes},
                             .interval = options.interval,
                             .snapshots_ttl = options.snapshots_ttl};
    if (with_feed) {
        made.limits.max_index_gap = kMaxIndexGap;
        made.published_interval = std::min(options.rank_interval, options.interval);
    }
    return made;
}

LiveLoopOptions live_options(const EngineOptions& options) {
    return {.rank_interval = options.rank_interval,
            .recording = options.interval,
            .audits_per_sec = options.audits_per_sec,
            .look_lease = options.look_lease};
}

BoardOptions board_options(const EngineOptions& options) {
    return {.snapshots_ttl = options.snapshots_ttl, .rankings_kept = options.rankings_kept};
}

class EngineImpl final : public Engine {
public:
    EngineImpl(asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
               EngineOptions options, EngineObserver& observer, ScanProgress progress, FeedParts feed,
               ManipulationParts manipulation, net::StepLog* steps)
        : clock_(clock),
          steps_(steps),
          options_(std::move(options)),
          state_(options_.scan.candle_interval_minutes, options_.scan.candle_count),
          board_(clock, board_options(options_), [&exchange] { return exchange.status(); }),
          cycle_(clock, state_, board_, observer, cycle_options(options_, false)),
          scan_(executor, exchange, clock, state_, options_.scan, options_.interval, observer,
                {.on_pass = [this](const PassReport& pass) { return rank(pass); },
                 .on_health = [this](SourceHealth health) { board_.report(std::move(health)); },
                 .on_universe =
                     [this] {
                         if (live_) live_->universe_changed();
                     },
                 .steps = steps},
                std::move(progress)) {
        if (feed.make_feed) follow(executor, exchange, std::move(feed));
        if (manipulation.record) detect(executor, exchange, std::move(manipulation));
    }

    asio::awaitable<void> run() override {
        if (detectors_) co_await detectors_->start();  // restores what is known before the feed tells more
        if (live_) co_await live_->start();
        begun_ = true;
        co_await scan_.run();
        begun_ = false;
        if (live_) co_await live_->stop();
        if (detectors_) co_await detectors_->stop();
    }

    asio::awaitable<void> follow_recording() override {
        begun_ = true;
        if (detectors_) co_await detectors_->start();
        if (live_) co_await live_->start();
    }

    void replay_looks(std::string_view detail) override {
        if (live_) live_->set_looks(detail);
    }

    std::optional<std::string> checkpoint() override {
        if (!begun_ || scan_.is_scanning() || (detectors_ && detectors_->is_asking())) return std::nullopt;
        // The next one is hardly larger.
        core::CheckpointWriter archive(checkpoint_bytes_ + checkpoint_bytes_ / 8);
        archive(kCheckpointVersion);
        state_.save(archive);
        cycle_.save(archive);
        scan_.save(archive);
        archive(last_pass_.cycle_ms, last_pass_.requests, following_, live_ != nullptr);
        if (live_ && !live_->save(archive)) return std::nullopt;
        archive(detectors_ != nullptr);
        if (detectors_) detectors_->save(archive);
        std::string bytes = archive.take();
        checkpoint_bytes_ = bytes.size();
        return bytes;
    }

    core::Result<void> restore_checkpoint(std::string_view bytes) override {
        core::CheckpointReader archive(bytes);
        std::uint32_t version = 0;
        archive(version);
        if (!archive.ok() || version < kWithoutDetectors || version > kCheckpointVersion) {
            return core::fail(core::ErrorCode::malformed,
                              fmt::format("a checkpoint of version {}, where this program knows version {}", version,
                                          kCheckpointVersion));
        }
        state_.load(archive);
        cycle_.load(archive);
        scan_.load(archive);
        bool with_feed = false;
        archive(last_pass_.cycle_ms, last_pass_.requests, following_, with_feed);
        archive.require(with_feed == (live_ != nullptr));
        if (live_) live_->load(archive);
        bool with_detectors = false;
        if (version > kWithoutDetectors) archive(with_detectors);
        // Those that do not run here, or that are of another version, are passed over.
        const bool passed_over = with_detectors && (!detectors_ || version < kCheckpointVersion);
        if (with_detectors && !passed_over) detectors_->load(archive);
        if (!archive.ok() || !(passed_over || archive.at_end())) {
            return core::fail(core::ErrorCode::malformed, "a checkpoint that cannot be read");
        }
        cycle_.set_options(cycle_options(options_, following_));
        return {};
    }

    asio::awaitable<void> end_recording() override {
        if (live_) co_await live_->stop();
        if (detectors_) co_await detectors_->stop();
    }

    asio::awaitable<core::Result<ranking::RankingPtr>> scan_once() override {
        if (auto scanned = co_await scan_.scan_once(); !scanned) co_return std::unexpected(scanned.error());
        co_return board_.current();
    }

    void stop() override {
        if (steps_ != nullptr) steps_->step("stop", {}, {});
        scan_.stop();
    }

    RankingBoard& board() override { return board_; }
    LiveView* live() override { return live_ ? &live_->view() : nullptr; }

    void set_options(EngineOptions options) override {
        options_ = std::move(options);
        cycle_.set_options(cycle_options(options_, following_));
        board_.set_options(board_options(options_));
        scan_.set_options(options_.scan, options_.interval);
        if (live_) live_->set_options(live_options(options_));
        set_detectors();
    }
    const EngineOptions& options() const override { return options_; }

    void restore(ranking::RankingPtr ranking) override {
        if (has_run() || !ranking) return;
        if (steps_ != nullptr) steps_->step("restore", {}, ranking::encode_ranking(*ranking));
        restore_newest(std::move(ranking));
    }

    void begin_term(Term term) override {
        may_publish_ = std::move(term.may_publish);
        cycle_.set_epoch(term.epoch);
        cycle_.continue_after(term.after);
        if (term.previous) restore_newest(std::move(term.previous));
        scan_.resume();
    }

    std::optional<ManipulationStatus> manipulation() const override {
        return detectors_ ? std::optional(detectors_->status()) : std::nullopt;
    }

    void continue_after(std::uint64_t sequence) override {
        if (has_run()) return;
        if (steps_ != nullptr) steps_->step("continue_after", {}, std::to_string(sequence));
        cycle_.continue_after(sequence);
    }

private:
    void restore_newest(ranking::RankingPtr ranking) {
        const std::string wrong = why_not_live(*ranking, options_, clock_.now());
        if (!wrong.empty()) {
            core::log(core::LogLevel::warning, "ranking_not_restored", {{"seq", ranking->sequence}, {"detail", wrong}});
        }
        cycle_.restore(std::move(ranking), wrong.empty());
    }

    bool has_run() const { return scan_.health().cycle_count > 0; }

    void follow(asio::any_io_executor executor, exchange::Exchange& exchange, FeedParts feed) {
        live_ = std::make_unique<LiveLoop>(
            std::move(executor), exchange, clock_, state_, std::move(feed), live_options(options_),
            LiveLoopEvents{.publish = [this](bool recorded) { return publish(recorded); },
                           .sequence = [this] { return cycle_.sequence(); },
                           .on_contract_change = [this] { scan_.renew_contracts(); }},
            steps_);
        board_.set_feed_health([this] { return live_->health(); });
    }

    void detect(asio::any_io_executor executor, exchange::Exchange& exchange, ManipulationParts parts) {
        detectors_ = std::make_unique<ManipulationLoop>(
            std::move(executor), exchange, clock_, state_, std::move(parts),
            [this] { return live_ != nullptr && live_->is_following(); }, steps_);
        cycle_.set_verdicts([this](const std::string& code) { return detectors_->verdict(code); });
        if (live_) live_->tell(&detectors_->watch());
        set_detectors();
    }

    void set_detectors() {
        if (!detectors_) return;
        detectors_->watch().set(
            {.threshold = options_.manipulation_threshold, .simulated = options_.ranking.simulated});
    }

    /// Each pass makes a recorded ranking; without a feed there are no others, and the two rhythms are one.
    core::Result<void> rank(const PassReport& pass) {
        last_pass_ = {.cycle_ms = pass.cycle_ms, .requests = pass.requests};
        return make({.cycle_ms = pass.cycle_ms, .requests = pass.requests, .health = pass.health}, Rhythm::recorded);
    }

    /// Between passes, as the feed tells of changes.
    core::Result<void> publish(bool recorded) {
        return make({.cycle_ms = last_pass_.cycle_ms, .requests = last_pass_.requests, .health = scan_.health()},
                    recorded ? Rhythm::recorded : Rhythm::published);
    }

    core::Result<void> make(RankingWork work, Rhythm rhythm) {
        if (may_publish_ && !may_publish_())
            return core::fail(core::ErrorCode::conflict, "not the elected scanner any more");
        const core::SteadyTime at = clock_.steady_now();
        if (live_) {
            live_->bring();
            if (std::exchange(following_, live_->is_following()) != following_) {
                cycle_.set_options(cycle_options(options_, following_));
            }
        }
        if (detectors_) detectors_->observe();
        auto made = cycle_.make(std::move(work), rhythm);
        if (made && live_) live_->published(at, rhythm == Rhythm::recorded, cycle_.next_change_at());
        return made;
    }

    struct LastPass {
        double cycle_ms = 0.0;
        std::uint64_t requests = 0;
    };

    const core::Clock& clock_;
    net::StepLog* const steps_;
    EngineOptions options_;
    MarketState state_;   // written by the scan, read by the cycle: before both
    RankingBoard board_;  // outlives those that publish on it
    RankingCycle cycle_;
    ScanLoop scan_;  // calls all of the above
    LastPass last_pass_;
    std::size_t checkpoint_bytes_ = 0;             ///< of the last one
    std::function<bool()> may_publish_;            // of this term; empty for a scanner that runs alone
    bool begun_ = false;                           // `run` is under way, or what replays it
    bool following_ = false;                       // a feed was there when the last ranking was made
    std::unique_ptr<ManipulationLoop> detectors_;  // told by the feed: before it; nullptr without detectors
    std::unique_ptr<LiveLoop> live_;               // calls all of the above; nullptr without a feed
};

}  // namespace

std::unique_ptr<Engine> make_engine(asio::any_io_executor executor, exchange::Exchange& exchange,
                                    const core::Clock& clock, EngineOptions options, EngineObserver& observer,
                                    ScanProgress progress, FeedParts feed, ManipulationParts manipulation,
                                    net::StepLog* steps) {
    return std::make_unique<EngineImpl>(std::move(executor), exchange, clock, std::move(options), observer,
                                        std::move(progress), std::move(feed), std::move(manipulation), steps);
}

}  // namespace scanner::engine
