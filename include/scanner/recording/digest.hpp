#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::recording {

/// XXH64 with seed 0.
[[nodiscard]] std::uint64_t content_hash(std::string_view bytes);
/// Sixteen hexadecimal digits.
[[nodiscard]] std::string hash_text(std::uint64_t hash);

}  // namespace scanner::recording
