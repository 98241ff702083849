#include "app/replay/resuming_replay.hpp"

#include "scanner/recording/engine_checkpoint.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace scanner::app {
namespace {

using recording::AtHole;

/// Whether it begins with neither settings nor a state, and nothing is missing of its beginning.
bool is_foreign(const std::vector<recording::SegmentFile>& files) {
    recording::RecordingReader reader(files, INT64_MIN, AtHole::end);
    const auto first = reader.next();
    return first && *first && !std::holds_alternative<recording::SettingsInEffect>((*first)->body) &&
           !std::holds_alternative<recording::Checkpoint>((*first)->body);
}

class ResumingReplay final : public Replay {
public:
    ResumingReplay(std::vector<recording::SegmentFile> files, ReplayOptions options)
        : files_(std::move(files)), options_(std::move(options)) {
        now_ = make_unbroken_replay(files_, options_,
                                    files_.empty() || is_foreign(files_) ? AtHole::read_on : AtHole::end);
    }

    core::Result<std::optional<std::int64_t>> next_wall_ns() override {
        for (;;) {
            auto next = now_->next_wall_ns();
            if (!next || *next) return next;
            const auto resumed = resume();
            if (!resumed) return std::unexpected(resumed.error());
            if (!*resumed) return std::nullopt;
        }
    }

    core::Result<bool> advance() override {
        const auto next = next_wall_ns();
        if (!next) return std::unexpected(next.error());
        if (!*next) return false;
        auto advanced = now_->advance();
        if (now_->engine() != nullptr) before_.reset();
        return advanced;
    }

    core::Result<ReplayOutcome> finish() override {
        before_.reset();
        const auto hole = now_->hole();
        auto outcome = now_->finish();
        if (!outcome && parts_ == 0) return outcome;
        if (outcome) {
            add(std::move(*outcome));
        } else if (hole) {  // it had not even begun
            total_.damage.insert(total_.damage.end(), hole->damage.begin(), hole->damage.end());
        }
        return std::move(total_);
    }

    engine::Engine* engine() override {
        return now_->engine() != nullptr || !before_ ? now_->engine() : before_->engine();
    }
    const settings::Settings& settings() const override { return now_->settings(); }
    const core::Clock& clock() const override { return now_->clock(); }
    const std::string& diverged() const override { return now_->diverged(); }
    std::optional<ReplayHole> hole() const override { return std::nullopt; }
    void apply_options() override { now_->apply_options(); }

private:
    /// Whether there is more after a hole.
    core::Result<bool> resume() {
        const auto hole = now_->hole();
        if (!hole || !now_->diverged().empty()) return false;
        std::size_t place = begun_ + hole->resume_at;
        const std::size_t wanted = place;
        for (; place < files_.size(); ++place) {
            const auto can = can_begin(place);
            if (!can) return std::unexpected(can.error());
            if (*can) break;
        }
        if (place == files_.size()) return false;
        if (now_->engine() != nullptr) {
            auto outcome = now_->finish();
            if (!outcome) return std::unexpected(outcome.error());
            add(std::move(*outcome));
            before_ = std::move(now_);
        } else {
            total_.damage.insert(total_.damage.end(), hole->damage.begin(), hole->damage.end());
        }
        for (std::size_t passed = wanted; passed < place; ++passed) {
            total_.damage.push_back({.file = files_[passed].path,
                                     .damage = {.offset = 0, .what = "passed over: no engine's state to begin with"}});
        }
        ++parts_;
        begun_ = place;
        now_ = make_unbroken_replay({files_.begin() + static_cast<std::ptrdiff_t>(place), files_.end()}, options_,
                                    AtHole::end);
        return true;
    }

    core::Result<bool> can_begin(std::size_t place) const {
        if (files_[place].header.number == 1) return true;
        const auto found = recording::checkpoint_before(std::span(files_).subspan(place, 1), INT64_MAX);
        if (!found) return std::unexpected(found.error());
        return found->has_value();
    }

    void add(ReplayOutcome outcome) {
        total_.records += outcome.records;
        total_.cycles += outcome.cycles;
        total_.compared += outcome.compared;
        std::ranges::move(outcome.differences, std::back_inserter(total_.differences));
        std::ranges::move(outcome.damage, std::back_inserter(total_.damage));
        total_.diverged = std::move(outcome.diverged);
    }

    const std::vector<recording::SegmentFile> files_;
    const ReplayOptions options_;
    std::unique_ptr<Replay> before_;  ///< whose engine may be shown until there is the next
    std::unique_ptr<Replay> now_;
    std::size_t begun_ = 0;  ///< the place of its first file
    std::size_t parts_ = 0;  ///< that have ended
    ReplayOutcome total_;
};

}  // namespace

std::unique_ptr<Replay> make_replay(std::vector<recording::SegmentFile> files, ReplayOptions options) {
    // A head that cannot be read is told of when it is come to.
    const auto place = recording::checkpoint_before(files, std::max(options.begin_wall_ns, options.from_wall_ns));
    if (place && *place) files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(**place));
    return std::make_unique<ResumingReplay>(std::move(files), std::move(options));
}

core::Result<ReplayOutcome> replay(std::vector<recording::SegmentFile> files, ReplayOptions options) {
    const std::unique_ptr<Replay> run = make_replay(std::move(files), std::move(options));
    for (;;) {
        const auto advanced = run->advance();
        if (!advanced) return std::unexpected(advanced.error());
        if (!*advanced) return run->finish();
    }
}

}  // namespace scanner::app
