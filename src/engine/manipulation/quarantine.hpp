#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <optional>

namespace scanner::engine {

/// Whether a contract is ranked below all others: from when its score of manipulation reaches the threshold until it
/// has been under it for so long. A score that cannot be told is not under it. Pure.
class Quarantine {
public:
    static constexpr std::chrono::minutes kRelease{5};

    /// Whether it is quarantined at `at`, which does not go back.
    bool update(std::optional<double> score, double threshold, core::WallTime at) {
        const bool over = score && *score >= threshold;
        const bool untold = !score && since_;
        if (over || untold) since_ = at;
        if (since_ && at - *since_ >= kRelease) since_.reset();
        return since_.has_value();
    }
    [[nodiscard]] bool active() const noexcept { return since_.has_value(); }
    /// When it last was not known to be under the threshold; empty while it is not quarantined.
    [[nodiscard]] std::optional<core::WallTime> last_over() const noexcept { return since_; }
    void restore(std::optional<core::WallTime> last_over) noexcept { since_ = last_over; }
    /// All of it (core/checkpoint.hpp).
    static void persist(auto& self, auto& archive) { archive(self.since_); }
    /// When it ends if nothing happens.
    [[nodiscard]] std::optional<core::WallTime> ends_at() const {
        return since_ ? std::optional(*since_ + kRelease) : std::nullopt;
    }

private:
    std::optional<core::WallTime> since_;
};

}  // namespace scanner::engine
