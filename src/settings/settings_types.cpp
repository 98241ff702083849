#include "settings/settings_types.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cmath>

namespace scanner::settings {
namespace {

/// The shortest decimal form without an exponent: 20000000, not 2e+07.
std::string plain_number(double value) {
    std::array<char, 400> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return {text.data(), end.ptr};
}

constexpr double kBeyondSense = 1e12;

std::string range_text(double minimum, double maximum) {
    // Upper bounds that only catch nonsense are left out.
    if (maximum >= kBeyondSense) return "of at least " + plain_number(minimum);
    return "from " + plain_number(minimum) + " to " + plain_number(maximum);
}

bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// An http or https address, or what is wrong with it. `url` is set when it is one.
Complaint check_http_url(std::string_view given, core::Url& url) {
    auto parsed = core::parse_url(given);
    if (!parsed) return parsed.error().message();
    if (parsed->scheme != "http" && parsed->scheme != "https") return "the scheme is " + parsed->scheme + "://";
    url = std::move(*parsed);
    return std::nullopt;
}

/// RFC 3986's unreserved characters: the same text in every spelling of an address.
bool is_plain_in_path(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::string without_trailing_slash(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
}

/// The origin as a browser sends it, or nothing.
std::optional<std::string> parse_origin(const std::string& given) {
    if (given == "*") return given;
    core::Url url;
    if (check_http_url(given, url)) return std::nullopt;
    const bool bare = (url.path.empty() || url.path == "/") && url.query.empty() && url.fragment.empty() &&
                      url.user.empty() && url.password.empty();
    if (!bare) return std::nullopt;
    std::string origin =
        url.scheme + "://" + (url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]");
    const int standard_port = url.scheme == "https" ? 443 : 80;
    if (url.port && *url.port != standard_port) origin += ":" + std::to_string(*url.port);
    return origin;
}

}  // namespace

std::string one_of(const std::vector<std::string_view>& words) {
    std::string result;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) result += i + 1 == words.size() ? " or " : ", ";
        result += words[i];
    }
    return result;
}

SettingType switch_setting(bool Settings::* member) {
    SettingType type = setting_of(member, "true or false");
    type.is_switch = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        for (const std::string_view word : {"true", "1", "yes", "on"}) {
            if (core::equal_ignoring_case(given, word)) {
                settings.*member = true;
                return std::nullopt;
            }
        }
        for (const std::string_view word : {"false", "0", "no", "off"}) {
            if (core::equal_ignoring_case(given, word)) {
                settings.*member = false;
                return std::nullopt;
            }
        }
        return "";
    };
    type.print = [member](const Settings& settings) -> std::string { return settings.*member ? "true" : "false"; };
    return type;
}

namespace {

template <class T>
SettingType integer_setting(T Settings::* member, std::int64_t minimum, std::int64_t maximum, std::string_view what) {
    SettingType type =
        setting_of(member, std::string(what) + " from " + std::to_string(minimum) + " to " + std::to_string(maximum));
    type.parse = [member, minimum, maximum](Settings& settings, std::string_view given) -> Complaint {
        const auto value = core::parse_int(given);
        if (!value || *value < minimum || *value > maximum) return "";
        settings.*member = T(static_cast<int>(*value));
        return std::nullopt;
    };
    return type;
}

}  // namespace

SettingType whole_number(int Settings::* member, std::int64_t minimum, std::int64_t maximum) {
    SettingType type = integer_setting(member, minimum, maximum, "a whole number");
    type.print = [member](const Settings& settings) { return std::to_string(settings.*member); };
    return type;
}

SettingType port_number(std::uint16_t Settings::* member) {
    SettingType type = integer_setting(member, 0, 65535, "a port");
    type.expected += " (0: any free one)";
    type.print = [member](const Settings& settings) { return std::to_string(settings.*member); };
    return type;
}

SettingType days(std::chrono::days Settings::* member, int minimum, int maximum) {
    SettingType type = integer_setting(member, minimum, maximum, "days");
    type.print = [member](const Settings& settings) { return std::to_string((settings.*member).count()); };
    return type;
}

SettingType whole_milliseconds(std::chrono::milliseconds Settings::* member, std::int64_t minimum,
                               std::int64_t maximum) {
    SettingType type = integer_setting(member, minimum, maximum, "milliseconds");
    type.print = [member](const Settings& settings) { return std::to_string((settings.*member).count()); };
    return type;
}

SettingType number(double Settings::* member, double minimum, double maximum, std::string_view unit) {
    SettingType type = setting_of(member, "a number " + range_text(minimum, maximum));
    if (!unit.empty()) type.expected += " (" + std::string(unit) + ")";
    type.parse = [member, minimum, maximum](Settings& settings, std::string_view given) -> Complaint {
        const auto value = core::parse_double(given);
        if (!value || *value < minimum || *value > maximum) return "";
        settings.*member = *value + 0.0;  // + 0.0: no negative zero
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return plain_number(settings.*member); };
    return type;
}

