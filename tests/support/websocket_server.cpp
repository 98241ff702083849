#include "support/websocket_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

namespace scanner::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

class Layer {
public:
    using executor_type = tcp::socket::executor_type;

    Layer(tcp::socket of, std::shared_ptr<ssl::context> with) : socket(std::move(of)), context(std::move(with)) {
        if (context) tls.emplace(socket, *context);
    }
    [[nodiscard]] executor_type get_executor() { return socket.get_executor(); }
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        if (tls) return tls->async_read_some(buffers, std::forward<Token>(token));
        return socket.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (tls) return tls->async_write_some(buffers, std::forward<Token>(token));
        return socket.async_write_some(buffers, std::forward<Token>(token));
    }

    tcp::socket socket;
    std::shared_ptr<ssl::context> context;
    std::optional<ssl::stream<tcp::socket&>> tls;
};

void beast_close_socket(Layer& layer) {
    error_code ignored;
    layer.socket.close(ignored);
}

template <class Handler>
void async_teardown(beast::role_type /*role*/, Layer& layer, Handler&& handler) {
    beast_close_socket(layer);
    asio::post(layer.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

struct Shared {
    WebSocketServer::Script script;
    std::shared_ptr<ssl::context> tls;
    int accepted = 0;
    int open = 0;
};

class PeerImpl final : public WebSocketServer::Peer, public std::enable_shared_from_this<PeerImpl> {
public:
    PeerImpl(tcp::socket socket, std::shared_ptr<Shared> shared)
        : shared_(std::move(shared)), stream_(std::move(socket), shared_->tls) {}

    asio::awaitable<void> serve() {
        const auto self = shared_from_this();
        ++shared_->open;
        co_await talk();
        is_open_ = false;
        drop();
        --shared_->open;
        if (shared_->script.on_end) shared_->script.on_end(self);
    }

    void send(std::string data, bool binary) override {
        queue_.emplace_back(std::move(data), binary);
        if (queue_.size() == 1) write();
    }
    void ping(std::string payload) override {
        stream_.async_ping(websocket::ping_data(beast::string_view(payload)),
                           [self = shared_from_this()](error_code) {});
    }
    void close(std::uint16_t code, std::string reason) override {
        websocket::close_reason why(code);
        why.reason.assign(reason.data(), reason.size());
        stream_.async_close(why, [self = shared_from_this()](error_code) {});
    }
    void send_raw(std::string bytes) override {
        auto held = std::make_shared<std::string>(std::move(bytes));
        asio::async_write(stream_.next_layer(), asio::buffer(*held),
                          [self = shared_from_this(), held](error_code, std::size_t) {});
    }
    void drop() override { beast_close_socket(stream_.next_layer()); }
    [[nodiscard]] bool is_open() const override { return is_open_; }
    [[nodiscard]] const std::string& target() const override { return target_; }
    [[nodiscard]] std::string header(std::string_view name) const override {
        const auto value = request_[beast::string_view(name.data(), name.size())];
        return {value.data(), value.size()};
    }
    [[nodiscard]] std::uint16_t close_code() const override { return stream_.reason().code; }

private:
    asio::awaitable<void> talk() {
        auto& layer = stream_.next_layer();
        if (layer.tls) {
            const auto [failed] = co_await layer.tls->async_handshake(ssl::stream_base::server, kAwait);
            if (failed) co_return;
        }
        beast::flat_buffer buffer;
        const auto [unread, count] = co_await http::async_read(layer, buffer, request_, kAwait);
        if (unread) co_return;
        target_.assign(request_.target().data(), request_.target().size());
        const int status = shared_->script.status ? shared_->script.status(target_) : 101;
        if (status == 0) {
            // Until the client goes.
            char byte = 0;
            co_await layer.async_read_some(asio::buffer(&byte, 1), kAwait);
            co_return;
        }
        if (status != 101) {
            http::response<http::empty_body> refusal(static_cast<http::status>(status), 11);
            refusal.prepare_payload();
            co_await http::async_write(layer, refusal, kAwait);
            co_return;
        }
        const auto [failed] = co_await stream_.async_accept(request_, kAwait);
        if (failed) co_return;
        is_open_ = true;
        if (shared_->script.on_open) shared_->script.on_open(shared_from_this());
        if (!shared_->script.reads) {
            asio::steady_timer forever(layer.get_executor(), std::chrono::steady_clock::time_point::max());
            co_await forever.async_wait(kAwait);
        }
        for (;;) {
            const auto [error, size] = co_await stream_.async_read(buffer, kAwait);
            if (error) co_return;
            const auto text = beast::buffers_to_string(buffer.data());
            buffer.consume(buffer.size());
            if (shared_->script.on_message) shared_->script.on_message(shared_from_this(), text);
        }
    }

    void write() {
        stream_.binary(queue_.front().second);
        stream_.async_write(asio::buffer(queue_.front().first),
                            [self = shared_from_this()](error_code error, std::size_t) {
                                self->queue_.pop_front();
                                if (error) self->queue_.clear();
                                if (!self->queue_.empty()) self->write();
                            });
    }

    std::shared_ptr<Shared> shared_;
    websocket::stream<Layer> stream_;
    http::request<http::empty_body> request_;
    std::string target_;
    std::deque<std::pair<std::string, bool>> queue_;
    bool is_open_ = false;
};

class ServerImpl final : public WebSocketServer {
public:
    ServerImpl(asio::io_context& io, Script script, const TlsFiles* tls)
        : io_(io), shared_(std::make_shared<Shared>()) {
        shared_->script = std::move(script);
        if (tls != nullptr) {
            shared_->tls = std::make_shared<ssl::context>(ssl::context::tls_server);
            shared_->tls->use_certificate_chain_file(tls->certificate);
            shared_->tls->use_private_key_file(tls->key, ssl::context::pem);
        }
        listen(true);
    }
    ~ServerImpl() override { listen(false); }
    ServerImpl(const ServerImpl&) = delete;
    ServerImpl& operator=(const ServerImpl&) = delete;

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] int accepted() const override { return shared_->accepted; }
    [[nodiscard]] int open() const override { return shared_->open; }
    void listen(bool listening) override {
        if (!listening) {
            if (acceptor_) acceptor_->close();
            acceptor_.reset();
            return;
        }
        if (acceptor_) return;
        acceptor_ = bind();
        port_ = acceptor_->local_endpoint().port();
        asio::co_spawn(io_, accept(acceptor_, shared_), asio::detached);
    }

private:
    /// A port that was free a moment ago may be that of another's connection for a while.
    [[nodiscard]] std::shared_ptr<tcp::acceptor> bind() const {
        for (int attempt = 1;; ++attempt) {
            try {
                return std::make_shared<tcp::acceptor>(io_, tcp::endpoint(asio::ip::address_v4::loopback(), port_));
            } catch (const boost::system::system_error&) {
                if (attempt == 50) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            }
        }
    }
    static asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> acceptor, std::shared_ptr<Shared> shared) {
        for (;;) {
            auto [error, socket] = co_await acceptor->async_accept(kAwait);
            if (error) co_return;
            ++shared->accepted;
            const auto executor = socket.get_executor();
            const auto peer = std::make_shared<PeerImpl>(std::move(socket), shared);
            asio::co_spawn(executor, peer->serve(), asio::detached);
        }
    }

    asio::io_context& io_;
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<tcp::acceptor> acceptor_;
    std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<WebSocketServer> make_websocket_server(asio::io_context& io, WebSocketServer::Script script,
                                                       const TlsFiles* tls) {
    return std::make_unique<ServerImpl>(io, std::move(script), tls);
}

}  // namespace scanner::test
