#pragma once

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::test {

/// A WebSocket server on 127.0.0.1 for tests of clients, on the test's own loop: what it says and when is the test's.
class WebSocketServer {
public:
    /// One client. Calls on one that has gone do nothing.
    class Peer {
    public:
        virtual ~Peer() = default;
        virtual void send(std::string data, bool binary = true) = 0;
        virtual void ping(std::string payload) = 0;
        virtual void close(std::uint16_t code, std::string reason) = 0;
        /// Bytes past the protocol, onto the socket. Not beside `send`.
        virtual void send_raw(std::string bytes) = 0;
        /// Ends the TCP connection without a word.
        virtual void drop() = 0;
        [[nodiscard]] virtual bool is_open() const = 0;
        [[nodiscard]] virtual const std::string& target() const = 0;
        /// A header of its handshake.
        [[nodiscard]] virtual std::string header(std::string_view name) const = 0;
        /// The code of the close that it sent; 0 while there is none.
        [[nodiscard]] virtual std::uint16_t close_code() const = 0;
    };
    using PeerPointer = std::shared_ptr<Peer>;

    struct Script {
        std::function<void(const PeerPointer&)> on_open;
        std::function<void(const PeerPointer&, const std::string& text)> on_message;
        std::function<void(const PeerPointer&)> on_end;
        /// 101, or what to refuse a handshake with; 0: never an answer.
        std::function<int(const std::string& target)> status;
        bool reads = true;  ///< false: nothing is read after the handshake, so that the client's buffers fill
    };

    virtual ~WebSocketServer() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual int accepted() const = 0;  ///< TCP connections so far
    [[nodiscard]] virtual int open() const = 0;      ///< TCP connections now
    /// From now on the port refuses connections, until told otherwise.
    virtual void listen(bool listening) = 0;
};

struct TlsFiles {
    std::string certificate;
    std::string key;
};

/// `tls`: nullptr for a plain server.
[[nodiscard]] std::unique_ptr<WebSocketServer> make_websocket_server(boost::asio::io_context& io,
                                                                     WebSocketServer::Script script,
                                                                     const TlsFiles* tls = nullptr);

}  // namespace scanner::test