SettingType seconds(std::chrono::milliseconds Settings::* member, double minimum, double maximum) {
    SettingType type = setting_of(member, "seconds " + range_text(minimum, maximum));
    type.parse = [member, minimum, maximum](Settings& settings, std::string_view given) -> Complaint {
        const auto value = core::parse_double(given);
        if (!value || *value < minimum || *value > maximum) return "";
        settings.*member = std::chrono::milliseconds(std::llround(*value * 1000.0));
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) {
        return plain_number(static_cast<double>((settings.*member).count()) / 1000.0);
    };
    return type;
}

SettingType name_part(std::string Settings::* member) {
    constexpr std::size_t kMaxBytes = 64;
    SettingType type = setting_of(member, "up to 64 letters, digits and characters of .:_-/");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const bool fits = std::ranges::all_of(given, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   std::string_view(".:_-/").find(c) != std::string_view::npos;
        });
        if (!fits || given.size() > kMaxBytes) return "";
        settings.*member = given;
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return settings.*member; };
    return type;
}

SettingType text(std::string Settings::* member, std::string expected) {
    SettingType type = setting_of(member, std::move(expected));
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.size() > 4096 || has_control_characters(given)) return "it is too long or has control characters";
        settings.*member = given;
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return settings.*member; };
    return type;
}

SettingType optional_text(std::optional<std::string> Settings::* member, std::string expected) {
    SettingType type = setting_of(member, std::move(expected));
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.size() > 4096 || has_control_characters(given)) return "it is too long or has control characters";
        settings.*member = given.empty() ? std::nullopt : std::optional<std::string>(given);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return (settings.*member).value_or(""); };
    return type;
}

SettingType secret_text(std::optional<std::string> Settings::* member, std::string expected) {
    SettingType type = optional_text(member, std::move(expected));
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.size() > 512) return "it is longer than 512 characters";
        if (!is_visible_ascii(given)) return "it has spaces or characters that are not visible ASCII";
        settings.*member = given.empty() ? std::nullopt : std::optional<std::string>(given);
        return std::nullopt;
    };
    type.mask = [](std::string_view value) { return std::string(value.empty() ? "" : "***"); };
    return type;
}

SettingType listen_address(std::string Settings::* member) {
    SettingType type = setting_of(member, "a numeric IPv4 or IPv6 address, or localhost");
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.starts_with('[') && given.ends_with(']')) given = given.substr(1, given.size() - 2);
        const std::string address = core::equal_ignoring_case(given, "localhost") ? "127.0.0.1" : std::string(given);
        std::array<unsigned char, sizeof(in6_addr)> binary{};
        const bool valid = inet_pton(AF_INET, address.c_str(), binary.data()) == 1 ||
                           inet_pton(AF_INET6, address.c_str(), binary.data()) == 1;
        if (!valid || address.size() != std::string_view(address.c_str()).size()) return "";
        settings.*member = address;
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return settings.*member; };
    return type;
}

SettingType base_url(std::string Settings::* member) {
    SettingType type = setting_of(member, "an http:// or https:// address");
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        core::Url url;
        if (auto complaint = check_http_url(given, url)) return complaint;
        if (!url.user.empty() || !url.password.empty()) return "it has a user or password";
        if (!url.query.empty() || !url.fragment.empty()) return "it has a query or fragment";
        settings.*member = without_trailing_slash(given);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return settings.*member; };
    // Nothing secret belongs here; a password written by mistake is still not repeated.
    type.mask = [](std::string_view value) { return core::mask_url(value); };
    return type;
}

SettingType socket_url(std::optional<std::string> Settings::* member) {
    SettingType type = optional_text(member, "a ws:// or wss:// address");
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.empty()) {
            settings.*member = std::nullopt;
            return std::nullopt;
        }
        const auto url = core::parse_url(given);
        if (!url) return url.error().message();
        if (url->scheme != "ws" && url->scheme != "wss") return "the scheme is " + url->scheme + "://";
        if (!url->user.empty() || !url->password.empty()) return "it has a user or password";
        if (url->path.size() > 1 || !url->query.empty() || !url->fragment.empty()) {
            return "it has a path, a query or a fragment";
        }
        settings.*member = without_trailing_slash(given);
        return std::nullopt;
    };
    type.mask = [](std::string_view value) { return core::mask_url(value); };
    return type;
}

SettingType webhook_url(std::optional<std::string> Settings::* member) {
    SettingType type = optional_text(member, "an http:// or https:// address");
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.empty()) {
            settings.*member = std::nullopt;
            return std::nullopt;
        }
        core::Url url;
        if (auto complaint = check_http_url(given, url)) return complaint;
        if (!url.fragment.empty()) return "it has a fragment";
        settings.*member = given;
        return std::nullopt;
    };
    type.mask = [](std::string_view value) { return core::mask_url(value, true); };
    return type;
}

