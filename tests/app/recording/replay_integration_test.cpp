#include "app/http_user.hpp"
#include "app/service.hpp"

#include "scanner/core/clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// A recording that is served as if it were live.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using test::ChildProcess;
using test::HttpUser;
using test::Service;
using testing::HasSubstr;

constexpr seconds kPatience{60};
constexpr const char* kRows = "/history/rankings?limit=500&profile=scalp";
constexpr const char* kAlerts = "/alerts?limit=500";
const json kRule{{"name", "leaders"}, {"expression", "rank <= 3"}, {"cooldown_sec", 2}};

/// A market with a live feed, recorded while a rule fires; made once for all tests.
struct Recorded {
    std::string folder;
    json rows = json::array();    ///< of history, of cycles that are whole
    json alerts = json::array();  ///< oldest first
    std::uint64_t newest = 0;     ///< the last of these cycles
};

/// What of alerts does not depend on the database that gave them a number.
json without_ids(const json& page) {
    json kept = json::array();
    for (json alert : page.at("items")) {
        alert.erase("id");
        kept.insert(kept.begin(), std::move(alert));
    }
    return kept;
}
json up_to(const json& rows, std::uint64_t sequence) {
    json kept = json::array();
    for (const json& row : rows) {
        if (row.at("seq").get<std::uint64_t>() <= sequence) kept.push_back(row);
    }
    return kept;
}

class Replayed : public testing::Test {
protected:
    static void SetUpTestSuite() {
        std::string name = "/tmp/market-scanner-replay-test-XXXXXX";
        recorded_ = new Recorded{.folder = ::mkdtemp(name.data())};
        // Nothing is ranked before the rule is there; the recording tells of it.
        Service service(
            {.simulator = {"--contracts", "20", "--market", "busy", "--scenario", "none", "--fault", "5xx"},
             .environment = {"SCANNER_FEED=required", "SCANNER_RECORD=on", "SCANNER_RECORD_DIR=" + recorded_->folder,
                             "SCANNER_MIN_QVOL_USDT=1000", "SCANNER_MANIP_MODEL=seed", "SCANNER_RANK_INTERVAL_MS=200"},
             .interval_sec = "1"});
        ASSERT_TRUE(service.wait_until(
            [&] {
                const auto answer = service.post("/alerts/rules", kRule);
                return answer && answer->status == 200;
            },
            kPatience))
            << service.scanner().output();
        service.set_faults({});
        ASSERT_TRUE(service.wait_until(
            [&] {
                const json health = service.get_json("/healthz/details");
                return health.value("cycle_count", 0) >= 4 && service.get_json(kRows).at("items").size() >= 60 &&
                       service.get_json(kAlerts).at("items").size() >= 3;
            },
            kPatience))
            << service.scanner().output();
        const json rows = service.get_json(kRows).at("items");
        // Of the newest cycle some rows may be on their way.
        recorded_->newest = rows.back().at("seq").get<std::uint64_t>() - 1;
        recorded_->rows = up_to(rows, recorded_->newest);
        recorded_->alerts = up_to(without_ids(service.get_json(kAlerts)), recorded_->newest);
        ASSERT_EQ(service.scanner().stop(SIGTERM), 0);
        ASSERT_FALSE(recorded_->rows.empty());
    }
    static void TearDownTestSuite() {
        std::filesystem::remove_all(recorded_->folder);
        delete recorded_;
        recorded_ = nullptr;
    }

    void serve(const std::vector<std::string>& flags) {
        const std::uint16_t port = test::free_port();
        std::vector<std::string> arguments{SCANNER_BIN_DIR "/market-scanner", "replay", recorded_->folder,
                                           "--http-port", std::to_string(port)};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        program_ = std::make_unique<ChildProcess>(arguments);
        user_ = std::make_unique<HttpUser>(port);
        ASSERT_TRUE(wait_until([&] { return user_->get("/replay").status == 200; })) << program_->output();
    }
    json get(const std::string& target) {
        const auto answer = user_->get(target);
        EXPECT_EQ(answer.status, 200) << target << ": " << answer.text;
        return answer.body;
    }
    json post(const std::string& target, const json& body = nullptr) {
        const auto answer = user_->post(target, body);
        EXPECT_EQ(answer.status, 200) << target << ": " << answer.text;
        return answer.body;
    }
    static core::WallTime time_of(const json& state, const char* name) {
        return core::parse_time(state.at(name).get<std::string>()).value();
    }
    /// There, however long the way is.
    json seek(core::WallTime at) {
        json state = post("/replay/seek", {{"at", core::format_time(at)}});
        EXPECT_TRUE(wait_until([&] { return !(state = get("/replay")).at("seeking").get<bool>(); })) << state;
        return state;
    }
    static bool wait_until(const std::function<bool()>& holds) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return true;
    }

    static Recorded* recorded_;
    std::unique_ptr<ChildProcess> program_;
    std::unique_ptr<HttpUser> user_;
};

Recorded* Replayed::recorded_ = nullptr;

