#pragma once

#include "net/server_core.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace scanner::net {

/// Serves requests on `socket` (non-blocking) in a coroutine of its own until the connection ends or becomes a
/// WebSocket. `refuse`: answers the first request with 503 and closes.
void start_http_session(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket, bool refuse);

}  // namespace scanner::net
