#include "scanner/core/url.hpp"

#include "core/utf8.hpp"

#include "scanner/core/hex.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>

namespace scanner::core {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kMaxSocketPathBytes = 107;  // sockaddr_un's

std::optional<unsigned> hex_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
    return std::nullopt;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::unexpected<Error> invalid(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

/// Cuts the front of `text` up to `stop` (any of its characters) and leaves the rest, `stop` included.
std::string_view take_until(std::string_view& text, std::string_view stop) {
    const std::string_view front = text.substr(0, text.find_first_of(stop));
    text.remove_prefix(front.size());
    return front;
}

Result<void> read_user(std::string_view user_info, Url& url) {
    const std::size_t colon = user_info.find(':');
    const auto user = percent_decode(user_info.substr(0, colon));
    const auto password =
        percent_decode(colon == std::string_view::npos ? std::string_view() : user_info.substr(colon + 1));
    if (!user || !password) return invalid("a '%' before '@' that does not begin a %XX sequence");
    url.user = *user;
    url.password = *password;
    return {};
}

Result<void> read_host(std::string_view text, Url& url) {
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return invalid("'[' without ']' around an IPv6 address");
        url.host = lower_case(text.substr(1, end - 1));
        in6_addr address{};
        if (inet_pton(AF_INET6, url.host.c_str(), &address) != 1) return invalid("no IPv6 address between '[' and ']'");
        port = text.substr(end + 1);
        if (!port.empty() && !port.starts_with(':')) return invalid("text after ']' that is not a port");
    } else {
        const std::size_t colon = text.find(':');
        url.host = lower_case(text.substr(0, colon));
        if (colon != std::string_view::npos) port = text.substr(colon);
        const bool valid = !url.host.empty() && std::ranges::all_of(url.host, [](char c) {
            return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
        });
        if (!valid) return invalid(url.host.empty() ? "no host" : "a host name with characters that it cannot have");
    }
    if (port.empty()) return {};
    const auto number = parse_int(port.substr(1));
    if (!number || *number < 1 || *number > 65535 ||
        !std::ranges::all_of(port.substr(1), [](char c) { return is_alphanumeric(c); })) {
        return invalid("a port that is not a number from 1 to 65535");
    }
    url.port = static_cast<std::uint16_t>(*number);
    return {};
}

Result<int> redis_database(std::string_view text) {
    const auto database = parse_int(text);
    if (!database || *database < 0 || *database > 9999)
        return invalid("a database that is not a number from 0 to 9999");
    return static_cast<int>(*database);
}

Result<void> check_redis_user(const RedisUrl& url) {
    if (url.user.empty() || !url.password.empty()) return {};
    return invalid("a user without a password (a password alone is written redis://:password@host)");
}

/// What follows "unix://": [user:password@]/path[?db=0]
Result<RedisUrl> parse_redis_socket(std::string_view text) {
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
        return invalid("a space or control character");
    }
    RedisUrl redis;
    std::string_view query;
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
        query = text.substr(mark + 1);
        text = text.substr(0, mark);
    }
    if (!text.starts_with('/')) {
        const std::size_t at = text.find('@');
        Url url;
        if (at == std::string_view::npos) return invalid("no absolute path of a socket, as in unix:///run/redis.sock");
        if (auto user = read_user(text.substr(0, at), url); !user) return std::unexpected(user.error());
        redis.user = url.user;
        redis.password = url.password;
        text.remove_prefix(at + 1);
    }
    if (auto user = check_redis_user(redis); !user) return std::unexpected(user.error());
    const auto path = percent_decode(text);
    if (!path || !path->starts_with('/') || path->size() < 2 || path->find('\0') != std::string::npos)
        return invalid("no absolute path of a socket, as in unix:///run/redis.sock");
    if (path->size() > kMaxSocketPathBytes) return invalid("a socket's path of more than 107 bytes");
    redis.socket_path = *path;
    if (query.empty()) return redis;
    if (!query.starts_with("db=")) return invalid("a query other than ?db=number");
    const auto database = redis_database(query.substr(3));
    if (!database) return std::unexpected(database.error());
    redis.database = *database;
    return redis;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_value(text[i + 1]);
        const auto low = hex_value(text[i + 2]);
        if (!high || !low) return std::nullopt;
        result += static_cast<char>(*high * 16U + *low);
        i += 2;
    }
    return result;
}

std::string percent_encode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            result += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        result += '%';
        result += upper_hex_digit(byte >> 4U);
        result += upper_hex_digit(byte & 15U);
    }
    return result;
}

bool is_valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

