#include "support/websocket_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace scanner::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::fail;
using core::Result;

class BeastClient final : public WebSocketClient {
public:
    Result<void> connect(const WebSocketClientOptions& options, int* status) {
        error_code ec;
        auto& socket = stream_.next_layer();
        const tcp::endpoint endpoint(asio::ip::make_address(options.host), options.port);
        socket.open(endpoint.protocol(), ec);
        if (options.receive_buffer_bytes > 0) {
            socket.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes), ec);
        }
        socket.connect(endpoint, ec);
        if (ec) return fail(ErrorCode::network, ec.message());
        socket.set_option(tcp::no_delay(true), ec);
        configure(options);
        std::optional<error_code> done;
        stream_.async_handshake(response_, options.host, options.target, [&](error_code result) { done = result; });
        if (auto ended = wait_for(done, kWait); !ended) return ended;
        if (status != nullptr) *status = static_cast<int>(response_.result_int());
        if (*done == websocket::error::upgrade_declined) {
            return fail(ErrorCode::http_status, "refused with status " + std::to_string(response_.result_int()));
        }
        return result_of(*done);
    }

    Result<WebSocketMessage> read(Milliseconds wait) override {
        if (!reading_) {
            reading_ = true;
            read_done_.reset();
            stream_.async_read(buffer_, [this](error_code result, std::size_t) { read_done_ = result; });
        }
        if (auto ended = wait_for(read_done_, wait); !ended) return std::unexpected(std::move(ended).error());
        reading_ = false;
        if (*read_done_) return fail(ErrorCode::network, read_done_->message());
        WebSocketMessage message{beast::buffers_to_string(buffer_.data()), stream_.got_binary()};
        buffer_.consume(buffer_.size());
        return message;
    }

    Result<void> send(std::string_view data, bool binary) override {
        stream_.binary(binary);
        std::optional<error_code> done;
        stream_.async_write(asio::buffer(data), [&](error_code result, std::size_t) { done = result; });
        return finish(done);
    }

    Result<void> send_fragment(std::string_view data, bool last) override {
        std::optional<error_code> done;
        stream_.async_write_some(last, asio::buffer(data), [&](error_code result, std::size_t) { done = result; });
        return finish(done);
    }

    Result<void> ping(std::string_view payload) override {
        std::optional<error_code> done;
        stream_.async_ping(websocket::ping_data(beast::string_view(payload.data(), payload.size())),
                           [&](error_code result) { done = result; });
        return finish(done);
    }

    Result<void> send_raw(std::string_view bytes) override {
        std::optional<error_code> done;
        asio::async_write(stream_.next_layer(), asio::buffer(bytes),
                          [&](error_code result, std::size_t) { done = result; });
        return finish(done);
    }

    Result<void> close(std::uint16_t code, std::string_view reason) override {
        websocket::close_reason why(code);
        why.reason.assign(reason.data(), reason.size());
        std::optional<error_code> done;
        stream_.async_close(why, [&](error_code result) { done = result; });
        return finish(done);
    }

    void drop() override {
        error_code ignored;
        stream_.next_layer().close(ignored);
    }

    [[nodiscard]] std::optional<std::uint16_t> close_code() const override {
        if (stream_.reason().code == websocket::close_code::none) return std::nullopt;
        return stream_.reason().code;
    }
    [[nodiscard]] std::string close_reason() const override {
        const auto& reason = stream_.reason().reason;
        return {reason.data(), reason.size()};
    }
    [[nodiscard]] int pings() const override { return pings_; }
    [[nodiscard]] std::vector<std::string> pongs() const override { return pongs_; }
    [[nodiscard]] std::string response_header(std::string_view name) const override {
        const auto value = response_[beast::string_view(name.data(), name.size())];
        return {value.data(), value.size()};
    }

private:
    void configure(const WebSocketClientOptions& options) {
        websocket::permessage_deflate deflate;
        deflate.client_enable = options.deflate;
        stream_.set_option(deflate);
        stream_.set_option(
            websocket::stream_base::decorator([headers = options.headers](websocket::request_type& request) {
                for (const auto& [name, value] : headers) request.set(name, value);
            }));
        stream_.control_callback([this](websocket::frame_type type, beast::string_view payload) {
            if (type == websocket::frame_type::ping) ++pings_;
            if (type == websocket::frame_type::pong) pongs_.emplace_back(payload.data(), payload.size());
        });
    }

    static Result<void> result_of(error_code ec) {
        if (ec) return fail(ErrorCode::network, ec.message());
        return {};
    }

    Result<void> wait_for(const std::optional<error_code>& done, Milliseconds wait) {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        io_.restart();
        while (!done && io_.run_one_until(deadline) > 0) {
        }
        if (!done) return fail(ErrorCode::timeout, "nothing happened in time");
        return {};
    }

    /// Waits for an operation whose result is a local variable: it must have ended before this returns.
    Result<void> finish(const std::optional<error_code>& done) {
        if (auto ended = wait_for(done, kWait); !ended) {
            drop();
            static_cast<void>(wait_for(done, kWait));
            return ended;
        }
        return result_of(*done);
    }

    asio::io_context io_{1};
    websocket::stream<tcp::socket> stream_{io_};
    websocket::response_type response_;
    beast::flat_buffer buffer_;
    std::optional<error_code> read_done_;
    bool reading_ = false;
    int pings_ = 0;
    std::vector<std::string> pongs_;
};

}  // namespace

Result<std::unique_ptr<WebSocketClient>> connect_websocket(WebSocketClientOptions options, int* status) {
    auto client = std::make_unique<BeastClient>();
    if (auto connected = client->connect(options, status); !connected) return std::unexpected(connected.error());
    return client;
}

}  // namespace scanner::test
