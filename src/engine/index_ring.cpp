#include "engine/index_ring.hpp"

namespace scanner::engine {
namespace {

/// A list that is so much older than the newest is no answer out of a cache: the clock was set.
constexpr std::chrono::seconds kSetBack{10};

}  // namespace

void IndexRing::add(const IndexRow& row) {
    if (size_ > 0) {
        const core::WallTime last = newest(0).time();
        if (row.time() == last) {
            rows_[(next_ + kMaxRows - 1) % kMaxRows] = row;
            return;
        }
        if (row.time() < last) {
            if (last - row.time() < kSetBack) return;
            size_ = 0;
        }
    }
    rows_[next_] = row;
    next_ = (next_ + 1) % kMaxRows;
    size_ = std::min(size_ + 1, kMaxRows);
    while (size_ > 1 && row.time() - newest(size_ - 1).time() > kReach) --size_;
}

const IndexRow* IndexRing::nearest(core::WallTime at) const {
    if (size_ == 0) return nullptr;
    std::size_t back = 0;  // of the newest that is not after `at`
    while (back < size_ && newest(back).time() > at) ++back;
    if (back == size_) return &newest(size_ - 1);
    if (back == 0) return &newest(0);
    const IndexRow& older = newest(back);
    const IndexRow& newer = newest(back - 1);
    return newer.time() - at < at - older.time() ? &newer : &older;
}

}  // namespace scanner::engine
