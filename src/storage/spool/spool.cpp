#include "storage/spool/spool.hpp"

#include "storage/spool/spool_segment.hpp"

#include "scanner/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <random>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;

/// A segment that holds nothing any more is replaced by an empty one once it is this long.
constexpr std::uint64_t kEmptySegmentBytes = 256U << 10U;
constexpr std::uint64_t kMaxRefusedBytes = 64U << 20U;
constexpr std::string_view kSuffix = ".spool";

struct Segment {
    std::uint64_t index = 0;
    fs::path path;
    std::uint64_t bytes = 0;
};

struct Pending {
    std::uint64_t segment = 0;
    FramePlace place;
};

std::string random_id() {
    std::random_device device;
    std::string id;
    for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
    return id;
}

std::optional<std::uint64_t> segment_index(const fs::path& path) {
    const std::string name = path.filename().string();
    if (!name.ends_with(kSuffix)) return std::nullopt;
    std::uint64_t index = 0;
    const char* const end = name.data() + name.size() - kSuffix.size();
    const auto [stopped, error] = std::from_chars(name.data(), end, index);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return index;
}

class SpoolImpl final : public Spool {
public:
    explicit SpoolImpl(SpoolOptions options) : options_(std::move(options)) {}

    core::Result<void> open(core::WallTime now) {
        if (auto made = make_private_directories(options_.directory); !made) return made;
        make_private(options_.directory);
        auto lock = open_private_file(options_.directory / "lock", O_RDWR | O_CREAT);
        if (!lock) return std::unexpected(lock.error());
        lock_ = std::move(*lock);
        if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
            return core::fail(core::ErrorCode::conflict, options_.directory.string() +
                                                             ": another process writes this spool; two services need "
                                                             "a data folder each (SCANNER_DATA_DIR)");
        }
        if (auto read = read_segments(); !read) return read;
        // By the clock, so that a folder that comes back from a backup does not number new records like those that the
        // database has from it already.
        const auto now_us = static_cast<std::uint64_t>(std::max<std::int64_t>(core::to_unix_ms(now), 0)) * 1'000;
        next_number_ = std::max(next_number_.load(), now_us);
        // Never append to what another life of the process wrote: its last frame may be torn in ways that only show
        // when the power comes back.
        return start_segment();
    }

    const std::string& id() const override { return id_; }
    std::uint64_t last_sequence() const override {
        const std::scoped_lock guard(mutex_);
        return last_sequence_;
    }

    core::Result<void> append(std::string_view payload, std::uint64_t sequence, core::WallTime now) override {
        FrameHeader header{.number = next_number_ + unsynced_.size(), .appended = now, .sequence = sequence};
        const std::string frame = encode_frame(header, payload);
        // Before room is made for it, which would be at the cost of everything else.
        if (kSegmentHeaderBytes + frame.size() > options_.max_bytes)
            return core::fail(core::ErrorCode::unavailable, "spool: a record is larger than the whole spool may be");
        if (auto appended = append_frame(frame); !appended) return appended;
        unsynced_.push_back({.segment = segments_.back().index,
                             .place = {.header = header,
                                       .offset = active_bytes_ - payload.size(),
                                       .length = static_cast<std::uint32_t>(payload.size())}});
        return {};
    }

    core::Result<void> sync() override {
        if (unsynced_.empty()) return {};
        if (::fdatasync(active_.get()) != 0) {
            // What the kernel holds of it is unknown now: give it up, and go on in a fresh file.
            auto failed = io_error("cannot be synced", segments_.back().path);
            const std::scoped_lock guard(mutex_);
            unsynced_.clear();
            if (::ftruncate(active_.get(), static_cast<off_t>(synced_bytes_)) == 0)
                segments_.back().bytes = active_bytes_ = synced_bytes_;
            // One that holds nothing yet is as good as a fresh one, of which each attempt would leave another.
            rotate_ = active_bytes_ > kSegmentHeaderBytes;
            return std::unexpected(std::move(failed));
        }
        const std::scoped_lock guard(mutex_);
        publish_unsynced();
        return {};
    }

    std::size_t unsynced() const override { return unsynced_.size(); }
    std::uint64_t durable() const override { return durable_; }

    std::vector<SpoolRecord> read(std::size_t max_records, std::size_t max_bytes) override {
        std::vector<SpoolRecord> records;
        std::size_t bytes = 0;
        std::uint64_t after = 0;
        while (records.size() < max_records && bytes < max_bytes) {
            FileDescriptor file;
            std::optional<Pending> next;
            {
                const std::scoped_lock guard(mutex_);
                const auto found = std::ranges::upper_bound(
                    pending_, after, {}, [](const Pending& pending) { return pending.place.header.number; });
                if (found == pending_.end()) break;
                next = *found;
                // Opened under the lock, so that it cannot be dropped for room before.
                file = FileDescriptor(::open(segment(next->segment).path.c_str(), O_RDONLY | O_CLOEXEC));
                if (!file.is_open() && errno != ENOENT) break;  // no descriptors left: later
            }
            after = next->place.header.number;
            auto payload = read_at(file.get(), next->place.offset, next->place.length);
            if (!payload) {
                core::log(core::LogLevel::error, "spool_record_unreadable",
                          {{"number", after}, {"error", payload.error().message()}});
                forget(after);
                continue;
            }
            bytes += payload->size();
            records.push_back({after, next->place.header.appended, std::move(*payload)});
        }
        return records;
    }

    void release(std::uint64_t number) override {
        const std::scoped_lock guard(mutex_);
        while (!pending_.empty() && pending_.front().place.header.number <= number) pending_.pop_front();
        // Beyond ours when the folder was restored from an older copy and the clock stepped back: never use those
        // again.
        next_number_ = std::max(next_number_.load(), std::min(number, kMaxSpoolNumber) + 1);
        remove_empty_segments();
        if (pending_.empty() && segments_.back().bytes >= kEmptySegmentBytes) rotate_ = true;
    }

    void set_aside(const SpoolRecord& record) override {
        count_dropped();
        const fs::path path = options_.directory / "refused.spool";
        auto file = open_private_file(path, O_WRONLY | O_CREAT | O_APPEND);
        if (!file) return;
        const off_t length = ::lseek(file->get(), 0, SEEK_END);
        if (length < 0 || static_cast<std::uint64_t>(length) > kMaxRefusedBytes) return;
        std::string bytes;
        if (length == 0) bytes = encode_header({.id = id_});
        bytes += encode_frame({.number = record.number, .appended = record.appended}, record.payload);
        if (const auto written = write_all(file->get(), bytes); written) ::fdatasync(file->get());
    }

    void count_dropped() override {
        const std::scoped_lock guard(mutex_);
        ++dropped_;
    }

    SpoolStatus status() const override {
        const std::scoped_lock guard(mutex_);
        SpoolStatus status;
        status.records = pending_.size();
        for (const Segment& segment : segments_) status.bytes += segment.bytes;
        if (!pending_.empty()) status.oldest = pending_.front().place.header.appended;
        status.dropped = dropped_;
        return status;
    }

