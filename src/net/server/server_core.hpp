#pragma once

#include "net/server/client_limits.hpp"
#include "net/server/request_parser.hpp"
#include "net/server/response_head.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::net {

class ServerCore;

/// Why the first request of a connection is refused, and the connection closed.
enum class Refusal {
    none,
    server_full,      ///< 503: too many connections
    client_has_many,  ///< 429: too many from its address
};

/// One accepted socket, whatever it speaks. Known to the core from construction to destruction. Its coroutine owns it.
class Connection {
public:
    explicit Connection(std::shared_ptr<ServerCore> core);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection();

    /// Acts on deadlines that have passed. Called every sweep period; must not destroy connections synchronously.
    virtual void sweep(core::SteadyTime now) = 0;
    /// The server shuts down: ends by itself as soon as that is polite.
    virtual void begin_stop() = 0;
    /// Closes the socket at once.
    virtual void drop() = 0;

    /// Cancels whatever the handler waits for. For those that `drop` alone does not end.
    void cancel_handler();
    [[nodiscard]] boost::asio::cancellation_slot cancellation_slot() { return cancellation_.slot(); }
    /// The coroutine has ended: there is nothing left to cancel.
    void set_finished() { finished_ = true; }

    [[nodiscard]] ServerCore& core() const { return *core_; }
    [[nodiscard]] const std::shared_ptr<ServerCore>& shared_core() const { return core_; }

private:
    friend class ServerCore;
    std::shared_ptr<ServerCore> core_;
    std::size_t index_ = 0;  // in the core's list
    bool finished_ = false;
    boost::asio::cancellation_signal cancellation_;
};

/// The state shared by all connections of a server. Loop thread only.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
public:
    ServerCore(boost::asio::any_io_executor executor, HttpServerOptions options, RequestHandler& handler);

    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] const HttpServerOptions& options() const { return options_; }
    [[nodiscard]] RequestHandler& handler() const { return handler_; }
    [[nodiscard]] HttpServerStatistics& statistics() { return statistics_; }
    [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] ClientLimits& client_limits() { return client_limits_; }
    [[nodiscard]] BodyBudget& body_budget() { return body_budget_; }

    /// Room to receive into, shared by all: only between two waits.
    [[nodiscard]] std::span<char> receive_buffer() { return receive_buffer_; }
    /// An empty string to render a head in, shared by all: only between two waits.
    [[nodiscard]] std::string& head_buffer();
    [[nodiscard]] std::string_view server_lines();

    /// Parsers are needed only while a request comes in, so idle connections have none.
    [[nodiscard]] std::unique_ptr<RequestParser> take_parser(BodyGate& gate);
    void return_parser(std::unique_ptr<RequestParser> parser);

    /// handler().protocol_error, whatever it throws; the status is as asked.
    [[nodiscard]] ServerResponse error_response(int status, std::string detail);
    /// Counts and reports an exception that a handler or a session ended with.
    void report_exception(std::string_view where, const std::exception_ptr& exception);
    void report_error(std::string_view where, std::string_view what);

    void start_sweeping();
    /// Connections begin to end; the first call alone has an effect.
    void begin_stop();
    /// True when no connection was left before `deadline`.
    [[nodiscard]] boost::asio::awaitable<bool> drained(core::SteadyTime deadline);
    void drop_all();
    void cancel_all_handlers();
    /// Ends sweeping. Connections that are left have no deadlines any more.
    void shut_down();

private:
    friend class Connection;
    void add(Connection& connection);
    void remove(Connection& connection);
    void sweep();
    template <class Action>
    void for_each_connection(Action action);

    boost::asio::any_io_executor executor_;
    HttpServerOptions options_;
    RequestHandler& handler_;
    HttpServerStatistics statistics_;
    ClientLimits client_limits_;
    BodyBudget body_budget_;
    ServerLines server_lines_;
    std::string head_buffer_;
    std::vector<char> receive_buffer_;
    std::vector<std::unique_ptr<RequestParser>> parsers_;
    std::vector<Connection*> connections_;
    boost::asio::steady_timer sweep_timer_;
    Event drained_;  ///< the last connection has ended
    std::chrono::milliseconds sweep_period_;
    core::SteadyTime last_sweep_;
    bool skipped_sweep_ = false;
    bool stopping_ = false;
    bool shut_down_ = false;
};

}  // namespace scanner::net
