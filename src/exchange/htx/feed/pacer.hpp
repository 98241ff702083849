#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace scanner::exchange::htx::feed {

/// At most so many events in any second, wherever the second begins. Pure.
class Pacer {
public:
    explicit Pacer(std::size_t per_second) : times_(per_second == 0 ? 1 : per_second) {}

    /// When the next event may be; not after `now` when that is now.
    [[nodiscard]] core::SteadyTime due() const { return times_[next_]; }
    /// An event took place.
    void note(core::SteadyTime now) {
        times_[next_] = now + std::chrono::seconds(1);
        next_ = (next_ + 1) % times_.size();
    }

    static void persist(auto& self, auto& archive) {
        const std::size_t places = self.times_.size();
        archive(self.times_, self.next_);
        archive.require(self.times_.size() == places && self.next_ < places);
    }

private:
    std::vector<core::SteadyTime> times_;  // a ring: from when on the place of each is free again
    std::size_t next_ = 0;
};

}  // namespace scanner::exchange::htx::feed
