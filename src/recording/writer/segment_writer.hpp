#pragma once

#include "scanner/net/gzip_inflater.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/recording/recorder_types.hpp"
#include "scanner/recording/segment.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace scanner::recording {

/// Puts records into segment files and keeps to the bounds of the disk. What fails pauses it. One thread; blocks as
/// long as the disk does.
class SegmentWriter {
public:
    SegmentWriter(std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns, RecorderOptions options);

    /// Ends the segment that is open and begins the next. Pauses where the disk will not have it.
    void begin(Stamp at);
    void write(Record record);
    /// Everything taken so far goes to the file.
    void flush();
    /// The same, and the index.
    void end();

    [[nodiscard]] bool is_open() const { return file_ != nullptr; }
    /// The open segment is as long as one should be: what it began with is a small part of it, if the bound allows.
    [[nodiscard]] bool is_full() const;
    /// While paused: whether the disk would have more now.
    [[nodiscard]] bool may_resume();
    [[nodiscard]] bool is_paused() const { return paused_; }
    [[nodiscard]] bool has_pending() const { return encoder_ && encoder_->has_pending(); }
    /// Everything but queue and state.
    [[nodiscard]] const RecorderStatus& counts() const { return counts_; }

private:
    void append(const std::string& bytes, bool sync);
    [[nodiscard]] core::Result<void> make_room(std::uint64_t wanted);
    void pause(const std::string& why);

    const std::unique_ptr<RecordingDisk> disk_;
    const std::int64_t started_ns_;
    const RecorderOptions options_;
    net::GzipInflater inflater_;
    std::unique_ptr<FileWriter> file_;
    std::string file_name_;
    std::unique_ptr<SegmentEncoder> encoder_;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t head_bytes_ = 0;  ///< of the file, of what it began with
    std::uint32_t number_ = 0;
    bool gap_ = true;
    bool paused_ = false;
    RecorderStatus counts_;
};

}  // namespace scanner::recording
