#pragma once

#include "scanner/net/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace scanner::net {

// What the server demands of a request beyond its syntax (RFC 9112, RFC 6455). Pure.

/// An error that the server itself answers.
struct ProtocolFailure {
    int status = 0;
    std::string detail;
    /// The handler's answer, in place of one of the server's own.
    std::optional<ServerResponse> answer = std::nullopt;
};

/// True when any header `name` lists `token` ("Connection: keep-alive, Upgrade"), without regard to case.
[[nodiscard]] bool lists_token(const std::vector<Header>& headers, std::string_view name, std::string_view token);

/// Why a head (version 10 or 11) must be refused, if it must: no or several Host headers or one that names no host, a
/// target with a fragment, a transfer encoding other than chunked (501), an expectation other than 100-continue (417).
[[nodiscard]] std::optional<ProtocolFailure> check_head(const ServerRequest& request, int version);

/// Whether a line of a head (as received, from the beginning of a line on) continues the one before it, which RFC 9112
/// (5.2) lets a server refuse. What is behind the head is not looked at.
[[nodiscard]] bool has_folded_line(std::string_view head);

/// True when the client waits for "100 Continue" before it sends the body.
[[nodiscard]] bool expects_continue(const ServerRequest& request, int version);

enum class Upgrade {
    none,         ///< an ordinary request, also one that asks for another protocol
    websocket,    ///< a well-formed opening handshake
    bad_key,      ///< Sec-WebSocket-Key is not 16 bytes in base64
    bad_version,  ///< not version 13
};
[[nodiscard]] Upgrade classify_upgrade(const ServerRequest& request, int version);

}  // namespace scanner::net
