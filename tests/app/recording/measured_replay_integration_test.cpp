#include "app/http_user.hpp"
#include "app/service.hpp"
#include "support/websocket_client.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

/// Recordings of a market with planted manipulation, under the measured model: what a replay makes of them.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using test::ChildProcess;
using test::HttpUser;
using test::Service;
using testing::HasSubstr;

constexpr seconds kPatience{120};
constexpr const char* kToken = "a-token-of-a-test-and-nothing-else";
constexpr const char* kRankings = "/rankings?top=200&page_size=200";

bool wait_until(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    return true;
}

/// Rows of the ledger by id, each column as text.
using Ledger = std::map<std::string, std::string>;
Ledger ledger_of(const std::string& folder, std::int64_t since_ms) {
    SQLite::Database database(folder + "/scanner.db");
    SQLite::Statement query(database,
                            "SELECT id, ts, revision, symbol, flag, kind, phase, ended_at, probability, severity, "
                            "simulated, details, context FROM manip_episodes WHERE revision >= ?");
    query.bind(1, since_ms);
    Ledger rows;
    while (query.executeStep()) {
        std::string text;
        for (int i = 1; i < query.getColumnCount(); ++i) text += query.getColumn(i).getString() + '\n';
        rows[query.getColumn(0).getString()] = std::move(text);
    }
    return rows;
}

/// All of an answer but what says that it is a replay's.
std::string without_replay(std::string text) {
    constexpr std::string_view kSaid = "\"replay\":true,";
    if (const std::size_t at = text.find(kSaid); at != std::string::npos) text.erase(at, kSaid.size());
    return text;
}

class MeasuredReplay : public testing::Test {
protected:
    static void SetUpTestSuite() {
        std::string name = "/tmp/market-scanner-measured-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        Service service({.simulator = {"--contracts", "12", "--market", "busy", "--scenario", "none", "--plant",
                                       "oi_paint:contract=BTC-USDT:after=1s:every=9s:for=5s:intensity=30", "--plant",
                                       "oi_paint:contract=ETH-USDT:after=1s:for=1h:intensity=30"},
                         .environment = {"SCANNER_FEED=required", "SCANNER_RECORD=on",
                                         "SCANNER_RECORD_DIR=" + folder_ + "/live", "SCANNER_RECORD_MAX_GB=0.002",
                                         "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=measured",
                                         "SCANNER_DATA_DIR=" + folder_ + "/data", "SCANNER_RANK_INTERVAL_MS=200"},
                         .interval_sec = "1",
                         .data_from_environment = true});
        // The second run begins with what the first one saved: in the middle of an episode.
        const auto under_way = [&] {
            const auto answer = service.get("/manipulation/episodes?status=open&limit=100");
            return answer && answer->status == 200 && !json::parse(answer->body).at("items").empty();
        };
        ASSERT_TRUE(service.wait_until(under_way, kPatience)) << service.scanner().output();
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        const auto before = segments();
        service.scanner().start();
        std::size_t polls = 0;
        ASSERT_TRUE(service.wait_until(
            [&] {
                const auto answer = service.get(kRankings);
                if (!answer || answer->status != 200) return false;
                live_[json::parse(answer->body).at("seq").get<std::uint64_t>()] = answer->body;
                if (++polls % 16 != 0) return false;
                return segments().size() >= before.size() + 2 && under_way() && live_.size() >= 10;
            },
            kPatience))
            << service.scanner().output();
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        for (const std::string& file : segments()) {
            if (std::ranges::find(before, file) == before.end()) files_.push_back(file);
        }
        ASSERT_GE(files_.size(), 2U);
    }
    static void TearDownTestSuite() {
        std::filesystem::remove_all(folder_);
        files_.clear();
        live_.clear();
    }

    static std::vector<std::string> segments() {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/live")) {
            found.push_back(entry.path().string());
        }
        std::ranges::sort(found);
        return found;
    }
    static std::int64_t start_ms(const std::string& file) {
        return recording::find_segments(std::vector<std::filesystem::path>{file})
                   .value()
                   .front()
                   .header.started.wall_ns /
               1'000'000;
    }
    static std::vector<std::string> from(std::size_t place) {
        return {files_.begin() + static_cast<std::ptrdiff_t>(place), files_.end()};
    }
    static std::string output_of(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), SCANNER_BIN_DIR "/market-scanner");
        ChildProcess child(arguments);
        EXPECT_EQ(child.stop(0), 0) << child.output();
        return child.output();
    }

    void serve(const std::vector<std::string>& files, const std::string& data, const std::string& speed) {
        port_ = test::free_port();
        std::vector<std::string> arguments{SCANNER_BIN_DIR "/market-scanner",
                                           "replay",
                                           "--http-port",
                                           std::to_string(port_),
                                           "--speed",
                                           speed,
                                           "--data-dir",
                                           data};
        arguments.insert(arguments.end(), files.begin(), files.end());
        program_ = std::make_unique<ChildProcess>(arguments);
        user_ = std::make_unique<HttpUser>(port_);
        ASSERT_TRUE(wait_until([&] { return user_->get("/replay").status == 200; })) << program_->output();
    }
    json state() { return user_->get("/replay").body; }
    bool arrived() {
        return wait_until([&] { return !state().at("seeking").get<bool>(); });
    }
    void seek(core::WallTime at) {
        ASSERT_EQ(user_->post("/replay/seek", {{"at", core::format_time(at)}}).status, 200);
        ASSERT_TRUE(arrived()) << program_->output();
    }

    static std::string folder_;
    static std::vector<std::string> files_;  ///< of the second run
    static std::map<std::uint64_t, std::string> live_;
    std::uint16_t port_ = 0;
    std::unique_ptr<ChildProcess> program_;
    std::unique_ptr<HttpUser> user_;
};

