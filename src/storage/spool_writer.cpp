#include "storage/spool_writer.hpp"

#include <utility>

namespace scanner::storage {

void SpoolWriter::add(std::string payload, std::uint64_t sequence, core::WallTime now) {
    held_.push_back({.payload = std::move(payload), .sequence = sequence, .time = now});
}

std::size_t SpoolWriter::settle(bool more_coming) {
    std::size_t settled = 0;
    core::Result<void> done;
    while (done && spool_.unsynced() < held_.size()) {
        const Held& next = held_[spool_.unsynced()];
        done = spool_.append(next.payload, next.sequence, next.time);
        settled += forget_durable();  // a new segment begins with a sync of the last one
        if (done || done.error().code() == core::ErrorCode::io) continue;
        core::log(core::LogLevel::error, "spool_record_refused",
                  {{"sequence", held_[spool_.unsynced()].sequence}, {"error", done.error().message()}});
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(spool_.unsynced()));
        spool_.count_dropped();
        ++settled;
        done = {};
    }
    if (spool_.unsynced() > 0 && (!more_coming || !done || spool_.unsynced() >= kMostUnsynced)) {
        if (auto synced = spool_.sync(); !synced) done = std::move(synced);
        settled += forget_durable();
    }
    stuck_ = !done;
    if (done) {
        failure_.recovered();
    } else {
        failure_.failed(core::to_string(done.error().code()), {{"error", done.error().message()}});
    }
    return settled;
}

std::size_t SpoolWriter::forget_durable() {
    const std::uint64_t durable = spool_.durable();
    const auto count = static_cast<std::size_t>(durable - forgotten_);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
    forgotten_ = durable;
    return count;
}

}  // namespace scanner::storage
