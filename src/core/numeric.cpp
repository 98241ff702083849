#include "scanner/core/numeric.hpp"

#include <array>
#include <charconv>

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
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    out.append(text.data(), end.ptr);
}

std::string format_double(double value) {
    std::string out;
    append_double(out, value);
    return out;
}

}  // namespace scanner::core
