#include "core/characters.hpp"

#include "scanner/core/hex.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace scanner::core {
namespace {

struct Range {
    std::uint32_t first, last;
};

constexpr auto kActing = std::to_array<Range>({
    {0x00, 0x1F},
    {0x7F, 0x9F},
    {0x061C, 0x061C},    // Arabic letter mark
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200F},    // zero width, direction marks
    {0x2028, 0x202E},    // line separators, embeddings and overrides of direction
    {0x2060, 0x206F},    // word joiner, isolates of direction, deprecated format characters
    {0xD800, 0xDFFF},    // surrogates: never in well-formed text
    {0xFDD0, 0xFDEF},    // noncharacters
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF0, 0xFFFC},    // interlinear annotation; U+FFFD stands for what could not be read
    {0xFFFE, 0xFFFF},    //
    {0x1BCA0, 0x1BCA3},  // shorthand format controls
    {0x1D173, 0x1D17A},  // musical format controls
    {0xE0000, 0xE0FFF},  // tags, variation selectors
});

constexpr auto kBlank = std::to_array<Range>({
    {0xA0, 0xA0},         // no-break space
    {0xAD, 0xAD},         // soft hyphen
    {0x034F, 0x034F},     // grapheme joiner
    {0x115F, 0x1160},     // Hangul fillers
    {0x1680, 0x1680},     // Ogham space
    {0x17B4, 0x17B5},     // Khmer inherent vowels
    {0x180B, 0x180F},     // Mongolian variation selectors
    {0x2000, 0x200A},     // spaces of other widths
    {0x202F, 0x202F},     //
    {0x205F, 0x205F},     //
    {0x2800, 0x2800},     // empty Braille cell
    {0x3000, 0x3000},     // ideographic space
    {0x3164, 0x3164},     // Hangul filler
    {0xE000, 0xF8FF},     // private use
    {0xFE00, 0xFE0F},     // variation selectors
    {0xFFA0, 0xFFA0},     // halfwidth Hangul filler
    {0xFFFD, 0xFFFD},     // the replacement character
    {0xF0000, 0x10FFFF},  // private use
});

bool is_in(std::span<const Range> ranges, std::uint32_t point) noexcept {
    return std::ranges::any_of(ranges, [point](Range range) { return point >= range.first && point <= range.last; });
}

/// The last two code points of a plane are noncharacters.
bool ends_a_plane(std::uint32_t point) noexcept {
    return (point & 0xFFFEU) == 0xFFFEU;
}

void append_unit(std::string& out, std::uint32_t unit) {
    out += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) out += hex_digit((unit >> shift) & 15U);
}

}  // namespace

bool is_acting_character(std::uint32_t point) noexcept {
    return is_in(kActing, point) || ends_a_plane(point);
}

bool is_invisible_character(std::uint32_t point) noexcept {
    return is_acting_character(point) || is_in(kBlank, point);
}

void append_json_escape(std::string& out, std::uint32_t point) {
    if (point <= 0xFFFF) return append_unit(out, point);
    append_unit(out, 0xD800U + ((point - 0x10000U) >> 10U));
    append_unit(out, 0xDC00U + ((point - 0x10000U) & 0x3FFU));
}

}  // namespace scanner::core
