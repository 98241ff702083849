#pragma once

#include "scanner/recording/disk.hpp"
#include "scanner/recording/record.hpp"
#include "scanner/recording/recorder_types.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace scanner::recording {

/// Writes records to segments on a thread of its own, so that no disk delays those who have something to record.
/// `offer`, `wants_checkpoint` and `begin_segment` on one thread (the loop's), `status` on any.
class Recorder {
public:
    virtual ~Recorder() = default;

    /// Never blocks. When the queue is full the recording ends with what is in it, and its state says so: there is
    /// never a hole in the middle that nothing tells of.
    virtual void offer(Record record) = 0;
    /// Whether a segment is to begin: the first, one after a full one, one after a pause. Until `begin_segment`
    /// what is offered goes to the segment before, or nowhere when there is none.
    [[nodiscard]] virtual bool wants_checkpoint() const = 0;
    /// Makes records on the thread that writes them; must own what it makes them of, and not throw but for memory.
    using Later = std::function<std::vector<Record>()>;
    /// Begins it, with what must be known to start there, which the bound of the queue does not count: `checkpoint`,
    /// then what `later` makes.
    virtual void begin_segment(Stamp at, std::vector<Record> checkpoint, Later later = {}) = 0;
    [[nodiscard]] virtual RecorderStatus status() const = 0;
    /// Writes what is queued and closes the segment, within `deadline`. False when it was not done by then: the
    /// thread then ends by itself, and leaves the segment without an index.
    virtual bool finish(std::chrono::milliseconds deadline) = 0;
};

/// `started_ns`: wall time, names the recording. Gzip members among socket frames are inflated by the thread, where
/// they can be.
[[nodiscard]] std::unique_ptr<Recorder> make_recorder(std::unique_ptr<RecordingDisk> disk, std::int64_t started_ns,
                                                      RecorderOptions options);

}  // namespace scanner::recording
