#pragma once

#include <array>
#include <cstdint>

namespace scanner::core {

/// Natural logarithm of a positive normal number, from +, -, * and / alone: the same bits on every machine, where
/// libm's may differ with its version and the processor. Error under 2 ulp.
[[nodiscard]] double portable_log(double value);
/// e^value, likewise; the argument is clamped to [-700, 700].
[[nodiscard]] double portable_exp(double value);

/// A stream of random numbers (xoshiro256++, seeded by splitmix64) whose every draw is the same everywhere for the same
/// (seed, stream). Streams of one seed are independent. Not for secrets. One thread at a time.
class Random {
public:
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

    [[nodiscard]] std::uint64_t next() {
        const std::uint64_t result = rotate_left(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t shifted = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate_left(state_[3], 45);
        return result;
    }
    /// In [0, 1), 53 bits.
    [[nodiscard]] double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
    /// In (0, 1]: safe to take the logarithm of.
    [[nodiscard]] double positive_uniform() { return static_cast<double>((next() >> 11U) + 1) * 0x1.0p-53; }
    [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
    [[nodiscard]] bool chance(double probability) { return uniform() < probability; }
    /// In [0, count); `count` > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t count);
    /// Standard normal.
    [[nodiscard]] double normal();
    [[nodiscard]] double exponential(double mean) { return -mean * portable_log(positive_uniform()); }
    /// Lognormal with the given mean (not median) and sigma of its logarithm.
    [[nodiscard]] double lognormal(double mean, double sigma);
    /// Uniform in the logarithm; both ends positive.
    [[nodiscard]] double log_uniform(double low, double high);
    /// At least 1, P(x > t) = t^-alpha.
    [[nodiscard]] double pareto(double alpha) { return portable_exp(exponential(1.0) / alpha); }
    /// Exact under a mean of 30, a rounded normal above.
    [[nodiscard]] std::int64_t poisson(double mean);

private:
    [[nodiscard]] static constexpr std::uint64_t rotate_left(std::uint64_t value, unsigned bits) {
        return (value << bits) | (value >> (64U - bits));
    }

    std::array<std::uint64_t, 4> state_{};
    double spare_normal_ = 0.0;
    bool has_spare_normal_ = false;
};

}  // namespace scanner::core
