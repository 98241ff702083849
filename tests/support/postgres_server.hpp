#pragma once

#include "support/free_port.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace scanner::test {

/// A real Postgres with throw-away data on a free port of the loopback; stopped, and its data deleted, with the object.
/// Postgres refuses to run as root: then it runs as the user "postgres", which Debian's package makes.
class PostgresServer {
public:
    PostgresServer() : port_(free_port()), bin_(find_bin()) {
        char folder[] = "/tmp/market-scanner-postgres-XXXXXX";
        if (::mkdtemp(folder) == nullptr) throw std::runtime_error("no folder for postgres");
        data_ = folder;
        if (::geteuid() == 0) {
            const passwd* const user = ::getpwnam("postgres");
            if (user == nullptr) throw std::runtime_error("postgres cannot run as root, and there is no user postgres");
            user_ = user->pw_uid;
            group_ = user->pw_gid;
            if (::chown(folder, user_, group_) != 0) throw std::runtime_error("chown");
        }
        run_to_end({bin_ / "initdb", "-D", data_ / "data", "-U", "scanner", "-A", "trust", "-E", "UTF8", "--locale=C",
                    "--no-sync"});
        start();
    }
    ~PostgresServer() {
        resume();
        stop(SIGQUIT);
        std::error_code ignored;
        std::filesystem::remove_all(data_, ignored);
    }
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& database = "postgres") const {
        return "postgresql://scanner@127.0.0.1:" + std::to_string(port_) + "/" + database;
    }
    void run_sql(const std::string& at_url, const std::string& statement) {
        run_to_end({bin_ / "psql", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", at_url, "-c", statement});
    }
    void create_database(const std::string& name) {
        run_to_end({bin_ / "createdb", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", "scanner", name});
    }

    /// Starts it (again) on the same port and waits until it answers.
    void start() {
        pid_ = spawn({bin_ / "postgres", "-D", data_ / "data", "-p", std::to_string(port_), "-c",
                      "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c",
                      "max_connections=40", "-c", "log_min_messages=fatal"});
        // Recovery on a busy machine takes its time; a server that has ended will not come up.
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (std::chrono::steady_clock::now() < deadline && ::waitpid(pid_, nullptr, WNOHANG) == 0) {
            if (answers()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        throw std::runtime_error("postgres did not start; see " + (data_ / "log").string());
    }

    /// SIGQUIT: gone at once, as after a crash. SIGINT: orderly. Returns when it has ended.
    void stop(int signal) {
        if (pid_ <= 0) return;
        ::kill(pid_, signal);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    /// Freezes it with all of its sessions: connections stay, nothing answers.
    void pause() {
        frozen_ = children(pid_);
        frozen_.push_back(pid_);
        for (const pid_t pid : frozen_) ::kill(pid, SIGSTOP);
    }
    void resume() {
        for (const pid_t pid : frozen_) ::kill(pid, SIGCONT);
        frozen_.clear();
    }

private:
    using Words = std::vector<std::string>;

    static std::filesystem::path find_bin() {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
            if (std::filesystem::exists(entry.path() / "bin" / "initdb")) found.push_back(entry.path() / "bin");
        }
        if (found.empty()) throw std::runtime_error("postgres is not installed");
        return *std::max_element(found.begin(), found.end());
    }

    pid_t spawn(const Words& words) const {
        std::vector<const char*> arguments;
        for (const std::string& word : words) arguments.push_back(word.c_str());
        arguments.push_back(nullptr);
        const std::string log = data_ / "log";
        const pid_t pid = ::fork();
        if (pid != 0) return pid;
        if (user_ != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(126);
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // not to outlive a test that was killed
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        if (::chdir("/") != 0) ::_exit(126);
        // execv takes its words by pointers to non-const, and changes none of them.
        ::execv(arguments.front(), const_cast<char* const*>(arguments.data()));
        ::_exit(127);
    }

    void run_to_end(const Words& words) const {
        int status = 0;
        if (::waitpid(spawn(words), &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            throw std::runtime_error(words.front() + " failed; see " + (data_ / "log").string());
    }

    bool answers() const {
        int status = 0;
        const pid_t pid =
            spawn({bin_ / "pg_isready", "-q", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", "scanner"});
        return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    static std::vector<pid_t> children(pid_t pid) {
        std::vector<pid_t> found;
        const std::string number = std::to_string(pid);
        std::ifstream list("/proc/" + number + "/task/" + number + "/children");
        for (pid_t child = 0; list >> child;) found.push_back(child);
        return found;
    }

    std::uint16_t port_;
    std::filesystem::path bin_;
    std::filesystem::path data_;
    uid_t user_ = 0;
    gid_t group_ = 0;
    pid_t pid_ = -1;
    std::vector<pid_t> frozen_;
};

}  // namespace scanner::test
