#include "net/http_session.hpp"

#include "net/body_stream.hpp"
#include "net/gather.hpp"
#include "net/websocket.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::Result;
using core::SteadyTime;
using std::chrono::steady_clock;

/// For the reading of what a client still sends behind an answer that ends the connection, and for clients that are
/// turned away.
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kLingerTimeWhenStopping{250};
constexpr std::size_t kLingerBytes = 16U << 20U;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// One connection while it speaks HTTP. While idle it reads into a small buffer of its own, which most requests fit
/// into: waiting for the socket and receiving into the core's buffer, as it does with what is longer, would cost an
/// epoll_ctl for each request. What is sent is written at once, unless the client is slow.
class HttpSession final : public Connection, public ResponseSink {
public:
    HttpSession(std::shared_ptr<ServerCore> core, tcp::socket socket, std::shared_ptr<Client> client, Refusal refusal)
        : Connection(std::move(core)), socket_(std::move(socket)), client_(std::move(client)), refusal_(refusal) {
        error_code ec;
        const auto peer = socket_.remote_endpoint(ec);
        if (!ec) remote_address_ = peer.address().to_string();
    }

    asio::awaitable<void> run();

    void sweep(SteadyTime now) override;
    void begin_stop() override;
    void drop() override;

    asio::awaitable<Result<void>> send(Gather gather) override;
    [[nodiscard]] bool gone() const override { return gone_; }

private:
    enum class Phase {
        idle,       ///< between requests: may end at any time
        reading,    ///< a request has begun
        handling,   ///< a handler runs; it has deadlines of its own
        writing,    ///< the client does not take what it is sent
        lingering,  ///< all is sent; the client's rest is thrown away
    };
    enum class Incoming { need_more, complete, failed, ended };

    /// What became of an answer.
    struct Written {
        bool go_on = false;  ///< another request may follow, once `rest` is sent
        Gather rest;         ///< what the kernel did not take at once
    };

    void enter(Phase phase, std::chrono::milliseconds limit);
    void leave_deadline() { deadline_ = SteadyTime::max(); }
    Incoming consume(std::string_view bytes);
    Incoming receive();
    Incoming advance();
    Incoming take_first(std::string_view bytes, error_code ec);
    Incoming begin_request();
    asio::awaitable<bool> say_continue();
    // These are no coroutines where they only pass on to one: every frame less is felt when answers are short.
    asio::awaitable<bool> answer_request();
    asio::awaitable<bool> answer(ServerRequest request, AnswerTo to);
    asio::awaitable<bool> answer_upgrade(ServerRequest request, AnswerTo to, Upgrade upgrade);
    asio::awaitable<bool> answer_failure(int status, std::string detail);
    asio::awaitable<bool> respond(ServerResponse response, AnswerTo to);
    asio::awaitable<bool> respond_whole(ServerResponse response, AnswerTo to);
    asio::awaitable<bool> respond_stream(ServerResponse response, AnswerTo to);
    Written write_whole(const ServerResponse& response, AnswerTo to);
    asio::awaitable<bool> write_rest(std::shared_ptr<const std::string> body, Written written);
    asio::awaitable<void> linger();
    error_code write_some(Gather& gather);
    [[nodiscard]] core::Error lost() const;
    void close_socket();

    tcp::socket socket_;
    std::string remote_address_;
    std::shared_ptr<Client> client_;
    std::array<char, 512> first_bytes_{};    // of a request
    std::unique_ptr<RequestParser> parser_;  // while a request comes in
    std::string pending_;                    // received and not parsed yet
    std::string unsent_head_;                // what a slow client has not taken of a head
    BodyStream* stream_ = nullptr;           // while one runs
    SteadyTime deadline_ = SteadyTime::max();
    Phase phase_ = Phase::idle;
    Refusal refusal_;
    bool gone_ = false;      // the socket is closed, or as good as
    bool expired_ = false;   // a deadline of idle, reading or lingering has passed
    bool too_slow_ = false;  // the deadline of writing has
    bool linger_ = false;
};

// -- deadlines and shutdown ------------------------------------------------------------------------------------------

void HttpSession::enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    deadline_ = steady_clock::now() + limit;
}