SettingType url_path(std::string Settings::* member) {
    constexpr std::size_t kMaxBytes = 200;
    SettingType type = setting_of(member, "a path such as /scanner");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const std::string path = without_trailing_slash(given);
        if (path.size() > kMaxBytes) return "it is longer than " + std::to_string(kMaxBytes) + " bytes";
        if (!path.empty() && !path.starts_with('/')) return "it does not begin with /";
        std::string_view rest(path);
        while (!rest.empty()) {
            rest.remove_prefix(1);
            const std::string_view segment = rest.substr(0, rest.find('/'));
            rest.remove_prefix(segment.size());
            if (segment.empty() || segment == "." || segment == "..") return "it has an empty, '.' or '..' segment";
            if (!std::ranges::all_of(segment, is_plain_in_path)) {
                return "letters, digits, '-', '.', '_' and '~' alone may be between its slashes";
            }
        }
        settings.*member = path;
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return settings.*member; };
    return type;
}

SettingType redis_url(std::optional<core::RedisUrl> Settings::* member) {
    SettingType type = setting_of(member, "redis://[user:password@]host[:port][/db], rediss:// or unix:///path");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.empty()) {
            settings.*member = std::nullopt;
            return std::nullopt;
        }
        auto url = core::parse_redis_url(given);
        if (!url) return url.error().message();
        settings.*member = std::move(*url);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) {
        const auto& url = settings.*member;
        if (!url) return std::string();
        return redis_url_text(*url);
    };
    type.mask = [](std::string_view value) { return core::mask_url(value); };
    return type;
}

SettingType postgres_url(std::optional<std::string> Settings::* member) {
    SettingType type = optional_text(member, "postgresql://[user:password@]host[:port]/database");
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        if (given.empty()) {
            settings.*member = std::nullopt;
            return std::nullopt;
        }
        auto url = core::parse_postgres_url(given);
        if (!url) return url.error().message();
        settings.*member = std::move(*url);
        return std::nullopt;
    };
    type.mask = [](std::string_view value) { return core::mask_url(value); };
    return type;
}

SettingType symbol_list(std::vector<std::string> Settings::* member) {
    SettingType type = setting_of(member, "contracts as a JSON array or separated by commas, in any spelling");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const auto names = split_list(given);
        if (!names) return "not a valid JSON array of strings";
        std::vector<std::string> codes;
        for (const std::string& name : *names) {
            const auto code = core::parse_symbol(name);
            if (!code) return "\"" + name + "\" cannot be the name of a contract";
            if (std::ranges::find(codes, *code) == codes.end()) codes.push_back(*code);
        }
        settings.*member = std::move(codes);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return join_list(settings.*member); };
    return type;
}

SettingType origin_list(std::vector<std::string> Settings::* member) {
    SettingType type = setting_of(member, "origins such as https://panel.example.com, separated by commas, or *");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const auto names = split_list(given);
        if (!names) return "not a valid JSON array of strings";
        std::vector<std::string> origins;
        for (const std::string& name : *names) {
            const auto origin = parse_origin(name);
            if (!origin) return "\"" + name + "\" is not an origin: scheme, host and port only";
            if (std::ranges::find(origins, *origin) == origins.end()) origins.push_back(*origin);
        }
        if (origins.size() > 1 && std::ranges::find(origins, "*") != origins.end())
            return "* stands for all: name it alone";
        settings.*member = std::move(origins);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return join_list(settings.*member); };
    return type;
}

SettingType host_list(std::vector<std::string> Settings::* member) {
    SettingType type = setting_of(member, "names of hosts such as scanner.example.com, separated by commas");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const auto names = split_list(given);
        if (!names) return "not a valid JSON array of strings";
        std::vector<std::string> hosts;
        for (const std::string& name : *names) {
            const bool bare_address = name.contains(':') && core::parse_address(name);
            const std::string text = bare_address ? "[" + name + "]" : name;
            const auto authority = core::parse_authority(text);
            if (!authority) return "\"" + name + "\" is not a host";
            if (!authority->port.empty() || text.ends_with(':')) {
                return "\"" + name + "\" has a port: any will do, give the name alone";
            }
            std::string host = core::lower_case(authority->host);
            if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(std::move(host));
        }
        settings.*member = std::move(hosts);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) { return join_list(settings.*member); };
    return type;
}

SettingType address_list(std::vector<core::AddressRange> Settings::* member) {
    SettingType type = setting_of(member, "addresses and networks such as 10.0.0.0/8, separated by commas");
    type.empty_is_value = true;
    type.parse = [member](Settings& settings, std::string_view given) -> Complaint {
        const auto names = split_list(given);
        if (!names) return "not a valid JSON array of strings";
        std::vector<core::AddressRange> ranges;
        for (const std::string& name : *names) {
            const auto range = core::parse_address_range(name);
            if (!range) return "\"" + name + "\" is neither an address nor a network";
            if (name.ends_with("/0")) return "\"" + name + "\" is every address: each client could say who it is";
            if (std::ranges::find(ranges, *range) == ranges.end()) ranges.push_back(*range);
        }
        settings.*member = std::move(ranges);
        return std::nullopt;
    };
    type.print = [member](const Settings& settings) {
        std::vector<std::string> texts;
        for (const core::AddressRange& range : settings.*member) texts.push_back(to_string(range));
        return join_list(texts);
    };
    return type;
}

}  // namespace scanner::settings
