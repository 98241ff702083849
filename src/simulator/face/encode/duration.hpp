#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::simulator::face {

/// "250ms", "5s", "1.5s", "2m", "1h"; a bare number is seconds. At most 30 days; nothing for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest of these that says the same: "5s", "1500ms", "-30s".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

}  // namespace scanner::simulator::face
