#pragma once

#include <optional>
#include <string>
#include <string_view>

/// States of detectors are mostly arrays that are filled slowly: packed they are a fraction. Pure.
namespace scanner::storage {

/// 4 bytes of length, then what zlib makes of it; empty for nothing.
[[nodiscard]] std::string pack_state(std::string_view bytes);
/// Nothing for what pack_state did not make; never more than a state can have.
[[nodiscard]] std::optional<std::string> unpack_state(std::string_view packed);

}  // namespace scanner::storage
