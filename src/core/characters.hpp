#pragma once

#include <cstdint>
#include <string>

/// Kinds of characters beyond what a reader sees. Pure.
namespace scanner::core {

/// Characters that act on what shows them: C0 and C1 controls, DEL, marks and overrides of writing direction, line
/// separators, zero-width characters, tags, noncharacters.
[[nodiscard]] bool is_acting_character(std::uint32_t point) noexcept;

/// The above, and those that look like nothing or like a space, or like something else to each reader: other blanks
/// than U+0020, fillers, variation selectors, private use. They have no place in a name.
[[nodiscard]] bool is_invisible_character(std::uint32_t point) noexcept;

/// Appends it as JSON spells it: "\u009b", beyond U+FFFF as a surrogate pair.
void append_json_escape(std::string& out, std::uint32_t point);

}  // namespace scanner::core
