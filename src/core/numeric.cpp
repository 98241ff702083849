#include "scanner/core/numeric.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace scanner::core {
namespace {

template <class T>
std::optional<T> parse_whole(std::string_view text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return value;
}

/// Numbers that have few decimals, which most have, without a search for the shortest text: a decimal of up to 15
/// digits is the shortest text of the double next to it. Returns the length; 0 for numbers that are not of this kind.
std::size_t write_short_decimal(std::array<char, 32>& text, double value) {
    constexpr std::uint64_t kUnit = 100'000'000;
    const double magnitude = std::fabs(value);
    if (!(magnitude >= 1e-3 && magnitude < 1e7)) return 0;
    const auto whole = static_cast<std::uint64_t>(magnitude * static_cast<double>(kUnit) + 0.5);
    if (static_cast<double>(whole) / static_cast<double>(kUnit) != magnitude) return 0;
    const std::uint64_t integer = whole / kUnit;
    auto fraction = static_cast<std::uint32_t>(whole % kUnit);
    if (fraction == 0 && integer % 100'000 == 0) return 0;  // 1e+05 is shorter
    char* at = text.data();
    if (value < 0.0) *at++ = '-';
    at = std::to_chars(at, text.data() + text.size(), integer).ptr;
    if (fraction != 0) {
        std::size_t places = 8;
        if (fraction % 10'000 == 0) {
            fraction /= 10'000;
            places = 4;
        }
        for (; fraction % 10 == 0; fraction /= 10) --places;
        *at++ = '.';
        for (std::size_t i = places; i > 0; fraction /= 10) at[--i] = static_cast<char>('0' + fraction % 10);
        at += places;
    }
    return static_cast<std::size_t>(at - text.data());
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
    const auto value = parse_whole<double>(text);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return value;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
    return parse_whole<std::int64_t>(text);
}

double round_to(double value, int decimals) {
    static constexpr std::array<double, 13> kPowers{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    const double power = kPowers.at(static_cast<std::size_t>(decimals));
    const double scaled = value * power;
    // From 2^52 on a double has no fraction left to round; this also lets non-finite values through unchanged.
    if (!(std::fabs(scaled) < 4503599627370496.0)) return value;
    return std::nearbyint(scaled) / power + 0.0;  // + 0.0: turns -0.0 into 0.0
}

void append_double(std::string& out, double value) {
    std::array<char, 32> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    if (const std::size_t length = write_short_decimal(text, value); length > 0) {
        out.append(text.data(), length);
        return;
    }
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    out.append(text.data(), end.ptr);
}

std::string format_double(double value) {
    std::string out;
    append_double(out, value);
    return out;
}

}  // namespace scanner::core
