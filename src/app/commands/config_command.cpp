#include "app/commands/config_command.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/settings/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scanner::app {
namespace {

/// Characters, not bytes: contract names may be Chinese.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    const std::size_t used = columns(text);
    if (used < width) out.append(width - used, ' ');
    return out;
}

/// A cell of a Markdown table: '|' would end it.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string code(std::string_view text) {
    return text.empty() ? std::string("none") : fmt::format("`{}`", text);
}

}  // namespace

std::string settings_as_table(const settings::LoadedSettings& loaded) {
    std::size_t name_width = 0;
    std::size_t value_width = 0;
    for (const auto& info : settings::setting_infos()) {
        name_width = std::max(name_width, columns(info.name));
        value_width = std::max(value_width, columns(settings::setting_text(loaded.settings, info.name)));
    }
    value_width = std::min<std::size_t>(value_width, 60);
    std::string out;
    for (const auto& info : settings::setting_infos()) {
        const std::string value = settings::setting_text(loaded.settings, info.name);
        out +=
            fmt::format("{}  {}  {}\n", padded(info.name, name_width), padded(value.empty() ? "-" : value, value_width),
                        to_string(loaded.sources.find(info.name)->second));
    }
    for (const auto& warning : loaded.warnings) out += fmt::format("warning: {}\n", warning);
    return out;
}

std::string settings_as_json(const settings::LoadedSettings& loaded) {
    core::JsonWriter json(8192);
    const auto text_or_null = [](std::string text) {
        return text.empty() ? std::optional<std::string>() : std::optional(std::move(text));
    };
    json.begin_object().key("settings").begin_array();
    for (const auto& info : settings::setting_infos()) {
        json.begin_object()
            .field("name", info.name)
            .field("value", text_or_null(settings::setting_text(loaded.settings, info.name)))
            .field("source", to_string(loaded.sources.find(info.name)->second))
            .field("default", text_or_null(info.default_text))
            .end_object();
    }
    json.end_array().key("warnings").begin_array();
    for (const auto& warning : loaded.warnings) json.value(warning);
    json.end_array().end_object();
    return std::move(json).take() + "\n";
}

std::string settings_reference() {
    std::string out;
    std::string_view section;
    for (const auto& info : settings::setting_infos()) {
        if (info.section != section) {
            out +=
                fmt::format("\n### {}\n\n| setting | default | value | meaning |\n|---|---|---|---|\n", info.section);
            section = info.section;
        }
        std::string meaning(info.help);
        for (const auto alias : info.aliases) meaning += fmt::format(" `{}` works too.", alias);
        if (info.reloadable) meaning += " SIGHUP applies it.";
        out += fmt::format("| `{}` | {} | {} | {} |\n", info.name, code(info.default_text), cell(info.expected),
                           cell(meaning));
    }
    return out + "\n";
}

std::string env_example() {
    std::string out =
        "# Settings of market-scanner, with their defaults. Copy to .env and change what you need; the environment "
        "and\n"
        "# flags go before this file. Written by `market-scanner config --env-example`.\n";
    std::string_view section;
    for (const auto& info : settings::setting_infos()) {
        if (info.section != section) {
            out += fmt::format("\n# --- {} ---\n", info.section);
            section = info.section;
        }
        out += fmt::format("\n# {}\n# Expected: {}.\n#{}={}\n", info.help, info.expected, info.name, info.default_text);
    }
    return out;
}

}  // namespace scanner::app
