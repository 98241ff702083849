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
#include <utility>
#include <vector>

namespace scanner::test {

/// A real redis-server on a free port of the loopback, with nothing on disk; stopped with the object.
class RedisServer {
public:
    /// `more`: further flags of redis-server.
    explicit RedisServer(std::string password = "", std::vector<std::string> more = {})
        : port_(free_port()), password_(std::move(password)), more_(std::move(more)) {
        start();
    }
    ~RedisServer() { stop(SIGKILL); }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Starts it (again) on the same port and waits until it accepts.
    void start() {
        pid_ = ::fork();
        if (pid_ == 0) {
            std::vector<std::string> words{
                "redis-server", "--port", std::to_string(port_), "--bind",  "127.0.0.1",     "--save", "",
                "--appendonly", "no",     "--loglevel",          "warning", "--requirepass", password_};
            words.insert(words.end(), more_.begin(), more_.end());
            std::vector<char*> argv;
            for (std::string& word : words) argv.push_back(word.data());
            argv.push_back(nullptr);
            ::execvp(argv.front(), argv.data());
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
    std::vector<std::string> more_;
    pid_t pid_ = -1;
};

}  // namespace scanner::test
