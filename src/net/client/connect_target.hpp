#pragma once

#include "scanner/core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where a WebSocket connection leads and by which way, and what is said to a proxy in between. Pure but for the
/// environment's proxy variables.
namespace scanner::net {

struct ProxyTarget {
    std::string host;
    std::uint16_t port = 0;
    std::string credentials;  ///< "user:password"; empty: none
};

struct ConnectTarget {
    bool tls = false;
    std::string host;
    std::uint16_t port = 0;
    std::string host_header;  ///< with the port where it is not the scheme's own
    std::string path;         ///< with query, at least "/"
    std::string label;        ///< scheme, host and port, for messages
    std::optional<ProxyTarget> proxy;
};

/// `proxy`: nothing lets the environment's variables choose, empty means none. invalid_input for a URL that is not
/// ws:// or wss:// or has user information, and for a proxy other than http://.
[[nodiscard]] core::Result<ConnectTarget> connect_target(const std::string& url,
                                                         const std::optional<std::string>& proxy);

/// The request that asks the proxy for a tunnel (RFC 9110, 9.3.6).
[[nodiscard]] std::string connect_request(const ConnectTarget& target, std::string_view user_agent);
/// Whether the proxy's answer, its head and whatever followed, is a 2xx with nothing behind it: http_status or
/// malformed when not.
[[nodiscard]] core::Result<void> read_connect_answer(std::string_view answer);

}  // namespace scanner::net
