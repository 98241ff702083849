#include "simulator/market/funding.hpp"

#include <algorithm>

namespace scanner::simulator {
namespace {

constexpr std::size_t kHistory = 200;
constexpr double kDamping = 0.0002;    // a premium within this of the interest pays just the interest
constexpr std::int64_t kPublishS = 5;  // the coming rate is recomputed every five seconds

}  // namespace

Funding::Funding(const Profile& profile, int interval_hours, core::Random& random, std::int64_t start_seconds)
    : interest_(profile.interest_rate), cap_(profile.funding_cap), interval_s_(interval_hours * 3600LL) {
    const std::int64_t running = start_seconds / interval_s_ * interval_s_;
    next_ = running + interval_s_;
    const double mean = profile.premium_mean_bps * 1e-4;
    const double sd = profile.premium_sd_bps * 1e-4;
    double premium = mean + sd * random.normal();
    for (std::size_t i = kHistory; i-- > 0;) {
        premium = mean + 0.7 * (premium - mean) + 0.7 * sd * random.normal();
        history_.push_front(
            {.funding_time = core::from_unix_ms((running - static_cast<std::int64_t>(i) * interval_s_) * 1000),
             .rate = rate_for(premium)});
    }
    // The part of the running interval before the start went like the one before it.
    samples_ = static_cast<double>(start_seconds - running);
    premium_sum_ = premium * samples_;
    published_ = rate_for(premium);
}

double Funding::rate_for(double premium) const {
    const double share = static_cast<double>(interval_s_) / (8.0 * 3600.0);
    const double scaled = premium * share;
    return std::clamp(scaled + std::clamp(interest_ - scaled, -kDamping * share, kDamping * share), -cap_, cap_);
}

void Funding::sample(std::int64_t unix_seconds, double premium) {
    premium_sum_ += premium;
    samples_ += 1.0;
    if (unix_seconds % kPublishS == 0) published_ = rate_for(premium_sum_ / samples_);
    if (unix_seconds < next_) return;
    history_.push_front({.funding_time = core::from_unix_ms(next_ * 1000), .rate = rate_for(premium_sum_ / samples_)});
    if (history_.size() > kHistory) history_.pop_back();
    next_ += interval_s_;
    // The next interval starts from what is known: a single sample must not swing the published rate.
    premium_sum_ = premium_sum_ / samples_ * 60.0;
    samples_ = 60.0;
}

FundingState Funding::state() const {
    return {.rate = published_, .funding_time = core::from_unix_ms(next_ * 1000)};
}

std::vector<FundingPoint> Funding::history(std::size_t count) const {
    return {history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(std::min(count, history_.size()))};
}

}  // namespace scanner::simulator
