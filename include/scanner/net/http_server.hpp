#pragma once

#include "scanner/core/address.hpp"
#include "scanner/core/error.hpp"
#include "scanner/net/http_client.hpp"

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

namespace scanner::net {

/// A request as it came, complete with its body. Owning.
struct ServerRequest {
    std::string method;  ///< upper case as sent: "GET"
    std::string target;  ///< path and query as sent, without the server's base path
    std::vector<Header> headers;
    std::string body;
    /// Numeric: the peer's, or the client's that a trusted proxy names.
    std::string remote_address;
    /// False for a peer on the loopback that names no client: behind it may be any client, so nothing is counted for
    /// it.
    bool has_limits = true;
    bool keep_alive = true;

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
    [[nodiscard]] std::string_view path() const;   ///< raw, before '?'; net/url.hpp decodes it
    [[nodiscard]] std::string_view query() const;  ///< raw, after '?'; empty without one
};

/// Writes a body piece by piece (SSE, long exports, the simulator's faults). Valid inside the streaming coroutine only.
class BodyWriter {
public:
    virtual ~BodyWriter() = default;
    /// Sends one piece (a chunk, unless the response declares a Content-Length), and before the first one the head; an
    /// empty piece sends the head alone. Fails when the client is gone (network), when it makes no progress for the
    /// server's write deadline (timeout), when more is written than was declared (invalid_input), or on shutdown
    /// (cancelled): one more piece may be written once `stopping`, the good-bye.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(
        std::shared_ptr<const std::string> piece) = 0;
    /// Drops the connection at once, without a proper end: for simulated faults.
    virtual void abort() = 0;
    /// True once the server shuts down; a stream should say good-bye and return.
    [[nodiscard]] virtual bool stopping() const = 0;
    /// `wake` is called once, on the loop thread, when the server begins to shut down while the stream runs: so that a
    /// stream that waits for something else ends its wait. Replaces the one set before.
    virtual void on_stopping(std::function<void()> wake) = 0;
};

/// A response: either `body`, shared so that a thousand readers are sent the same bytes, or `stream`.
struct ServerResponse {
    int status = 200;
    /// Without Content-Length, Transfer-Encoding and Connection, which are the server's (and ignored here). Date and
    /// Server are added unless given. Line breaks in values become spaces.
    std::vector<Header> headers;
    /// More header lines, ready to be sent ("ETag: \"1\"\r\nVary: Accept\r\n"), shared like the body: rendered once for
    /// a cached answer. Sent as it is, so it must be well-formed and hold none of the server's own fields.
    std::shared_ptr<const std::string> rendered_headers;
    std::shared_ptr<const std::string> body;
    /// Runs once; returning ends the body. Throwing before the first write answers 500, later drops the connection.
    std::function<boost::asio::awaitable<void>(BodyWriter&)> stream;
    bool close = false;  ///< close the connection after this answer
    /// Sent in place of the real length, for simulated truncation and streams of known length. When less is sent the
    /// connection is closed after it; more of a `body` is cut off.
    std::optional<std::uint64_t> declared_length;
    /// A `stream` whose client takes less than this on average while it is waited for is dropped; 0: any progress will
    /// do. A `body` has the server's own least rate.
    std::size_t min_bytes_per_sec = 0;
};

/// What of a request's body is read, decided by its head.
struct BodyRules {
    std::size_t max_bytes = 0;  ///< more is a 413
    bool kept = false;          ///< false: it is read past, so that the connection can go on, and the request gets none
    /// Answered at once in place of reading any of it; then the connection is closed.
    std::optional<ServerResponse> refusal = std::nullopt;
};
/// What is read past of a body that no handler wants.
inline constexpr std::size_t kUnwantedBodyBytes = 8U << 10U;

