#include "scanner/net/http_server.hpp"

#include "net/server/forwarded.hpp"
#include "net/server/http_session.hpp"
#include "net/server/request_parser.hpp"
#include "net/server/server_core.hpp"

#include "scanner/net/request_target.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <memory>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::fail;
using core::Result;
using std::chrono::steady_clock;

// -- parsing ---------------------------------------------------------------------------------------------------------

/// A body is given this much memory before it has arrived; what a client merely announces costs it nothing.
constexpr std::size_t kReservedBodyBytes = 4U << 10U;
/// Of all chunks of a request together. No client sends any.
constexpr std::size_t kMaxChunkExtensionBytes = 1U << 10U;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

/// Beast's grammar, straight into a ServerRequest.
class HeadAndBody final : public http::basic_parser<true> {
public:
    HeadAndBody(ParserOptions options, BodyGate* gate) : options_(options), gate_(gate) {
        eager(true);
        header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(options.max_header_bytes, UINT32_MAX)));
        body_limit(boost::none);  // the gate knows better
    }

    ServerRequest request;
    std::optional<ProtocolFailure> failure;
    int version = 11;
    bool awaits_continue = false;

private:
    void on_request_impl(http::verb /*verb*/, boost::beast::string_view method, boost::beast::string_view target,
                         int version_number, error_code& /*ec*/) override {
        request.method = view(method);
        request.target = without_base_path(view(target), options_.base_path);
        version = version_number;
        head_bytes_ = method.size() + target.size();
    }
    void on_response_impl(int /*status*/, boost::beast::string_view /*reason*/, int /*version*/,
                          error_code& /*ec*/) override {}

    void on_field_impl(http::field /*field*/, boost::beast::string_view name, boost::beast::string_view value,
                       error_code& ec) override {
        // Beast limits what is unparsed at a time, not the sum.
        head_bytes_ += name.size() + value.size() + 4;
        if (head_bytes_ > options_.max_header_bytes) {
            ec = http::error::header_limit;
        } else if (!head_done_) {
            request.headers.push_back({std::string(view(name)), std::string(view(value))});
        }
    }
    void on_header_impl(error_code& ec) override {
        head_done_ = true;
        fail_with(check_head(request, version), ec);
        if (ec) return;
        const auto length = content_length();
        if (!chunked() && length.value_or(0) == 0) return;
        fail_with(gate_->open(request, length ? std::optional<std::uint64_t>(*length) : std::nullopt), ec);
        awaits_continue = !ec && expects_continue(request, version);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& /*ec*/) override {
        if (length && gate_->keeps()) request.body.reserve(std::min<std::uint64_t>(*length, kReservedBodyBytes));
    }
    std::size_t on_body_impl(boost::beast::string_view body, error_code& ec) override { return take(body, ec); }
    void on_chunk_header_impl(std::uint64_t size, boost::beast::string_view extensions, error_code& ec) override {
        awaits_continue = false;
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > kMaxChunkExtensionBytes) {
            fail_with(ProtocolFailure{400, "malformed request: chunk extensions without an end"}, ec);
        } else {
            fail_with(gate_->announce(size), ec);
        }
    }
    std::size_t on_chunk_body_impl(std::uint64_t /*remaining*/, boost::beast::string_view body,
                                   error_code& ec) override {
        return take(body, ec);
    }
    void on_finish_impl(error_code& /*ec*/) override {
        awaits_continue = false;
        request.keep_alive = keep_alive();
    }

    std::size_t take(boost::beast::string_view body, error_code& ec) {
        awaits_continue = false;
        fail_with(gate_->take(body.size()), ec);
        if (!ec && gate_->keeps()) request.body.append(body.data(), body.size());
        return body.size();
    }
    void fail_with(std::optional<ProtocolFailure> found, error_code& ec) {
        if (!found) return;
        failure = std::move(found);
        ec = http::error::bad_field;
    }

    ParserOptions options_;
    BodyGate* gate_;
    std::size_t head_bytes_ = 0;
    std::size_t extension_bytes_ = 0;
    bool head_done_ = false;
};

ProtocolFailure failure_of(const error_code& ec, std::size_t max_header_bytes) {
    if (ec == http::error::header_limit) {
        return {431, "request line and headers may have " + std::to_string(max_header_bytes) + " bytes"};
    }
    return {400, "malformed request: " + ec.message()};
}

