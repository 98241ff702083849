#include "scanner/net/websocket_client.hpp"

#include "net/client/connect_any.hpp"
#include "net/client/connect_target.hpp"
#include "net/client/websocket_layer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/names.hpp"
#include "scanner/net/resolve.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>

#include <array>
#include <deque>
#include <tuple>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::SteadyTime;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxProxyAnswer = 8U << 10U;

SteadyTime in(std::chrono::milliseconds time) {
    return steady_clock::now() + time;
}

ErrorCode code_of(const error_code& error) {
    if (error == asio::error::operation_aborted) return ErrorCode::cancelled;
    if (error == websocket::error::closed) return ErrorCode::network;
    const bool protocol = error.category() == error_code(websocket::error::bad_opcode).category() ||
                          error.category() == error_code(beast::http::error::bad_version).category();
    return protocol ? ErrorCode::malformed : ErrorCode::network;
}

/// One connection. Shared by the handlers of what is under way, so that it outlives the caller.
class Link final : public std::enable_shared_from_this<Link> {
public:
    Link(const asio::any_io_executor& executor, const WebSocketClientOptions& options)
        : options_(options), stream_(executor), watch_(executor), buffer_(options.max_message_bytes) {}

    asio::awaitable<Result<void>> open(ConnectTarget target, std::shared_ptr<ssl::context> tls);
    asio::awaitable<Result<WebSocketData>> read();
    Result<void> send(std::string text, WebSocketConnection::Order order);
    void close(std::uint16_t code);

private:
    asio::awaitable<Result<void>> connect_socket(const ConnectTarget& target);
    asio::awaitable<Result<void>> pass_proxy(const ConnectTarget& target);
    asio::awaitable<Result<void>> shake_tls(const ConnectTarget& target, std::shared_ptr<ssl::context> context);
    asio::awaitable<Result<void>> shake_websocket(const ConnectTarget& target);

    void write_next();
    std::unexpected<core::Error> end(ErrorCode code, std::string why);
    std::unexpected<core::Error> end(std::string_view doing, const error_code& error) {
        return end(code_of(error), fmt::format("{}: {}", doing, error.message()));
    }
    [[nodiscard]] SteadyTime earliest() const { return std::min({connect_by_, read_by_, write_by_, close_by_}); }
    void keep_watch();
    void look();

    const WebSocketClientOptions options_;
    websocket::stream<WebSocketLayer, false> stream_;
    asio::steady_timer watch_;
    bool watching_ = false;
    SteadyTime connect_by_ = SteadyTime::max();
    SteadyTime read_by_ = SteadyTime::max();
    SteadyTime write_by_ = SteadyTime::max();
    SteadyTime close_by_ = SteadyTime::max();
    beast::flat_buffer buffer_;
    std::deque<std::string> first_;
    std::deque<std::string> queued_;
    std::size_t queued_bytes_ = 0;
    std::string writing_;
    bool is_writing_ = false;
    bool closing_ = false;
    std::optional<core::Error> end_;
};

/// The first reason is what every later call is told. The socket is gone afterwards.
std::unexpected<core::Error> Link::end(ErrorCode code, std::string why) {
    if (!end_) end_.emplace(code, std::move(why));
    stream_.next_layer().drop();
    connect_by_ = read_by_ = write_by_ = close_by_ = SteadyTime::max();
    watch_.cancel();
    return std::unexpected(*end_);
}

/// One timer for all limits, which is set again when it fires and not with every message.
void Link::keep_watch() {
    const auto by = earliest();
    if (by == SteadyTime::max() || (watching_ && watch_.expiry() <= by)) return;
    watching_ = true;
    watch_.expires_at(by);
    watch_.async_wait([self = shared_from_this()](const error_code& error) {
        if (error) return;
        self->watching_ = false;
        self->look();
    });
}

void Link::look() {
    const auto now = steady_clock::now();
    if (now >= connect_by_) {
        end(ErrorCode::timeout, fmt::format("not connected within {} ms", options_.connect_timeout.count()));
    } else if (now >= close_by_) {
        end(ErrorCode::cancelled, "closed");
    } else if (now >= write_by_) {
        end(ErrorCode::timeout, fmt::format("a message not sent within {} ms", options_.write_timeout.count()));
    } else if (now >= read_by_) {
        end(ErrorCode::timeout, fmt::format("no message for {} ms", options_.idle_timeout.count()));
    } else {
        keep_watch();
    }
}

