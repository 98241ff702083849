#pragma once

#include "scanner/net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace scanner::net {

/// What serves requests. Called on the loop thread; must outlive the server.
class RequestHandler {
public:
    virtual ~RequestHandler() = default;
    [[nodiscard]] virtual boost::asio::awaitable<ServerResponse> handle(ServerRequest request) = 0;
    /// Asked when the head of a request with a body is there, before any of the body is kept. `declared`: its length;
    /// nothing for chunks. Nothing decided: bodies as large as the server's options allow.
    [[nodiscard]] virtual std::optional<BodyRules> body_rules(const ServerRequest& /*head*/,
                                                              std::optional<std::uint64_t> /*declared*/) {
        return std::nullopt;
    }
    /// A well-formed WebSocket upgrade: nothing to accept it (then `handle_websocket` runs), or a response that refuses
    /// it. Checks of the path and the Origin belong here.
    [[nodiscard]] virtual std::optional<ServerResponse> refuse_websocket(const ServerRequest& request) = 0;
    /// Owns the connection until it returns; no read or write may be pending then.
    [[nodiscard]] virtual boost::asio::awaitable<void> handle_websocket(ServerRequest request, WebSocket& socket) = 0;
    /// The answer to an error that the server itself must report: 400, 408, 413, 417, 426, 429, 431, 501, 503 (too many
    /// connections, too many bodies) and 500 (a handler threw; `detail` says nothing of the exception). The status sent
    /// is `status`.
    [[nodiscard]] virtual ServerResponse protocol_error(int status, std::string detail) = 0;
};

}  // namespace scanner::net