class BeastRequestParser final : public RequestParser {
public:
    explicit BeastRequestParser(ParserOptions options) : options_(options), message_(options, nullptr) {}

    void reset(BodyGate& gate) override {
        // Beast's parser is for one message and not assignable.
        std::destroy_at(&message_);
        std::construct_at(&message_, options_, &gate);
        started_ = false;
    }

    std::size_t feed(std::string_view bytes) override {
        std::size_t used = 0;
        if (!started_) {
            used = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
            if (used == bytes.size()) return used;
            started_ = true;
        }
        // Beast joins folded lines before a parser of ours sees them.
        if (!message_.is_header_done() && has_folded_line(bytes.substr(used))) {
            message_.failure = ProtocolFailure{400, "malformed request: a header is continued on the next line"};
            return bytes.size();
        }
        error_code ec;
        used += message_.put(asio::const_buffer(bytes.data() + used, bytes.size() - used), ec);
        if (ec == http::error::need_more) ec.clear();
        if (ec && !message_.failure) message_.failure = failure_of(ec, options_.max_header_bytes);
        if (!ec && !complete() && bytes.size() - used > options_.max_header_bytes) {
            // Only a line without an end is kept for later: of the head, which Beast limits, or of a chunk.
            message_.failure = ProtocolFailure{400, "malformed request: an endless chunk header or trailer"};
        }
        return used;
    }

    [[nodiscard]] bool started() const override { return started_; }
    [[nodiscard]] bool complete() const override { return message_.is_done() && !message_.failure; }
    [[nodiscard]] const std::optional<ProtocolFailure>& failure() const override { return message_.failure; }
    [[nodiscard]] bool waits_for_continue() const override { return message_.awaits_continue && !message_.failure; }
    void set_continued() override { message_.awaits_continue = false; }
    [[nodiscard]] int version() const override { return message_.version; }
    [[nodiscard]] ServerRequest& request() override { return message_.request; }

private:
    ParserOptions options_;
    HeadAndBody message_;
    bool started_ = false;
};

// -- listening -------------------------------------------------------------------------------------------------------

/// How many connections beyond the limit are told so; more are closed without a word.
constexpr std::size_t kRefusedAtATime = 64;
/// How many are accepted before the others on the loop have their turn.
constexpr int kAcceptedAtATime = 32;
constexpr std::chrono::milliseconds kAcceptPause{100};
/// For coroutines to end after everything they wait for was cancelled.
constexpr std::chrono::milliseconds kUnwindTime{500};

struct Listener {
    std::shared_ptr<ServerCore> core;
    tcp::acceptor acceptor;

    void start(tcp::socket socket) {
        auto& statistics = core->statistics();
        ++statistics.accepted;
        const auto count = core->connection_count();
        const auto limit = core->options().max_connections;
        if (count >= limit) ++statistics.refused;
        if (count >= limit + kRefusedAtATime || core->stopping()) return;
        error_code ec;
        socket.set_option(tcp::no_delay(true), ec);
        socket.non_blocking(true, ec);
        const auto peer = socket.remote_endpoint(ec);
        if (ec) return;
        // A trusted proxy's connections are those of all clients behind it: each request is its own client's.
        const bool proxied = is_trusted(core->options().trusted_proxies, address_bytes(peer.address()));
        ClientUse client;
        if (!proxied) client = core->client_limits().client(peer.address(), steady_clock::now());
        auto refusal = Refusal::none;
        if (count >= limit) {
            refusal = Refusal::server_full;
        } else if (const auto excess = core->client_limits().excess(client); excess > 0) {
            ++statistics.refused;
            if (excess > kRefusedAtATime) return;
            refusal = Refusal::client_has_many;
        }
        start_http_session(core, std::move(socket), std::move(client), refusal);
    }

    /// Those that wait already. The error that ended it, would_block normally.
    error_code accept_waiting() {
        error_code ec;
        for (int count = 0; count < kAcceptedAtATime && !ec; ++count) {
            tcp::socket socket(core->executor());
            acceptor.accept(socket, ec);
            if (!ec) start(std::move(socket));
        }
        return ec;
    }
};

bool is_shortage(const error_code& ec) {
    return ec == asio::error::no_descriptors || ec == asio::error::no_memory || ec == asio::error::no_buffer_space ||
           ec == boost::system::errc::too_many_files_open_in_system;
}

