#include "app/service.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

/// A scanner that is recorded, and what a replay makes of it.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::ChildProcess;
using test::Service;
using testing::Contains;
using testing::HasSubstr;

/// Runs the program to its end.
std::string output_of(std::vector<std::string> arguments, int expected_code) {
    arguments.insert(arguments.begin(), SCANNER_BIN_DIR "/market-scanner");
    ChildProcess child(arguments);
    const int code = child.stop(0);
    EXPECT_EQ(code, expected_code) << child.output();
    return child.output();
}

/// "seq digest" of each recorded ranking, as the live program logged them.
std::vector<std::string> logged_digests(const std::string& log) {
    static const std::regex kLine(R"re("event":"cycle_digest".*"seq":(\d+),"digest":"([0-9a-f]{16})")re");
    std::vector<std::string> found;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_search(line, match, kLine)) found.push_back(match[1].str() + " " + match[2].str());
    }
    return found;
}

/// Lines of a replay that are "seq digest".
std::vector<std::string> newest_digests(const std::string& told) {
    static const std::regex kLine(R"(\d+ [0-9a-f]{16})");
    std::vector<std::string> found;
    std::istringstream lines(told);
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, kLine)) found.push_back(line);
    }
    return found;
}

/// A byte of a file, somewhere behind its head, is another one for as long as this lives.
struct Changed {
    Changed(std::filesystem::path of, std::uint32_t random) : path(std::move(of)) {
        std::ifstream file(path, std::ios::binary);
        sound.assign(std::istreambuf_iterator<char>(file), {});
        constexpr std::size_t kHead = 64;
        where = kHead + (random % (sound.size() - kHead));
        std::string bytes = sound;
        bytes[where] = static_cast<char>(bytes[where] ^ 0x10);
        put(bytes);
    }
    ~Changed() { put(sound); }
    Changed(const Changed&) = delete;
    Changed& operator=(const Changed&) = delete;
    Changed(Changed&&) = delete;
    Changed& operator=(Changed&&) = delete;

    void put(const std::string& bytes) const { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

    std::filesystem::path path;
    std::string sound;
    std::size_t where = 0;
};

class Recorded : public testing::Test {
protected:
    Recorded() {
        std::string name = "/tmp/market-scanner-recording-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Recorded() override { std::filesystem::remove_all(folder_); }
    Recorded(const Recorded&) = delete;
    Recorded& operator=(const Recorded&) = delete;
    Recorded(Recorded&&) = delete;
    Recorded& operator=(Recorded&&) = delete;

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    /// Of "live", by age.
    std::vector<std::string> segments() const {
        std::vector<std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / "live")) {
            files.push_back(entry.path().string());
        }
        std::ranges::sort(files);
        return files;
    }
    static int number_of(const std::string& file) { return std::stoi(file.substr(file.rfind('-') + 1)); }
    /// The number of the oldest.
    int first_segment() const {
        const std::vector<std::string> files = segments();
        return files.empty() ? 0 : number_of(files.front());
    }
    /// A time within a segment, as commands take it.
    static std::string start_of(const std::string& file) {
        const auto read = recording::find_segments(std::vector<std::filesystem::path>{file});
        if (!read) return {};
        return core::format_time(core::from_unix_ms((*read).front().header.started.wall_ns / 1'000'000 + 1));
    }

    std::filesystem::path folder_;
};

