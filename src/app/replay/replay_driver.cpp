#include "app/replay/replay_driver.hpp"

#include "app/replay/resuming_replay.hpp"

#include "scanner/core/log.hpp"
#include "scanner/recording/engine_checkpoint.hpp"
#include "scanner/recording/segment.hpp"
#include "scanner/storage/private_files.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// Records are taken for so long at a time before the loop may answer.
constexpr std::chrono::milliseconds kSlice{10};
/// How long a request waits for a replay that is on its way.
constexpr std::chrono::seconds kWayPatience{10};

std::int64_t to_ns(core::WallTime time) {
    return core::to_unix_ms(time) * 1'000'000;
}
core::WallTime to_time(std::int64_t ns) {
    return core::from_unix_ms(ns / 1'000'000);
}

}  // namespace

core::Result<RecordingSpan> span_of(const std::vector<recording::SegmentFile>& files) {
    RecordingSpan span{.from_wall_ns = files.front().header.started.wall_ns, .to_wall_ns = 0};
    span.to_wall_ns = files.back().header.started.wall_ns;
    const auto content = storage::read_whole_file(files.back().path, recording::kMaxSegmentBytes);
    if (!content) return std::unexpected(content.error());
    const recording::SegmentScan scan = recording::scan_segment(*content);
    if (!scan.frames.empty()) {
        span.from_wall_ns = std::min(span.from_wall_ns, scan.frames.back().header.last_wall_ns);
        span.to_wall_ns = std::max(span.to_wall_ns, scan.frames.back().header.last_wall_ns);
    }
    return span;
}

ReplayDriver::ReplayDriver(asio::any_io_executor executor, std::vector<recording::SegmentFile> files,
                           ReplayDriverOptions options, ReplayView& view, ReplayWallClock& clock)
    : executor_(std::move(executor)),
      files_(std::move(files)),
      options_(std::move(options)),
      view_(view),
      clock_(clock),
      pace_(options_.speed),
      changed_(executor_),
      arrived_(executor_),
      at_ns_(options_.span.from_wall_ns) {
    clock_.set(to_time(at_ns_));
}

ReplayDriver::~ReplayDriver() {
    view_.show(nullptr);
}

asio::awaitable<void> ReplayDriver::run() {
    restart();
    auto slice_began = steady_clock::now();
    while (!stopping_) {
        if (std::exchange(restarting_, false)) restart();
        if (const auto due = take_due()) {
            co_await changed_.wait(*due);
            slice_began = steady_clock::now();
        } else if (steady_clock::now() - slice_began >= kSlice) {
            co_await asio::post(executor_, asio::use_awaitable);
            slice_began = steady_clock::now();
        }
    }
    view_.show(nullptr);
    replay_.reset();
}

void ReplayDriver::stop() {
    stopping_ = true;
    changed_.notify();
    arrived_.notify();
}

void ReplayDriver::apply_options() {
    if (replay_) replay_->apply_options();
}

std::optional<std::int64_t> ReplayDriver::state_before(std::int64_t wall_ns) const {
    // A head that cannot be read is told of when it is come to.
    const auto place = recording::checkpoint_before(files_, wall_ns);
    if (!place || !*place) return std::nullopt;
    return files_[**place].header.started.wall_ns;
}

/// A jump: another engine, with the newest state from before the time that is gone to, or from the beginning on.
void ReplayDriver::restart() {
    if (options_.on_jump) options_.on_jump();
    view_.show(nullptr);
    replay_.reset();
    ++jumps_;
    ended_ = false;
    error_.clear();
    at_ns_ = options_.span.from_wall_ns;
    clock_.set(to_time(at_ns_));
    ReplayOptions options = options_.replay;
    options.to_wall_ns = options_.span.to_wall_ns + 1;
    const std::int64_t begin = target_ns_.value_or(options_.span.from_wall_ns);
    options.begin_wall_ns = std::min(begin, begin_before_ns_.value_or(begin) - 1);
    begun_ns_ = state_before(options.begin_wall_ns);
    core::log(core::LogLevel::info, "replay_begins",
              {{"at", core::format_time(to_time(begun_ns_.value_or(files_.front().header.started.wall_ns)))},
               {"from_state", begun_ns_.has_value()}});
    begin_before_ns_.reset();
    options.on_engine = [this](engine::Engine& engine) {
        engine.board().on_published([this](const ranking::RankingPtr& ranking) { on_ranking(ranking, false); });
        engine.board().on_recorded([this](const ranking::RankingPtr& ranking) { on_ranking(ranking, true); });
        view_.show(&engine);
    };
    replay_ = make_replay(files_, std::move(options));
    pace_.begin(steady_clock::now(), at_ns_);
}

