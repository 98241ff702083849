#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace scanner::net {

/// Whom a request is for, as libcurl reads its URL: what looks like another host to one parser than to the next is
/// judged as the one that will be connected to.
struct RequestTarget {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< decoded, numbers as dotted quads, without the brackets of an IPv6 address
    std::uint16_t port = 0;
};
/// Nothing when curl would not take the URL either.
[[nodiscard]] std::optional<RequestTarget> request_target(const std::string& url);

/// A variable of the environment; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] std::optional<std::string> process_environment(const char* name);

/// The proxy that http_proxy, https_proxy, all_proxy and no_proxy choose for `target`, by curl's rules; empty: none.
[[nodiscard]] std::string proxy_for(const RequestTarget& target, const Environment& environment);

}  // namespace scanner::net
