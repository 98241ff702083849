#pragma once

#include "net/server/server_core.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace scanner::net {

/// Serves requests on `socket` (non-blocking) in a coroutine of its own until the connection ends or becomes a
/// WebSocket. `client`: its owner; empty where no limits apply.
void start_http_session(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket, ClientUse client,
                        Refusal refusal);

}  // namespace scanner::net
