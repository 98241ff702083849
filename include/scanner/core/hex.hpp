#pragma once

#include <string>
#include <string_view>

namespace scanner::core {

/// Two lower-case hexadecimal digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace scanner::core
