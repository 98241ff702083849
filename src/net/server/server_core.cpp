#include "net/server/server_core.hpp"

#include "scanner/net/exception.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

/// What a client has sent behind its request waits in a buffer of its own, so this is also what one may leave there.
constexpr std::size_t kReceiveBytes = 16U << 10U;
constexpr std::size_t kSpareParsers = 64;

/// Deadlines are met to an eighth of the shortest of them, and no wake-up is more often than needed.
milliseconds sweep_period_for(const HttpServerOptions& options) {
    const auto shortest =
        std::min({options.read_timeout, options.idle_timeout, options.write_timeout, options.websocket_ping_interval});
    return std::clamp(shortest / 8, milliseconds(5), milliseconds(250));
}

/// One client may take a quarter of what there is, however much that is.
ClientLimitOptions client_limits_of(const HttpServerOptions& options) {
    return {.max_connections = std::max<std::size_t>(options.max_connections / 4, 1),
            .max_body_bytes = options.max_body_bytes_in_all / 4};
}

ServerResponse plain_error(int status) {
    ServerResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "text/plain"}};
    response.body = std::make_shared<const std::string>(reason_phrase(status));
    return response;
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {
    core_->add(*this);
}

Connection::~Connection() {
    core_->remove(*this);
}

void Connection::cancel_handler() {
    // A session that only waits for its close callbacks has no coroutine that could listen.
    if (!finished_) cancellation_.emit(asio::cancellation_type::terminal);
}

ServerCore::ServerCore(asio::any_io_executor executor, HttpServerOptions options, RequestHandler& handler)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      handler_(handler),
      client_limits_(client_limits_of(options_)),
      body_budget_(options_.max_body_bytes_in_all),
      server_lines_(options_.server_name),
      receive_buffer_(kReceiveBytes),
      sweep_timer_(executor_),
      drained_(executor_),
      sweep_period_(sweep_period_for(options_)),
      last_sweep_(std::chrono::steady_clock::now()) {}

std::string& ServerCore::head_buffer() {
    head_buffer_.clear();
    return head_buffer_;
}

std::string_view ServerCore::server_lines() {
    return server_lines_.at(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::unique_ptr<RequestParser> ServerCore::take_parser(BodyGate& gate) {
    std::unique_ptr<RequestParser> parser;
    if (parsers_.empty()) {
        parser = make_request_parser({.max_header_bytes = options_.max_header_bytes, .base_path = options_.base_path});
    } else {
        parser = std::move(parsers_.back());
        parsers_.pop_back();
    }
    parser->reset(gate);
    return parser;
}

void ServerCore::return_parser(std::unique_ptr<RequestParser> parser) {
    if (parser && parsers_.size() < kSpareParsers) parsers_.push_back(std::move(parser));
}

ServerResponse ServerCore::error_response(int status, std::string detail) {
    ServerResponse response;
    try {
        response = handler_.protocol_error(status, std::move(detail));
    } catch (...) {
        report_exception("protocol_error", std::current_exception());
        response = plain_error(status);
    }
    response.status = status;
    response.stream = nullptr;
    return response;
}

void ServerCore::report_exception(std::string_view where, const std::exception_ptr& exception) {
    ++statistics_.handler_exceptions;
    report_error(where, describe(exception));
}

void ServerCore::report_error(std::string_view where, std::string_view what) {
    if (options_.on_error) options_.on_error(where, what);
}

void ServerCore::add(Connection& connection) {
    connection.index_ = connections_.size();
    connections_.push_back(&connection);
}

void ServerCore::remove(Connection& connection) {
    connections_.back()->index_ = connection.index_;
    connections_[connection.index_] = connections_.back();
    connections_.pop_back();
    if (connections_.empty()) drained_.notify();
}

template <class Action>
void ServerCore::for_each_connection(Action action) {
    // Nothing here destroys a connection before it returns to the loop, but new ones may appear behind the end.
    for (std::size_t index = 0; index < connections_.size(); ++index) action(*connections_[index]);
}

void ServerCore::start_sweeping() {
    if (shut_down_) return;
    sweep_timer_.expires_after(sweep_period_);
    sweep_timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (ec || !self) return;
        self->sweep();
        self->start_sweeping();
    });
}

void ServerCore::sweep() {
    const auto now = std::chrono::steady_clock::now();
    // After the loop was blocked, data that clients sent in the meantime is still unread, so they get that time back.
    // Once in a row, so that a loop that is always late still has deadlines.
    skipped_sweep_ = !skipped_sweep_ && now - last_sweep_ > 4 * sweep_period_;
    last_sweep_ = now;
    if (skipped_sweep_) return;
    for_each_connection([now](Connection& connection) { connection.sweep(now); });
    client_limits_.evict_idle(now);
}

void ServerCore::begin_stop() {
    if (std::exchange(stopping_, true)) return;
    for_each_connection([](Connection& connection) { connection.begin_stop(); });
}

asio::awaitable<bool> ServerCore::drained(core::SteadyTime deadline) {
    const auto self = shared_from_this();
    while (!connections_.empty() && std::chrono::steady_clock::now() < deadline) {
        co_await self->drained_.wait(deadline);
    }
    const bool none_left = connections_.empty();
    co_return none_left;
}

void ServerCore::drop_all() {
    for_each_connection([](Connection& connection) { connection.drop(); });
}

void ServerCore::cancel_all_handlers() {
    for_each_connection([](Connection& connection) { connection.cancel_handler(); });
}

void ServerCore::shut_down() {
    shut_down_ = true;
    sweep_timer_.cancel();
}

}  // namespace scanner::net
