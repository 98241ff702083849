#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/recording/recording_reader.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/episodes.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::app {

/// A recorded ranking, made again.
struct ReplayedCycle {
    ranking::RankingPtr ranking;
    std::uint64_t digest = 0;
};

struct ReplayOptions {
    /// Nothing before it is asked for: begins with the newest segment that is not after it and holds an engine's state,
    /// or with the first one where none does. Not after `from_wall_ns`.
    std::int64_t begin_wall_ns = INT64_MIN;
    std::int64_t from_wall_ns = INT64_MIN;  ///< cycles before are made and not told
    std::int64_t to_wall_ns = INT64_MAX;    ///< exclusive
    /// Settings of the lines in a recording, with whatever the caller puts over them.
    std::function<std::expected<settings::Settings, std::string>(std::string_view lines)> read_settings;
    std::function<void(const ReplayedCycle&)> on_cycle;
    /// States of manipulation's episodes, as the ledger would be told. May be empty.
    std::function<void(std::vector<storage::EpisodeRecord>)> on_episodes;
    /// The engine was made and has ranked nothing yet: for its board's listeners. May be empty.
    std::function<void(engine::Engine&)> on_engine;
    /// What an operator changed, and settings from the second time on, in their place among the rankings. May be empty.
    std::function<void(const recording::OperatorChange&)> on_change;
    std::function<void(const settings::Settings&)> on_settings;
    /// What the engine works by in place of what operators had set when it was recorded; empty: by that.
    std::function<operators::EffectiveSettings(const operators::EffectiveSettings& recorded)> over_options;
};

/// A recorded digest that the replay's own is not.
struct DigestDifference {
    std::uint64_t sequence = 0;
    std::uint64_t recorded = 0;
    std::optional<std::uint64_t> replayed;  ///< empty: the ranking was not made
};

struct ReplayOutcome {
    std::uint64_t records = 0;
    std::uint64_t cycles = 0;  ///< recorded rankings made
    std::uint64_t compared = 0;
    std::vector<DigestDifference> differences;
    std::vector<recording::FileDamage> damage;
    /// Where the engine wanted something else than what was recorded: the replay ends there.
    std::string diverged;
};

/// Records that are missing, where a replay has ended for it.
struct ReplayHole {
    std::size_t resume_at = 0;  ///< place among the files of the segment after it; their number where there is none
    std::vector<recording::FileDamage> damage;  ///< what was found up to there
};

/// An engine on a recording, a record at a time: its owner decides when the next one comes. Has a loop of its own,
/// which runs within `advance` and the destructor alone. One thread.
class Replay {
public:
    virtual ~Replay() = default;

    /// Wall time of the record that `advance` takes next; nothing at the end, and where the engine has parted from the
    /// recording. Reads files.
    [[nodiscard]] virtual core::Result<std::optional<std::int64_t>> next_wall_ns() = 0;
    /// Takes the next record, with all that follows from it. False where there is none.
    [[nodiscard]] virtual core::Result<bool> advance() = 0;
    /// After the last record: what came of it.
    [[nodiscard]] virtual core::Result<ReplayOutcome> finish() = 0;

    /// nullptr before the recording has told its settings. Another one after a hole, of which `on_engine` tells before
    /// the one before is gone.
    [[nodiscard]] virtual engine::Engine* engine() = 0;
    [[nodiscard]] virtual const settings::Settings& settings() const = 0;
    /// Stands where the recording is.
    [[nodiscard]] virtual const core::Clock& clock() const = 0;
    /// Where the engine wanted something else than what was recorded; empty while it did not.
    [[nodiscard]] virtual const std::string& diverged() const = 0;
    /// Once nothing comes any more because records are missing.
    [[nodiscard]] virtual std::optional<ReplayHole> hole() const = 0;
    /// The newest options take effect: `over_options` would answer otherwise now.
    virtual void apply_options() = 0;
};
/// Runs an engine on `files`; at a hole it ends or reads on (resuming_replay.hpp goes on behind it).
[[nodiscard]] std::unique_ptr<Replay> make_unbroken_replay(std::vector<recording::SegmentFile> files,
                                                           ReplayOptions options, recording::AtHole at_hole);

}  // namespace scanner::app
