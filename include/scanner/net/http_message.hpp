#pragma once

#include "scanner/core/error.hpp"
#include "scanner/net/header.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
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
    /// False for a loopback peer that names no client: it may stand for any client, so nothing is counted for it.
    bool has_limits = true;
    bool keep_alive = true;

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
    [[nodiscard]] std::string_view path() const;   ///< raw, before '?'; request_target.hpp decodes it
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

/// How much of a request's body is read, decided by its head.
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
    /// Says good-bye with an RFC 6455 code, waits for the peer's answer at most a second or two, then drops (1006:
    /// drops at once, without a word). Allowed while a read or a write is pending, which then fail. Nothing happens
    /// when it is closed or closing already. A handler that returns without it closes with 1000, one that throws with
    /// 1011.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
};

}  // namespace scanner::net
