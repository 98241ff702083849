#include "app/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <sys/mount.h>

/// A scanner whose disk for recordings is full, and has room again.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::ChildProcess;
using test::Service;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{90};

/// A small disk of its own, with or without room for what must stay free; nothing of it is written to.
class SmallDisk {
public:
    SmallDisk() {
        std::string name = "/tmp/market-scanner-full-disk-XXXXXX";
        path_ = ::mkdtemp(name.data());
        mounted_ = mount(0, "size=64m,mode=0700");
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    SmallDisk(SmallDisk&&) = delete;
    SmallDisk& operator=(SmallDisk&&) = delete;

    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] bool make_room() const { return mount(MS_REMOUNT, "size=6g,mode=0700"); }

private:
    [[nodiscard]] bool mount(unsigned long flags, const char* options) const {
        return ::mount("tmpfs", path_.c_str(), "tmpfs", flags, options) == 0;
    }
    std::filesystem::path path_;
    bool mounted_ = false;
};

TEST(FullDisk, pauses_the_recording_alone_and_is_told_of) {
    const SmallDisk disk;
    if (!disk.mounted()) GTEST_SKIP() << "no disk can be mounted here: " << std::strerror(errno);
    std::string log;
    {
        Service service(
            {.environment = {"SCANNER_FEED=required", "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + disk.path(),
                             "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_RANK_INTERVAL_MS=200"},
             .interval_sec = "1"});
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        const auto recording = [&] { return service.get_json("/healthz/details").at("stores").at("recording"); };
        ASSERT_TRUE(service.wait_until([&] { return recording().at("state") == "down"; }, kPatience)) << recording();
        EXPECT_THAT(recording().at("last_error").get<std::string>(), HasSubstr("of which 5.0 must stay"))
            << recording();
        // Rankings go on, live and recorded ones.
        const std::uint64_t sequence = service.sequence();
        const auto cycles = [&] { return service.get_json("/healthz/details").at("cycle_count").get<int>(); };
        const int before = cycles();
        ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= sequence + 10 && cycles() >= before + 3; },
                                       kPatience))
            << service.scanner().output();
        EXPECT_EQ(service.status_of("/ready"), 200);
        EXPECT_EQ(recording().at("state"), "down");

        ASSERT_TRUE(disk.make_room()) << std::strerror(errno);
        ASSERT_TRUE(service.wait_until([&] { return recording().at("state") == "embedded"; }, kPatience))
            << recording();
        EXPECT_EQ(recording().at("last_error"), nullptr) << recording();
        const std::uint64_t resumed = service.sequence();
        const int then = cycles();
        ASSERT_TRUE(
            service.wait_until([&] { return service.sequence() >= resumed + 10 && cycles() >= then + 3; }, kPatience))
            << service.scanner().output();
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        log = service.scanner().output();
    }
    EXPECT_THAT(log, HasSubstr("recording_paused"));
    EXPECT_THAT(log, HasSubstr("recording_resumed"));
    // What was recorded since then replays, from the state that it begins with.
    ChildProcess replay({SCANNER_BIN_DIR "/market-scanner", "replay", disk.path(), "--list"});
    EXPECT_EQ(replay.stop(0), 0) << replay.output();
    EXPECT_THAT(replay.output(), HasSubstr("digests compared, 0 differ"));
    EXPECT_THAT(replay.output(), testing::Not(HasSubstr(" 0 digests compared")));
}

}  // namespace
}  // namespace scanner::app
