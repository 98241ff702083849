#pragma once

#include "support/free_port.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace scanner::test {

/// A real redis-server on a free port of the loopback, with nothing on disk; stopped with the object.
class RedisServer {
public:
    explicit RedisServer(std::string password = "") : port_(free_port()), password_(std::move(password)) { start(); }
    ~RedisServer() { stop(SIGKILL); }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Starts it (again) on the same port and waits until it accepts.
    void start() {
        pid_ = ::fork();
        if (pid_ == 0) {
            const std::string port = std::to_string(port_);
            ::execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
                     "--appendonly", "no", "--loglevel", "warning", "--requirepass", password_.c_str(), nullptr);
            ::_exit(127);
        }
        for (int i = 0; i < 6'000; ++i) {  // a minute, for busy machines
            if (accepts(port_)) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        throw std::runtime_error("redis-server did not start");
    }

    /// SIGKILL: gone at once. Returns when the process has ended.
    void stop(int signal) {
        if (pid_ <= 0) return;
        ::kill(pid_, signal);
        ::kill(pid_, SIGCONT);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    void pause() const { ::kill(pid_, SIGSTOP); }
    void resume() const { ::kill(pid_, SIGCONT); }

private:
    std::uint16_t port_;
    std::string password_;
    pid_t pid_ = -1;
};

}  // namespace scanner::test
