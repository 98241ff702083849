#include "net/server/http_session.hpp"

#include "net/server/session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

/// How requests come in, and when a connection ends.
namespace scanner::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using core::SteadyTime;
using std::chrono::steady_clock;

/// For the reading of what a client still sends behind an answer that ends the connection, and for clients that are
/// turned away.
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kLingerTimeWhenStopping{250};
constexpr std::size_t kLingerBytes = 16U << 20U;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

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
        drop_slow_reader();
    } else {
        expired_ = true;
        socket_.cancel(ignored);
    }
}

void HttpSession::drop_slow_reader() {
    too_slow_ = true;
    ++core().statistics().slow_readers_dropped;
    drop();
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
    if (!parser_) parser_ = core().take_parser(intake_);
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
    intake_.forget();
    enter(Phase::idle, refusal_ != Refusal::none ? kLingerTime : core().options().idle_timeout);
    const auto incoming = pending_.empty() ? Incoming::need_more : consume(pending_);
    if (incoming == Incoming::need_more && core().stopping() && phase_ == Phase::idle) return Incoming::ended;
    return incoming;
}

asio::awaitable<bool> HttpSession::send_100_continue() {
    const Gather gather{{asio::buffer(kContinue)}};
    const auto sent = co_await send(gather);
    parser_->set_continued();
    co_return sent.has_value();
}

asio::awaitable<void> HttpSession::run() {
    for (;;) {
        auto incoming = begin_request();
        while (incoming == Incoming::need_more) {
            if (parser_ && parser_->waits_for_continue()) {
                const bool said = co_await send_100_continue();
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
            if (failure.answer) {
                co_await refuse(std::move(*failure.answer));
            } else {
                co_await answer_failure(failure.status, std::move(failure.detail));
            }
        }
        if (!go_on) break;
    }
    if (linger_ && !gone_) co_await linger();
    close_socket();
}

/// Closing while the client still sends would reset the connection, and it might never see the answer.
asio::awaitable<void> HttpSession::linger() {
    // What was read of a refused request is not kept meanwhile.
    parser_.reset();
    intake_.forget();
    std::string().swap(pending_);
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

void start_http_session(std::shared_ptr<ServerCore> core, tcp::socket socket, ClientUse client, Refusal refusal) {
    const auto session = std::make_shared<HttpSession>(std::move(core), std::move(socket), std::move(client), refusal);
    auto on_end = [session](const std::exception_ptr& exception) {
        session->set_finished();
        if (exception && !session->gone()) session->core().report_exception("connection", exception);
    };
    asio::co_spawn(session->core().executor(), session->run(),
                   asio::bind_cancellation_slot(session->cancellation_slot(), std::move(on_end)));
}

}  // namespace scanner::net