TEST_F(Replayed, keeps_the_history_and_fires_the_alerts_of_the_live_run) {
    serve({"--speed", "max"});
    ASSERT_TRUE(wait_until([&] { return get("/replay").at("ended").get<bool>(); })) << program_->output();
    ASSERT_TRUE(wait_until([&] { return get("/replay").at("marks_complete").get<bool>(); })) << program_->output();
    // The store writes a moment later.
    json rows;
    EXPECT_TRUE(wait_until([&] {
        rows = up_to(get(kRows).at("items"), recorded_->newest);
        return rows.size() >= recorded_->rows.size();
    }));
    EXPECT_EQ(rows, recorded_->rows);
    json alerts;
    EXPECT_TRUE(wait_until([&] {
        alerts = up_to(without_ids(get(kAlerts)), recorded_->newest);
        return alerts.size() >= recorded_->alerts.size();
    }));
    EXPECT_EQ(alerts, recorded_->alerts);

    const json marks = get("/replay").at("marks");
    ASSERT_GE(marks.size(), recorded_->alerts.size());
    for (std::size_t i = 0; i < recorded_->alerts.size(); ++i) {
        EXPECT_EQ(marks.at(i).at("label"), "leaders");
        EXPECT_EQ(marks.at(i).at("at"), recorded_->alerts.at(i).at("ts"));
    }
    EXPECT_THAT(program_->output(), HasSubstr("\"digests_differ\":0"));
    EXPECT_EQ(program_->stop(SIGTERM), 0);
}

TEST_F(Replayed, stands_still_steps_and_goes_where_it_is_told) {
    serve({"--speed", "1"});
    // No faster than it was.
    const auto began = std::chrono::steady_clock::now();
    const json first = get("/replay");
    ASSERT_TRUE(wait_until([&] { return get("/replay").at("seq") > 0; })) << program_->output();
    const json later = get("/replay");
    const auto passed = std::chrono::steady_clock::now() - began;
    EXPECT_GT(time_of(later, "at"), time_of(later, "from"));
    EXPECT_LE(time_of(later, "at") - time_of(first, "at"), passed + seconds(1));

    const json paused = post("/replay/pause");
    EXPECT_EQ(paused.at("playing"), false);
    EXPECT_EQ(get("/replay").at("at"), get("/replay").at("at"));
    EXPECT_EQ(get("/replay").at("at"), paused.at("at"));

    json stepped = post("/replay/step");
    ASSERT_TRUE(wait_until([&] { return !(stepped = get("/replay")).at("seeking").get<bool>(); }));
    EXPECT_GT(stepped.at("seq"), paused.at("seq"));
    EXPECT_EQ(stepped.at("playing"), false);
    // A recorded one: history has it.
    EXPECT_TRUE(wait_until(
        [&] { return get("/rankings?as_of=" + stepped.at("at").get<std::string>()).at("seq") == stepped.at("seq"); }));

    const core::WallTime from = time_of(stepped, "from");
    const core::WallTime to = time_of(stepped, "to");
    const core::WallTime late = from + (to - from) * 9 / 10;
    const json there = seek(late);
    EXPECT_EQ(time_of(there, "at"), late);
    const json then = get("/rankings?top=5");
    EXPECT_EQ(then.at("replay"), true);
    EXPECT_LE(time_of(then, "ts"), late);
    for (const json& alert : without_ids(get(kAlerts))) EXPECT_LE(time_of(alert, "ts"), late);

    // Back, and there again: the same to the last digit.
    const json back = seek(from + (to - from) / 2);
    EXPECT_LT(back.at("seq"), there.at("seq"));
    EXPECT_EQ(seek(late).at("seq"), there.at("seq"));
    EXPECT_EQ(get("/rankings?top=5"), then);

    EXPECT_EQ(post("/replay/speed", {{"speed", "max"}}).at("speed"), "max");
    post("/replay/play");
    ASSERT_TRUE(wait_until([&] { return get("/replay").at("ended").get<bool>(); }));
    EXPECT_EQ(get("/replay").at("at"), get("/replay").at("to"));
    EXPECT_EQ(program_->stop(SIGTERM), 0);
}

TEST_F(Replayed, says_everywhere_that_it_is_a_replay) {
    serve({"--speed", "max"});
    ASSERT_TRUE(wait_until([&] { return get("/replay").at("ended").get<bool>(); })) << program_->output();
    const std::string symbol = get("/rankings?top=1").at("items").at(0).at("contract_code");
    for (const std::string& target : {std::string("/rankings"), std::string("/opportunities"), std::string("/symbols"),
                                      std::string("/healthz/details"), "/symbol/" + symbol + "/inspect"}) {
        EXPECT_EQ(get(target).at("replay"), true) << target;
    }
    EXPECT_EQ(get("/healthz/details").at("ranking").at("fresh"), true) << "by the clock of the recording";
    EXPECT_EQ(user_->get("/recordings").status, 404) << "nothing is recorded of a replay";
    EXPECT_EQ(program_->stop(SIGTERM), 0);
}

}  // namespace
}  // namespace scanner::app
