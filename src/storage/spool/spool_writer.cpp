#include "storage/spool/spool_writer.hpp"

#include <exception>
#include <utility>

namespace scanner::storage {

bool SpoolWriter::add(std::string payload, std::uint64_t sequence, core::WallTime now) {
    if (held_bytes_ + payload.size() > kMaxHeldBytes) return false;
    held_bytes_ += payload.size();
    held_.push_back({.payload = std::move(payload), .sequence = sequence, .time = now});
    return true;
}

std::size_t SpoolWriter::sync_pending(bool more_coming) {
    std::size_t settled = 0;
    core::Result<void> done;
    try {
        done = append_all(settled);
        if (spool_.unsynced() > 0 && (!more_coming || !done || spool_.unsynced() >= kMaxUnsynced)) {
            if (auto synced = spool_.sync(); !synced) done = std::move(synced);
            settled += forget_durable();
        }
    } catch (const std::exception& error) {  // no memory: what is held stays held
        done = core::fail(core::ErrorCode::internal, error.what());
    }
    stuck_ = !done;
    publish(done);
    return settled;
}

core::Result<void> SpoolWriter::append_all(std::size_t& settled) {
    while (spool_.unsynced() < held_.size()) {
        const Held& next = held_[spool_.unsynced()];
        auto appended = spool_.append(next.payload, next.sequence, next.time);
        settled += forget_durable();  // a new segment begins with a sync of the last one
        if (appended) continue;
        if (appended.error().code() == core::ErrorCode::io) return appended;
        core::log(core::LogLevel::error, "spool_record_refused",
                  {{"sequence", held_[spool_.unsynced()].sequence}, {"error", appended.error().message()}});
        held_bytes_ -= held_[spool_.unsynced()].payload.size();
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(spool_.unsynced()));
        spool_.count_dropped();
        ++settled;
    }
    return {};
}

HeldBatches SpoolWriter::status() const {
    const std::scoped_lock guard(mutex_);
    return status_;
}

void SpoolWriter::publish(const core::Result<void>& done) {
    if (done) {
        failure_.recovered();
    } else {
        failure_.failed(core::to_string(done.error().code()), {{"error", done.error().message()}});
    }
    const std::scoped_lock guard(mutex_);
    status_.oldest = held_.empty() ? std::nullopt : std::optional(held_.front().time);
    status_.error = done ? "" : "spool: " + done.error().message();
}

std::size_t SpoolWriter::forget_durable() {
    const std::uint64_t durable = spool_.durable();
    const auto count = static_cast<std::size_t>(durable - forgotten_);
    for (std::size_t i = 0; i < count; ++i) {
        held_bytes_ -= held_.front().payload.size();
        held_.pop_front();
    }
    forgotten_ = durable;
    return count;
}

}  // namespace scanner::storage