std::optional<core::SteadyTime> ReplayDriver::take_due() {
    const auto never = core::SteadyTime::max();
    if (ended_ && on_its_way()) arrive(at_ns_);
    if (ended_ || !error_.empty()) return never;
    if (!on_its_way() && !playing_) return never;
    const auto next = replay_->next_wall_ns();
    if (!next) {
        fail(next.error());
        return never;
    }
    if (!*next) {
        end();
        return never;
    }
    if (target_ns_ && **next > *target_ns_) {
        if (!begins_again_earlier()) arrive(*target_ns_);
        return std::nullopt;
    }
    if (!on_its_way()) {
        if (const auto due = pace_.due(**next); due > steady_clock::now()) return due;
    }
    const std::int64_t wall_ns = **next;
    const auto advanced = replay_->advance();
    if (!advanced) {
        fail(advanced.error());
        return never;
    }
    at_ns_ = std::max(at_ns_, wall_ns);
    clock_.set(to_time(at_ns_));
    if (stepping_ && !target_ns_ && stepped_) arrive(at_ns_);
    return std::nullopt;
}

/// A state has no ranking to show: the one that was shown at a time just after it comes from before.
bool ReplayDriver::begins_again_earlier() {
    if (!begun_ns_ || view_.current() != nullptr) return false;
    begin_before_ns_ = begun_ns_;
    restarting_ = true;
    return true;
}

void ReplayDriver::arrive(std::int64_t at_ns) {
    at_ns_ = std::max(at_ns_, at_ns);
    clock_.set(to_time(at_ns_));
    target_ns_.reset();
    stepping_ = false;
    stepped_ = false;
    pace_.begin(steady_clock::now(), at_ns_);
    arrived_.notify();
    if (const auto shown = view_.current(); shown && options_.on_ranking) options_.on_ranking(shown, true);
}

void ReplayDriver::end() {
    const std::string diverged = replay_->diverged();
    const auto outcome = replay_->finish();
    if (!outcome) return fail(outcome.error());
    ended_ = true;
    for (const recording::FileDamage& found : outcome->damage) {
        core::log(core::LogLevel::warning, "recording_damaged",
                  {{"file", found.file.string()}, {"offset", found.damage.offset}, {"what", found.damage.what}});
    }
    core::log(core::LogLevel::info, "replay_ended",
              {{"records", outcome->records},
               {"cycles", outcome->cycles},
               {"digests_compared", outcome->compared},
               {"digests_differ", outcome->differences.size()}});
    if (!diverged.empty())
        return fail(core::Error(core::ErrorCode::malformed, "parted from the recording: " + diverged));
    arrive(std::max(at_ns_, target_ns_.value_or(at_ns_)));
}

void ReplayDriver::fail(const core::Error& error) {
    core::log(core::LogLevel::error, "replay_stopped", {{"error", error.message()}});
    error_ = error.message();
    playing_ = false;
    target_ns_.reset();
    stepping_ = false;
    arrived_.notify();
}

void ReplayDriver::on_ranking(const ranking::RankingPtr& ranking, bool recorded) {
    // One that was stepped to is told on arrival, once the record that it is of was taken whole.
    if (!on_its_way() && options_.on_ranking) options_.on_ranking(ranking, recorded);
    stepped_ = stepped_ || (recorded && stepping_);
}

api::ReplayState ReplayDriver::state() const {
    const ranking::RankingPtr newest = view_.current();
    return {.from = to_time(options_.span.from_wall_ns),
            .to = to_time(options_.span.to_wall_ns),
            .at = to_time(at_ns_),
            .speed = pace_.speed(),
            .playing = playing_ && !ended_,
            .seeking = on_its_way(),
            .ended = ended_,
            .sequence = newest == nullptr ? 0 : newest->sequence,
            .marks = marks_ ? marks_() : std::vector<api::ReplayMark>(),
            .marks_complete = marks_complete_,
            .error = error_};
}

asio::awaitable<core::Result<void>> ReplayDriver::seek(core::WallTime at) {
    const std::int64_t wanted = std::clamp(to_ns(at), options_.span.from_wall_ns, options_.span.to_wall_ns);
    restarting_ = restarting_ || wanted < at_ns_ || !error_.empty();
    // Forwards too nothing is played that a state on the way makes needless.
    if (!restarting_) restarting_ = state_before(wanted).value_or(INT64_MIN) > at_ns_;
    target_ns_ = wanted;
    begin_before_ns_.reset();
    changed_.notify();
    co_return co_await until_there();
}

void ReplayDriver::set_speed(std::optional<double> speed) {
    pace_.set_speed(speed, steady_clock::now(), at_ns_);
    changed_.notify();
}

void ReplayDriver::play() {
    playing_ = true;
    pace_.begin(steady_clock::now(), at_ns_);
    changed_.notify();
}

void ReplayDriver::pause() {
    playing_ = false;
    changed_.notify();
}

asio::awaitable<core::Result<void>> ReplayDriver::step() {
    playing_ = false;
    stepping_ = true;
    stepped_ = false;
    changed_.notify();
    co_return co_await until_there();
}

asio::awaitable<core::Result<void>> ReplayDriver::until_there() {
    const auto until = steady_clock::now() + kWayPatience;
    while ((on_its_way() || restarting_) && !stopping_ && steady_clock::now() < until) co_await arrived_.wait(until);
    if (!error_.empty()) co_return core::fail(core::ErrorCode::malformed, error_);
    co_return core::Result<void>();
}

}  // namespace scanner::app
