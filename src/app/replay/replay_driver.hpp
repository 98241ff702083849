#pragma once

#include "app/replay/replay_pace.hpp"
#include "app/replay/replay_view.hpp"
#include "app/replay/replayer.hpp"

#include "scanner/api/replay_control.hpp"
#include "scanner/net/event.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::app {

/// Where a recording begins and ends, by the records in it. Reads the last file. Errors: io, malformed.
struct RecordingSpan {
    std::int64_t from_wall_ns = 0;
    std::int64_t to_wall_ns = 0;
};
[[nodiscard]] core::Result<RecordingSpan> span_of(const std::vector<recording::SegmentFile>& files);

struct ReplayDriverOptions {
    std::optional<double> speed = 1.0;  ///< empty: as fast as it goes
    RecordingSpan span;                 ///< what may be gone to
    /// Of the engine, as `make_replay` takes them; the driver adds its own.
    ReplayOptions replay;
    /// A ranking to send to subscribers; not told on the way to a time that was asked for.
    std::function<void(const ranking::RankingPtr&, bool recorded)> on_ranking;
    /// What was told is of another time from now on, and perhaps of a later one.
    std::function<void()> on_jump;
};

/// Runs a recording on the loop, in pieces that do not keep it from answering, at the pace that is asked for. Loop
/// thread only.
class ReplayDriver final : public api::ReplayControl {
public:
    /// `view` and `clock` are told where it is, and must outlive it.
    ReplayDriver(boost::asio::any_io_executor executor, std::vector<recording::SegmentFile> files,
                 ReplayDriverOptions options, ReplayView& view, ReplayWallClock& clock);
    ~ReplayDriver() override;
    ReplayDriver(const ReplayDriver&) = delete;
    ReplayDriver& operator=(const ReplayDriver&) = delete;

    /// Until `stop`. Run it once.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();
    /// ReplayOptions::over_options would answer otherwise now.
    void apply_options();
    void set_marks(std::function<std::vector<api::ReplayMark>()> marks) { marks_ = std::move(marks); }
    void set_marks_complete(bool complete) { marks_complete_ = complete; }

    [[nodiscard]] api::ReplayState state() const override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> seek(core::WallTime at) override;
    void set_speed(std::optional<double> speed) override;
    void play() override;
    void pause() override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> step() override;
    [[nodiscard]] std::uint64_t jumps() const override { return jumps_; }

private:
    void restart();
    /// When the newest state that a segment holds of `wall_ns` or before was made; nothing where none does.
    [[nodiscard]] std::optional<std::int64_t> state_before(std::int64_t wall_ns) const;
    [[nodiscard]] bool begins_again_earlier();
    /// Takes the next record if it is due; tells when it will be.
    [[nodiscard]] std::optional<core::SteadyTime> take_due();
    void arrive(std::int64_t at_ns);
    void end();
    void fail(const core::Error& error);
    void on_ranking(const ranking::RankingPtr& ranking, bool recorded);
    [[nodiscard]] bool on_its_way() const { return target_ns_ || stepping_; }
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> until_there();

    const boost::asio::any_io_executor executor_;
    const std::vector<recording::SegmentFile> files_;
    ReplayDriverOptions options_;
    ReplayView& view_;
    ReplayWallClock& clock_;
    ReplayPace pace_;
    net::Event changed_;
    net::Event arrived_;
    std::unique_ptr<Replay> replay_;
    std::function<std::vector<api::ReplayMark>()> marks_;
    bool marks_complete_ = false;
    std::int64_t at_ns_;
    std::optional<std::int64_t> target_ns_;
    std::optional<std::int64_t> begun_ns_;         ///< the state that this replay began with; empty: with the recording
    std::optional<std::int64_t> begin_before_ns_;  ///< the next one begins with one of before
    bool stepping_ = false;
    bool stepped_ = false;  ///< the ranking that was stepped to is there
    bool restarting_ = false;
    bool playing_ = true;
    bool ended_ = false;
    bool stopping_ = false;
    std::string error_;
    std::uint64_t jumps_ = 0;
};

}  // namespace scanner::app
