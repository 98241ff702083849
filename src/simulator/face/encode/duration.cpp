#include "simulator/face/encode/duration.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace scanner::simulator::face {
namespace {

// "ms" before "m" and "s": the longest suffix that fits is the unit.
constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
    {{"ms", 1.0}, {"s", 1'000.0}, {"m", 60'000.0}, {"h", 3'600'000.0}}};
constexpr double kMaxMs = 30.0 * 86'400'000.0;

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    double unit = 1'000.0;
    const auto found = std::ranges::find_if(kUnits, [text](const auto& entry) { return text.ends_with(entry.first); });
    if (found != kUnits.end()) {
        unit = found->second;
        text.remove_suffix(found->first.size());
    }
    const auto number = core::parse_double(text);
    if (!number || *number < 0.0 || *number * unit > kMaxMs) return std::nullopt;
    return std::chrono::milliseconds(std::llround(*number * unit));
}

std::string duration_text(std::chrono::milliseconds duration) {
    const std::int64_t ms = duration.count();
    return ms % 1'000 == 0 ? std::to_string(ms / 1'000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace scanner::simulator::face