asio::awaitable<Result<void>> Link::open(ConnectTarget target, std::shared_ptr<ssl::context> tls) {
    connect_by_ = in(options_.connect_timeout);
    keep_watch();
    auto done = co_await connect_socket(target);
    if (done && target.proxy) done = co_await pass_proxy(target);
    if (done && target.tls) done = co_await shake_tls(target, std::move(tls));
    if (done) done = co_await shake_websocket(target);
    connect_by_ = SteadyTime::max();
    co_return done;
}

asio::awaitable<Result<void>> Link::connect_socket(const ConnectTarget& target) {
    const auto& to = target.proxy ? target.proxy->host : target.host;
    const auto port = target.proxy ? target.proxy->port : target.port;
    const std::string_view what = target.proxy ? "the proxy" : "the host";
    const auto addresses = co_await resolve(to, options_.connect_timeout);
    if (!addresses) {
        const auto error = addresses.error().within(what);
        co_return end(error.code(), error.message());
    }
    if (end_) co_return std::unexpected(*end_);
    auto& socket = stream_.next_layer().socket;
    error_code error = co_await connect_any(socket, *addresses, port, connect_by_);
    if (error || end_) co_return end(fmt::format("connecting to {}", what), error);
    socket.set_option(tcp::no_delay(true), error);
    socket.set_option(asio::socket_base::keep_alive(true), error);
    co_return Result<void>();
}

asio::awaitable<Result<void>> Link::pass_proxy(const ConnectTarget& target) {
    auto& socket = stream_.next_layer().socket;
    const std::string request = connect_request(target, options_.user_agent);
    const auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(request), kAwait);
    if (unsent) co_return end("the proxy", unsent);
    std::string answer;
    while (!answer.contains("\r\n\r\n")) {
        if (answer.size() > kMaxProxyAnswer) co_return end(ErrorCode::malformed, "the proxy's answer has no end");
        std::array<char, 1024> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): only written to
        const auto [broken, count] = co_await socket.async_read_some(asio::buffer(piece), kAwait);
        if (broken) co_return end("the proxy", broken);
        answer.append(piece.data(), count);
    }
    const auto accepted = read_connect_answer(answer);
    if (!accepted) co_return end(accepted.error().code(), accepted.error().message());
    co_return Result<void>();
}

asio::awaitable<Result<void>> Link::shake_tls(const ConnectTarget& target, std::shared_ptr<ssl::context> context) {
    WebSocketLayer& layer = stream_.next_layer();
    layer.tls_context = std::move(context);
    layer.tls.emplace(layer.socket, *layer.tls_context);
    error_code error;
    layer.tls->set_verify_mode(ssl::verify_peer, error);
    layer.tls->set_verify_callback(ssl::host_name_verification(target.host), error);
    static_cast<void>(asio::ip::make_address(target.host, error));
    // SNI is for names alone (RFC 6066).
    if (error && SSL_set_tlsext_host_name(layer.tls->native_handle(), target.host.c_str()) != 1) {
        co_return end(ErrorCode::internal, "TLS: the server's name cannot be set");
    }
    const auto [failed] = co_await layer.tls->async_handshake(ssl::stream_base::client, kAwait);
    if (failed) co_return end("TLS", failed);
    co_return Result<void>();
}

asio::awaitable<Result<void>> Link::shake_websocket(const ConnectTarget& target) {
    stream_.read_message_max(options_.max_message_bytes);
    stream_.auto_fragment(false);
    stream_.text(true);
    stream_.set_option(
        websocket::stream_base::decorator([agent = options_.user_agent](websocket::request_type& request) {
            request.set(beast::http::field::user_agent, agent);
        }));
    websocket::response_type response;
    const auto [error] = co_await stream_.async_handshake(response, target.host_header, target.path, kAwait);
    if (error == websocket::error::upgrade_declined) {
        co_return end(ErrorCode::http_status, fmt::format("the server answered with {}", response.result_int()));
    }
    if (error) co_return end("the WebSocket handshake", error);
    co_return Result<void>();
}

