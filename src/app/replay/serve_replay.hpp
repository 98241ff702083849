#pragma once

#include "scanner/recording/recording_reader.hpp"
#include "scanner/settings/settings_values.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::app {

struct ServeReplayOptions {
    std::optional<double> speed = 1.0;      ///< empty: as fast as it goes
    std::int64_t from_wall_ns = INT64_MIN;  ///< where it begins; what is before can be gone back to
    std::int64_t to_wall_ns = INT64_MAX;    ///< exclusive; nothing after it is shown
    bool deliver = false;                   ///< alerts go to the webhook that the settings name
    /// Settings of the lines in a recording, with whatever the caller puts over them.
    std::function<std::expected<settings::Settings, std::string>(std::string_view lines)> read_settings;
    /// Where the store is; empty: in a folder that is made for this run and removed after it.
    std::string data_dir;
};

/// Serves a recording as the daemon serves the market, until SIGINT or SIGTERM: the same answers, streams and console,
/// with the clock of the recording. Returns the exit code: 0, or 1 where it could not start. Blocks; owns the loop.
int serve_replay(std::vector<recording::SegmentFile> files, const ServeReplayOptions& options, std::ostream& err);

}  // namespace scanner::app
