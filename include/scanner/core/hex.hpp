#pragma once

#include <string>
#include <string_view>

namespace scanner::core {

/// The hexadecimal digit of `value`, 0 to 15.
[[nodiscard]] constexpr char hex_digit(unsigned value) {
    return static_cast<char>(value < 10 ? '0' + value : 'a' + value - 10);
}
[[nodiscard]] constexpr char upper_hex_digit(unsigned value) {
    return static_cast<char>(value < 10 ? '0' + value : 'A' + value - 10);
}

/// Two lower-case hexadecimal digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace scanner::core