private:
    core::Result<void> read_segments() {
        std::vector<std::pair<std::uint64_t, fs::path>> found;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(options_.directory, error)) {
            if (const auto index = segment_index(entry.path())) found.emplace_back(*index, entry.path());
        }
        if (error) return core::fail(core::ErrorCode::io, options_.directory.string() + ": " + error.message());
        std::ranges::sort(found);
        for (const auto& [index, path] : found) {
            make_private(path);
            auto scan = scan_segment(path);
            if (!scan) return std::unexpected(scan.error());
            next_index_ = index + 1;
            take_segment(index, path, *scan, index == found.back().first);
        }
        if (id_.empty()) id_ = random_id();
        remove_empty_segments(0);
        return {};
    }

    void take_segment(std::uint64_t index, const fs::path& path, const SegmentScan& scan, bool is_last) {
        if (!scan.header || (!id_.empty() && scan.header->id != id_)) {
            // The last one may have been torn while it was made: it never held anything.
            if (!is_last || scan.bytes >= kSegmentHeaderBytes) set_damaged_aside(path);
            std::error_code ignored;
            fs::remove(path, ignored);
            return;
        }
        id_ = scan.header->id;
        next_number_ = std::max(next_number_.load(), scan.header->next_number);
        last_sequence_ = std::max(last_sequence_, scan.header->last_sequence);
        segments_.push_back({index, path, scan.bytes});
        for (const FramePlace& place : scan.frames) {
            pending_.push_back({index, place});
            next_number_ = std::max(next_number_.load(), place.header.number + 1);
            last_sequence_ = std::max(last_sequence_, place.header.sequence);
        }
        if (scan.good_bytes == scan.bytes) return;
        core::log(core::LogLevel::warning, is_last ? "spool_tail_torn" : "spool_segment_damaged",
                  {{"segment", path.string()}, {"bytes", scan.bytes - scan.good_bytes}});
        if (!is_last) {
            set_damaged_aside(path);
            ++dropped_;  // at least one record: how many cannot be told
        }
        if (::truncate(path.c_str(), static_cast<off_t>(scan.good_bytes)) == 0)
            segments_.back().bytes = scan.good_bytes;
    }

    static void set_damaged_aside(const fs::path& path) {
        std::error_code ignored;
        fs::path aside = path;
        aside += ".damaged";
        fs::copy_file(path, aside, fs::copy_options::overwrite_existing, ignored);
    }

    /// A new active segment. Spool thread (or before there are threads).
    core::Result<void> start_segment() {
        const std::uint64_t index = next_index_;
        const fs::path path = options_.directory / fmt::format("{:08}{}", index, kSuffix);
        auto file = open_private_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
        if (!file) return std::unexpected(file.error());
        const std::string header =
            encode_header({.id = id_, .next_number = next_number_, .last_sequence = last_sequence()});
        if (auto written = write_all(file->get(), header); !written || ::fsync(file->get()) != 0) {
            std::error_code ignored;
            fs::remove(path, ignored);
            return core::fail(core::ErrorCode::io, path.string() + ": cannot be written");
        }
        sync_directory(options_.directory);
        const std::scoped_lock guard(mutex_);
        next_index_ = index + 1;
        active_ = std::move(*file);
        active_bytes_ = synced_bytes_ = header.size();
        segments_.push_back({index, path, active_bytes_});
        rotate_ = false;
        remove_empty_segments();
        return {};
    }

    core::Result<void> append_frame(const std::string& frame) {
        bool rotate = false;
        {
            const std::scoped_lock guard(mutex_);
            const std::uint64_t most = std::min(options_.segment_bytes, options_.max_bytes);
            rotate = rotate_ || (active_bytes_ > kSegmentHeaderBytes && active_bytes_ + frame.size() > most);
        }
        if (rotate) {
            if (auto synced = sync(); !synced) return synced;
            if (auto started = start_segment(); !started) return started;
        }
        make_room(frame.size());
        if (auto written = write_all(active_.get(), frame); !written) {
            // Nothing of half a frame may stay in front of the next one.
            if (::ftruncate(active_.get(), static_cast<off_t>(active_bytes_)) != 0) {
                const std::scoped_lock guard(mutex_);
                rotate_ = true;
            }
            return written;
        }
        const std::scoped_lock guard(mutex_);
        active_bytes_ += frame.size();
        segments_.back().bytes = active_bytes_;
        return {};
    }

    /// Drops the oldest segments until `bytes` more fit.
    void make_room(std::size_t bytes) {
        const std::scoped_lock guard(mutex_);
        const auto total = [&] {
            std::uint64_t sum = bytes;
            for (const Segment& segment : segments_) sum += segment.bytes;
            return sum;
        };
        while (total() > options_.max_bytes && segments_.size() > 1) {
            const Segment oldest = segments_.front();
            std::uint64_t lost = 0;
            while (!pending_.empty() && pending_.front().segment == oldest.index) {
                pending_.pop_front();
                ++lost;
            }
            dropped_ += lost;
            core::log(
                core::LogLevel::error, "spool_full",
                {{"dropped_records", lost}, {"max_bytes", options_.max_bytes}, {"segment", oldest.path.string()}});
            remove_segment();
        }
    }

    void publish_unsynced() {
        for (Pending& pending : unsynced_) {
            last_sequence_ = std::max(last_sequence_, pending.place.header.sequence);
            pending_.push_back(pending);
        }
        next_number_ += unsynced_.size();
        durable_ += unsynced_.size();
        unsynced_.clear();
        synced_bytes_ = active_bytes_;
    }

    /// All but the newest `keep` that hold nothing.
    void remove_empty_segments(std::size_t keep = 1) {
        // The newest one of all knows the numbers to go on from: until another is there it stays.
        keep = std::max<std::size_t>(keep, 1);
        while (segments_.size() > keep && (pending_.empty() || pending_.front().segment != segments_.front().index))
            remove_segment();
    }
    void remove_segment() {
        std::error_code ignored;
        fs::remove(segments_.front().path, ignored);
        segments_.pop_front();
    }

    const Segment& segment(std::uint64_t index) const { return *std::ranges::find(segments_, index, &Segment::index); }

    void forget(std::uint64_t number) {
        const std::scoped_lock guard(mutex_);
        const auto found =
            std::ranges::find(pending_, number, [](const Pending& pending) { return pending.place.header.number; });
        if (found == pending_.end()) return;
        pending_.erase(found);
        ++dropped_;
    }

    SpoolOptions options_;
    FileDescriptor lock_;
    std::string id_;

    // The spool thread's own.
    FileDescriptor active_;
    std::uint64_t active_bytes_ = 0;
    std::uint64_t synced_bytes_ = 0;
    std::uint64_t next_index_ = 1;
    std::vector<Pending> unsynced_;
    std::uint64_t durable_ = 0;

    mutable std::mutex mutex_;  // guards all below
    std::deque<Segment> segments_;
    std::deque<Pending> pending_;
    std::atomic<std::uint64_t> next_number_{1};  ///< of the next synced record
    std::uint64_t last_sequence_ = 0;
    std::uint64_t dropped_ = 0;
    bool rotate_ = false;
};

}  // namespace

core::Result<std::unique_ptr<Spool>> open_spool(SpoolOptions options, core::WallTime now) {
    auto spool = std::make_unique<SpoolImpl>(std::move(options));
    if (auto opened = spool->open(now); !opened) return std::unexpected(opened.error());
    return spool;
}

}  // namespace scanner::storage
