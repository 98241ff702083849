#pragma once

#include "scanner/api/metrics.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/settings/settings_values.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace scanner::app {

/// What a process that serves does before all else: a peer that hangs up is an error code and not its end, and it may
/// have as many open files as the system allows.
void prepare_to_serve();

/// What every process that serves is, whatever it serves (the daemon, a replica, a replay): console and host guard in
/// front of its API, the port, the tasks, and the end by signals. The first of SIGINT and SIGTERM ends it in order; a
/// second one at once, with exit code 3, however far the end is. Loop thread only.
class ServedProcess {
public:
    struct Hooks {
        /// Ends what is served, once: with `stop_serving` and `stop_tasks` where each belongs in its order. Runs
        /// outside of the tasks; the loop stops after it. Seconds at most.
        std::function<boost::asio::awaitable<void>()> shut_down;
        /// On SIGHUP, as often as it comes; without it SIGHUP does what it does to any program.
        std::function<void()> hang_up;
    };

    /// `settings` say where it listens and who may ask. All references must outlive it; what tasks and `hooks` touch
    /// is to be declared before it. Signals are caught from now on, and acted on once it listens.
    ServedProcess(boost::asio::io_context& io, const settings::Settings& settings, net::RequestHandler& api,
                  api::Metrics& metrics, Hooks hooks);
    ServedProcess(const ServedProcess&) = delete;
    ServedProcess& operator=(const ServedProcess&) = delete;

    /// Binds the port, so that one in use is an error that names the setting before anything else happens, and logs
    /// the address beside `what`, which tells what is served. Once.
    [[nodiscard]] core::Result<void> listen(const core::LogField& what);
    /// Runs `task` until it ends or `stop_tasks`; false once the end has begun. What it throws is logged.
    [[nodiscard]] bool spawn(std::string name, boost::asio::awaitable<void> task);

    /// Begins the end, as a signal does, unless it has begun. The exit code is the last one that was not 0.
    void end(int exit_code);
    [[nodiscard]] bool ending() const { return ending_; }
    [[nodiscard]] int exit_code() const { return exit_code_; }

    /// For `shut_down`: stops accepting and ends connections, at most so long.
    [[nodiscard]] boost::asio::awaitable<void> stop_serving(std::chrono::milliseconds grace);
    /// For `shut_down`: ends the tasks, at most twice so long; what is left then is logged.
    [[nodiscard]] boost::asio::awaitable<void> stop_tasks(std::chrono::milliseconds grace);

    /// Zeros before it listens.
    [[nodiscard]] net::HttpServerStatistics statistics() const;

private:
    [[nodiscard]] boost::asio::awaitable<void> watch_signals();

    boost::asio::io_context& io_;
    const settings::Settings& settings_;
    Hooks hooks_;
    /// /panel, then everything else from the API.
    std::unique_ptr<net::RequestHandler> console_;
    /// In front of both; nullptr where any Host will do.
    std::unique_ptr<net::RequestHandler> host_guard_;
    /// Calls the handlers above it, so it is gone before them.
    std::unique_ptr<net::HttpServer> server_;
    net::TaskGroup tasks_;
    /// Last, so that a signal finds all of the above.
    boost::asio::signal_set signals_;
    bool ending_ = false;
    int exit_code_;
};

}  // namespace scanner::app