std::string MeasuredReplay::folder_;
std::vector<std::string> MeasuredReplay::files_;
std::map<std::uint64_t, std::string> MeasuredReplay::live_;

TEST_F(MeasuredReplay, comes_to_the_live_digests_and_episodes_from_each_segment) {
    for (std::size_t place = 0; place < files_.size(); ++place) {
        std::vector<std::string> arguments = from(place);
        arguments.insert(arguments.begin(), {"replay", "--list"});
        const std::string told = output_of(arguments);
        EXPECT_THAT(told, HasSubstr("digests compared, 0 differ")) << place;
        EXPECT_THAT(told, testing::Not(HasSubstr("parted"))) << told;
    }
    for (const std::size_t place : {std::size_t{0}, files_.size() - 1}) {
        const std::string data = folder_ + "/replayed" + std::to_string(place);
        serve(from(place), data, "max");
        ASSERT_TRUE(wait_until([&] { return state().at("marks_complete").get<bool>(); })) << program_->output();
        ASSERT_EQ(program_->stop(SIGTERM), 0);
        const Ledger live = ledger_of(folder_ + "/data", start_ms(files_[place]));
        const Ledger replayed = ledger_of(data, 0);
        if (place == 0) EXPECT_FALSE(live.empty());
        for (const auto& [id, row] : live) {
            ASSERT_TRUE(replayed.contains(id)) << id;
            EXPECT_EQ(replayed.at(id), row) << id;
        }
        const Ledger all = ledger_of(folder_ + "/data", 0);
        for (const auto& [id, row] : replayed) EXPECT_TRUE(all.contains(id)) << id;
    }
}

