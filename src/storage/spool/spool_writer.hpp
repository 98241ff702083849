#pragma once

#include "storage/spool/spool.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace scanner::storage {

/// What a SpoolWriter keeps in memory.
struct HeldBatches {
    std::optional<core::WallTime> oldest;
    std::string error;  ///< why the disk did not take everything, the last time; empty when it did
};

/// Appends batches to the spool and keeps each in memory until it is durable, so that a disk that is full or broken for
/// a while costs nothing but memory, at most kMaxHeldBytes. One thread, the one that appends to the
/// spool, unless it says otherwise.
class SpoolWriter {
public:
    explicit SpoolWriter(Spool& spool) : spool_(spool) {}

    /// `sequence` 0: the batch belongs to no cycle. False, and it is not taken, when kMaxHeldBytes are held.
    [[nodiscard]] bool add(std::string payload, std::uint64_t sequence, core::WallTime now);

    /// Appends what is not in the spool yet and syncs it; with `more_coming` at once the sync may wait for them, up to
    /// kMaxUnsynced. Returns how many batches it need not keep any longer: they are durable, or larger than the spool
    /// (counted there as dropped).
    [[nodiscard]] std::size_t sync_pending(bool more_coming);

    /// Batches that are not durable yet, in memory: appended and unsynced ones first.
    [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
    /// The disk did not take everything, the last time: sync_pending() again, later.
    [[nodiscard]] bool is_stuck() const noexcept { return stuck_; }
    /// As of the last sync_pending(). Any thread.
    [[nodiscard]] HeldBatches status() const;

    static constexpr std::size_t kMaxUnsynced = 16;
    static constexpr std::size_t kMaxHeldBytes = 32U << 20U;

private:
    struct Held {
        std::string payload;
        std::uint64_t sequence = 0;
        core::WallTime time;
    };

    core::Result<void> append_all(std::size_t& settled);
    std::size_t forget_durable();
    void publish(const core::Result<void>& done);

    Spool& spool_;
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;
    std::uint64_t forgotten_ = 0;  ///< of the spool's durable ones
    bool stuck_ = false;
    core::RepeatedFailure failure_{"spool_write_failed", core::LogLevel::error};
    mutable std::mutex mutex_;  // guards status_
    HeldBatches status_;
};

}  // namespace scanner::storage
