#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::net {

struct WebSocketClientOptions {
    std::string ca_bundle_path;  ///< empty: the system's
    /// An HTTP proxy, "http://[user:password@]host[:port]"; empty: none. Nothing: http_proxy, https_proxy, all_proxy
    /// and no_proxy choose, as they do for HttpClient.
    std::optional<std::string> proxy;
    std::string user_agent = "market-scanner";
    /// Name resolution, connecting, a proxy's answer, TLS and the WebSocket handshake, all together.
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds idle_timeout{15'000};   ///< a read without a message for so long ends the connection
    std::chrono::milliseconds write_timeout{10'000};  ///< the same for one message on its way out
    std::chrono::milliseconds close_timeout{1'000};  ///< for the peer's answer to a close, before the socket is dropped
    std::size_t max_message_bytes = 4U << 20U;       ///< a longer message ends the connection
    std::size_t max_queued_bytes = 256U << 10U;      ///< not yet handed to the socket; more is refused
};

/// A message, borrowed until the next read.
struct WebSocketData {
    std::string_view bytes;
    bool binary = false;
};

/// A connection to a WebSocket server. On one loop thread. Destroying it begins a close that ends by itself within
/// `close_timeout`.
class WebSocketConnection {
public:
    enum class Order : std::uint8_t {
        queued,
        first,  ///< before everything that is queued, after others that go first
    };

    virtual ~WebSocketConnection() = default;

    /// The next message; one read at a time. Answers the protocol's own pings. Every failure ends the connection, and
    /// each later read fails in the same way:
    ///   timeout    no message for `idle_timeout`, or one of ours not sent within `write_timeout`
    ///   network    the connection broke, or the peer closed it
    ///   malformed  not the protocol, or a message that is too long
    ///   cancelled  the awaiting coroutine, or `close`
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<WebSocketData>> read() = 0;
    /// Queues a text message; it is sent while the loop runs. unavailable when the queue is full: the peer does not
    /// read. cancelled when the connection has ended.
    [[nodiscard]] virtual core::Result<void> send(std::string text, Order order = Order::queued) = 0;
    /// Begins to close; a pending read ends. The socket is gone within `close_timeout`.
    virtual void close(std::uint16_t code) = 0;
};

/// Connects to WebSocket servers, ws:// and wss://. permessage-deflate is not offered. Certificates are verified, and
/// so is the host's name in them. Loop thread; connections may outlive it.
class WebSocketClient {
public:
    virtual ~WebSocketClient() = default;
    /// Errors:
    ///   invalid_input  not a ws:// or wss:// URL, or a proxy that is not an http one
    ///   io             the CA bundle cannot be read
    ///   timeout        not there within `connect_timeout`
    ///   network        name resolution, connecting, TLS
    ///   http_status    the server or the proxy answered with another status; the message has it
    ///   malformed      the answer is not HTTP, or not a WebSocket's
    ///   cancelled      the awaiting coroutine
    /// Messages name scheme, host and port only.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::unique_ptr<WebSocketConnection>>> connect(
        std::string url) = 0;
};

[[nodiscard]] std::unique_ptr<WebSocketClient> make_websocket_client(WebSocketClientOptions options);

}  // namespace scanner::net
