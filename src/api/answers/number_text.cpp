#include "api/answers/number_text.hpp"

#include <cassert>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace scanner::api {
namespace {

/// Every one of them is exact.
constexpr std::array<double, 18> kPowers{1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                         1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
/// Up to 15 digits, a decimal is the shortest text of the double next to it.
constexpr double kMaxWhole = 1e15;
/// Under it an exponent may be shorter than the zeros: 1e-04.
constexpr double kLeastPlain = 1e-3;
/// 2^53: below it a whole double is exactly that integer.
constexpr double kExactIntegers = 9007199254740992.0;
/// How many decimals are tried on a number of all digits: prices mostly have fewer.
constexpr int kTriedPlaces = 8;

double power_of_ten(int exponent) {
    return kPowers[static_cast<std::size_t>(exponent)];
}

/// The exponent of the first digit of `magnitude`, which is from kLeastPlain to kMaxWhole.
int exponent_of(double magnitude) {
    if (magnitude < 1.0) return magnitude >= 0.1 ? -1 : magnitude >= 0.01 ? -2 : -3;
    int exponent = 0;
    while (magnitude >= power_of_ten(exponent + 1)) ++exponent;
    return exponent;
}

bool is_plain_integer(double value) {
    return std::fabs(value) < kExactIntegers && value == std::trunc(value);
}

}  // namespace

std::string_view NumberText::write(double value, signals::Digits digits) {
    const double magnitude = std::fabs(value);
    if (value == 0.0) return write_decimal(0.0, 0);
    switch (digits.kind) {
        case signals::Digits::Kind::decimals: {
            const double whole = std::nearbyint(value * power_of_ten(digits.count));
            if (whole == 0.0) return write_decimal(0.0, 0);
            if (std::fabs(whole) < kMaxWhole && magnitude >= kLeastPlain) return write_decimal(whole, digits.count);
            break;
        }
        case signals::Digits::Kind::significant: {
            if (!(magnitude >= kLeastPlain && magnitude < kMaxWhole)) break;
            const int places = digits.count - 1 - exponent_of(magnitude);
            if (places >= 0) return write_decimal(std::nearbyint(value * power_of_ten(places)), places);
            return write_decimal(std::nearbyint(value / power_of_ten(-places)) * power_of_ten(-places), 0);
        }
        case signals::Digits::Kind::all: {
            const double whole = std::nearbyint(value * power_of_ten(kTriedPlaces));
            const bool is_decimal = std::fabs(whole) < kMaxWhole && whole / power_of_ten(kTriedPlaces) == value;
            if (is_decimal && magnitude >= kLeastPlain) return write_decimal(whole, kTriedPlaces);
            break;
        }
    }
    return write_shortest(signals::rounded(value, digits));
}

std::string_view NumberText::write_decimal(double whole, int places) {
    auto rest = static_cast<std::uint64_t>(std::fabs(whole));
    const auto cut_digit = [&rest] {
        const char digit = static_cast<char>('0' + rest % 10);
        rest /= 10;
        return digit;
    };
    for (; places > 0 && rest % 10 == 0; --places) rest /= 10;
    char* const end = buffer_.data() + buffer_.size();
    char* at = end;
    if (places > 0) {
        for (; places > 0; --places) *--at = cut_digit();
        *--at = '.';
    }
    do {
        *--at = cut_digit();
    } while (rest > 0);
    if (whole < 0.0) *--at = '-';
    return {at, end};
}

std::string_view NumberText::write_shortest(double value) {
    assert(std::isfinite(value) && "non-finite values are to be stopped where they enter");
    if (is_plain_integer(value)) return write_decimal(value, 0);
    if (!std::isfinite(value)) return "null";
    const auto printed = std::to_chars(buffer_.data(), buffer_.data() + buffer_.size(), value);
    return {buffer_.data(), printed.ptr};
}

}  // namespace scanner::api
