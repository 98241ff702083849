#include "storage/history/cursor.hpp"

#include "scanner/core/url.hpp"

#include <algorithm>
#include <utility>

namespace scanner::storage {

std::string make_cursor(std::string_view kind, const std::vector<std::string>& parts) {
    std::string cursor(kind);
    // '.' separates and '~' escapes, so that nothing in it needs escaping once more in a URL.
    for (const std::string& part : parts) {
        cursor += '.';
        for (const char c : core::percent_encode(part)) {
            if (c == '%') {
                cursor += '~';
            } else if (c == '.') {
                cursor += "~2E";
            } else if (c == '~') {
                cursor += "~7E";
            } else {
                cursor += c;
            }
        }
    }
    return cursor;
}

std::optional<std::vector<std::string>> read_cursor(std::string_view kind, std::string_view cursor, std::size_t count) {
    if (cursor.size() > 1'024 || !cursor.starts_with(kind)) return std::nullopt;
    cursor.remove_prefix(kind.size());
    std::vector<std::string> parts;
    while (cursor.starts_with('.')) {
        cursor.remove_prefix(1);
        const std::size_t end = std::min(cursor.find('.'), cursor.size());
        std::string encoded(cursor.substr(0, end));
        for (char& c : encoded) {
            if (c == '~') c = '%';
        }
        auto part = core::percent_decode(encoded);
        if (!part || part->find('\0') != std::string::npos || !core::is_valid_utf8(*part)) return std::nullopt;
        parts.push_back(std::move(*part));
        cursor.remove_prefix(end);
    }
    if (!cursor.empty() || parts.size() != count) return std::nullopt;
    return parts;
}

}  // namespace scanner::storage