asio::awaitable<void> accept_connections(std::shared_ptr<Listener> listener) {
    asio::steady_timer pause(listener->core->executor());
    bool short_before = false;
    while (listener->acceptor.is_open()) {
        error_code ec;
        co_await listener->acceptor.async_wait(tcp::acceptor::wait_read, asio::redirect_error(asio::use_awaitable, ec));
        if (!listener->acceptor.is_open()) break;
        if (!ec) ec = listener->accept_waiting();
        const bool was_short = std::exchange(short_before, is_shortage(ec));
        if (!ec || ec == asio::error::would_block || ec == asio::error::try_again) continue;
        ++listener->core->statistics().accept_failures;
        if (!short_before) continue;
        // The connection stays in the backlog, so the socket stays readable: without a pause this would spin.
        if (!was_short) listener->core->report_error("accept", ec.message());
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
}

Result<tcp::endpoint> endpoint_of(const HttpServerOptions& options) {
    error_code ec;
    auto address = options.address == "localhost" ? asio::ip::make_address("127.0.0.1", ec)
                                                  : asio::ip::make_address(options.address, ec);
    if (ec) return fail(ErrorCode::invalid_input, "'" + options.address + "' must be an IP address");
    return tcp::endpoint(address, options.port);
}

/// Accepted sockets have it from the one that listens.
void limit_unsent(tcp::acceptor& acceptor, std::size_t bytes) {
    if (bytes == 0) return;
    const auto limit = static_cast<unsigned int>(std::min<std::size_t>(bytes, UINT32_MAX / 2));
    // A kernel without it buffers more, and that is all.
    static_cast<void>(::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, sizeof limit));
}

Result<void> open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, const HttpServerOptions& options) {
    error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) limit_unsent(acceptor, options.max_unsent_bytes);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor.non_blocking(true, ec);
    if (ec) {
        return fail(ErrorCode::io, "cannot listen on " + options.address + " port " + std::to_string(options.port) +
                                       ": " + ec.message());
    }
    return {};
}

class BeastHttpServer final : public HttpServer {
public:
    BeastHttpServer(std::shared_ptr<Listener> listener, std::uint16_t port)
        : listener_(std::move(listener)), core_(listener_->core), port_(port) {
        core_->start_sweeping();
        asio::co_spawn(core_->executor(), accept_connections(listener_),
                       [core = core_](const std::exception_ptr& thrown) {
                           if (thrown && !core->stopping()) core->report_exception("accept", thrown);
                       });
    }

    ~BeastHttpServer() override {
        close_listener();
        core_->begin_stop();
        core_->drop_all();
        core_->shut_down();
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] std::size_t connection_count() const override { return core_->connection_count(); }
    [[nodiscard]] HttpServerStatistics statistics() const override { return core_->statistics(); }

    asio::awaitable<void> stop(std::chrono::milliseconds grace) override {
        const auto core = core_;
        const auto deadline = steady_clock::now() + grace;
        close_listener();
        core->begin_stop();
        if (!co_await core->drained(deadline)) {
            core->drop_all();
            // Those that only waited for their sockets end by themselves now; cancelling is for handlers that wait for
            // something else.
            co_await asio::post(core->executor(), asio::use_awaitable);
            core->cancel_all_handlers();
            co_await core->drained(steady_clock::now() + kUnwindTime);
        }
        core->shut_down();
    }

private:
    void close_listener() {
        error_code ignored;
        listener_->acceptor.close(ignored);
    }

    std::shared_ptr<Listener> listener_;
    std::shared_ptr<ServerCore> core_;
    std::uint16_t port_;
};

}  // namespace

std::unique_ptr<RequestParser> make_request_parser(ParserOptions options) {
    return std::make_unique<BeastRequestParser>(options);
}

Result<std::unique_ptr<HttpServer>> make_http_server(asio::any_io_executor executor, HttpServerOptions options,
                                                     RequestHandler& handler) {
    const auto endpoint = endpoint_of(options);
    if (!endpoint) return std::unexpected(endpoint.error());
    tcp::acceptor acceptor(executor);
    if (auto opened = open(acceptor, *endpoint, options); !opened) return std::unexpected(std::move(opened).error());
    const auto port = acceptor.local_endpoint().port();
    auto core = std::make_shared<ServerCore>(std::move(executor), std::move(options), handler);
    auto listener = std::make_shared<Listener>(Listener{std::move(core), std::move(acceptor)});
    return std::make_unique<BeastHttpServer>(std::move(listener), port);
}

}  // namespace scanner::net
