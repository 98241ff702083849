#include "scanner/recording/recorder.hpp"

#include "recording/writer/segment_writer.hpp"

#include "scanner/core/log.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

namespace scanner::recording {
namespace {

using std::chrono::steady_clock;

/// Waking the thread for every record would cost more than writing it.
constexpr std::chrono::milliseconds kBatchInterval{20};
constexpr std::size_t kBatchBytes = 1U << 20U;

/// A segment begins here.
struct Begin {
    Stamp at;
};
using Item = std::variant<Record, Begin, Recorder::Later>;

/// Shared with the thread, which may outlive the recorder where a disk hangs.
struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Item> queue;  // guarded by mutex, as all of these
    std::size_t queued_bytes = 0;
    bool finish = false;
    bool failed = false;
    bool ended = false;
    RecorderStatus counts;
    std::atomic<bool> wants_checkpoint = true;
};

class Worker {
public:
    Worker(std::shared_ptr<Shared> shared, std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns,
           RecorderOptions options)
        : shared_(std::move(shared)), options_(options), writer_(std::move(disk), started_ns, options) {}

    void run() {
        for (;;) {
            std::deque<Item> taken;
            const bool last = wait(taken);
            for (Item& item : taken) handle(std::move(item));
            const auto now = steady_clock::now();
            if (last) {
                writer_.end();
            } else if (now >= flush_at_) {
                writer_.flush();
                flush_at_ = now + options_.flush_interval;
            }
            ask_for_segment(now);
            publish(last);
            if (last) return;
        }
    }

private:
    /// True when it is for the last time.
    bool wait(std::deque<Item>& taken) {
        std::unique_lock lock(shared_->mutex);
        shared_->changed.wait_for(lock, kBatchInterval, [&] {
            return shared_->queued_bytes >= kBatchBytes || shared_->finish || shared_->failed;
        });
        taken.swap(shared_->queue);
        shared_->queued_bytes = 0;
        return shared_->finish || shared_->failed;
    }

    void handle(Item item) {
        if (auto* const record = std::get_if<Record>(&item)) {
            writer_.write(std::move(*record));
        } else if (const auto* const later = std::get_if<Recorder::Later>(&item)) {
            for (Record& made : (*later)()) writer_.write(std::move(made));
        } else {
            asked_ = false;
            writer_.begin(std::get<Begin>(item).at);
            retry_at_ = steady_clock::now() + options_.retry_interval;
        }
    }

    void ask_for_segment(steady_clock::time_point now) {
        if (asked_) return;
        if (writer_.is_open()) {
            asked_ = writer_.is_full();
        } else if (now >= retry_at_) {
            retry_at_ = now + options_.retry_interval;
            asked_ = writer_.may_resume();
        }
        if (asked_) shared_->wants_checkpoint = true;
    }

    void publish(bool last) {
        const std::scoped_lock guard(shared_->mutex);
        shared_->counts = writer_.counts();
        shared_->counts.state = writer_.is_paused() ? RecorderState::paused : RecorderState::recording;
        if (last) {
            shared_->ended = true;
            shared_->changed.notify_all();
        }
    }

    std::shared_ptr<Shared> shared_;
    const RecorderOptions options_;
    SegmentWriter writer_;
    steady_clock::time_point flush_at_ = steady_clock::now() + options_.flush_interval;
    steady_clock::time_point retry_at_ = steady_clock::now() + options_.retry_interval;
    bool asked_ = true;  // for the first segment, from the beginning
};

class RecorderImpl final : public Recorder {
public:
    RecorderImpl(std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns, RecorderOptions options)
        : options_(options), shared_(std::make_shared<Shared>()) {
        shared_->counts.recording = recording_name(started_ns);
        thread_ = std::thread([shared = shared_, disk = std::move(disk), started_ns, options]() mutable {
            try {
                Worker(shared, std::move(disk), started_ns, options).run();
            } catch (const std::exception& error) {  // no memory
                const std::scoped_lock guard(shared->mutex);
                shared->failed = true;
                shared->ended = true;
                shared->counts.error = error.what();
                shared->changed.notify_all();
            }
        });
    }
    ~RecorderImpl() override { static_cast<void>(finish(std::chrono::milliseconds(0))); }
    RecorderImpl(const RecorderImpl&) = delete;
    RecorderImpl& operator=(const RecorderImpl&) = delete;

    void offer(Record record) override {
        const std::size_t size = memory_of(record);
        put(std::move(record), size);
    }

    bool wants_checkpoint() const override { return shared_->wants_checkpoint; }

    void begin_segment(Stamp at, std::vector<Record> checkpoint, Later later) override {
        shared_->wants_checkpoint = false;
        put(Begin{at}, 0);
        // Not counted: as large as what the market's size makes it, and never two of them wait, since the thread asks
        // for the next one only when it has begun this.
        for (Record& record : checkpoint) put(std::move(record), 0);
        if (later) put(std::move(later), 0);
    }

    RecorderStatus status() const override {
        const std::scoped_lock guard(shared_->mutex);
        RecorderStatus status = shared_->counts;
        status.queued_bytes = shared_->queued_bytes;
        if (shared_->failed) {
            status.state = RecorderState::failed;
            if (overflow_) status.error = "more came than could be written: the recording has ended";
        } else if (shared_->ended) {
            status.state = RecorderState::ended;
        }
        return status;
    }

    bool finish(std::chrono::milliseconds deadline) override {
        if (!thread_.joinable()) return finished_;
        {
            std::unique_lock lock(shared_->mutex);
            shared_->finish = true;
            shared_->changed.notify_all();
            finished_ = shared_->changed.wait_for(lock, deadline, [&] { return shared_->ended; });
        }
        if (finished_) {
            thread_.join();
        } else {
            thread_.detach();
        }
        return finished_;
    }

private:
    void put(Item item, std::size_t size) {
        const std::scoped_lock guard(shared_->mutex);
        if (shared_->failed || shared_->finish) return;
        if (shared_->queued_bytes + size > options_.max_queued_bytes) {
            shared_->failed = true;
            overflow_ = true;
            shared_->changed.notify_all();
            core::log(core::LogLevel::error, "recording_failed",
                      {{"recording", shared_->counts.recording}, {"queued_bytes", shared_->queued_bytes}});
            return;
        }
        shared_->queue.push_back(std::move(item));
        shared_->queued_bytes += size;
        if (shared_->queued_bytes >= kBatchBytes) shared_->changed.notify_all();
    }

    const RecorderOptions options_;
    std::shared_ptr<Shared> shared_;
    std::thread thread_;
    std::atomic<bool> overflow_ = false;
    bool finished_ = false;
};

}  // namespace

std::string_view to_string(RecorderState state) noexcept {
    switch (state) {
        case RecorderState::recording: return "recording";
        case RecorderState::paused: return "paused";
        case RecorderState::failed: return "failed";
        case RecorderState::ended: return "ended";
    }
    return "ended";
}

std::unique_ptr<Recorder> make_recorder(std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns,
                                        RecorderOptions options) {
    return std::make_unique<RecorderImpl>(std::move(disk), started_ns, options);
}

}  // namespace scanner::recording
