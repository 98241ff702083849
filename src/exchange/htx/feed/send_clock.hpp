#pragma once

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace scanner::exchange::htx::feed {

/// The exchange's time by what its messages say of when they were sent, and by our steady clock. The host's wall clock
/// has no say: one that is hours wrong must not make a whole feed implausible.
///
/// The middle one of the last few messages counts, so that a wrong stamp decides nothing. Pure; no allocation.
class SendClock {
public:
    /// A message that was sent at `sent`, so it says, was read at `now`.
    void note(core::WallTime sent, core::SteadyTime now) {
        if (count_ == kSamples && now - noted_ < kEvery) return;
        noted_ = now;
        offsets_[next_] = sent.time_since_epoch() - since_start(now);
        next_ = (next_ + 1) % kSamples;
        count_ = std::min(count_ + 1, kSamples);
        auto sorted = offsets_;
        // Of two the earlier one: it is later times that do harm.
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1) / 2);
        std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
        offset_ = *middle;
    }
    /// Empty before the first message.
    [[nodiscard]] std::optional<core::WallTime> now(core::SteadyTime now) const {
        if (count_ == 0) return std::nullopt;
        return core::WallTime(offset_ + since_start(now));
    }

    static void persist(auto& self, auto& archive) {
        archive(self.offsets_, self.next_, self.count_, self.offset_, self.noted_);
        archive.require(self.next_ < kSamples && self.count_ <= kSamples);
    }

private:
    using Offset = std::chrono::milliseconds;

    static constexpr std::size_t kSamples = 9;
    static constexpr std::chrono::milliseconds kEvery{100};

    static Offset since_start(core::SteadyTime time) {
        return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    }

    std::array<Offset, kSamples> offsets_{};  // a ring
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    Offset offset_{};
    core::SteadyTime noted_{};
};

}  // namespace scanner::exchange::htx::feed
