#pragma once

#include "support/run_coroutine.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::simulator::face::test {

/// The real htx-simulator program on a free port, ended with the object.
class SimulatorProcess {
public:
    explicit SimulatorProcess(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {SCANNER_BIN_DIR "/htx-simulator", "--port", "0"});
        start(std::move(arguments));
        const std::string line = read_line();
        const std::size_t colon = line.rfind(':');
        const auto port = colon == std::string::npos ? std::nullopt : core::parse_int(line.substr(colon + 1));
        if (!line.starts_with("listening on http://127.0.0.1:") || !port) {
            stop(SIGKILL);
            throw std::runtime_error("htx-simulator did not come up: " + line);
        }
        port_ = static_cast<std::uint16_t>(*port);
    }
    ~SimulatorProcess() { stop(SIGKILL); }
    SimulatorProcess(const SimulatorProcess&) = delete;
    SimulatorProcess& operator=(const SimulatorProcess&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view target) const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
    }
    /// Sends `signal` and waits for the end. The exit code, or -1 when a signal killed it.
    int stop(int signal) {
        if (pid_ <= 0) return -1;
        ::kill(pid_, signal);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        ::close(output_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    void start(std::vector<std::string> arguments) {
        std::array<int, 2> pipe{};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(pipe[1], STDOUT_FILENO);
            ::execv(argv.front(), argv.data());
            ::_exit(127);
        }
        ::close(pipe[1]);
        output_ = pipe[0];
    }
    std::string read_line() const {
        std::string line;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (line.empty() || line.back() != '\n') {
            pollfd wait{.fd = output_, .events = POLLIN, .revents = 0};
            char c = 0;
            if (std::chrono::steady_clock::now() > deadline || ::poll(&wait, 1, 1'000) < 0) return line;
            if (wait.revents == 0) continue;
            if (::read(output_, &c, 1) != 1) return line;
            line += c;
        }
        line.pop_back();
        return line;
    }

    pid_t pid_ = -1;
    int output_ = -1;
    std::uint16_t port_ = 0;
};

/// A blocking face of the real HTTP client.
class BlockingClient {
public:
    [[nodiscard]] core::Result<net::ClientResponse> send(net::ClientRequest request) {
        return scanner::test::run_on(io_, client_->send(std::move(request)), std::chrono::seconds(60));
    }
    [[nodiscard]] core::Result<net::ClientResponse> get(std::string url) { return send({.url = std::move(url)}); }

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<net::HttpClient> client_ = net::make_curl_client(io_.get_executor(), {});
};

}  // namespace scanner::simulator::face::test
