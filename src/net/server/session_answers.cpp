#include "net/server/session.hpp"
#include "net/server/websocket.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

/// How requests are answered, and what is sent.
namespace scanner::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using core::ErrorCode;
using core::Result;
using core::SteadyTime;
using std::chrono::steady_clock;

}  // namespace

asio::awaitable<bool> HttpSession::answer_request() {
    ++core().statistics().requests;
    ServerRequest request = std::move(parser_->request());
    AnswerTo to;
    to.version = parser_->version();
    to.head = request.method == "HEAD";
    to.keep_alive = request.keep_alive;
    core().return_parser(std::move(parser_));
    if (pending_.empty() && pending_.capacity() > sizeof(std::string)) std::string().swap(pending_);
    intake_.identify(request);
    if (refusal_ == Refusal::server_full) return answer_failure(503, "too many connections");
    if (refusal_ == Refusal::client_has_many) {
        return answer_failure(429, "too many connections from one address");
    }
    if (const auto& reason = intake_.refusal()) {
        ++core().statistics().protocol_errors;
        return respond(core().error_response(429, *reason), to);
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
        if (failed) core().report_exception(where, std::current_exception());
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
        core().report_exception("refuse_websocket", std::current_exception());
        refusal = core().error_response(500, "internal error");
    }
    if (refusal) co_return co_await respond(std::move(*refusal), to);
    gone_ = true;  // for this session
    start_websocket(shared_core(), std::move(socket_), std::move(request), std::move(pending_), intake_.take_client());
    co_return false;
}

/// Ends the connection with an error of the server's own.
asio::awaitable<bool> HttpSession::answer_failure(int status, std::string detail) {
    return refuse(core().error_response(status, std::move(detail)));
}

/// Ends the connection with `response`, whatever of the request is still to come.
asio::awaitable<bool> HttpSession::refuse(ServerResponse response) {
    if (response.status != 503 && response.status != 408) ++core().statistics().protocol_errors;
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
        // The head buffer is shared by all connections; the waiting coroutine keeps the body.
        unsent_head_.assign(static_cast<const char*>(gather.pieces[0].data()), gather.pieces[0].size());
        gather.pieces[0] = asio::buffer(unsent_head_);
    }
    linger_ = plan.close && (to.keep_alive || !pending_.empty());
    return {.go_on = !plan.close, .rest = gather};
}

asio::awaitable<bool> HttpSession::write_rest(std::shared_ptr<const std::string> /*body*/, Written written) {
    floor_.emplace(static_cast<double>(core().options().min_bytes_per_sec), core().options().rate_window);
    const auto sent = co_await send(written.rest);
    floor_.reset();
    std::string().swap(unsent_head_);
    co_return sent.has_value() && written.go_on;
}

asio::awaitable<bool> HttpSession::respond_stream(ServerResponse response, AnswerTo to) {
    BodyStream stream(*this, core(), response, to);
    stream_ = &stream;
    if (const auto least = response.min_bytes_per_sec; least > 0) {
        floor_.emplace(static_cast<double>(least), core().options().rate_window);
    }
    bool failed = false;
    try {
        co_await response.stream(stream);
    } catch (...) {
        failed = !gone_;
        if (failed) core().report_exception("stream", std::current_exception());
    }
    stream_ = nullptr;
    floor_.reset();
    if (gone_) co_return false;
    if (failed) {
        if (!stream.head_sent()) co_return co_await answer_failure(500, "internal error");
        drop();
        co_return false;
    }
    const auto finished = co_await stream.finish();
    co_return finished && !stream.closes() && !core().stopping();
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
    std::optional<SteadyTime> waited_since;
    for (;;) {
        if (gone_) co_return std::unexpected(lost());
        const auto left = gather.size();
        if (write_some(gather)) co_return std::unexpected(lost());
        if (floor_ && waited_since && !floor_->took(steady_clock::now() - *waited_since, left - gather.size())) {
            drop_slow_reader();
            continue;
        }
        if (gather.size() == 0) break;
        enter(Phase::writing, core().options().write_timeout);
        waited_since = steady_clock::now();
        error_code ec;
        co_await socket_.async_wait(tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, ec));
    }
    phase_ = phase_before;
    deadline_ = deadline_before;
    co_return Result<void>();
}

core::Error HttpSession::lost() const {
    if (too_slow_) return {ErrorCode::timeout, "write timed out: the client is not reading, or reads too slowly"};
    return {ErrorCode::network, "the client is gone"};
}

}  // namespace scanner::net
