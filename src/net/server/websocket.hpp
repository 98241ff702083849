#pragma once

#include "net/server/server_core.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace scanner::net {

/// Answers the opening handshake `request` (Upgrade::websocket, not refused) and runs handler.handle_websocket, in a
/// coroutine of its own. `socket` must be non-blocking; `received` is what came behind the request; `client` is the
/// owner of the connection, or empty where no limits apply.
void start_websocket(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket, ServerRequest request,
                     std::string received, ClientUse client);

}  // namespace scanner::net
