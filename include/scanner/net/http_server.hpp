#pragma once

#include "scanner/core/error.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace scanner::net {

/// HTTP/1.1 and WebSocket server on the executor's loop. Loop thread only.
class HttpServer {
public:
    virtual ~HttpServer() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual std::size_t connection_count() const = 0;
    [[nodiscard]] virtual HttpServerStatistics statistics() const = 0;
    /// Stops accepting, lets running answers finish, ends streams and WebSockets (1001), and returns when all
    /// connections are gone or `grace` has passed (then they are dropped, and what their handlers wait for is
    /// cancelled). Destroying the server without it drops the connections at once; their coroutines end when the loop
    /// next runs.
    [[nodiscard]] virtual boost::asio::awaitable<void> stop(std::chrono::milliseconds grace) = 0;
};

/// Binds and listens at once, so that an address in use is an error here (io) and not later. `address` must be numeric
/// or "localhost" (invalid_input otherwise).
[[nodiscard]] core::Result<std::unique_ptr<HttpServer>> make_http_server(boost::asio::any_io_executor executor,
                                                                         HttpServerOptions options,
                                                                         RequestHandler& handler);

}  // namespace scanner::net
