#pragma once

#include <string>
#include <string_view>

namespace scanner::core {

// What protocols and settings compare without regard to case: ASCII letters, whatever the locale says. Other bytes,
// those of UTF-8 among them, stay as they are. Pure.

[[nodiscard]] constexpr char lower_case(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

inline constexpr std::string_view kBlanks = " \t";  ///< what RFC 9110 calls optional whitespace
inline constexpr std::string_view kWhitespace = " \t\r\n";

/// Without the `blanks` at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) noexcept;

}  // namespace scanner::core
