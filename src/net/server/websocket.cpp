#include "net/server/websocket.hpp"

#include "scanner/core/text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::SteadyTime;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// For the peer's answer to a close, and for its end of the connection after that.
constexpr std::chrono::milliseconds kCloseTime{1'500};
/// Of what the peer sends behind it.
constexpr std::size_t kMaxDiscarded = 16U << 20U;
/// A read waits with this little memory, and takes more as the message grows.
constexpr std::size_t kFirstPiece = 256;
constexpr std::size_t kLargestPiece = 16U << 10U;
constexpr std::size_t kMaxReasonLength = 123;
/// RFC 6455's own name for a connection that ended without a close frame, never sent.
constexpr std::uint16_t kNoClose = 1006;

/// The socket as Beast sees it: gives what was received behind the handshake first, and notes when something moved.
class SocketLayer {
public:
    using executor_type = tcp::socket::executor_type;

    SocketLayer(tcp::socket socket, std::string received)
        : socket_(std::move(socket)), received_(std::move(received)), moved_at(steady_clock::now()) {}

    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] tcp::socket& socket() { return socket_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        // Beast comes here again each time that something has arrived.
        read_at = steady_clock::now();
        if (received_.empty()) return socket_.async_read_some(buffers, std::forward<Token>(token));
        const auto count = asio::buffer_copy(buffers, asio::buffer(received_));
        received_.erase(0, count);
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this, count](auto handler) {
                asio::post(socket_.get_executor(), beast::bind_front_handler(std::move(handler), error_code(), count));
            },
            token);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        moved_at = steady_clock::now();
        return socket_.async_write_some(buffers, std::forward<Token>(token));
    }

    void drop() {
        error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        socket_.close(ignored);
    }

private:
    tcp::socket socket_;
    std::string received_;

public:
    SteadyTime read_at{};
    SteadyTime moved_at;  ///< the last time that Beast had something taken from it, or began to write
    SteadyTime ending_at = SteadyTime::max();  ///< when Beast began to wait for the peer's end
};

void beast_close_socket(SocketLayer& layer) {
    layer.drop();
}

/// Throws away what the peer still sends until it ends the connection. Beast's own stops after the first two kilobytes:
/// closing with more to read resets the connection, and the peer may never see the close frame that says why.
class DrainAndClose {
public:
    explicit DrainAndClose(tcp::socket& socket) : socket_(socket) {}

    template <class Self>
    void operator()(Self& self, error_code ec = {}) {
        if (!begun_) {
            begun_ = true;
            error_code ignored;
            socket_.shutdown(tcp::socket::shutdown_send, ignored);
            socket_.non_blocking(true, ignored);
            socket_.async_wait(tcp::socket::wait_read, std::move(self));
            return;
        }
        std::array<char, 4096> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): only written to
        while (!ec && discarded_ < kMaxDiscarded) discarded_ += socket_.read_some(asio::buffer(piece), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) {
            socket_.async_wait(tcp::socket::wait_read, std::move(self));
            return;
        }
        if (ec == asio::error::eof) ec.clear();
        error_code ignored;
        socket_.close(ignored);
        self.complete(ec);
    }

private:
    tcp::socket& socket_;
    std::size_t discarded_ = 0;
    bool begun_ = false;
};

template <class Handler>
void async_teardown(beast::role_type /*role*/, SocketLayer& layer, Handler&& handler) {
    layer.ending_at = steady_clock::now();
    asio::async_compose<Handler, void(error_code)>(DrainAndClose(layer.socket()), handler, layer.socket());
}

using Stream = websocket::stream<SocketLayer, true>;

/// What RFC 6455 (7.4) and its registry let an endpoint send.
bool is_sendable(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

websocket::close_reason close_reason(std::uint16_t code, std::string_view reason) {
    if (reason.size() > kMaxReasonLength) {
        auto end = kMaxReasonLength;
        while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) --end;  // not within a character
        reason = reason.substr(0, end);
    }
    websocket::close_reason out(is_sendable(code) ? code : std::uint16_t{websocket::close_code::internal_error});
    out.reason.assign(reason.data(), reason.size());
    return out;
}

http::request<http::empty_body> beast_request(const ServerRequest& request) {
    http::request<http::empty_body> out(http::verb::get, request.target, 11);
    for (const auto& [name, value] : request.headers) {
        if (!core::equal_ignoring_case(name, "expect")) out.insert(name, value);
    }
    return out;
}

