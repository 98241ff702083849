#include "scanner/core/names.hpp"

#include "core/characters.hpp"
#include "core/utf8.hpp"

#include "scanner/core/hex.hpp"
#include "scanner/core/url.hpp"

#include <cstdint>

namespace scanner::core {
namespace {

/// The first character of UTF-8 text that cannot be seen.
std::optional<std::uint32_t> first_invisible(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence_length(text);
        const std::uint32_t point = utf8_code_point(text.substr(0, length));
        if (is_invisible_character(point)) return point;
        text.remove_prefix(length);
    }
    return std::nullopt;
}

/// "U+202E".
std::string code_point_name(std::uint32_t point) {
    std::string digits;
    for (; point != 0 || digits.size() < 4; point >>= 4U) digits.insert(digits.begin(), upper_hex_digit(point & 15U));
    return "U+" + digits;
}

/// The bytes (0 when it is not UTF-8) and code point of the character at the front.
struct Front {
    std::size_t bytes = 0;
    std::uint32_t point = 0;
};
Front front_of(std::string_view text) {
    const std::size_t bytes = utf8_sequence_length(text);
    return {bytes, bytes == 0 ? 0 : utf8_code_point(text.substr(0, bytes))};
}

bool is_shown(Front front) {
    return front.bytes > 0 && (!is_acting_character(front.point) || front.point == '\n' || front.point == '\t');
}

}  // namespace

std::optional<std::string> text_fault(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes) {
        return "must have 1 to " + std::to_string(kMaxNameBytes) + " bytes";
    }
    if (!is_valid_utf8(name)) return "must be UTF-8";
    if (const auto point = first_invisible(name)) {
        return "must not hold control characters or others that cannot be seen (" + code_point_name(*point) + ")";
    }
    return std::nullopt;
}

std::optional<std::string> name_fault(std::string_view name) {
    if (auto fault = text_fault(name)) return fault;
    if (name.find_first_of("/\\") != std::string_view::npos) return "must not hold slashes or backslashes";
    if (name.front() == ' ' || name.back() == ' ') return "must not begin or end with a space";
    if (name == "." || name == "..") return "must not be '.' or '..'";
    return std::nullopt;
}

bool is_visible_text(std::string_view text) noexcept {
    while (!text.empty()) {
        const Front front = front_of(text);
        if (!is_shown(front)) return false;
        text.remove_prefix(front.bytes);
    }
    return true;
}

std::string visible_text(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const Front front = front_of(text);
        if (front.bytes == 0) {
            shown += kReplacementCharacter;
            text.remove_prefix(1);
            continue;
        }
        if (is_shown(front)) {
            shown += text.substr(0, front.bytes);
        } else {
            append_json_escape(shown, front.point);
        }
        text.remove_prefix(front.bytes);
    }
    return shown;
}

}  // namespace scanner::core
