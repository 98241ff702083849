#pragma once

#include "fuzz/check.hpp"
#include "fuzz/loopback.hpp"
#include "net/server/websocket.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// Sends back what it is sent.
class EchoHandler final : public net::RequestHandler {
public:
    boost::asio::awaitable<net::ServerResponse> handle(net::ServerRequest /*request*/) override {
        co_return net::ServerResponse();
    }
    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& /*request*/) override { return {}; }
    boost::asio::awaitable<void> handle_websocket(net::ServerRequest /*request*/, net::WebSocket& socket) override {
        for (;;) {
            auto message = co_await socket.read();
            if (!message) co_return;
            require(message->data.size() <= kMaxBytes, "a message is within the limit");
            auto data = std::make_shared<const std::string>(std::move(message->data));
            const auto written = co_await socket.write(std::move(data), message->binary);
            if (!written) co_return;
        }
    }
    net::ServerResponse protocol_error(int status, std::string /*detail*/) override {
        net::ServerResponse response;
        response.status = status;
        return response;
    }

    static constexpr std::size_t kMaxBytes = 4'096;
};

class WebSocketService {
public:
    explicit WebSocketService(bool deflate) : deflate_(deflate) {
        net::HttpServerOptions options;
        options.websocket_deflate = deflate;
        options.max_websocket_message_bytes = EchoHandler::kMaxBytes;
        options.on_error = [](std::string_view, std::string_view what) { require(false, what); };
        core_ = std::make_shared<net::ServerCore>(io_.get_executor(), std::move(options), handler_);
    }

    std::string converse(std::string_view behind_handshake, std::string_view later) {
        Loopback connection(io_, core_);
        net::ServerRequest request{.method = "GET", .target = "/stream"};
        request.headers = {{"Host", "h"},
                           {"Upgrade", "websocket"},
                           {"Connection", "Upgrade"},
                           {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                           {"Sec-WebSocket-Version", "13"}};
        if (deflate_) request.headers.push_back({"Sec-WebSocket-Extensions", "permessage-deflate"});
        net::start_websocket(core_, connection.take_server_end(), std::move(request), std::string(behind_handshake),
                             net::ClientUse());
        connection.send(later);
        std::string sent = connection.receive();
        connection.end_sending();
        sent += connection.receive();
        connection.finish();
        return sent;
    }

private:
    boost::asio::io_context io_{1};
    EchoHandler handler_;
    std::shared_ptr<net::ServerCore> core_;
    bool deflate_;
};

/// What comes after a WebSocket's handshake. The first byte: compressed or not; the second: how much of it comes with
/// the handshake already.
inline void websocket(std::string_view input) {
    static WebSocketService plain(false);
    static WebSocketService deflated(true);
    WebSocketService& service = take_choice(input) % 2 == 0 ? plain : deflated;
    const std::size_t behind = std::min<std::size_t>(take_choice(input) % 64, input.size());
    const std::string sent = service.converse(input.substr(0, behind), input.substr(behind));
    require(sent.starts_with("HTTP/1.1 101 "), "the handshake is answered");
}

}  // namespace scanner::fuzz