class WebSocketSession final : public Connection,
                               public WebSocket,
                               public std::enable_shared_from_this<WebSocketSession> {
public:
    WebSocketSession(std::shared_ptr<ServerCore> core, tcp::socket socket, std::string received, ClientUse client)
        : Connection(std::move(core)), client_(std::move(client)), stream_(std::move(socket), std::move(received)) {
        const auto& options = this->core().options();
        started_at_ = steady_clock::now();
        pinged_at_ = started_at_;
        websocket::permessage_deflate deflate;
        deflate.server_enable = options.websocket_deflate;
        // A context is a quarter of a megabyte for each subscriber, which is what frames alike would have to pay for.
        deflate.server_no_context_takeover = true;
        deflate.client_no_context_takeover = true;
        deflate.server_max_window_bits = 12;
        deflate.memLevel = 5;
        deflate.compLevel = 3;
        deflate.msg_size_threshold = 512;
        stream_.set_option(deflate);
        stream_.set_option(
            websocket::stream_base::decorator([name = options.server_name](websocket::response_type& response) {
                response.set(http::field::server, name);
            }));
        stream_.read_message_max(options.max_websocket_message_bytes);
        // One frame a message, whose payload is sent from where it is.
        stream_.auto_fragment(false);
    }

    asio::awaitable<void> run(ServerRequest request);

    asio::awaitable<Result<Message>> read() override;
    asio::awaitable<Result<void>> write(std::shared_ptr<const std::string> data, bool binary) override;
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override;

    void sweep(SteadyTime now) override;
    void begin_stop() override;
    void drop() override;
    [[nodiscard]] bool dropped() const { return dropped_; }

private:
    asio::awaitable<bool> handshake(ServerRequest request);
    asio::awaitable<error_code> read_message(Message& message);
    [[nodiscard]] bool is_stuck(SteadyTime now);
    void watch_silence(SteadyTime now);
    void ping();
    [[nodiscard]] core::Error read_error(const error_code& ec) const;
    [[nodiscard]] core::Error write_error() const;

    ClientUse client_;  // counted while it lasts
    Stream stream_;
    SteadyTime started_at_;
    SteadyTime read_began_at_{};
    SteadyTime pinged_at_;
    SteadyTime write_began_at_{};
    SteadyTime closing_at_ = SteadyTime::max();
    bool open_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool pinging_ = false;
    bool dropped_ = false;
    bool silent_ = false;    // dropped for it
    bool too_slow_ = false;  // dropped for it
};

// -- the conversation ------------------------------------------------------------------------------------------------

asio::awaitable<bool> WebSocketSession::handshake(ServerRequest request) {
    const auto upgrade = beast_request(request);
    const auto [ec] = co_await stream_.async_accept(upgrade, kAwait);
    co_return !ec;
}

asio::awaitable<void> WebSocketSession::run(ServerRequest request) {
    if (!co_await handshake(request)) co_return;
    open_ = true;
    ++core().statistics().websockets_opened;
    if (core().stopping()) begin_stop();
    bool failed = false;
    try {
        co_await core().handler().handle_websocket(std::move(request), *this);
    } catch (...) {
        failed = !dropped_;
        if (failed) core().report_exception("handle_websocket", std::current_exception());
    }
    if (dropped_) co_return;
    if (failed) {
        co_await close(websocket::close_code::internal_error, "internal error");
    } else {
        co_await close(websocket::close_code::normal, "");
    }
}

asio::awaitable<Result<WebSocket::Message>> WebSocketSession::read() {
    if (reading_) co_return fail(ErrorCode::internal, "two reads of a WebSocket at a time");
    reading_ = true;
    read_began_at_ = steady_clock::now();
    Message message;
    const auto ec = co_await read_message(message);
    reading_ = false;
    if (ec) co_return std::unexpected(read_error(ec));
    message.binary = stream_.got_binary();
    co_return message;
}

asio::awaitable<error_code> WebSocketSession::read_message(Message& message) {
    std::size_t used = 0;
    std::size_t piece = kFirstPiece;
    for (;;) {
        message.data.resize(used + piece);
        const auto [ec, count] =
            co_await stream_.async_read_some(asio::buffer(message.data.data() + used, piece), kAwait);
        if (ec) co_return ec;
        used += count;
        if (stream_.is_message_done()) break;
        piece = std::min(2 * piece, kLargestPiece);
    }
    message.data.resize(used);
    co_return error_code();
}

asio::awaitable<Result<void>> WebSocketSession::write(std::shared_ptr<const std::string> data, bool binary) {
    if (writing_) co_return fail(ErrorCode::internal, "two writes to a WebSocket at a time");
    if (dropped_ || closing_at_ != SteadyTime::max() || !stream_.is_open()) co_return std::unexpected(write_error());
    writing_ = true;
    write_began_at_ = steady_clock::now();
    stream_.binary(binary);
    const auto buffer = data ? asio::buffer(*data) : asio::const_buffer();
    const auto [ec, count] = co_await stream_.async_write(buffer, kAwait);
    writing_ = false;
    if (ec) co_return std::unexpected(write_error());
    co_return Result<void>();
}