void HttpSession::sweep(SteadyTime now) {
    if (now < deadline_ || gone_) return;
    leave_deadline();
    error_code ignored;
    if (phase_ == Phase::writing) {
        too_slow_ = true;
        ++core().statistics().slow_readers_dropped;
        drop();
    } else {
        expired_ = true;
        socket_.cancel(ignored);
    }
}

void HttpSession::begin_stop() {
    error_code ignored;
    if (stream_ != nullptr) stream_->wake_for_stop();
    if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void HttpSession::drop() {
    if (gone_) return;
    error_code ignored;
    // A reset: nothing is left in the kernel for a client that does not take it.
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close_socket();
}

void HttpSession::close_socket() {
    gone_ = true;
    error_code ignored;
    socket_.close(ignored);
}

// -- requests --------------------------------------------------------------------------------------------------------

HttpSession::Incoming HttpSession::consume(std::string_view bytes) {
    if (!parser_) parser_ = core().take_parser();
    const auto used = parser_->feed(bytes);
    if (bytes.data() == pending_.data()) {
        pending_.erase(0, used);
    } else {
        pending_.assign(bytes.substr(used));
    }
    if (parser_->failure()) return Incoming::failed;
    if (parser_->complete()) return Incoming::complete;
    if (parser_->started() && phase_ == Phase::idle) enter(Phase::reading, core().options().read_timeout);
    return Incoming::need_more;
}

/// Takes what the socket has.
HttpSession::Incoming HttpSession::receive() {
    error_code ec;
    const auto buffer = core().receive_buffer();
    const auto count = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) return Incoming::need_more;
    if (ec) return Incoming::ended;
    const std::string_view bytes(buffer.data(), count);
    if (pending_.empty()) return consume(bytes);
    pending_.append(bytes);
    return consume(pending_);
}

/// One step after a wait, or what a pipelining client had sent already.
HttpSession::Incoming HttpSession::advance() {
    if (gone_) return Incoming::ended;
    if (expired_) return phase_ == Phase::reading ? Incoming::failed : Incoming::ended;
    if (core().stopping() && phase_ == Phase::idle && pending_.empty()) return Incoming::ended;
    return receive();
}

/// What came while the session was idle.
HttpSession::Incoming HttpSession::take_first(std::string_view bytes, error_code ec) {
    if (gone_ || expired_ || ec) return Incoming::ended;
    const auto incoming = consume(bytes);
    const bool nothing_yet = incoming == Incoming::need_more && phase_ == Phase::idle && pending_.empty();
    return nothing_yet && core().stopping() ? Incoming::ended : incoming;
}

HttpSession::Incoming HttpSession::begin_request() {
    enter(Phase::idle, refusal_ != Refusal::none ? kLingerTime : core().options().idle_timeout);
    const auto incoming = pending_.empty() ? Incoming::need_more : consume(pending_);
    if (incoming == Incoming::need_more && core().stopping() && phase_ == Phase::idle) return Incoming::ended;
    return incoming;
}

asio::awaitable<bool> HttpSession::say_continue() {
    const Gather gather{{asio::buffer(kContinue)}};
    const auto sent = co_await send(gather);
    parser_->set_continued();
    co_return sent.has_value();
}

// -- answers ---------------------------------------------------------------------------------------------------------

asio::awaitable<void> HttpSession::run() {
    for (;;) {
        auto incoming = begin_request();
        while (incoming == Incoming::need_more) {
            if (parser_ && parser_->waits_for_continue()) {
                const bool said = co_await say_continue();
                if (!said) break;
            }
            error_code ec;
            if (phase_ == Phase::idle && pending_.empty()) {
                const auto count = co_await socket_.async_read_some(asio::buffer(first_bytes_),
                                                                    asio::redirect_error(asio::use_awaitable, ec));
                incoming = take_first({first_bytes_.data(), count}, ec);
            } else {
                co_await socket_.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
                incoming = advance();
            }
        }
        if (incoming == Incoming::need_more || incoming == Incoming::ended) break;
        leave_deadline();
        phase_ = Phase::handling;
        bool go_on = false;
        if (incoming == Incoming::complete) {
            go_on = co_await answer_request();
        } else if (expired_) {
            expired_ = false;
            ++core().statistics().request_timeouts;
            co_await answer_failure(408, "the request was not complete in time");
        } else {
            auto failure = *parser_->failure();
            co_await answer_failure(failure.status, std::move(failure.detail));
        }
        if (!go_on) break;
    }
    if (linger_ && !gone_) co_await linger();
    close_socket();
}

