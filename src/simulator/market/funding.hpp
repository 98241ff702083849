#pragma once

#include "simulator/market/profile.hpp"

#include "scanner/core/random.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace scanner::simulator {

/// Funding of one contract: the time-weighted premium of the running interval plus interest, damped and capped.
class Funding {
public:
    Funding(const Profile& profile, int interval_hours, core::Random& random, std::int64_t start_seconds);
    /// Takes a premium sample (fraction of the index) each second; settles when an interval ends.
    void sample(std::int64_t unix_seconds, double premium);
    [[nodiscard]] FundingState state() const;
    [[nodiscard]] std::vector<FundingPoint> history(std::size_t count) const;
    /// Unix seconds of the coming settlement.
    [[nodiscard]] std::int64_t next_settlement() const { return next_; }

private:
    [[nodiscard]] double rate_for(double premium) const;

    double interest_;
    double cap_;
    std::int64_t interval_s_;
    std::int64_t next_ = 0;
    double premium_sum_ = 0.0;
    double samples_ = 0.0;
    double published_ = 0.0;
    std::deque<FundingPoint> history_;  ///< newest first
};

}  // namespace scanner::simulator