TEST_F(MeasuredReplay, shows_the_very_rankings_of_the_live_run_from_the_first_on) {
    serve(files_, folder_ + "/shown", "max");
    ASSERT_TRUE(wait_until([&] { return state().at("ended").get<bool>(); })) << program_->output();
    ASSERT_EQ(user_->post("/replay/pause", nullptr).status, 200);
    // From the end back to before the first ranking, where there is none to show.
    seek(core::parse_time(state().at("from").get<std::string>()).value());
    EXPECT_EQ(user_->get(kRankings).status, 503);
    const auto stream = test::connect_websocket({.port = port_, .target = "/stream/rankings"});
    ASSERT_TRUE(stream) << stream.error().message();
    std::size_t compared = 0;
    std::uint64_t first = 0;
    for (int i = 0; i < 6; ++i) {
        ASSERT_EQ(user_->post("/replay/step", nullptr).status, 200);
        ASSERT_TRUE(arrived());
        const auto shown = user_->get(kRankings);
        ASSERT_EQ(shown.status, 200) << shown.text;
        const auto sequence = shown.body.at("seq").get<std::uint64_t>();
        if (first == 0) first = sequence;
        const auto live = live_.find(sequence);
        if (live == live_.end()) continue;  // too short-lived to be seen
        ++compared;
        EXPECT_EQ(without_replay(shown.text), live->second);
    }
    EXPECT_GE(compared, 3U);
    const auto frame = (*stream)->read(std::chrono::milliseconds(20'000));
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(json::parse(frame->data).at("seq"), first) << "and nothing of before the jump";
    EXPECT_EQ(program_->stop(SIGTERM), 0);
}

TEST_F(MeasuredReplay, goes_to_a_time_by_the_newest_state_before_it) {
    serve(files_, folder_ + "/sought", "1");
    ASSERT_EQ(user_->post("/replay/pause", nullptr).status, 200);
    const core::WallTime to = core::parse_time(state().at("to").get<std::string>()).value();
    const core::WallTime last = core::from_unix_ms(start_ms(files_.back()));
    const auto expect_live = [&] {
        const auto shown = user_->get(kRankings);
        ASSERT_EQ(shown.status, 200) << shown.text;
        const auto live = live_.find(shown.body.at("seq").get<std::uint64_t>());
        if (live != live_.end()) EXPECT_EQ(without_replay(shown.text), live->second);
    };
    const std::string begins = "\"at\":\"" + core::format_time(last) + "\",\"from_state\":true";
    seek(to - std::chrono::milliseconds(1));  // forth
    EXPECT_THAT(program_->output(), HasSubstr(begins));
    expect_live();
    // Just after the state was made there is a ranking to show all the same: the one of before.
    seek(last + std::chrono::milliseconds(1));
    expect_live();
    EXPECT_LE(core::parse_time(user_->get(kRankings).body.at("ts").get<std::string>()).value(), last);
    EXPECT_EQ(program_->stop(SIGTERM), 0);
}

TEST(RunningScanner, is_recorded_from_the_middle_and_replayed) {
    Service service(
        {.simulator = {"--contracts", "8", "--market", "busy", "--scenario", "none", "--plant",
                       "oi_paint:contract=BTC-USDT:after=1s:every=9s:for=5s:intensity=30"},
         .environment = {"SCANNER_FEED=required", "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=measured",
                         "SCANNER_RANK_INTERVAL_MS=200", std::string("SCANNER_API_TOKEN=") + kToken},
         .interval_sec = "1"});
    ASSERT_TRUE(service.wait_until([&] { return service.status_of("/ready") == 200; }, kPatience));
    ASSERT_TRUE(service.wait_until([&] { return service.get_json("/healthz/details").value("cycle_count", 0) >= 3; },
                                   kPatience))
        << service.scanner().output();
    HttpUser user(service.port(), kToken);
    const auto begun = user.post("/recordings", {{"for_sec", 600}});
    ASSERT_EQ(begun.status / 100, 2) << begun.text;
    const auto cycles = service.get_json("/healthz/details").value("cycle_count", 0);
    ASSERT_TRUE(service.wait_until(
        [&] { return service.get_json("/healthz/details").value("cycle_count", 0) >= cycles + 5; }, kPatience));
    ASSERT_EQ(user.remove("/recordings/current").status / 100, 2);
    const std::string folder = (service.data() / "recordings").string();
    ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
    EXPECT_THAT(service.scanner().output(), HasSubstr("recording_checkpoint"));
    ChildProcess replay({SCANNER_BIN_DIR "/market-scanner", "replay", folder, "--digest"});
    EXPECT_EQ(replay.stop(0), 0) << replay.output();
    EXPECT_THAT(replay.output(), HasSubstr(" digests compared, 0 differ"));
    EXPECT_THAT(replay.output(), testing::Not(HasSubstr(" 0 digests compared")));
    // And the lines are the ones that the live program logged.
    std::istringstream lines(replay.output());
    std::size_t found = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        if (space == std::string::npos || line.size() != space + 17) continue;
        const std::string logged =
            "\"seq\":" + line.substr(0, space) + ",\"digest\":\"" + line.substr(space + 1) + "\"";
        EXPECT_THAT(service.scanner().output(), HasSubstr(logged));
        ++found;
    }
    EXPECT_GE(found, 3U);
}

}  // namespace
}  // namespace scanner::app