Result<Url> parse_url(std::string_view text) {
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
        return invalid("a space or control character");
    }
    Url url;
    const std::size_t colon = text.find("://");
    const std::string_view scheme = text.substr(0, colon);
    const bool scheme_is_valid =
        colon != std::string_view::npos && !scheme.empty() &&
        std::isalpha(static_cast<unsigned char>(scheme[0])) != 0 &&
        std::ranges::all_of(scheme, [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
    if (!scheme_is_valid) return invalid("no scheme such as https:// in front");
    url.scheme = lower_case(scheme);
    text.remove_prefix(colon + 3);
    std::string_view authority = take_until(text, "/?#");
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        if (auto user = read_user(authority.substr(0, at), url); !user) return std::unexpected(user.error());
        authority.remove_prefix(at + 1);
    }
    if (auto host = read_host(authority, url); !host) return std::unexpected(host.error());
    url.path = take_until(text, "?#");
    if (text.starts_with('?')) url.query = take_until(text, "#").substr(1);
    if (text.starts_with('#')) url.fragment = text.substr(1);
    return url;
}

std::string mask_url(std::string_view url, bool hide_path) {
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos) return std::string(url.empty() ? url : kHidden);
    std::string result(url.substr(0, colon + 3));
    std::string_view rest = url.substr(colon + 3);
    // The last '@' of all, not the one within the authority: a password with a stray '/' or '?' stays hidden too.
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        const std::size_t password = rest.substr(0, at).find(':');
        if (password != std::string_view::npos) result += std::string(rest.substr(0, password)) + ":";
        result += std::string(kHidden) + "@";
        rest.remove_prefix(at + 1);
    }
    const std::string_view authority = take_until(rest, "/?#");
    result += authority;
    if (hide_path) return rest.size() > 1 ? result + "/" + std::string(kHidden) : result;
    result += take_until(rest, "?");
    // libpq takes passwords in the query as well, under names that may be escaped; what else may be there is not worth
    // the risk.
    const auto query = percent_decode(rest);
    const bool harmless = query && lower_case(*query).find("password") == std::string::npos;
    if (!rest.empty()) result += harmless ? std::string(rest) : "?" + std::string(kHidden);
    return result;
}

bool is_loopback_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (lower_case(host) == "localhost") return true;
    const std::string text(host);
    in_addr v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127U;
    in6_addr v6{};
    return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<RedisUrl> parse_redis_url(std::string_view text) {
    for (const std::string_view scheme : {"unix://", "redis+unix://", "redis+socket://"}) {
        if (equal_ignoring_case(text.substr(0, scheme.size()), scheme))
            return parse_redis_socket(text.substr(scheme.size()));
    }
    auto url = parse_url(text);
    if (!url) return std::unexpected(url.error());
    if (url->scheme != "redis" && url->scheme != "rediss")
        return invalid("the scheme " + url->scheme + "://, not redis://, rediss:// (TLS) or unix://");
    if (!url->query.empty() || !url->fragment.empty()) return invalid("a query or fragment, which has no meaning here");
    RedisUrl redis{.host = url->host, .user = url->user, .password = url->password, .tls = url->scheme == "rediss"};
    if (auto user = check_redis_user(redis); !user) return std::unexpected(user.error());
    redis.port = url->port.value_or(redis.port);
    std::string_view path = url->path;
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty()) return redis;
    const auto database = redis_database(path);
    if (!database) return std::unexpected(database.error());
    redis.database = *database;
    return redis;
}

std::string redis_url_text(const RedisUrl& url) {
    std::string user;
    if (!url.password.empty()) user = percent_encode(url.user) + ":" + percent_encode(url.password) + "@";
    if (!url.socket_path.empty()) {
        std::string path;
        for (const char c : url.socket_path) path += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
        return "unix://" + user + path + (url.database == 0 ? "" : "?db=" + std::to_string(url.database));
    }
    const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
    return (url.tls ? "rediss://" : "redis://") + user + host + ":" + std::to_string(url.port) + "/" +
           std::to_string(url.database);
}

Result<std::string> parse_postgres_url(std::string_view text) {
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
        return invalid("a space or control character");
    }
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return invalid("no postgresql:// in front");
    std::string scheme = lower_case(text.substr(0, colon));
    // SQLAlchemy names its driver after a plus: postgresql+psycopg, postgresql+asyncpg.
    scheme.resize(std::min(scheme.find('+'), scheme.size()));
    if (scheme != "postgresql" && scheme != "postgres")
        return invalid("the scheme " + scheme + "://, not postgresql://");
    const std::string_view rest = text.substr(colon + 3);
    const std::string_view before_query = rest.substr(0, rest.find('?'));
    const std::size_t slash = before_query.rfind('/');
    const bool names_database = slash != std::string_view::npos && slash + 1 < before_query.size();
    if (!names_database && rest.find("dbname=") == std::string_view::npos)
        return invalid("no database name after the host");
    return "postgresql://" + std::string(rest);
}

}  // namespace scanner::core
