#include "settings/settings_types.hpp"

#include <nlohmann/json.hpp>

namespace scanner::settings {
namespace {

/// The elements of a JSON array of strings; nothing for anything else.
std::optional<std::vector<std::string>> read_string_array(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array()) return std::nullopt;
    std::vector<std::string> elements;
    for (const auto& element : json) {
        if (!element.is_string()) return std::nullopt;
        elements.push_back(element.get<std::string>());
    }
    return elements;
}

}  // namespace

std::optional<std::vector<std::string>> split_list(std::string_view text) {
    text = core::trimmed(text, core::kWhitespace);
    std::vector<std::string> elements;
    if (text.starts_with('[')) {
        auto read = read_string_array(text);
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
