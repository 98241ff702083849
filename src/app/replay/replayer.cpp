#include "app/replay/replayer.hpp"

#include "app/recording/ranking_digest.hpp"
#include "app/recording/recorded_options.hpp"
#include "app/replay/recorded_steps.hpp"
#include "app/replay/replay_detectors.hpp"
#include "app/replay/replay_loop.hpp"
#include "app/replay/replay_ports.hpp"
#include "app/wiring.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/exchange/checkpointed.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/exchange/feed_player.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/recording/answer_memory.hpp"
#include "scanner/recording/engine_checkpoint.hpp"
#include "scanner/recording/tap.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

/// No request waits for its turn: each is answered from memory.
constexpr double kNoBudget = 1e6;
/// In older recordings a call that took too long is given up by the engine's own timers again: they take as long.
constexpr std::chrono::seconds kPatience{60};
/// Of what goes on beside scans nothing waits for a timer.
constexpr std::chrono::seconds kFeedPatience{2};
constexpr std::string_view kFeedWithoutBeginning =
    "the recording begins in the middle of a live feed, whose rankings cannot be made again";

class Replayer final : public Replay {
public:
    Replayer(std::vector<recording::SegmentFile> files, ReplayOptions options, recording::AtHole at_hole)
        : reader_(std::move(files), INT64_MIN, at_hole), options_(std::move(options)) {}
    ~Replayer() override {
        if (!engine_) return;
        waiters_.let_go();
        engine_->stop();
        bool ended = false;
        asio::co_spawn(io_, engine_->end_recording(), [&ended](const std::exception_ptr&) { ended = true; });
        // Within the grace that the engine gives its tasks.
        const auto until = std::chrono::steady_clock::now() + kFeedPatience;
        while ((!ended || scanning_) && std::chrono::steady_clock::now() < until) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(50));
        }
        settle();
        // What is left of them on a slow machine refers to the engine.
        io_.shutdown();
    }
    Replayer(const Replayer&) = delete;
    Replayer& operator=(const Replayer&) = delete;

    core::Result<std::optional<std::int64_t>> next_wall_ns() override {
        if (!outcome_.diverged.empty()) return std::nullopt;
        if (!next_) {
            auto read = reader_.next();
            if (!read) return std::unexpected(read.error());
            if (!*read || (*read)->at.wall_ns >= options_.to_wall_ns) return std::nullopt;
            next_ = std::move(*read);
        }
        return next_->at.wall_ns;
    }

    core::Result<bool> advance() override {
        const auto next = next_wall_ns();
        if (!next) return std::unexpected(next.error());
        if (!*next) return false;
        recording::Record record = std::move(*next_);
        next_.reset();
        ++outcome_.records;
        if (!is_possible(record.at)) {
            return core::fail(core::ErrorCode::malformed, "a record of a time that cannot be");
        }
        if (auto looked = look_at(record.at, record.body); !looked) return std::unexpected(looked.error());
        if (auto taken = take(std::move(record)); !taken) return std::unexpected(taken.error());
        if (engine_ && detectors_.look(clock_.steady_now())) settle();
        return true;
    }

    core::Result<ReplayOutcome> finish() override {
        if (foreign_) scan_now();
        outcome_.damage = reader_.damage();
        if (!engine_) return core::fail(core::ErrorCode::invalid_input, "the recording tells no settings");
        return std::move(outcome_);
    }

    engine::Engine* engine() override { return engine_.get(); }
    const settings::Settings& settings() const override { return settings_; }
    const core::Clock& clock() const override { return clock_; }
    const std::string& diverged() const override { return outcome_.diverged; }
    std::optional<ReplayHole> hole() const override {
        if (next_ || !reader_.resume_at()) return std::nullopt;
        return ReplayHole{.resume_at = *reader_.resume_at(), .damage = reader_.damage()};
    }

    void apply_options() override {
        if (!engine_ || !recorded_options_) return;
        engine_->set_options(engine_options(settings_, recorded_options_->simulated,
                                            options_.over_options ? options_.over_options(recorded_options_->effective)
                                                                  : recorded_options_->effective));
    }

