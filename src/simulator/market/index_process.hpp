#pragma once

#include "simulator/market/profile.hpp"

#include "scanner/core/random.hpp"

#include <cstdint>
#include <vector>

namespace scanner::simulator {

/// The diffusive part of a contract's sigma; jumps and the market's own trades carry the rest.
inline constexpr double kDiffusion = 0.72;

/// What moves every contract at once over one step of time.
struct CommonStep {
    double shock = 0.0;       ///< of the common factor, standardised: variance about `volatility`^2 per second of step
    double volatility = 1.0;  ///< of the market as a whole, around 1
    double stress = 0.0;      ///< 0 in ordinary times, up to 1 inside a market-wide stress
};

/// The common factor: stochastic volatility, and rarely a stress of 10 to 40 minutes in which everything falls,
/// spreads open and volume jumps. One stream for the whole market, so that all contracts see the same.
class CommonFactor {
public:
    explicit CommonFactor(std::uint64_t seed) : random_(seed, 0xC0FFEE) {}
    /// Plays `seconds` on; `seconds` is 60 in history, 1 afterwards.
    CommonStep step(double seconds);

private:
    core::Random random_;
    double log_volatility_ = 0.0;
    double stress_left_s_ = 0.0;
    double stress_ = 0.0;
};

/// The index of one contract: common factor, own noise with volatility clustering, jumps with a Pareto tail.
class IndexProcess {
public:
    IndexProcess(const Profile& profile, std::uint64_t seed, std::uint64_t stream);
    /// Plays `seconds` on under a day cycle's volatility multiplier; returns the log return.
    double step(double seconds, const CommonStep& common, double cycle_volatility);
    [[nodiscard]] double price() const { return price_; }
    /// The contract's own volatility state times the market's, around 1: makers and volumes follow it.
    [[nodiscard]] double volatility() const { return volatility_; }
    /// Sets the level, keeping the state of the noise: history is played before its end price is known.
    void set_price(double price);
    /// A move that the index itself makes (the benign twins' news).
    void shift(double log_return);

private:
    core::Random random_;
    double sigma_second_;
    double sigma_minute_;
    double own_share_;
    double common_share_;
    double log_price_;
    double price_;
    double anchor_;
    double log_volatility_ = 0.0;
    double volatility_ = 1.0;
};

}  // namespace scanner::simulator
