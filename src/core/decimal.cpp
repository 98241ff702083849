#include "scanner/core/decimal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <system_error>

namespace scanner::core {
namespace {

constexpr double kWholeLimit = 9'007'199'254'740'992.0;  // 2^53: from here on not every integer is a double
/// Powers of ten that are doubles exactly: one division or multiplication by them rounds once, hence correctly.
constexpr std::array<double, 23> kExactPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kExactExponent = static_cast<int>(kExactPowers.size()) - 1;

/// digits * 10^exponent by way of text, for exponents beyond the exact powers; nothing finite gives `otherwise`.
double from_text(double digits, int exponent, double otherwise) {
    std::array<char, 64> text{};
    char* end = std::to_chars(text.data(), text.data() + 32, static_cast<long long>(digits)).ptr;
    *end++ = 'e';
    end = std::to_chars(end, text.data() + text.size(), exponent).ptr;
    double value = 0.0;
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && std::isfinite(value) ? value : otherwise;
}

}  // namespace

DecimalUnit::DecimalUnit(double value) : value_(value) {
    if (!std::isfinite(value) || !(value > 0.0)) return;
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    const std::string_view shortest(text.data(), static_cast<std::size_t>(end.ptr - text.data()));  // "1.25e-07"
    const std::size_t split = shortest.find('e');
    long long digits = 0;
    int decimals = 0;
    bool behind_point = false;
    for (const char c : shortest.substr(0, split)) {
        if (c == '.') {
            behind_point = true;
            continue;
        }
        digits = digits * 10 + (c - '0');  // at most 17 digits
        decimals += behind_point ? 1 : 0;
    }
    std::string_view power = shortest.substr(split + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int exponent = 0;
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (static_cast<double>(digits) >= kWholeLimit) return;
    digits_ = static_cast<double>(digits);
    exponent_ = exponent - decimals;
}

double DecimalUnit::times(double count) const {
    const double digits = count * digits_;
    const bool exact = digits_ > 0.0 && count == std::trunc(count) && std::fabs(digits) < kWholeLimit;
    if (!exact) return count * value_;
    if (exponent_ < 0 && exponent_ >= -kExactExponent) {
        return digits / kExactPowers[static_cast<std::size_t>(-exponent_)];
    }
    if (exponent_ >= 0 && exponent_ <= kExactExponent) {
        return digits * kExactPowers[static_cast<std::size_t>(exponent_)];
    }
    return from_text(digits, exponent_, count * value_);
}

double DecimalUnit::cleaned(double amount) const {
    // A handful of roundings; a sum of a few thousand products stays within it.
    constexpr double kLastBits = 4096.0 * std::numeric_limits<double>::epsilon();
    if (!(value_ > 0.0) || !std::isfinite(amount)) return amount;
    const double count = amount / value_;
    const double whole = std::nearbyint(count);
    if (!(std::fabs(count) < kWholeLimit) || whole == 0.0) return amount;
    return std::fabs(count - whole) <= kLastBits * std::fabs(count) ? times(whole) : amount;
}

double DecimalUnit::rounded(double amount) const {
    if (!(value_ > 0.0) || decimals() > kExactExponent) return amount;
    const double power = kExactPowers[static_cast<std::size_t>(decimals())];
    const double scaled = std::nearbyint(amount * power);
    return std::fabs(scaled) < kWholeLimit && scaled != 0.0 ? scaled / power : amount;
}

double add_decimals(double a, double b) {
    const double sum = a + b;
    const int decimals = std::max(DecimalUnit(std::fabs(a)).decimals(), DecimalUnit(std::fabs(b)).decimals());
    if (decimals == 0 || decimals > kExactExponent) return sum;
    const double power = kExactPowers[static_cast<std::size_t>(decimals)];
    const double scaled = std::nearbyint(sum * power);
    return std::fabs(scaled) < kWholeLimit ? scaled / power : sum;
}

}  // namespace scanner::core
