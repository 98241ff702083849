#include "scanner/core/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

// A fused multiply-add would round differently on processors that have one.
#if defined(__clang__)
#pragma clang fp contract(off)
#endif

namespace scanner::core {
namespace {

constexpr std::uint64_t split_mix(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
}

constexpr double kLn2High = 0x1.62e42fee00000p-1;  // low bits zero: k * kLn2High is exact for |k| < 2^21
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

}  // namespace

double portable_log(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    int exponent = static_cast<int>((bits >> 52U) & 0x7ffU) - 1023;
    double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
    if (mantissa > 1.4142135623730951) {
        mantissa *= 0.5;
        ++exponent;
    }
    // log m = 2 atanh((m - 1) / (m + 1)); |t| <= 0.172, so eleven terms reach the last bit.
    const double t = (mantissa - 1.0) / (mantissa + 1.0);
    const double t2 = t * t;
    double sum = 0.0;
    for (int denominator = 21; denominator >= 3; denominator -= 2) sum = (sum + 1.0 / denominator) * t2;
    const double k = exponent;
    return k * kLn2High + (2.0 * t + 2.0 * t * sum + k * kLn2Low);
}

double portable_exp(double value) {
    const double clamped = std::clamp(value, -700.0, 700.0);
    const double k = std::floor(clamped * 1.4426950408889634 + 0.5);
    const double r = (clamped - k * kLn2High) - k * kLn2Low;
    double sum = 1.0;
    for (int term = 13; term >= 1; --term) sum = 1.0 + sum * r / term;
    const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(k) + 1023);
    return sum * std::bit_cast<double>(exponent << 52U);
}

Random::Random(std::uint64_t seed, std::uint64_t stream) {
    std::uint64_t mixer = seed;
    std::uint64_t stream_mixer = stream ^ 0x6a09e667f3bcc909ULL;
    for (auto& word : state_) word = split_mix(mixer) ^ split_mix(stream_mixer);
    // Related seeds and streams start in nearby states; a few rounds part them.
    for (int i = 0; i < 8; ++i) static_cast<void>(next());
}

std::uint64_t Random::below(std::uint64_t count) {
    // Multiply-shift over 32 bits is enough for the sizes of tables and lists here; larger counts take the remainder.
    if (count <= 0xffffffffULL) return ((next() >> 32U) * count) >> 32U;
    return next() % count;
}

double Random::normal() {
    if (has_spare_normal_) {
        has_spare_normal_ = false;
        return spare_normal_;
    }
    double x = 0.0;
    double y = 0.0;
    double square = 0.0;
    do {
        x = 2.0 * uniform() - 1.0;
        y = 2.0 * uniform() - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    const double factor = std::sqrt(-2.0 * portable_log(square) / square);
    spare_normal_ = y * factor;
    has_spare_normal_ = true;
    return x * factor;
}

double Random::lognormal(double mean, double sigma) {
    return mean * portable_exp(sigma * normal() - 0.5 * sigma * sigma);
}

double Random::log_uniform(double low, double high) {
    const double log_low = portable_log(low);
    return std::clamp(portable_exp(log_low + (portable_log(high) - log_low) * uniform()), low, high);
}

std::int64_t Random::poisson(double mean) {
    if (!(mean > 0.0)) return 0;
    if (mean > 30.0) {
        return std::max<std::int64_t>(0,
                                      static_cast<std::int64_t>(std::floor(mean + std::sqrt(mean) * normal() + 0.5)));
    }
    const double limit = portable_exp(-mean);
    std::int64_t count = 0;
    double product = positive_uniform();
    while (product > limit) {
        product *= positive_uniform();
        ++count;
    }
    return count;
}

}  // namespace scanner::core