asio::awaitable<bool> HttpSession::answer_request() {
    ++core().statistics().requests;
    ServerRequest request = std::move(parser_->request());
    AnswerTo to;
    to.version = parser_->version();
    to.head = request.method == "HEAD";
    to.keep_alive = request.keep_alive;
    core().return_parser(std::move(parser_));
    if (pending_.empty() && pending_.capacity() > sizeof(std::string)) std::string().swap(pending_);
    request.remote_address = remote_address_;
    if (refusal_ == Refusal::server_full) return answer_failure(503, "too many connections");
    if (refusal_ == Refusal::client_has_many) {
        return answer_failure(429, "too many connections from one address");
    }
    if (client_ && !client_->take_request(steady_clock::now())) {
        ++core().statistics().protocol_errors;
        return respond(core().error_response(429, "too many requests from one address"), to);
    }
    const auto upgrade = classify_upgrade(request, to.version);
    if (upgrade != Upgrade::none) return answer_upgrade(std::move(request), to, upgrade);
    return answer(std::move(request), to);
}

asio::awaitable<bool> HttpSession::answer(ServerRequest request, AnswerTo to) {
    ServerResponse response;
    bool failed = false;
    std::string where;
    if (core().options().on_error) where = request.method + ' ' + std::string(request.path());
    try {
        response = co_await core().handler().handle(std::move(request));
    } catch (...) {
        // A handler that was cancelled because the connection was dropped has nothing to answer for.
        failed = !gone_;
        if (failed) core().report_exception(where);
    }
    if (gone_) co_return false;
    if (failed) response = core().error_response(500, "internal error");
    if (response.stream) co_return co_await respond(std::move(response), to);
    const auto written = write_whole(response, to);
    if (written.rest.size() == 0) co_return written.go_on;
    co_return co_await write_rest(std::move(response.body), written);
}

asio::awaitable<bool> HttpSession::answer_upgrade(ServerRequest request, AnswerTo to, Upgrade upgrade) {
    if (upgrade == Upgrade::bad_version) {
        ++core().statistics().protocol_errors;
        auto response = core().error_response(426, "the WebSocket version here is 13");
        response.headers.push_back({"Sec-WebSocket-Version", "13"});
        co_return co_await respond(std::move(response), to);
    }
    if (upgrade == Upgrade::bad_key) co_return co_await answer_failure(400, "malformed Sec-WebSocket-Key");
    if (core().stopping()) co_return co_await answer_failure(503, "shutting down");
    std::optional<ServerResponse> refusal;
    try {
        refusal = core().handler().refuse_websocket(request);
    } catch (...) {
        core().report_exception("refuse_websocket");
        refusal = core().error_response(500, "internal error");
    }
    if (refusal) co_return co_await respond(std::move(*refusal), to);
    gone_ = true;  // for this session
    start_websocket(shared_core(), std::move(socket_), std::move(request), std::move(pending_), std::move(client_));
    co_return false;
}

/// Ends the connection with an error of the server's own.
asio::awaitable<bool> HttpSession::answer_failure(int status, std::string detail) {
    if (status != 503 && status != 408) ++core().statistics().protocol_errors;
    auto response = core().error_response(status, std::move(detail));
    response.close = true;
    AnswerTo to;
    if (parser_ && parser_->started()) to.head = parser_->request().method == "HEAD";
    return respond(std::move(response), to);
}

/// True when another request may follow.
asio::awaitable<bool> HttpSession::respond(ServerResponse response, AnswerTo to) {
    if (response.stream && plan_response(response, to).send_body) return respond_stream(std::move(response), to);
    return respond_whole(std::move(response), to);
}

asio::awaitable<bool> HttpSession::respond_whole(ServerResponse response, AnswerTo to) {
    const auto written = write_whole(response, to);
    if (written.rest.size() == 0) co_return written.go_on;
    co_return co_await write_rest(std::move(response.body), written);
}

