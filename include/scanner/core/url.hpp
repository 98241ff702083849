#pragma once

#include "scanner/core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::core {

/// The text with %XX read as bytes; nothing when a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Everything but RFC 3986's unreserved characters as %XX: safe in a path segment and in a query.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// An absolute URL with an authority, taken apart. User and password are percent-decoded, the rest is as written.
struct Url {
    std::string scheme;  ///< lower case
    std::string user;
    std::string password;
    std::string host;  ///< lower case, without the brackets of an IPv6 address
    std::optional<std::uint16_t> port;
    std::string path;   ///< with its leading '/', or empty
    std::string query;  ///< without '?'
    std::string fragment;
};

/// invalid_input with what is wrong, in words for the person who wrote it.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// `url` as it may be shown: password replaced by "***"; with `hide_path` (webhooks keep their secret there) the path
/// and query as well. Text that is no URL is hidden altogether.
[[nodiscard]] std::string mask_url(std::string_view url, bool hide_path = false);

/// True for localhost, 127.0.0.0/8 and ::1, as an address to listen on.
[[nodiscard]] bool is_loopback_host(std::string_view host);

/// redis://[user:password@]host[:port][/db], rediss:// for TLS, or unix://[user:password@]/path/of/socket[?db=0].
struct RedisUrl {
    std::string host;  ///< empty with a socket
    std::uint16_t port = 6379;
    std::string user;         ///< empty: the default user
    std::string password;     ///< empty: no AUTH
    int database = 0;         ///< 0..9999
    bool tls = false;         ///< the server's certificate must be for `host`
    std::string socket_path;  ///< of a Unix socket, absolute; empty: TCP

    friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};
/// "redis+unix://" and "redis+socket://" are understood for "unix://".
[[nodiscard]] Result<RedisUrl> parse_redis_url(std::string_view text);
/// The same as text that parse_redis_url reads, password included.
[[nodiscard]] std::string redis_url_text(const RedisUrl& url);

/// A connection string for libpq: SQLAlchemy's "postgresql+psycopg://" and the short "postgres://" become
/// "postgresql://". Fails when it is not one of these or names no database.
[[nodiscard]] Result<std::string> parse_postgres_url(std::string_view text);

}  // namespace scanner::core