asio::awaitable<void> WebSocketSession::close(std::uint16_t code, std::string reason) {
    if (!open_ || dropped_) co_return;
    if (code == kNoClose) co_return drop();
    if (closing_at_ != SteadyTime::max()) co_return;
    closing_at_ = steady_clock::now();
    const auto why = close_reason(code, reason);
    co_await stream_.async_close(why, kAwait);
}

core::Error WebSocketSession::read_error(const error_code& ec) const {
    if (silent_) return {ErrorCode::timeout, "the peer is silent"};
    if (too_slow_) return {ErrorCode::timeout, "write timed out: the peer is not reading"};
    if (core().stopping()) return {ErrorCode::cancelled, "shutting down"};
    if (ec == websocket::error::closed) {
        return {ErrorCode::network, "closed by the peer with code " + std::to_string(stream_.reason().code)};
    }
    if (ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow) {
        return {ErrorCode::malformed,
                "the message has more than " + std::to_string(core().options().max_websocket_message_bytes) + " bytes"};
    }
    if (ec.category() == error_code(websocket::error::closed).category()) return {ErrorCode::malformed, ec.message()};
    return {ErrorCode::network, ec.message()};
}

core::Error WebSocketSession::write_error() const {
    if (too_slow_) return {ErrorCode::timeout, "the peer takes nothing for too long"};
    if (silent_) return {ErrorCode::timeout, "the peer is silent"};
    if (core().stopping()) return {ErrorCode::cancelled, "shutting down"};
    return {ErrorCode::network, "the connection is closed"};
}

// -- deadlines and shutdown ------------------------------------------------------------------------------------------

void WebSocketSession::sweep(SteadyTime now) {
    if (dropped_) return;
    const auto& layer = stream_.next_layer();
    if (closing_at_ != SteadyTime::max() || layer.ending_at != SteadyTime::max()) {
        // From the first of the two, so that a close that turns into a tear-down has no second term.
        if (now - std::min(closing_at_, layer.ending_at) >= kCloseTime) drop();
    } else if (is_stuck(now)) {
        too_slow_ = true;
        ++core().statistics().slow_readers_dropped;
        drop();
    } else if (reading_) {
        watch_silence(now);
    }
}

bool WebSocketSession::is_stuck(SteadyTime now) {
    const auto limit = core().options().write_timeout;
    if (!open_) return now - started_at_ >= limit;
    if (!writing_ && !pinging_) return false;
    const auto began = pinging_ && !writing_ ? pinged_at_ : write_began_at_;
    return now - std::max(began, stream_.next_layer().moved_at) >= limit;
}

void WebSocketSession::watch_silence(SteadyTime now) {
    const auto interval = core().options().websocket_ping_interval;
    const auto silence = now - std::max(read_began_at_, stream_.next_layer().read_at);
    if (silence >= 2 * interval) {
        silent_ = true;
        ++core().statistics().websockets_silent;
        drop();
    } else if (silence >= interval && now - pinged_at_ >= interval && !pinging_) {
        ping();
    }
}

void WebSocketSession::ping() {
    pinging_ = true;
    pinged_at_ = steady_clock::now();
    stream_.async_ping({}, [self = shared_from_this()](const error_code&) { self->pinging_ = false; });
}

void WebSocketSession::begin_stop() {
    if (!open_ || dropped_ || closing_at_ != SteadyTime::max()) return;
    closing_at_ = steady_clock::now();
    // The pending read, if any, gets the peer's answer and ends with an error.
    stream_.async_close(close_reason(websocket::close_code::going_away, "server shutting down"),
                        [self = shared_from_this()](const error_code&) {});
}

void WebSocketSession::drop() {
    dropped_ = true;
    stream_.next_layer().drop();
}

}  // namespace

void start_websocket(std::shared_ptr<ServerCore> core, tcp::socket socket, ServerRequest request, std::string received,
                     ClientUse client) {
    const auto session =
        std::make_shared<WebSocketSession>(std::move(core), std::move(socket), std::move(received), std::move(client));
    auto on_end = [session](const std::exception_ptr& exception) {
        session->set_finished();
        if (exception && !session->dropped()) session->core().report_exception("websocket", exception);
    };
    asio::co_spawn(session->core().executor(), session->run(std::move(request)),
                   asio::bind_cancellation_slot(session->cancellation_slot(), std::move(on_end)));
}

}  // namespace scanner::net
