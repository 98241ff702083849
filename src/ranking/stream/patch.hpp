#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// What differs between two texts of packed values, written and put in at the speed of memory: doubles that changed in
/// place, and levels or candles that came or went, after which the rest is found again. Pure; any thread.
namespace scanner::ranking {

/// Appends what makes `fresh` of `old`. As many bytes as `fresh` and a few when they have nothing in common.
void write_patch(std::string& out, std::string_view old, std::string_view fresh);

/// Reads one patch off the front of `patches`: what it makes of `old`, exactly `size` bytes; nothing when it is not a
/// sound one. Hostile until read.
[[nodiscard]] std::optional<std::string> read_patch(std::string_view& patches, std::string_view old, std::size_t size);

}  // namespace scanner::ranking
