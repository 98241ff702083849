#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/recording/recording_reader.hpp"
#include "scanner/settings/settings_values.hpp"

#include <cstdint>
#include <expected>
#include <functional>
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
    std::int64_t from_wall_ns = INT64_MIN;  ///< cycles before are made and not told
    std::int64_t to_wall_ns = INT64_MAX;    ///< exclusive
    /// Settings of the lines in a recording, with whatever the caller puts over them.
    std::function<std::expected<settings::Settings, std::string>(std::string_view lines)> read_settings;
    std::function<void(const ReplayedCycle&)> on_cycle;
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

/// Runs an engine on a recording: the same decoding, the same scan, the same ranker, with the recording's clock.
/// Blocks; takes the thread that it is called on.
[[nodiscard]] core::Result<ReplayOutcome> replay(std::vector<recording::SegmentFile> files, ReplayOptions options);

}  // namespace scanner::app
