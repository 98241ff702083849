#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace scanner::core {

/// The bytes (1..4) of the well-formed UTF-8 character at the front of `text`; 0 when there is none.
[[nodiscard]] constexpr std::size_t utf8_sequence_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const auto continues = [&](std::size_t index) { return index < text.size() && (byte(index) & 0xC0U) == 0x80U; };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;  // a continuation, or an overlong two-byte form
    if (lead < 0xE0) return continues(1) ? 2 : 0;
    if (lead < 0xF0) {
        if (!continues(1) || !continues(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
        if (lead == 0xED && byte(1) >= 0xA0) return 0;  // surrogates
        return 3;
    }
    if (lead > 0xF4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;   // overlong
    if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // above U+10FFFF
    return 4;
}

/// The code point of the well-formed character that `bytes` (1 to 4 of them) is.
[[nodiscard]] constexpr std::uint32_t utf8_code_point(std::string_view bytes) noexcept {
    constexpr std::array<std::uint32_t, 5> kLeadMask{0, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t point = static_cast<unsigned char>(bytes[0]) & kLeadMask[bytes.size()];
    for (const char c : bytes.substr(1)) point = (point << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    return point;
}

/// U+FFFD, for what is not UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

}  // namespace scanner::core
