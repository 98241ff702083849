#pragma once

#include <string_view>

namespace scanner::core {

/// The product's version; a test keeps it equal to the one in CMakeLists.txt.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace scanner::core
