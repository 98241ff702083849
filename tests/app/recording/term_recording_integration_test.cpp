#include "app/service.hpp"
#include "support/redis_server.hpp"
#include "support/redis_user.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Role `scanner` with SCANNER_RECORD=on: each of its terms is a recording, and none of what another one did is.
namespace scanner::app {
namespace {

using std::chrono::seconds;
using test::ask_redis;
using test::ChildProcess;
using test::Service;
using testing::HasSubstr;

constexpr seconds kPatience{90};

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// The files of each recording, by its name.
std::map<std::string, std::vector<std::string>> recordings_in(const std::filesystem::path& folder) {
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        found[name.substr(0, name.rfind('-'))].push_back(entry.path().string());
    }
    for (auto& [name, files] : found) std::ranges::sort(files);
    return found;
}

TEST(TermRecording, each_term_is_a_recording_that_comes_to_the_same_rankings) {
    const test::RedisServer redis;
    std::string folder = "/tmp/market-scanner-terms-XXXXXX";
    folder = ::mkdtemp(folder.data());
    {
        Service service({.environment = {test::kPolling, "SCANNER_ROLE=scanner",
                                         "SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port()),
                                         "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + folder,
                                         "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=seed"}});
        const auto log = [&] { return service.scanner().output(); };
        // The first pass of a term comes before its checkpoint.
        const auto digests = [&](std::size_t count) {
            return service.wait_until([&] { return count_of(log(), "\"cycle_digest\"") >= count; }, kPatience);
        };
        ASSERT_TRUE(digests(4)) << log();
        // Somebody else has the lease, as after an election that this one lost.
        ASSERT_EQ(ask_redis(redis.port(), {"SET", "lease", "other/1/0", "PX", "3000"}).text, "OK");
        ASSERT_TRUE(service.scanner().wait_for_output("\"recording_ended\"", kPatience)) << log();
        const std::size_t before = count_of(log(), "\"cycle_digest\"");
        ASSERT_TRUE(digests(before + 4)) << log();
        EXPECT_EQ(count_of(log(), "\"event\":\"elected\""), 2U);
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0) << log();
        EXPECT_EQ(count_of(log(), "\"recording_ended\""), 2U);
        EXPECT_EQ(count_of(log(), "recording_not_finished"), 0U);
    }
    const auto recordings = recordings_in(folder);
    EXPECT_EQ(recordings.size(), 2U);
    for (const auto& [name, files] : recordings) {
        std::vector<std::string> arguments{SCANNER_BIN_DIR "/market-scanner", "replay", "--digest"};
        arguments.insert(arguments.end(), files.begin(), files.end());
        ChildProcess replay(std::move(arguments));
        EXPECT_EQ(replay.stop(0), 0) << replay.output();
        EXPECT_THAT(replay.output(), HasSubstr(" digests compared, 0 differ"));
        EXPECT_THAT(replay.output(), testing::Not(HasSubstr(" 0 digests compared"))) << "nothing was looked at";
    }
    std::filesystem::remove_all(folder);
}

TEST(TermRecording, a_folder_that_cannot_be_used_is_an_error_at_the_start) {
    const test::RedisServer redis;
    ChildProcess scanner({SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", "/dev/null", "--http-port", "0",
                          "--exchange-url", "http://127.0.0.1:1"},
                         {"SCANNER_ROLE=scanner", "SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port()),
                          "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=/dev/null/recordings"});
    EXPECT_TRUE(scanner.wait_for_output("SCANNER_RECORD_DIR", kPatience)) << scanner.output();
    EXPECT_EQ(scanner.stop(0), 1) << scanner.output();
}

}  // namespace
}  // namespace scanner::app
