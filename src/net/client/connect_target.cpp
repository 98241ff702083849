#include "net/client/connect_target.hpp"

#include "net/client/proxy_choice.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/url.hpp"

#include <fmt/format.h>

#include <openssl/evp.h>
#include <utility>

namespace scanner::net {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

constexpr std::uint16_t kProxyPort = 1080;  // curl's default

std::string bracketed(const std::string& host) {
    return host.contains(':') ? "[" + host + "]" : host;
}

std::string base64(std::string_view text) {
    std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');  // and its terminator
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    encoded.resize(static_cast<std::size_t>(length));
    return encoded;
}

Result<ProxyTarget> parse_proxy(const std::string& text) {
    const auto url = core::parse_url(text.contains("://") ? text : "http://" + text);
    // Never with the text itself: it may hold a password.
    if (!url || url->host.empty()) return fail(ErrorCode::invalid_input, "the proxy for WebSockets is no URL");
    if (url->scheme != "http") {
        return fail(ErrorCode::invalid_input,
                    fmt::format("the proxy for WebSockets must be an http:// one, not {}://", url->scheme));
    }
    ProxyTarget proxy{.host = url->host, .port = url->port.value_or(kProxyPort)};
    if (!url->user.empty() || !url->password.empty()) proxy.credentials = url->user + ":" + url->password;
    return proxy;
}

}  // namespace

Result<ConnectTarget> connect_target(const std::string& url, const std::optional<std::string>& proxy) {
    const auto parsed = core::parse_url(url);
    if (!parsed || (parsed->scheme != "ws" && parsed->scheme != "wss") || parsed->host.empty() ||
        !parsed->user.empty() || !parsed->password.empty()) {
        return fail(ErrorCode::invalid_input, "not a ws:// or wss:// URL without user information");
    }
    ConnectTarget target{.tls = parsed->scheme == "wss", .host = parsed->host};
    const std::uint16_t usual = target.tls ? 443 : 80;
    target.port = parsed->port.value_or(usual);
    target.host_header = bracketed(target.host);
    if (target.port != usual) target.host_header += fmt::format(":{}", target.port);
    target.path = parsed->path.empty() ? "/" : parsed->path;
    if (!parsed->query.empty()) target.path += "?" + parsed->query;
    target.label = fmt::format("{}://{}", parsed->scheme, target.host_header);
    const RequestTarget as_http{.scheme = target.tls ? "https" : "http", .host = target.host, .port = target.port};
    const std::string chosen = proxy ? *proxy : proxy_for(as_http, process_environment);
    if (!chosen.empty()) {
        auto read = parse_proxy(chosen);
        if (!read) return std::unexpected(read.error().within(target.label));
        target.proxy = std::move(*read);
    }
    return target;
}

std::string connect_request(const ConnectTarget& target, std::string_view user_agent) {
    const std::string authority = fmt::format("{}:{}", bracketed(target.host), target.port);
    std::string request =
        fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n", authority, user_agent);
    if (target.proxy && !target.proxy->credentials.empty()) {
        request += fmt::format("Proxy-Authorization: Basic {}\r\n", base64(target.proxy->credentials));
    }
    return request + "\r\n";
}

Result<void> read_connect_answer(std::string_view answer) {
    // "HTTP/1.1 200 Connection established"
    const std::size_t space = answer.find(' ');
    const auto status = answer.starts_with("HTTP/1.") && space != std::string_view::npos
                            ? core::parse_int(answer.substr(space + 1, 3))
                            : std::nullopt;
    if (!status || *status < 100) return fail(ErrorCode::malformed, "the proxy's answer is not HTTP");
    if (*status < 200 || *status > 299) {
        return fail(ErrorCode::http_status, fmt::format("the proxy answered with {}", *status));
    }
    // The server speaks second, with and without TLS.
    if (!answer.ends_with("\r\n\r\n")) return fail(ErrorCode::malformed, "more than the proxy's answer");
    return {};
}

}  // namespace scanner::net