/// A WebSocket connection after its handshake. One reader and one writer at a time. Loop thread only.
class WebSocket {
public:
    struct Message {
        std::string data;
        bool binary = false;
    };
    virtual ~WebSocket() = default;
    /// The next message. Fails once the peer closed or is gone (network), broke the protocol or sent too much
    /// (malformed; 1002, 1007 or 1009 was sent), was silent for two ping intervals (timeout), or on shutdown
    /// (cancelled; 1001 was sent). Pings are answered and closes noticed only while a read is pending, so keep one
    /// pending.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Message>> read() = 0;
    /// Sends one message. Fails when the peer makes no progress for the write deadline (timeout), when the connection
    /// is closed or closing (network), or on shutdown (cancelled).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> data,
                                                                           bool binary) = 0;
    /// Says good-bye with an RFC 6455 code, waits for the peer's answer at most a second or two, then drops. Allowed
    /// while a read or a write is pending, which then fail. Nothing happens when it is closed or closing already. A
    /// handler that returns without it closes with 1000, one that throws with 1011.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
};

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
    /// Owns the conversation until it returns; no read or write may be pending then.
    [[nodiscard]] virtual boost::asio::awaitable<void> handle_websocket(ServerRequest request, WebSocket& socket) = 0;
    /// The answer to an error that the server itself must report: 400, 408, 413, 417, 426, 429, 431, 501, 503 (too many
    /// connections, too many bodies) and 500 (a handler threw; `detail` says nothing of the exception). The status sent
    /// is `status`.
    [[nodiscard]] virtual ServerResponse protocol_error(int status, std::string detail) = 0;
};

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one
    std::string server_name = "market-scanner";
    std::string base_path;  ///< taken off the targets that begin with it (url.hpp: without_base_path); empty: none
    std::size_t max_connections = 16'384;       ///< more are answered 503 and closed
    std::size_t max_header_bytes = 16U << 10U;  ///< request line and headers; more is a 431
    std::size_t max_body_bytes = 1U << 20U;     ///< more is a 413; the handler's body_rules may allow less
    /// Of bodies that are held at a time, over all connections; a quarter of it for one client. More is a 503.
    std::size_t max_body_bytes_in_all = 16U << 20U;
    /// Proxies whose X-Forwarded-For says who the client is.
    std::vector<core::AddressRange> trusted_proxies;
    std::size_t max_websocket_message_bytes = 64U << 10U;
    /// What the kernel takes of a connection beyond what is in flight (TCP_NOTSENT_LOWAT): a client that does not read
    /// is noticed after this much and not after megabytes, and one that is slow is not sent a backlog. 0: no bound.
    std::size_t max_unsent_bytes = 256U << 10U;
    std::chrono::milliseconds read_timeout{15'000};   ///< a whole request, from its first byte
    std::chrono::milliseconds idle_timeout{60'000};   ///< between requests
    std::chrono::milliseconds write_timeout{15'000};  ///< without progress
    /// What a client must take of a body while it is waited for, on average over `rate_window`.
    std::size_t min_bytes_per_sec = 4U << 10U;
    std::chrono::milliseconds rate_window{20'000};
    std::chrono::milliseconds websocket_ping_interval{20'000};  ///< of silence; after twice as long it is dropped
    bool websocket_deflate = false;  ///< permessage-deflate for clients that offer it, without context takeover
    /// Told of exceptions out of handlers ("GET /path", what) and of failures to accept. Loop thread; must not throw.
    std::function<void(std::string_view where, std::string_view what)> on_error;
};

/// What happened since the start, for /metrics.
struct HttpServerStatistics {
    std::uint64_t accepted = 0;            ///< connections, the refused ones included
    std::uint64_t refused = 0;             ///< connections beyond max_connections
    std::uint64_t accept_failures = 0;     ///< no descriptors, no memory
    std::uint64_t requests = 0;            ///< complete ones, upgrades included
    std::uint64_t protocol_errors = 0;     ///< 4xx and 501 of the server's own
    std::uint64_t request_timeouts = 0;    ///< 408
    std::uint64_t handler_exceptions = 0;  ///< 500s, streams and WebSockets ended by an exception
    std::uint64_t slow_readers_dropped = 0;
    std::uint64_t websockets_opened = 0;
    std::uint64_t websockets_silent = 0;  ///< dropped after two ping intervals
};

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
