#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::test {

/// A program of ours (or a server) as a child, its output in a file; killed with the object.
class ChildProcess {
public:
    /// `arguments[0]` is the program's path. `environment` is all it gets beside PATH.
    ChildProcess(std::vector<std::string> arguments, std::vector<std::string> environment = {})
        : arguments_(std::move(arguments)), environment_(std::move(environment)) {
        std::string name = "/tmp/market-scanner-test-XXXXXX";
        output_ = ::mkstemp(name.data());
        if (output_ < 0) throw std::runtime_error("no temporary file");
        output_name_ = std::move(name);
        start();
    }
    ~ChildProcess() {
        stop(SIGKILL);
        ::close(output_);
        ::unlink(output_name_.c_str());
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void start() {
        const char* const path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): it is never set
        std::vector<std::string> environment = environment_;
        environment.push_back(std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin"));
        const std::vector<char*> argv = pointers(arguments_);
        const std::vector<char*> envp = pointers(environment);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(output_, STDOUT_FILENO);
            ::dup2(output_, STDERR_FILENO);
            ::execve(argv.front(), argv.data(), envp.data());
            ::_exit(127);
        }
    }

    /// Sends `signal` and waits for the end. The exit code, or -1 when a signal ended it.
    int stop(int signal) {
        if (pid_ <= 0) return -1;
        ::kill(pid_, signal);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void signal(int number) const { ::kill(pid_, number); }
    [[nodiscard]] pid_t pid() const { return pid_; }

    [[nodiscard]] bool running() {
        if (pid_ <= 0) return false;
        if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
        pid_ = -1;
        return false;
    }

    /// Everything it has printed so far.
    [[nodiscard]] std::string output() const {
        std::ifstream file(output_name_);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    /// Waits until its output holds `text`; false when it has not after `limit`.
    [[nodiscard]] bool wait_for_output(const std::string& text, std::chrono::seconds limit) const {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (output().find(text) == std::string::npos) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return true;
    }

private:
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (std::string& text : texts) all.push_back(text.data());
        all.push_back(nullptr);
        return all;
    }

    std::vector<std::string> arguments_;
    std::vector<std::string> environment_;
    std::string output_name_;
    int output_ = -1;
    pid_t pid_ = -1;
};

}  // namespace scanner::test