TEST_F(Recorded, comes_to_the_same_rankings_when_it_is_replayed) {
    std::string log;
    {
        Service service({.environment = {test::kPolling, "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + path("live"),
                                         "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=seed"}});
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        const auto cycles = [&](std::size_t count) {
            return service.wait_until([&] { return logged_digests(service.scanner().output()).size() >= count; },
                                      std::chrono::seconds(60));
        };
        ASSERT_TRUE(cycles(2));
        const auto changed = service.post("/settings", json{{"notional", 7'500}});
        ASSERT_TRUE(changed && changed->status == 200) << (changed ? changed->body : changed.error().message());
        service.set_faults({"5xx:rate=0.05"});
        ASSERT_TRUE(cycles(5));
        const json stores = service.get_json("/healthz/details").at("stores");
        EXPECT_EQ(stores.at("recording").at("state"), "embedded") << stores;
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        log = service.scanner().output();
    }
    const std::vector<std::string> live = logged_digests(log);
    ASSERT_GE(live.size(), 5U) << log;
    EXPECT_THAT(output_of({"recording", "verify", path("live")}, 0), HasSubstr("sound"));

    const std::string replayed = output_of({"replay", path("live"), "--digest"}, 0);
    std::istringstream lines(replayed);
    std::vector<std::string> again;
    for (std::string line; std::getline(lines, line);) again.push_back(line);
    for (const std::string& digest : live) EXPECT_THAT(again, Contains(digest));
    EXPECT_THAT(replayed, HasSubstr(std::to_string(live.size()) + " digests compared, 0 differ"));
    EXPECT_EQ(output_of({"replay", path("live"), "--digest"}, 0), replayed);

    // Other settings are another ranking, and said to be one.
    std::ofstream(path("other.env")) << "SCANNER_INCLUDE_CARRY=false\n";
    EXPECT_THAT(output_of({"replay", path("live"), "--digest", "--settings", path("other.env")}, 1),
                testing::Not(HasSubstr(" 0 differ")));
}

TEST_F(Recorded, comes_to_the_same_rankings_with_a_live_feed_under_faults) {
    std::string log;
    {
        Service service(
            {.environment = {"SCANNER_FEED=required", "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + path("live"),
                             "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=seed", "SCANNER_RANK_INTERVAL_MS=200"},
             .interval_sec = "1"});
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        const auto cycles = [&](std::size_t count) {
            return service.wait_until([&] { return logged_digests(service.scanner().output()).size() >= count; },
                                      std::chrono::seconds(60));
        };
        const auto feed = [&] { return service.get_json("/healthz/details").at("feed"); };
        ASSERT_TRUE(service.wait_until([&] { return feed().at("books").value("live", 0) > 10; })) << feed();
        service.set_faults({"ws-disconnect:rate=0.5", "ws-drop-version:rate=0.02", "5xx:rate=0.05"});
        const std::size_t before = logged_digests(service.scanner().output()).size();
        ASSERT_TRUE(cycles(before + 4));
        service.set_faults({});
        ASSERT_TRUE(cycles(before + 6));
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        log = service.scanner().output();
    }
    const std::size_t count = logged_digests(log).size();
    EXPECT_THAT(output_of({"recording", "verify", path("live")}, 0), HasSubstr("sound"));
    EXPECT_THAT(output_of({"recording", "cut", path("live"), "--symbols", "btc", "--out", path("some")}, 1),
                HasSubstr("a live feed was followed"));
    const std::string replayed = output_of({"replay", path("live"), "--digest"}, 0);
    EXPECT_THAT(replayed, HasSubstr(std::to_string(count) + " digests compared, 0 differ"));

    // Twenty times while others take the processors, several at once: the threads of each run as they can.
    const std::vector<std::string> once = newest_digests(replayed);
    ASSERT_FALSE(once.empty());
    std::vector<std::unique_ptr<ChildProcess>> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(
            std::make_unique<ChildProcess>(std::vector<std::string>{"/bin/sh", "-c", "while :; do :; done"}));
    }
    constexpr int kTimes = 20;
    constexpr int kAtOnce = 4;
    for (int i = 0; i < kTimes; i += kAtOnce) {
        std::vector<std::unique_ptr<ChildProcess>> runs;
        for (int j = 0; j < kAtOnce; ++j) {
            runs.push_back(std::make_unique<ChildProcess>(
                std::vector<std::string>{SCANNER_BIN_DIR "/market-scanner", "replay", path("live"), "--digest"}));
        }
        for (const auto& run : runs) {
            EXPECT_EQ(run->stop(0), 0) << run->output();
            EXPECT_EQ(newest_digests(run->output()), once);
        }
    }
}

TEST_F(Recorded, is_replayed_from_each_of_its_segments_and_cut_from_the_middle) {
    std::string log;
    {
        // So small a bound that each scan begins a segment, and the oldest are gone.
        Service service(
            {.environment = {"SCANNER_FEED=required", "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + path("live"),
                             "SCANNER_RECORD_MAX_GB=0.002", "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=seed",
                             "SCANNER_RANK_INTERVAL_MS=200"},
             .interval_sec = "1"});
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        const auto cycles = [&](std::size_t count) {
            return service.wait_until([&] { return logged_digests(service.scanner().output()).size() >= count; },
                                      std::chrono::seconds(90));
        };
        const auto feed = [&] { return service.get_json("/healthz/details").at("feed"); };
        ASSERT_TRUE(service.wait_until([&] { return feed().at("books").value("live", 0) > 10; })) << feed();
        service.set_faults({"ws-disconnect:rate=0.5", "ws-drop-version:rate=0.02", "5xx:rate=0.05"});
        std::size_t before = logged_digests(service.scanner().output()).size();
        ASSERT_TRUE(cycles(before + 4));
        const auto changed = service.post("/settings", json{{"notional", 7'500}});
        ASSERT_TRUE(changed && changed->status == 200) << (changed ? changed->body : changed.error().message());
        service.set_faults({});
        ASSERT_TRUE(cycles(before + 8));
        const auto removed = [&] { return !std::filesystem::exists(folder_ / "live") || first_segment() > 1; };
        ASSERT_TRUE(service.wait_until(removed, std::chrono::seconds(90)));
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        log = service.scanner().output();
    }
    EXPECT_THAT(log, HasSubstr("recording_checkpoint"));
    std::vector<std::string> files = segments();
    ASSERT_GE(files.size(), 3U) << log;
    // The oldest have gone, and none between: within the bound but for the one that was being written.
    std::uint64_t older = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        EXPECT_EQ(number_of(files[i]), first_segment() + static_cast<int>(i));
        if (i + 1 < files.size()) older += std::filesystem::file_size(files[i]);
    }
    EXPECT_LE(older, 2'000'000U);
    const std::vector<std::string> live = logged_digests(log);
    std::size_t least = 0;
    for (std::size_t from = 0; from < files.size(); ++from) {
        std::vector<std::string> arguments{"replay", "--list"};
        arguments.insert(arguments.end(), files.begin() + static_cast<std::ptrdiff_t>(from), files.end());
        const std::string told = output_of(arguments, 0);
        EXPECT_THAT(told, HasSubstr("digests compared, 0 differ")) << "from " << files[from];
        EXPECT_THAT(told, testing::Not(HasSubstr("parted"))) << told;
        if (from == 0) least = static_cast<std::size_t>(std::ranges::count(told, '\n'));
    }
    EXPECT_GE(least, 3U);

    // From the middle, of what is left.
    const std::string middle = start_of(files[files.size() / 2]);
    output_of({"recording", "cut", path("live"), "--from", middle, "--out", path("cut")}, 0);
    EXPECT_THAT(output_of({"recording", "verify", path("cut")}, 0), HasSubstr("sound"));
    EXPECT_THAT(output_of({"replay", path("cut"), "--list"}, 0), HasSubstr("digests compared, 0 differ"));

    // Damaged in the middle: what is before and what the next segment begins with is replayed, to the same digests.
    std::mt19937 random(6);
    for (int i = 0; i < 2; ++i) {
        const std::size_t hit = 1 + (static_cast<std::size_t>(random()) % (files.size() - 2));
        const Changed changed(files[hit], static_cast<std::uint32_t>(random()));
        const std::string told = output_of({"replay", path("live"), "--digest"}, 0);
        EXPECT_THAT(told, HasSubstr("0 differ")) << changed.where;
        EXPECT_THAT(told, HasSubstr("goes on")) << changed.where;
        EXPECT_THAT(told, testing::Not(HasSubstr("parted"))) << told;
        const std::vector<std::string> made = newest_digests(told);
        EXPECT_FALSE(made.empty());
        for (const std::string& digest : made) EXPECT_THAT(live, Contains(digest)) << changed.where;
        std::vector<std::string> behind{"replay", "--digest"};
        behind.insert(behind.end(), files.begin() + static_cast<std::ptrdiff_t>(hit + 1), files.end());
        for (const std::string& digest : newest_digests(output_of(behind, 0))) EXPECT_THAT(made, Contains(digest));
        EXPECT_THAT(output_of({"recording", "verify", path("live")}, 1),
                    HasSubstr(std::filesystem::path(files[hit]).filename().string() + ": at byte "));
    }
}

TEST_F(Recorded, is_made_of_lines_that_something_else_captured_and_ranked) {
    Service service({.environment = {test::kPolling}});
    ASSERT_TRUE(service.wait_until_ready());
    std::ofstream lines(path("lines.jsonl"));
    const auto now_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
    std::int64_t ns = now_ns.count();
    boost::asio::io_context io{1};
    const auto client = net::make_curl_client(io.get_executor(), {});
    const auto capture = [&](const std::string& target) {
        net::ClientRequest request;
        request.url = service.exchange_url() + target;
        const auto answer = test::run_on(io, client->send(std::move(request)));
        EXPECT_TRUE(answer && answer->status == 200) << target;
        if (!answer) return;
        lines << json{{"t", ++ns},
                      {"kind", "rest"},
                      {"topic_or_url", "https://elsewhere" + target},
                      {"body", answer->body}}
                     .dump()
              << '\n';
    };
    capture("/linear-swap-api/v1/swap_contract_info?business_type=swap");
    capture("/linear-swap-ex/market/detail/batch_merged?business_type=swap");
    capture("/linear-swap-api/v1/swap_batch_funding_rate");
    capture("/linear-swap-api/v1/swap_open_interest");
    capture("/linear-swap-api/v1/swap_index");
    for (const std::string code : {"BTC-USDT", "ETH-USDT"}) {
        capture("/linear-swap-ex/market/depth?contract_code=" + code + "&type=step0");
        capture("/linear-swap-ex/market/history/kline?contract_code=" + code + "&period=1min&size=150");
    }
    lines.close();
    output_of({"recording", "import", path("lines.jsonl"), "--out", path("made")}, 0);
    std::ofstream(path("all.env")) << "SCANNER_MIN_QVOL_USDT=0\nSCANNER_MAX_SPREAD_BPS=1000\n";
    const std::string ranked = output_of({"replay", path("made"), "--list", "--settings", path("all.env")}, 0);
    EXPECT_THAT(ranked, HasSubstr("ranked 2")) << ranked;
}

}  // namespace
}  // namespace scanner::app
