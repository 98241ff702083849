#include "app/http_user.hpp"
#include "app/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// Recordings that are asked for of a running scanner.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using test::ChildProcess;
using test::HttpUser;
using test::Service;
using testing::HasSubstr;

constexpr seconds kPatience{60};

class Asked : public testing::Test {
protected:
    Asked() {
        std::string name = "/tmp/market-scanner-recordings-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Asked() override { std::filesystem::remove_all(folder_); }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    Asked(Asked&&) = delete;
    Asked& operator=(Asked&&) = delete;

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    std::filesystem::path folder_;
};

TEST_F(Asked, are_begun_listed_cut_and_ended) {
    Service service({.environment = {test::kPolling, "SCANNER_RECORD_DIR=" + path("kept"), "SCANNER_MIN_QVOL_USDT=1000",
                                     "SCANNER_MANIP_MODEL=seed", "SCANNER_API_TOKEN=0123456789abcdef"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    HttpUser stranger(service.port());
    EXPECT_EQ(stranger.get("/recordings").status, 401);
    EXPECT_EQ(stranger.post("/recordings", json::object()).status, 401);

    HttpUser user(service.port(), "0123456789abcdef");
    EXPECT_EQ(user.get("/recordings").body, json({{"recordings", json::array()}}));
    EXPECT_EQ(user.remove("/recordings/current").status, 404);
    const auto stores = [&] { return service.get_json("/healthz/details").at("stores"); };
    EXPECT_FALSE(stores().contains("recording"));

    const auto begun = user.post("/recordings", json::object());
    ASSERT_EQ(begun.status, 200) << begun.text;
    const std::string id = begun.body.at("id");
    EXPECT_EQ(begun.body.at("running"), true);
    EXPECT_EQ(user.post("/recordings", json::object()).status, 409) << "one at a time";
    EXPECT_TRUE(stores().contains("recording"));
    json listed;
    ASSERT_TRUE(service.wait_until(
        [&] {
            listed = user.get("/recordings").body.at("recordings").at(0);
            return listed.at("bytes") > 20'000 && listed.at("contracts").is_number();
        },
        kPatience))
        << listed;
    EXPECT_EQ(listed.at("id"), id);
    EXPECT_GE(listed.at("contracts"), 10);
    EXPECT_EQ(listed.at("state"), "recording");

    const auto ended = user.remove("/recordings/current");
    ASSERT_EQ(ended.status, 200) << ended.text;
    EXPECT_EQ(ended.body.at("running"), false);
    EXPECT_FALSE(stores().contains("recording"));
    listed = user.get("/recordings").body.at("recordings").at(0);
    EXPECT_EQ(listed.at("state"), nullptr);

    // A part of it, as a file that replays.
    const std::string cut = "/recordings/" + id + "/cut";
    const auto whole = user.get(cut);
    ASSERT_EQ(whole.status, 200) << whole.text.substr(0, 500);
    const auto part = user.get(cut + "?symbols=btc,eth");
    ASSERT_EQ(part.status, 200);
    EXPECT_LT(part.text.size(), whole.text.size());
    std::ofstream(path("20261130T193310.123Z-000001.amsrec"), std::ios::binary) << whole.text;
    ChildProcess verify(
        {SCANNER_BIN_DIR "/market-scanner", "recording", "verify", path("20261130T193310.123Z-000001.amsrec")});
    EXPECT_EQ(verify.stop(0), 0);
    EXPECT_THAT(verify.output(), HasSubstr("sound"));
    // Nothing of it stays behind.
    for (const auto& entry : std::filesystem::directory_iterator(path("kept"))) {
        EXPECT_EQ(entry.path().extension(), ".amsrec") << entry.path();
    }

    // Names are compared, never made part of a path.
    for (const std::string name : {"..%2F..%2Fetc%2Fpasswd", "%2E%2E", "nothing", "%2Fetc%2Fpasswd"}) {
        EXPECT_THAT(user.get("/recordings/" + name + "/cut").status, testing::AnyOf(404, 400)) << name;
    }
    EXPECT_EQ(user.get(cut + "?from=2030-01-01").status, 404) << "nothing was recorded then";
}

TEST_F(Asked, end_by_themselves_and_tell_the_command_that_waits) {
    Service service({.environment = {test::kPolling, "SCANNER_RECORD_DIR=" + path("kept"), "SCANNER_MIN_QVOL_USDT=1000",
                                     "SCANNER_MANIP_MODEL=seed"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const std::string url = "http://127.0.0.1:" + std::to_string(service.port());
    ChildProcess record({SCANNER_BIN_DIR "/market-scanner", "record", "--for", "2s", "--url", url});
    EXPECT_EQ(record.stop(0), 0) << record.output();
    EXPECT_THAT(record.output(), HasSubstr("bytes in 1 segments"));
    // Interrupted, it ends what it began.
    ChildProcess endless({SCANNER_BIN_DIR "/market-scanner", "record", "--url", url});
    HttpUser user(service.port());
    const auto running = [&] {
        const json all = user.get("/recordings").body.at("recordings");
        return std::ranges::count_if(all, [](const json& each) { return each.at("running").get<bool>(); });
    };
    ASSERT_TRUE(service.wait_until([&] { return running() == 1; }, kPatience)) << endless.output();
    EXPECT_EQ(endless.stop(SIGINT), 0) << endless.output();
    EXPECT_EQ(running(), 0);
    EXPECT_EQ(user.get("/recordings").body.at("recordings").size(), 2U);
}

TEST_F(Asked, are_refused_where_the_scanner_records_all_the_time) {
    Service service({.environment = {test::kPolling, "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + path("kept"),
                                     "SCANNER_MANIP_MODEL=seed"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    HttpUser user(service.port());
    const auto refused = user.post("/recordings", json::object());
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(refused.text, HasSubstr("SCANNER_RECORD=on"));
    EXPECT_EQ(user.remove("/recordings/current").status, 409);
    EXPECT_EQ(user.get("/recordings").body.at("recordings").at(0).at("running"), true);
}

}  // namespace
}  // namespace scanner::app
