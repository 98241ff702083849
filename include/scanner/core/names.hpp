#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Valid names, and safe display of text from outside. Pure.
namespace scanner::core {

/// Of the names of watchlists, rules and profiles, and of contract codes.
inline constexpr std::size_t kMaxNameBytes = 64;

/// What is wrong with `name` as an operator's name for something, as the end of a sentence; nothing when it is fine: 1
/// to 64 bytes of UTF-8 without slashes, backslashes, outer spaces, and characters that cannot be seen or that change
/// how their neighbours are shown.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view name);

/// The part of it that holds for names of every kind: 1 to 64 bytes of UTF-8, all of whose characters can be seen.
[[nodiscard]] std::optional<std::string> text_fault(std::string_view name);

/// True for UTF-8 without characters that act on a terminal or a page instead of being shown: C0 and C1 controls but
/// tab and line feed, marks and overrides of writing direction, line separators, zero-width characters, tags.
[[nodiscard]] bool is_visible_text(std::string_view text) noexcept;
/// `text` with each of those spelled out ("\u009b"), and U+FFFD for what is not UTF-8: for text from outside on its way
/// to a log, a page or a terminal.
[[nodiscard]] std::string visible_text(std::string_view text);

}  // namespace scanner::core
