#include "settings/settings_types.hpp"

#include <algorithm>
#include <cstdint>

namespace scanner::settings {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0U | (point >> 6U));
        out += static_cast<char>(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0U | (point >> 12U));
        out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
        out += static_cast<char>(0x80U | (point & 0x3FU));
    } else {
        out += static_cast<char>(0xF0U | (point >> 18U));
        out += static_cast<char>(0x80U | ((point >> 12U) & 0x3FU));
        out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
        out += static_cast<char>(0x80U | (point & 0x3FU));
    }
}

/// Reads a JSON array of strings. This room knows no JSON library, and a list of names is all that it ever needs.
class StringArrayReader {
public:
    explicit StringArrayReader(std::string_view text) : rest_(text) {}

    std::optional<std::vector<std::string>> read() {
        std::vector<std::string> elements;
        if (!take('[')) return std::nullopt;
        if (take(']')) return at_end() ? std::optional(elements) : std::nullopt;
        do {
            auto element = string();
            if (!element) return std::nullopt;
            elements.push_back(std::move(*element));
        } while (take(','));
        if (!take(']') || !at_end()) return std::nullopt;
        return elements;
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(core::kWhitespace), rest_.size())); }
    bool take(char c) {
        skip_space();
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at_end() {
        skip_space();
        return rest_.empty();
    }

    std::optional<std::string> string() {
        if (!take('"')) return std::nullopt;
        std::string result;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return result;
            if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
            if (c != '\\') {
                result += c;
            } else if (!escape(result)) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    bool escape(std::string& out) {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == 'u') return unicode_escape(out);
        static constexpr std::string_view kNames = "\"\\/bfnrt";
        static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
        const std::size_t index = kNames.find(c);
        if (index == std::string_view::npos) return false;
        out += kValues[index];
        return true;
    }

    std::optional<std::uint32_t> four_hex_digits() {
        if (rest_.size() < 4) return std::nullopt;
        std::uint32_t value = 0;
        for (const char c : rest_.substr(0, 4)) {
            static constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
            const std::size_t digit = kDigits.find(c);
            if (digit == std::string_view::npos) return std::nullopt;
            value = value * 16 + static_cast<std::uint32_t>(digit > 15 ? digit - 6 : digit);
        }
        rest_.remove_prefix(4);
        return value;
    }

    bool unicode_escape(std::string& out) {
        const auto first = four_hex_digits();
        if (!first || (*first >= 0xDC00 && *first <= 0xDFFF)) return false;
        if (*first < 0xD800 || *first > 0xDBFF) {
            append_utf8(out, *first);
            return true;
        }
        if (!rest_.starts_with("\\u")) return false;
        rest_.remove_prefix(2);
        const auto second = four_hex_digits();
        if (!second || *second < 0xDC00 || *second > 0xDFFF) return false;
        append_utf8(out, 0x10000 + ((*first - 0xD800) << 10U) + (*second - 0xDC00));
        return true;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> split_list(std::string_view text) {
    text = core::trimmed(text, core::kWhitespace);
    std::vector<std::string> elements;
    if (text.starts_with('[')) {
        auto read = StringArrayReader(text).read();
        if (!read) return std::nullopt;
        elements = std::move(*read);
    } else {
        while (!text.empty()) {
            const std::size_t comma = text.find(',');
            elements.emplace_back(text.substr(0, comma));
            text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        }
    }
    std::vector<std::string> kept;
    for (const std::string& element : elements) {
        if (const std::string_view bare = core::trimmed(element, core::kWhitespace); !bare.empty())
            kept.emplace_back(bare);
    }
    return kept;
}

std::string join_list(const std::vector<std::string>& elements) {
    std::string result;
    for (const std::string& element : elements) {
        if (!result.empty()) result += ',';
        result += element;
    }
    return result;
}

}  // namespace scanner::settings
