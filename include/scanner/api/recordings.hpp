#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// A recording in the scanner's folder.
struct RecordingInfo {
    std::string id;                    ///< "20261130T193310.123Z": its start
    core::WallTime from;               ///< of the oldest segment that is left
    std::optional<core::WallTime> to;  ///< of its last record; empty where nothing was recorded yet
    std::uint64_t bytes = 0;
    std::size_t segments = 0;
    std::optional<std::size_t> contracts;  ///< that its beginning asks about; empty where it asks about none
    bool running = false;
    // Of the running one only
    std::string state;                    ///< "recording", "paused", "failed"; empty for one that has ended
    std::string error;                    ///< why it is paused or has failed
    std::optional<core::WallTime> until;  ///< when it ends by itself; empty: when it is told to
};

/// A part of a recording, as one segment, in a file that is gone with this object.
class RecordingCut {
public:
    virtual ~RecordingCut() = default;
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
    /// "20261130T193310.123Z-000001.amsrec"
    [[nodiscard]] virtual std::string name() const = 0;
    /// The next bytes, at most `max_bytes`; empty at the end. Errors: io.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::string>> read(std::size_t max_bytes) = 0;
};

struct RecordingRange {
    std::optional<core::WallTime> from;
    std::optional<core::WallTime> to;    ///< exclusive
    std::vector<std::string> contracts;  ///< codes; empty: all
};

/// The longest recording that may be asked for.
inline constexpr std::chrono::seconds kMaxRecordingTime{std::chrono::hours(24 * 7)};

/// Recordings of a running scanner. Loop thread only, which no file delays.
class Recordings {
public:
    virtual ~Recordings() = default;

    /// Oldest first. Errors: io.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<RecordingInfo>>> list() = 0;
    /// Begins one. Errors: conflict while one is running, io where the folder cannot be used.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<RecordingInfo>> begin(
        std::optional<std::chrono::seconds> length) = 0;
    /// Ends the running one. Errors: not_found without one, conflict where SCANNER_RECORD=on began it, timeout where
    /// the disk does not take what is left.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<RecordingInfo>> end() = 0;
    /// Errors: not_found for an unknown recording, and where nothing was recorded in the range; unavailable while
    /// others are being made; invalid_input where it would be longer than one segment may be; io.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::shared_ptr<RecordingCut>>> cut(
        std::string id, RecordingRange range) = 0;
};

}  // namespace scanner::api
