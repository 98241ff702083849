#pragma once

#include "scanner/core/text.hpp"
#include "scanner/settings/settings_values.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The kinds of setting there are: how each is read, checked, printed, compared and described. The table of settings
/// picks from these.
namespace scanner::settings {

/// What is wrong with a text: nothing; or a complaint, which may be empty when the description of the type says it all.
using Complaint = std::optional<std::string>;

struct SettingType {
    std::string expected;         ///< type and range, for people
    bool is_switch = false;       ///< true or false
    bool empty_is_value = false;  ///< an empty text means "none"; otherwise it means "not given"
    std::function<Complaint(Settings&, std::string_view)> parse;
    std::function<std::string(const Settings&)> print;
    std::function<std::string(std::string_view)> mask;  ///< set for secrets: what may be shown of a text
    std::function<bool(const Settings&, const Settings&)> same;
    std::function<void(Settings& to, const Settings& from)> copy;
};

template <class T>
struct Choice {
    std::string_view text;
    T value;
};

[[nodiscard]] SettingType switch_setting(bool Settings::* member);
[[nodiscard]] SettingType whole_number(int Settings::* member, std::int64_t minimum, std::int64_t maximum);
[[nodiscard]] SettingType port_number(std::uint16_t Settings::* member);
[[nodiscard]] SettingType number(double Settings::* member, double minimum, double maximum, std::string_view unit);
/// Seconds with up to three decimals.
[[nodiscard]] SettingType seconds(std::chrono::milliseconds Settings::* member, double minimum, double maximum);
[[nodiscard]] SettingType days(std::chrono::days Settings::* member, int minimum, int maximum);
[[nodiscard]] SettingType text(std::string Settings::* member, std::string expected);
[[nodiscard]] SettingType optional_text(std::optional<std::string> Settings::* member, std::string expected);
/// Up to 64 letters, digits and characters of ".:_-/", or nothing.
[[nodiscard]] SettingType name_part(std::string Settings::* member);
/// Visible ASCII without spaces, never shown.
[[nodiscard]] SettingType secret_text(std::optional<std::string> Settings::* member, std::string expected);
[[nodiscard]] SettingType listen_address(std::string Settings::* member);
/// http:// or https:// with a host; kept without a trailing slash.
[[nodiscard]] SettingType base_url(std::string Settings::* member);
/// ws:// or wss:// with a host and no path; or none.
[[nodiscard]] SettingType socket_url(std::optional<std::string> Settings::* member);
/// Whole milliseconds.
[[nodiscard]] SettingType whole_milliseconds(std::chrono::milliseconds Settings::* member, std::int64_t minimum,
                                             std::int64_t maximum);
/// http:// or https:// with path and query, of which nothing is shown; or none.
[[nodiscard]] SettingType webhook_url(std::optional<std::string> Settings::* member);
/// "/scanner", "/tools/scanner"; kept without a trailing slash, "/" alone means none.
[[nodiscard]] SettingType url_path(std::string Settings::* member);
[[nodiscard]] SettingType redis_url(std::optional<core::RedisUrl> Settings::* member);
[[nodiscard]] SettingType postgres_url(std::optional<std::string> Settings::* member);
[[nodiscard]] SettingType symbol_list(std::vector<std::string> Settings::* member);
[[nodiscard]] SettingType origin_list(std::vector<std::string> Settings::* member);
/// Names of hosts, or addresses, without ports.
[[nodiscard]] SettingType host_list(std::vector<std::string> Settings::* member);
[[nodiscard]] SettingType address_list(std::vector<core::AddressRange> Settings::* member);

/// One of a few words, in any case; "a, b or c" for people.
[[nodiscard]] std::string one_of(const std::vector<std::string_view>& words);

/// What every type shares: comparing and copying the member.
template <class T>
[[nodiscard]] SettingType setting_of(T Settings::* member, std::string expected) {
    SettingType type;
    type.expected = std::move(expected);
    type.same = [member](const Settings& left, const Settings& right) { return left.*member == right.*member; };
    type.copy = [member](Settings& to, const Settings& from) { to.*member = from.*member; };
    return type;
}

template <class T>
[[nodiscard]] SettingType choice(T Settings::* member, const std::vector<Choice<T>>& choices) {
    std::vector<std::string_view> words;
    words.reserve(choices.size());
    for (const auto& each : choices) words.push_back(each.text);
    SettingType type = setting_of(member, one_of(words));
    type.parse = [member, choices](Settings& settings, std::string_view given) -> Complaint {
        for (const auto& each : choices) {
            if (!core::equal_ignoring_case(given, each.text)) continue;
            settings.*member = each.value;
            return std::nullopt;
        }
        return "";
    };
    type.print = [member, choices](const Settings& settings) {
        for (const auto& each : choices) {
            if (settings.*member == each.value) return std::string(each.text);
        }
        return std::string();
    };
    return type;
}

/// The elements of a JSON array of strings or of a comma-separated list, trimmed, empty ones left out; nothing when it
/// begins like a JSON array and is not one.
[[nodiscard]] std::optional<std::vector<std::string>> split_list(std::string_view text);
[[nodiscard]] std::string join_list(const std::vector<std::string>& elements);

}  // namespace scanner::settings