/// Writes head and body as far as the kernel takes them now, which is all of it but for slow clients.
HttpSession::Written HttpSession::write_whole(const ServerResponse& response, AnswerTo to) {
    auto plan = plan_response(response, to);
    plan.close = plan.close || core().stopping();
    auto& head = core().head_buffer();
    append_response_head(head, response, plan, to, core().server_lines());
    Gather gather{{asio::buffer(head)}};
    if (plan.send_body && response.body) {
        gather.pieces[1] =
            asio::buffer(response.body->data(), std::min<std::size_t>(response.body->size(), plan.length));
    }
    if (write_some(gather)) return {};
    if (gather.size() > 0) {
        // The head buffer is everybody's, the body is kept by who waits.
        unsent_head_.assign(static_cast<const char*>(gather.pieces[0].data()), gather.pieces[0].size());
        gather.pieces[0] = asio::buffer(unsent_head_);
    }
    linger_ = plan.close && (to.keep_alive || !pending_.empty());
    return {.go_on = !plan.close, .rest = gather};
}

asio::awaitable<bool> HttpSession::write_rest(std::shared_ptr<const std::string> /*body*/, Written written) {
    const auto sent = co_await send(written.rest);
    std::string().swap(unsent_head_);
    co_return sent.has_value() && written.go_on;
}

asio::awaitable<bool> HttpSession::respond_stream(ServerResponse response, AnswerTo to) {
    BodyStream stream(*this, core(), response, to);
    stream_ = &stream;
    bool failed = false;
    try {
        co_await response.stream(stream);
    } catch (...) {
        failed = !gone_;
        if (failed) core().report_exception("stream");
    }
    stream_ = nullptr;
    if (gone_) co_return false;
    if (failed) {
        if (!stream.head_sent()) co_return co_await answer_failure(500, "internal error");
        drop();
        co_return false;
    }
    const auto finished = co_await stream.finish();
    co_return finished && !stream.closes() && !core().stopping();
}

/// Closing while the client still sends would reset the connection, and it might never see the answer.
asio::awaitable<void> HttpSession::linger() {
    error_code ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    expired_ = false;
    enter(Phase::lingering, core().stopping() ? kLingerTimeWhenStopping : kLingerTime);
    std::size_t discarded = 0;
    while (!ec && !gone_ && !expired_ && discarded < kLingerBytes) {
        co_await socket_.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
        if (ec || gone_) break;
        const auto buffer = core().receive_buffer();
        discarded += socket_.read_some(asio::buffer(buffer.data(), buffer.size()), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) ec.clear();
    }
}

// -- sending ---------------------------------------------------------------------------------------------------------

/// Writes what the kernel takes now. An error means that the client is gone.
error_code HttpSession::write_some(Gather& gather) {
    error_code ec;
    while (!ec && gather.size() > 0) gather.consume(socket_.write_some(gather.pieces, ec));
    if (ec == asio::error::would_block || ec == asio::error::try_again) ec.clear();
    if (ec) close_socket();
    return ec;
}

asio::awaitable<Result<void>> HttpSession::send(Gather gather) {
    const auto phase_before = phase_;
    const auto deadline_before = deadline_;
    for (;;) {
        if (gone_) co_return std::unexpected(lost());
        if (write_some(gather)) co_return std::unexpected(lost());
        if (gather.size() == 0) break;
        enter(Phase::writing, core().options().write_timeout);
        error_code ec;
        co_await socket_.async_wait(tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, ec));
    }
    phase_ = phase_before;
    deadline_ = deadline_before;
    co_return Result<void>();
}

core::Error HttpSession::lost() const {
    if (too_slow_) return {ErrorCode::timeout, "the client takes nothing for too long"};
    return {ErrorCode::network, "the client is gone"};
}

}  // namespace

void start_http_session(std::shared_ptr<ServerCore> core, tcp::socket socket, std::shared_ptr<Client> client,
                        Refusal refusal) {
    const auto session = std::make_shared<HttpSession>(std::move(core), std::move(socket), std::move(client), refusal);
    auto on_end = [session](const std::exception_ptr& exception) {
        session->set_finished();
        if (!exception || session->gone()) return;
        try {
            std::rethrow_exception(exception);
        } catch (...) {
            session->core().report_exception("connection");
        }
    };
    asio::co_spawn(session->core().executor(), session->run(),
                   asio::bind_cancellation_slot(session->cancellation_slot(), std::move(on_end)));
}

}  // namespace scanner::net
