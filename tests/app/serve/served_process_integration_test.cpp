#include "support/child_process.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <ostream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

/// What the daemon, a replica and a replay have in common as processes: their port and their end by signals. None of
/// them has anything to serve here: no exchange, no Redis, a recording of an exchange that never answered.
namespace scanner::app {
namespace {

using std::chrono::seconds;
using test::ChildProcess;
using test::RawClient;

constexpr seconds kPatience{60};
const std::string kProgram = SCANNER_BIN_DIR "/market-scanner";
const std::vector<std::string> kNoExchange{"--exchange-url", "http://127.0.0.1:1"};

enum class Kind { daemon, replica, replay };
std::ostream& operator<<(std::ostream& out, Kind kind) {
    return out << (kind == Kind::daemon ? "daemon" : kind == Kind::replica ? "replica" : "replay");
}

class ServedProcess : public testing::TestWithParam<Kind> {
protected:
    static void SetUpTestSuite() {
        std::string name = "/tmp/market-scanner-served-XXXXXX";
        folder_ = new std::string(::mkdtemp(name.data()));
        const auto daemon =
            start(Kind::daemon, 0, {"SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + *folder_ + "/recording"});
        ASSERT_TRUE(daemon->wait_for_output("scan_cycle_failed", kPatience)) << daemon->output();
        ASSERT_EQ(daemon->stop(SIGTERM), 0);
    }
    static void TearDownTestSuite() {
        std::filesystem::remove_all(*folder_);
        delete folder_;
        folder_ = nullptr;
    }

    static std::unique_ptr<ChildProcess> start(Kind kind, std::uint16_t port, std::vector<std::string> environment = {},
                                               const std::string& settings_file = "/dev/null") {
        std::vector<std::string> words{kProgram};
        if (kind == Kind::replay) {
            words.insert(words.end(), {"replay", *folder_ + "/recording"});
        } else {
            words.emplace_back("serve");
            words.insert(words.end(), {"--env-file", settings_file});
            words.insert(words.end(), kNoExchange.begin(), kNoExchange.end());
            words.insert(words.end(), {"--data-dir", *folder_ + "/data"});
            if (kind == Kind::replica) words.insert(words.end(), {"--redis-url", "redis://127.0.0.1:1/0"});
            environment.push_back(kind == Kind::replica ? "SCANNER_ROLE=replica" : "SCANNER_ROLE=all");
        }
        words.insert(words.end(), {"--http-port", std::to_string(port)});
        return std::make_unique<ChildProcess>(std::move(words), std::move(environment));
    }

    /// The port that it says it listens on.
    static std::optional<std::uint16_t> port_of(const ChildProcess& process) {
        const std::string before = "\"url\":\"http://127.0.0.1:";
        if (!process.wait_for_output(before, kPatience)) return std::nullopt;
        const std::string output = process.output();
        const char* const begin = output.data() + output.find(before) + before.size();
        std::uint16_t port = 0;
        const auto read = std::from_chars(begin, output.data() + output.size(), port);
        return read.ec == std::errc() && port != 0 ? std::optional(port) : std::nullopt;
    }

    static std::string* folder_;
};

std::string* ServedProcess::folder_ = nullptr;

TEST_P(ServedProcess, listens_on_a_free_port_where_0_is_asked_for_and_says_which) {
    const auto process = start(GetParam(), 0);
    const auto port = port_of(*process);
    ASSERT_TRUE(port) << process->output();
    RawClient client(*port);
    ASSERT_TRUE(client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(client.read_until("\r\n", kPatience).substr(0, 12), "HTTP/1.1 200");
    RawClient stranger(*port);
    ASSERT_TRUE(stranger.send("GET /ready HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(stranger.read_until("\r\n", kPatience).substr(0, 12), "HTTP/1.1 421")
        << "the host guard stands before it";
}

TEST_P(ServedProcess, ends_its_streams_and_then_itself_on_the_first_signal) {
    for (const int number : {SIGTERM, SIGINT}) {
        const auto process = start(GetParam(), 0);
        const auto port = port_of(*process);
        ASSERT_TRUE(port) << process->output();
        RawClient events(*port);
        ASSERT_TRUE(events.send("GET /stream/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        ASSERT_NE(events.read_until("text/event-stream", kPatience).find("text/event-stream"), std::string::npos);
        process->signal(number);
        EXPECT_TRUE(events.read_all(kPatience).ends_with("0\r\n\r\n")) << "not cut off in the middle";
        EXPECT_TRUE(process->wait_for_output("\"event\":\"stopped\"", kPatience)) << process->output();
        EXPECT_EQ(process->stop(0), 0) << process->output();
    }
}

TEST_P(ServedProcess, reads_its_settings_again_on_a_hang_up) {
    if (GetParam() == Kind::replay) GTEST_SKIP() << "a program for a person's terminal: it ends with it";
    const std::string file = *folder_ + "/settings.env";
    std::ofstream(file) << "SCANNER_LOG_LEVEL=info\n";
    const auto process = start(GetParam(), 0, {}, file);
    const auto port = port_of(*process);
    ASSERT_TRUE(port) << process->output();
    std::ofstream(file) << "SCANNER_LOG_LEVEL=warning\nSCANNER_REDIS_KEY_PREFIX=other:\n";
    process->signal(SIGHUP);
    EXPECT_TRUE(process->wait_for_output("setting_needs_restart", kPatience)) << process->output();
    EXPECT_NE(process->output().find("SCANNER_REDIS_KEY_PREFIX"), std::string::npos);
    RawClient client(*port);
    ASSERT_TRUE(client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(client.read_until("\r\n", kPatience).substr(0, 12), "HTTP/1.1 200");
    EXPECT_EQ(process->stop(SIGTERM), 0);
}

/// Both are there before it can do anything about the first one. No other end has exit code 3.
TEST_P(ServedProcess, waits_for_nothing_after_a_second_signal) {
    const auto process = start(GetParam(), 0);
    const auto port = port_of(*process);
    ASSERT_TRUE(port) << process->output();
    RawClient client(*port);
    ASSERT_TRUE(client.send("GET /health HTTP/1.1\r\n")) << "a request that never ends";
    process->signal(SIGSTOP);
    process->signal(SIGTERM);
    process->signal(SIGINT);
    process->signal(SIGCONT);
    EXPECT_EQ(process->stop(0), 3) << process->output();
    EXPECT_EQ(process->output().find("\"event\":\"stopped\""), std::string::npos) << process->output();
}

TEST_P(ServedProcess, names_the_setting_of_a_port_that_is_in_use) {
    const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(taken, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(taken, 1), 0);
    ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::uint16_t port = ntohs(address.sin_port);
    const auto process = start(GetParam(), port);
    EXPECT_EQ(process->stop(0), 1) << process->output();
    EXPECT_NE(process->output().find("SCANNER_HTTP_PORT=" + std::to_string(port)), std::string::npos)
        << process->output();
    EXPECT_EQ(process->output().find("\"event\":\"listening\""), std::string::npos) << process->output();
    ::close(taken);
}

INSTANTIATE_TEST_SUITE_P(Each, ServedProcess, testing::Values(Kind::daemon, Kind::replica, Kind::replay),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace scanner::app