asio::awaitable<Result<WebSocketData>> Link::read() {
    if (end_) co_return std::unexpected(*end_);
    buffer_.consume(buffer_.size());
    error_code error;
    if (!closing_ && stream_.next_layer().ahead.holds_message(options_.max_message_bytes)) {
        stream_.read(buffer_, error);  // which waits for nothing
    } else {
        read_by_ = in(options_.idle_timeout);
        keep_watch();
        std::tie(error, std::ignore) = co_await stream_.async_read(buffer_, kAwait);
        read_by_ = SteadyTime::max();
    }
    if (!error) {
        const auto bytes = buffer_.cdata();
        co_return WebSocketData{.bytes = {static_cast<const char*>(bytes.data()), bytes.size()},
                                .binary = stream_.got_binary()};
    }
    if (end_) co_return std::unexpected(*end_);
    if (closing_) {
        // The answer to our close: async_close has yet to see it.
        co_return core::fail(ErrorCode::cancelled, "closed");
    }
    if (error == websocket::error::closed) {
        const auto& reason = stream_.reason();
        co_return end(ErrorCode::network,
                      fmt::format("closed by the server with {} \"{}\"", reason.code,
                                  core::visible_text({reason.reason.data(), reason.reason.size()})));
    }
    co_return end("reading", error);
}

Result<void> Link::send(std::string text, WebSocketConnection::Order order) {
    if (end_) return std::unexpected(*end_);
    if (closing_) return fail(ErrorCode::cancelled, "closed");
    if (queued_bytes_ + text.size() > options_.max_queued_bytes) {
        return fail(ErrorCode::unavailable, "the queue to the server is full");
    }
    queued_bytes_ += text.size();
    (order == WebSocketConnection::Order::first ? first_ : queued_).push_back(std::move(text));
    if (!is_writing_) write_next();
    return {};
}

void Link::write_next() {
    auto& queue = first_.empty() ? queued_ : first_;
    if (queue.empty() || end_ || closing_) {
        write_by_ = SteadyTime::max();
        return;
    }
    writing_ = std::move(queue.front());
    queue.pop_front();
    is_writing_ = true;
    write_by_ = in(options_.write_timeout);
    keep_watch();
    stream_.async_write(asio::buffer(writing_), [self = shared_from_this()](const error_code& error, std::size_t) {
        self->is_writing_ = false;
        self->queued_bytes_ -= self->writing_.size();
        if (error && !self->closing_) self->end("writing", error);
        self->write_next();
    });
}

void Link::close(std::uint16_t code) {
    if (end_ || closing_) return;
    closing_ = true;
    close_by_ = in(options_.close_timeout);
    keep_watch();
    stream_.async_close(websocket::close_reason(code),
                        [self = shared_from_this()](const error_code&) { self->end(ErrorCode::cancelled, "closed"); });
}

class Connection final : public WebSocketConnection {
public:
    explicit Connection(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    ~Connection() override { link_->close(websocket::close_code::normal); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] asio::awaitable<Result<WebSocketData>> read() override { return link_->read(); }
    [[nodiscard]] Result<void> send(std::string text, Order order) override {
        return link_->send(std::move(text), order);
    }
    void close(std::uint16_t code) override { link_->close(code); }

private:
    std::shared_ptr<Link> link_;
};

class Client final : public WebSocketClient {
public:
    explicit Client(WebSocketClientOptions options) : options_(std::move(options)) {}

    [[nodiscard]] asio::awaitable<Result<std::unique_ptr<WebSocketConnection>>> connect(std::string url) override {
        auto target = connect_target(url, options_.proxy);
        if (!target) co_return std::unexpected(target.error());
        const std::string label = target->label;
        if (target->tls && !tls_) {
            auto context = load_context();
            if (!context) co_return std::unexpected(context.error().within(label));
            tls_ = std::move(*context);
        }
        const auto link = std::make_shared<Link>(co_await asio::this_coro::executor, options_);
        const auto opened = co_await link->open(std::move(*target), tls_);
        if (!opened) co_return std::unexpected(opened.error().within(label));
        co_return std::make_unique<Connection>(link);
    }

private:
    [[nodiscard]] Result<std::shared_ptr<ssl::context>> load_context() const {
        auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
        error_code error;
        context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                                 ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                             error);
        if (options_.ca_bundle_path.empty()) {
            context->set_default_verify_paths(error);
        } else {
            context->load_verify_file(options_.ca_bundle_path, error);
        }
        if (error) return fail(ErrorCode::io, fmt::format("the CA bundle: {}", error.message()));
        return context;
    }

    const WebSocketClientOptions options_;
    std::shared_ptr<ssl::context> tls_;  // read once, with the first connection that needs it
};

}  // namespace

std::unique_ptr<WebSocketClient> make_websocket_client(WebSocketClientOptions options) {
    return std::make_unique<Client>(std::move(options));
}

}  // namespace scanner::net
