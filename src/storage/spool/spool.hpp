#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

struct SpoolOptions {
    std::filesystem::path directory;  ///< made when missing
    std::uint64_t max_bytes = 1ULL << 30U;
    std::uint64_t segment_bytes = 4U << 20U;
};

struct SpoolRecord {
    std::uint64_t number = 0;  ///< ascending over the spool's whole life, restarts included
    core::WallTime appended;
    std::string payload;
};

struct SpoolStatus {
    std::uint64_t records = 0;  ///< durable and not yet released
    std::uint64_t bytes = 0;    ///< of all segments on disk
    std::optional<core::WallTime> oldest;
    std::string error;          ///< why the disk does not take what is to go in, while it does not; WriteBehind's
    std::uint64_t dropped = 0;  ///< records lost since start: oldest dropped for room, damaged ones, refused ones
};

/// A durable queue in files: what is appended stays until it is released, whatever happens to the process in between.
///
/// Segments ("00000001.spool", …) are only ever appended to; each record carries its length and a CRC-32. `sync` makes
/// everything appended before it durable (fdatasync), and only then can it be read. When the bytes on disk would exceed
/// `max_bytes` the oldest segment is dropped with what it still holds: the newest data is worth more, and the gap shows
/// in the sequence numbers. A torn tail, as a crash leaves it, is cut off at the next start; a damaged record in the
/// middle ends its segment, which is kept aside as "….damaged".
///
/// append and sync: one thread. read and release: one thread, another one or the same. The rest: any thread.
class Spool {
public:
    virtual ~Spool() = default;

    /// Names this spool: the database remembers under it how far it got. Made anew with a new folder.
    [[nodiscard]] virtual const std::string& id() const = 0;
    /// The highest `sequence` that was ever appended, also when its record has long been released.
    [[nodiscard]] virtual std::uint64_t last_sequence() const = 0;

    /// `sequence` 0: the record has none. After an error it is not in the spool, of which the rest is as it was but for
    /// a sync that may have been due before. io: the disk is full or broken, for now; unavailable: no spool of these
    /// options can hold the record.
    [[nodiscard]] virtual core::Result<void> append(std::string_view payload, std::uint64_t sequence,
                                                    core::WallTime now) = 0;
    /// An error (io) takes back all that was appended since the last sync: it is to be appended again.
    [[nodiscard]] virtual core::Result<void> sync() = 0;
    /// Records that the next sync is about. The appending thread's.
    [[nodiscard]] virtual std::size_t unsynced() const = 0;
    /// Records that were synced since the spool was opened. The appending thread's.
    [[nodiscard]] virtual std::uint64_t durable() const = 0;

    /// The oldest records, in order: at most `max_records`, and no more once `max_bytes` are read. They stay.
    [[nodiscard]] virtual std::vector<SpoolRecord> read(std::size_t max_records, std::size_t max_bytes) = 0;
    /// Releases every record up to `number`.
    virtual void release(std::uint64_t number) = 0;
    /// Keeps a record that the database will never accept in "refused.spool", for inspection.
    virtual void set_aside(const SpoolRecord& record) = 0;

    /// For records that were given up before they were appended.
    virtual void count_dropped() = 0;
    [[nodiscard]] virtual SpoolStatus status() const = 0;
};

/// Reads what is there. io: the folder cannot be used; conflict: another process uses it.
[[nodiscard]] core::Result<std::unique_ptr<Spool>> open_spool(SpoolOptions options, core::WallTime now);

}  // namespace scanner::storage
