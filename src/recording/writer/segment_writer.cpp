#include "recording/writer/segment_writer.hpp"

#include "scanner/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::recording {

SegmentWriter::SegmentWriter(std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns, RecorderOptions options)
    : disk_(std::move(disk)), started_ns_(started_ns), options_(options) {
    counts_.recording = recording_name(started_ns);
}

void SegmentWriter::begin(Stamp at) {
    end();
    if (auto room = make_room(options_.segment_bytes); !room) return pause(room.error().message());
    std::string name = segment_name(started_ns_, number_ + 1);
    auto file = disk_->create(name);
    if (!file) return pause(file.error().message());
    ++number_;
    file_ = std::move(*file);
    file_name_ = std::move(name);
    file_bytes_ = 0;
    head_bytes_ = 0;
    encoder_ = std::make_unique<SegmentEncoder>(SegmentHeader{.recording_started_ns = started_ns_,
                                                              .number = number_,
                                                              .after_gap = std::exchange(gap_, false),
                                                              .started = at});
    ++counts_.segments;
    if (std::exchange(paused_, false)) {
        core::log(core::LogLevel::info, "recording_resumed",
                  {{"recording", counts_.recording}, {"lost_records", counts_.lost}});
    }
    counts_.error.clear();
}

void SegmentWriter::write(Record record) {
    if (!is_open()) {
        ++counts_.lost;
        return;
    }
    if (auto* const frame = std::get_if<SocketFrame>(&record.body); frame != nullptr && frame->compressed) {
        if (const auto content = inflater_.inflate(frame->bytes)) {
            frame->bytes.assign(*content);
            frame->compressed = false;
        }
    }
    if (!encoder_->add(record)) return pause("a record is longer than the format allows");
    ++counts_.records;
    const bool of_head = std::holds_alternative<Checkpoint>(record.body);
    append(encoder_->take(false), false);
    if (of_head) head_bytes_ = file_bytes_;
}

void SegmentWriter::flush() {
    if (is_open() && encoder_->has_pending()) append(encoder_->take(true), true);
}

void SegmentWriter::end() {
    if (!is_open()) return;
    append(encoder_->finish(), true);
    file_.reset();
    encoder_.reset();
}

bool SegmentWriter::is_full() const {
    // Else a small bound would have segments of nothing but what they begin with.
    constexpr std::uint64_t kHeads = 2;
    constexpr std::uint64_t kLeastSegments = 4;
    const std::uint64_t worth_its_head = std::min(kHeads * head_bytes_, options_.max_bytes / kLeastSegments);
    return file_bytes_ >= std::max<std::uint64_t>(options_.segment_bytes, worth_its_head);
}

bool SegmentWriter::may_resume() {
    const auto free = disk_->free_bytes();
    return free && *free >= options_.min_free_bytes;
}

void SegmentWriter::append(const std::string& bytes, bool sync) {
    if (bytes.empty() || !is_open()) return;
    core::Result<void> done = file_->append(bytes);
    if (done && sync) done = file_->sync();
    if (done) {
        file_bytes_ += bytes.size();
        counts_.bytes += bytes.size();
        done = make_room(0);
    }
    if (!done) pause(done.error().message());
}

/// For `wanted` more bytes: under the bound on all segments, and with the disk's free space above its own.
core::Result<void> SegmentWriter::make_room(std::uint64_t wanted) {
    const auto free = disk_->free_bytes();
    if (!free) return std::unexpected(free.error());
    if (*free < options_.min_free_bytes) {
        return core::fail(core::ErrorCode::io,
                          fmt::format("{:.1f} GB free, of which {:.1f} must stay", static_cast<double>(*free) / 1e9,
                                      static_cast<double>(options_.min_free_bytes) / 1e9));
    }
    const auto files = disk_->list();
    if (!files) return std::unexpected(files.error());
    std::uint64_t all = wanted;
    for (const StoredFile& file : *files) all += file.bytes;
    for (const StoredFile& file : *files) {
        if (all <= options_.max_bytes || file.name == file_name_) break;
        if (auto removed = disk_->remove(file.name); !removed) return removed;
        all -= file.bytes;
        ++counts_.removed;
    }
    return {};
}

void SegmentWriter::pause(const std::string& why) {
    // What stands in the file stays readable: its frames are whole, and a torn one is found by its checksum.
    file_.reset();
    file_name_.clear();
    encoder_.reset();
    gap_ = true;
    counts_.error = why;
    if (std::exchange(paused_, true)) return;
    core::log(core::LogLevel::error, "recording_paused", {{"recording", counts_.recording}, {"error", why}});
}

}  // namespace scanner::recording
