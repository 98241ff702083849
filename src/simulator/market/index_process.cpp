#include "simulator/market/index_process.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::simulator {
namespace {

constexpr double kCommonVolatilitySd = 0.42;
constexpr double kCommonVolatilityMemorySeconds = 3 * 3600.0;
constexpr double kOwnVolatilitySd = 0.52;
constexpr double kOwnVolatilityMemorySeconds = 40 * 60.0;
constexpr double kStressEverySeconds = 14 * 3600.0;
constexpr double kJumpEverySeconds = 50 * 60.0;
constexpr double kJumpTail = 2.0;               // one-minute returns have tail exponents of 1.6 to 2.8
constexpr double kJumpScale = 2.0;              // smallest jump, in minutes' sigmas
constexpr double kLargestJump = 40.0;           // in minutes' sigmas
constexpr double kPullSeconds = 10 * 86'400.0;  // a random walk of weeks must not leave the plausible

/// One step of an Ornstein-Uhlenbeck process with unit time scale in seconds.
double reverting(double value, double sd, double seconds, double memory_s, core::Random& random) {
    const double keep = core::portable_exp(-seconds / memory_s);
    return value * keep + sd * std::sqrt(1.0 - keep * keep) * random.normal();
}

}  // namespace

CommonStep CommonFactor::step(double seconds) {
    log_volatility_ = reverting(log_volatility_, kCommonVolatilitySd, seconds, kCommonVolatilityMemorySeconds, random_);
    if (stress_left_s_ > 0.0) {
        stress_left_s_ -= seconds;
    } else if (random_.chance(seconds / kStressEverySeconds)) {
        stress_left_s_ = random_.log_uniform(600.0, 2'400.0);
    }
    const double target = stress_left_s_ > 0.0 ? 1.0 : 0.0;
    stress_ += (target - stress_) * (1.0 - core::portable_exp(-seconds / 60.0));
    CommonStep step;
    step.stress = stress_ < 0.01 ? 0.0 : stress_;
    step.volatility = core::portable_exp(log_volatility_ - 0.5 * kCommonVolatilitySd * kCommonVolatilitySd) *
                      (1.0 + 2.0 * step.stress);
    step.shock = step.volatility * (std::sqrt(seconds) * random_.normal()) - 0.2 * step.stress * seconds;
    return step;
}

IndexProcess::IndexProcess(const Profile& profile, std::uint64_t seed, std::uint64_t stream)
    : random_(seed, stream),
      sigma_second_(profile.sigma_minute / std::sqrt(60.0)),
      sigma_minute_(profile.sigma_minute),
      own_share_(std::sqrt(1.0 - profile.common_share)),
      common_share_(std::sqrt(profile.common_share)),
      log_price_(core::portable_log(profile.start_price)),
      price_(profile.start_price),
      anchor_(log_price_) {}

double IndexProcess::step(double seconds, const CommonStep& common, double cycle_volatility) {
    log_volatility_ = reverting(log_volatility_, kOwnVolatilitySd, seconds, kOwnVolatilityMemorySeconds, random_);
    const double own = core::portable_exp(log_volatility_ - 0.5 * kOwnVolatilitySd * kOwnVolatilitySd);
    volatility_ = own * (own_share_ * own_share_ + common_share_ * common_share_ * common.volatility);
    const double scale = sigma_second_ * kDiffusion * cycle_volatility;
    double move = scale * (own_share_ * own * std::sqrt(seconds) * random_.normal() + common_share_ * common.shock);
    if (random_.chance(seconds / kJumpEverySeconds)) {
        const double size = std::min(kJumpScale * random_.pareto(kJumpTail), kLargestJump);
        move += (random_.chance(0.5) ? 1.0 : -1.0) * size * sigma_minute_ * cycle_volatility;
    }
    move += (anchor_ - log_price_) * seconds / kPullSeconds;
    shift(move);
    return move;
}

void IndexProcess::set_price(double price) {
    price_ = price;
    log_price_ = core::portable_log(price);
    anchor_ = log_price_;
}

void IndexProcess::shift(double log_return) {
    log_price_ += log_return;
    price_ = core::portable_exp(log_price_);
}

}  // namespace scanner::simulator
