#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/core/error.hpp"
#include "scanner/net/http_client.hpp"

namespace scanner::net {

/// A request as it came, complete with its body. Owning.
struct ServerRequest {
    std::string method;  ///< upper case as sent: "GET"
    std::string target;  ///< path and query as sent
    std::vector<Header> headers;
    std::string body;
    std::string remote_address;  ///< numeric
    bool keep_alive = true;

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
    [[nodiscard]] std::string_view path() const;   ///< raw, before '?'
    [[nodiscard]] std::string_view query() const;  ///< raw, after '?'; empty without one
};

/// Writes a body piece by piece (SSE, long exports, the simulator's faults). Valid inside the streaming coroutine only.
class BodyWriter {
public:
    virtual ~BodyWriter() = default;
    /// Sends one piece (a chunk, unless the response declares a Content-Length). Fails when the client is gone, when it
    /// makes no progress for the server's write deadline, or on shutdown (cancelled).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> piece) = 0;
    /// Drops the connection at once, without a proper end: for simulated faults.
    virtual void abort() = 0;
    /// True once the server shuts down; a stream should say good-bye and return.
    [[nodiscard]] virtual bool stopping() const = 0;
};

/// A response: either `body`, shared so that a thousand readers are sent the same bytes, or `stream`.
struct ServerResponse {
    int status = 200;
    std::vector<Header> headers;  ///< without Content-Length, Connection, Date and Server, which the server adds
    std::shared_ptr<const std::string> body;
    std::function<boost::asio::awaitable<void>(BodyWriter&)> stream;
    bool close = false;           ///< close the connection after this answer
    /// Sent in place of the real length, for simulated truncation and streams of known length.
    std::optional<std::uint64_t> declared_length;
};

/// A WebSocket connection after its handshake. One reader and one writer at a time. Loop thread only.
class WebSocket {
public:
    struct Message {
        std::string data;
        bool binary = false;
    };
    virtual ~WebSocket() = default;
    /// The next message; an error once closed, idle for too long, too big (1009 was sent) or on shutdown.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Message>> read() = 0;
    /// Sends one message; fails when the peer makes no progress for the write deadline.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> data,
                                                                           bool binary) = 0;
    /// Says good-bye with an RFC 6455 code, waits for the peer's answer at most a second or two, then drops.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
};

/// What serves requests. Called on the loop thread; must outlive the server.
class RequestHandler {
public:
    virtual ~RequestHandler() = default;
    [[nodiscard]] virtual boost::asio::awaitable<ServerResponse> handle(ServerRequest request) = 0;
    /// A WebSocket upgrade: nothing to accept it (then `handle_websocket` runs), or a response that refuses it.
    [[nodiscard]] virtual std::optional<ServerResponse> refuse_websocket(const ServerRequest& request) = 0;
    /// Owns the conversation until it returns.
    [[nodiscard]] virtual boost::asio::awaitable<void> handle_websocket(ServerRequest request, WebSocket& socket) = 0;
    /// The body for an error that the server itself must answer (bad request line, header or body too large, time-out).
    [[nodiscard]] virtual ServerResponse protocol_error(int status, std::string detail) = 0;
};

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one
    std::string server_name = "market-scanner";
    std::size_t max_connections = 16'384;  ///< more are answered 503 and closed
    std::size_t max_header_bytes = 16U << 10U;
    std::size_t max_body_bytes = 1U << 20U;
    std::size_t max_websocket_message_bytes = 64U << 10U;
    std::chrono::milliseconds read_timeout{15'000};   ///< a whole request, from its first byte
    std::chrono::milliseconds idle_timeout{60'000};   ///< between requests
    std::chrono::milliseconds write_timeout{15'000};  ///< without progress
    std::chrono::milliseconds websocket_ping_interval{20'000};
    bool websocket_deflate = false;
};

/// HTTP/1.1 and WebSocket server on the executor's loop.
class HttpServer {
public:
    virtual ~HttpServer() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual std::size_t connection_count() const = 0;
    /// Stops accepting, lets running answers finish, ends streams and WebSockets (1001), and returns when all
    /// connections are gone or `grace` has passed (then they are dropped).
    [[nodiscard]] virtual boost::asio::awaitable<void> stop(std::chrono::milliseconds grace) = 0;
};

/// Binds and listens at once, so that an address in use is an error here and not later.
[[nodiscard]] core::Result<std::unique_ptr<HttpServer>> make_http_server(boost::asio::any_io_executor executor,
                                                                         HttpServerOptions options, RequestHandler& handler);

}  // namespace scanner::net
