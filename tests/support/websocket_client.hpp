#pragma once

#include "scanner/core/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::test {

struct WebSocketClientOptions {
    std::string host = "127.0.0.1";  ///< numeric
    std::uint16_t port = 0;
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers;  ///< more of them, e.g. Origin
    bool deflate = false;                                      ///< offer permessage-deflate
    int receive_buffer_bytes = 0;                              ///< SO_RCVBUF, for readers that get stuck early
};

struct WebSocketMessage {
    std::string data;
    bool binary = false;
};

/// A blocking WebSocket client for tests, on a loop of its own: the server must run on another thread or in another
/// process. It takes part in pings and closes only while one of its functions waits; not reading makes it a stuck
/// reader. Every wait is bounded; timeout is an error like any other, after which `read` may be called again.
class WebSocketClient {
public:
    using Milliseconds = std::chrono::milliseconds;
    static constexpr Milliseconds kWait{5'000};

    virtual ~WebSocketClient() = default;

    /// The next message. Fails with network when the connection ended; `close_code` then tells how.
    [[nodiscard]] virtual core::Result<WebSocketMessage> read(Milliseconds wait = kWait) = 0;
    [[nodiscard]] virtual core::Result<void> send(std::string_view data, bool binary = false) = 0;
    /// One frame of a message; `last` ends it.
    [[nodiscard]] virtual core::Result<void> send_fragment(std::string_view data, bool last) = 0;
    [[nodiscard]] virtual core::Result<void> ping(std::string_view payload) = 0;
    /// Bytes past the protocol, onto the socket.
    [[nodiscard]] virtual core::Result<void> send_raw(std::string_view bytes) = 0;
    /// Sends a close and waits for the answer.
    [[nodiscard]] virtual core::Result<void> close(std::uint16_t code, std::string_view reason = {}) = 0;
    /// Ends the TCP connection without a word.
    virtual void drop() = 0;

    /// What the server's close frame said, once there was one.
    [[nodiscard]] virtual std::optional<std::uint16_t> close_code() const = 0;
    [[nodiscard]] virtual std::string close_reason() const = 0;
    /// Pings and pongs that came while a function waited.
    [[nodiscard]] virtual int pings() const = 0;
    [[nodiscard]] virtual std::vector<std::string> pongs() const = 0;
    /// A header of the server's answer to the handshake.
    [[nodiscard]] virtual std::string response_header(std::string_view name) const = 0;
};

/// Connects and shakes hands. A refused handshake fails with http_status; `*status` is then what came instead of 101.
[[nodiscard]] core::Result<std::unique_ptr<WebSocketClient>> connect_websocket(WebSocketClientOptions options,
                                                                               int* status = nullptr);

}  // namespace scanner::test