private:
    /// What something else captured begins without settings and tells no steps: a pass is made of it each interval.
    core::Result<void> look_at(const recording::Stamp& at, const recording::RecordBody& body) {
        const bool begins = std::holds_alternative<recording::SettingsInEffect>(body) ||
                            std::holds_alternative<recording::Checkpoint>(body);
        if (!has_settings_ && !begins) {
            foreign_ = true;
            waiters_.release_all();
            client_.be_lenient();
            clock_.set(at);
            if (auto taken = take_settings({}); !taken) return taken;
            due_ns_ = at.wall_ns + std::chrono::nanoseconds(settings_.scan_interval).count();
        }
        if (!foreign_) return {};
        if (at.wall_ns >= due_ns_) {
            scan_now();
            due_ns_ = at.wall_ns + std::chrono::nanoseconds(settings_.scan_interval).count();
        }
        clock_.set(at);
        return {};
    }

    void scan_now() {
        scan();
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (scanning_ && std::chrono::steady_clock::now() < until) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(100));
        }
    }

    core::Result<void> take(recording::Record record) {
        const recording::Stamp at = record.at;
        if (auto* const answer = std::get_if<recording::RestAnswer>(&record.body)) {
            client_.put(std::move(*answer));
        } else if (const auto* const piece = std::get_if<recording::Checkpoint>(&record.body)) {
            if (const auto answer_then = engine_ ? nullptr : recording::answer_of(*piece)) {
                client_.put(*answer_then, true);
            }
            if (auto state = pieces_.take(*piece)) return take_checkpoint(std::move(*state), at);
        } else if (const auto* const lines = std::get_if<recording::SettingsInEffect>(&record.body)) {
            clock_.set(at);
            return take_settings(lines->text);
        } else if (const auto* const event = std::get_if<recording::ConnectionEvent>(&record.body)) {
            return take_connection(*event, at);
        } else if (const auto* const frame = std::get_if<recording::SocketFrame>(&record.body)) {
            if (player_ == nullptr) return {};
            settle();
            clock_.set(at);
            player_->on_message(frame->connection, frame->binary, frame->compressed, frame->bytes);
            settle();
        } else if (const auto* const digest = std::get_if<recording::CycleDigest>(&record.body)) {
            compare(*digest);
        } else if (const auto* const change = std::get_if<recording::OperatorChange>(&record.body)) {
            if (options_.on_change) options_.on_change(*change);
        } else if (const auto* const step = std::get_if<recording::Step>(&record.body)) {
            if (!has_settings_) return core::fail(core::ErrorCode::invalid_input, "the recording tells no settings");
            settle();
            clock_.set(at);
            if (step->name == "feed.seed") return take_seed(step->detail);
            if (!engine_) {
                make_engine();
                begin_following();
            }
            return take_step(*step, at);
        }
        return {};
    }

    /// Where the replay begins, it goes on from there. Later it stands there itself, and does what was done then.
    core::Result<void> take_checkpoint(recording::EngineState state, const recording::Stamp& at) {
        if (!has_settings_) return core::fail(core::ErrorCode::invalid_input, "the recording tells no settings");
        settle();
        clock_.set(at);
        if (engine_) {
            if (!engine_->checkpoint()) diverge(at, "a segment begins, and the engine is in the middle of a pass");
            return {};
        }
        if (state.with_feed) seed_ = 0;  // what is left to chance is told by the state
        make_engine();
        auto* const decoder = dynamic_cast<exchange::Checkpointed*>(decoder_.get());
        if (decoder == nullptr || !decoder->restore(state.exchange)) {
            return core::fail(core::ErrorCode::malformed, "a checkpoint of another exchange, or damaged");
        }
        if (auto restored = engine_->restore_checkpoint(state.bytes); !restored) return restored;
        restored_sequence_ = state.sequence;
        begin_following();
        return {};
    }

    void begin_following() {
        asio::co_spawn(io_, engine_->follow_recording(), asio::detached);
        settle();
    }

    core::Result<void> take_connection(const recording::ConnectionEvent& event, const recording::Stamp& at) {
        if (foreign_) return {};
        if (player_ == nullptr) return core::fail(core::ErrorCode::invalid_input, std::string(kFeedWithoutBeginning));
        settle();
        clock_.set(at);
        if (event.open) {
            player_->on_connected(event.connection);
        } else {
            player_->on_disconnected(event.connection, event.detail);
        }
        settle();
        return {};
    }

    core::Result<void> take_settings(std::string_view lines) {
        auto read = options_.read_settings(lines);
        if (!read) return core::fail(core::ErrorCode::invalid_input, "recorded settings: " + read.error());
        settings_ = std::move(*read);
        if (!engine_) detectors_.note_settings(lines);
        if (std::exchange(has_settings_, true) && options_.on_settings) options_.on_settings(settings_);
        if (foreign_ && !engine_) make_engine();
        return {};
    }

    /// Stands before every other step of a recording that follows a feed from its beginning.
    core::Result<void> take_seed(std::string_view text) {
        std::uint64_t seed = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), seed);
        if (read.ec != std::errc() || engine_) return core::fail(core::ErrorCode::malformed, "recorded seed of a feed");
        seed_ = seed;
        make_engine();
        begin_following();
        return {};
    }

    engine::FeedParts feed_parts() {
        engine::FeedParts parts;
        if (!seed_) return parts;
        parts.make_feed = [this](exchange::FeedListener& listener) {
            auto player = exchange::make_feed_player({}, listener, clock_, *seed_);
            player_ = player.get();
            return player;
        };
        parts.reserve_sequence = [](std::uint64_t) -> asio::awaitable<core::Result<void>> {
            co_return core::Result<void>();
        };
        parts.exchange = feed_exchange_.get();
        return parts;
    }

    /// What something else captured tells no moments at which they would look.
    engine::ManipulationParts detectors_of_engine() {
        return foreign_ ? engine::ManipulationParts() : detectors_.parts(settings_, options_.on_episodes);
    }

    void make_engine() {
        exchange::ExchangeOptions exchange;
        exchange.base_url = settings_.exchange_url;
        exchange.market_requests_per_sec = kNoBudget;
        exchange.other_requests_per_sec = kNoBudget;
        exchange.max_attempts = 1;
        exchange.max_failures = INT_MAX;
        // When a bulk call was tried again the answers tell: where it was not, it has none, and the sweep has.
        exchange.fallback_probe_interval = std::chrono::minutes(0);
        exchange.concurrency = static_cast<std::size_t>(settings_.scan_concurrency);
        decoder_ = exchange::make_exchange(io_.get_executor(), exchange, client_, clock_, 0);
        exchange_ = make_replay_exchange(*decoder_, client_, waiters_);
        feed_exchange_ = make_replay_exchange(*decoder_, client_, waiters_, std::string(recording::kFeedPrefix));
        engine_ = engine::make_engine(
            io_.get_executor(), *exchange_, clock_, engine_options(settings_, false), observer_,
            [](std::size_t, std::size_t) {}, feed_parts(), detectors_of_engine(), &steps_);
        engine_->board().on_recorded([this](const ranking::RankingPtr& ranking) { on_cycle(ranking); });
        if (options_.on_engine) options_.on_engine(*engine_);
    }

    core::Result<void> take_step(const recording::Step& step, const recording::Stamp& at) {
        // From then on everything is given up, and nothing ranked.
        stopped_ = stopped_ || step.name == "stop";
        if (ReplayDetectors::is_step(step.name)) return take_detectors_step(step, at);
        if (stopped_ || (was_given_up(step) && !(given_up_is_told_ && is_call_of_scan(step)))) return {};
        if (step.name == "options") {
            const auto options = decode_options(step.detail);
            if (!options) return core::fail(core::ErrorCode::malformed, "recorded options cannot be read");
            recorded_options_ = *options;
            apply_options();
        } else if (step.name == "restore") {
            auto ranking = ranking::decode_ranking(step.detail);
            if (!ranking) return std::unexpected(ranking.error().within("recorded ranking"));
            engine_->restore(*ranking);
        } else if (step.name == "continue_after") {
            engine_->continue_after(count_in(step.detail));
        } else if (step.name == "epoch") {
            engine_->begin_term({.epoch = count_in(step.detail)});
        } else if (step.name == "looks") {
            engine_->replay_looks(step.detail);
        } else if (step.name == "feed.tend") {
            if (player_ != nullptr) player_->on_tend();
        } else if (is_scan_step(step.name) || is_feed_step(step.name)) {
            reach(step, at);
        } else if (!waiters_.wake(step.name, step.contract, step.detail) && must_be_awaited(step)) {
            diverge(at, fmt::format("{} {} was answered, and the engine waits for {}", step.name, step.contract,
                                    waiters_.describe()));
        }
        settle();
        return {};
    }

    /// They tell what is left of episodes after the end of all else.
    core::Result<void> take_detectors_step(const recording::Step& step, const recording::Stamp& at) {
        const auto taken = detectors_.take(step);
        if (!taken) return std::unexpected(taken.error());
        settle();  // they may just have been told that they begin afresh
        if (*taken == ReplayDetectors::Taken::reached) reach(step, at);
        settle();
        return {};
    }

    /// A call that was given up, and that the engine may be waiting for all the same.
    [[nodiscard]] bool is_call_of_scan(const recording::Step& step) const {
        return scanning_ && !step.name.starts_with(recording::kFeedPrefix) && !step.name.starts_with("trades");
    }

    /// Whether the engine must have waited for it.
    [[nodiscard]] bool must_be_awaited(const recording::Step& step) const {
        if (step.name.starts_with("trades") || step.name == "probe") return false;
        return scanning_ || step.name.starts_with(recording::kFeedPrefix);
    }

    void reach(const recording::Step& step, const recording::Stamp& at) {
        if (step.name == "pass") {
            given_up_is_told_ = step.detail == kGivenUpByStep;
            waiters_.follow_given_up(given_up_is_told_);
            if (!scanning_) scan();
        }
        if (step.name == "given_up" && waiters_.end_given_up(step.name)) settle();
        if (step.name == "pass_ended" && waiters_.give_up_scan(step.name)) settle();
        const bool of_scan = is_scan_step(step.name);
        const auto until = std::chrono::steady_clock::now() + (of_scan ? kPatience : kFeedPatience);
        while (!waiters_.wake(step.name, {}, step.detail)) {
            if ((of_scan && !scanning_) || std::chrono::steady_clock::now() >= until) {
                return diverge(at, fmt::format("the step {} was recorded, and the engine waits for {}", step.name,
                                               waiters_.describe()));
            }
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(100));
        }
    }

    void scan() {
        scanning_ = true;
        asio::co_spawn(
            io_, engine_->scan_once(),
            [this](const std::exception_ptr&, const core::Result<ranking::RankingPtr>&) { scanning_ = false; });
        settle();
    }

    /// Runs what can run; what waits for the recording waits.
    void settle() {
        io_.restart();
        while (io_.poll() > 0) {
        }
    }

    void diverge(const recording::Stamp& at, std::string what) {
        outcome_.diverged = fmt::format("{}: {}", core::format_time(core::from_unix_ms(at.wall_ns / 1'000'000)), what);
    }

    void on_cycle(const ranking::RankingPtr& ranking) {
        ++outcome_.cycles;
        const std::uint64_t digest = digest_of(*ranking);
        made_[ranking->sequence] = digest;
        if (options_.on_cycle && core::to_unix_ms(ranking->time) * 1'000'000 >= options_.from_wall_ns) {
            options_.on_cycle({.ranking = ranking, .digest = digest});
        }
    }

    /// A digest was recorded a moment after its ranking.
    void compare(const recording::CycleDigest& digest) {
        settle();
        if (digest.sequence <= restored_sequence_) return;  // made before this replay begins
        const auto found = made_.find(digest.sequence);
        ++outcome_.compared;
        if (found == made_.end()) {
            outcome_.differences.push_back(
                {.sequence = digest.sequence, .recorded = digest.hash, .replayed = std::nullopt});
            return;
        }
        if (found->second != digest.hash) {
            outcome_.differences.push_back(
                {.sequence = digest.sequence, .recorded = digest.hash, .replayed = found->second});
        }
        made_.erase(found);
    }

    recording::RecordingReader reader_;
    std::optional<recording::Record> next_;  ///< read and not taken yet
    const ReplayOptions options_;
    std::optional<RecordedOptions> recorded_options_;
    ReplayLoop io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    ReplayClock clock_;
    ReplayClient client_;
    Waiters waiters_{io_.get_executor()};
    ReplaySteps steps_{waiters_};
    ReplayDetectors detectors_{waiters_};
    engine::EngineObserver observer_;
    settings::Settings settings_;
    std::unique_ptr<exchange::Exchange> decoder_;
    std::unique_ptr<exchange::Exchange> exchange_;
    std::unique_ptr<exchange::Exchange> feed_exchange_;
    std::optional<std::uint64_t> seed_;       ///< of the feed, where one was followed
    exchange::FeedPlayer* player_ = nullptr;  ///< the engine's
    bool has_settings_ = false;
    recording::EnginePieces pieces_;
    std::uint64_t restored_sequence_ = 0;  ///< of the ranking before the checkpoint that this began with
    std::unique_ptr<engine::Engine> engine_;
    bool scanning_ = false;
    bool given_up_is_told_ = false;  ///< of the pass under way
    bool stopped_ = false;
    bool foreign_ = false;
    std::int64_t due_ns_ = 0;                      ///< of a foreign recording's next pass
    std::map<std::uint64_t, std::uint64_t> made_;  // digests by sequence, not yet compared
    ReplayOutcome outcome_;
};

}  // namespace

std::unique_ptr<Replay> make_unbroken_replay(std::vector<recording::SegmentFile> files, ReplayOptions options,
                                             recording::AtHole at_hole) {
    return std::make_unique<Replayer>(std::move(files), std::move(options), at_hole);
}

}  // namespace scanner::app
