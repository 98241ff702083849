#include "api/replay/replay_endpoints.hpp"

#include "api/operator/operator_fixture.hpp"
#include "api/replay/fakes.hpp"

#include "scanner/api/stream_hub.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

/// The routes of replays and of recordings, through the whole handler.
namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ReplayRoutes : public test::OperatorApi {
protected:
    ReplayRoutes() {
        replay_.now = {
            .from = test::kNow - seconds(600),
            .to = test::kNow,
            .at = test::kNow - seconds(300),
            .speed = 1.0,
            .playing = true,
            .sequence = 7,
            .marks =
                {{.at = test::kNow, .kind = "alert", .symbol = "BTC/USDT:USDT", .label = "a rule", .manip_score = 72.5},
                 {.at = test::kNow, .kind = "episode", .symbol = "BTC/USDT:USDT", .label = "scam_wick"}},
            .marks_complete = true};
        ports_.replay = &replay_;
    }
    test::FakeReplay replay_;
};

TEST_F(ReplayRoutes, say_where_it_is_and_do_what_they_are_told) {
    const json at = ok(get("/replay"));
    EXPECT_EQ(at.at("replay"), true);
    EXPECT_EQ(at.at("at"), core::format_time(test::kNow - seconds(300)));
    EXPECT_EQ(at.at("speed"), 1.0);
    EXPECT_EQ(at.at("seq"), 7);
    EXPECT_EQ(at.at("marks").at(0).at("label"), "a rule");
    EXPECT_EQ(at.at("marks").at(0).at("manip_score"), 72.5);
    EXPECT_TRUE(at.at("marks").at(1).at("manip_score").is_null());

    EXPECT_EQ(ok(post("/replay/speed", {{"speed", "max"}})).at("speed"), "max");
    EXPECT_EQ(ok(post("/replay/speed", {{"speed", 60}})).at("speed"), 60);
    EXPECT_EQ(ok(post("/replay/pause", nullptr)).at("playing"), false);
    EXPECT_EQ(ok(post("/replay/play", nullptr)).at("playing"), true);
    EXPECT_EQ(ok(post("/replay/step", nullptr)).at("seq"), 8);
    EXPECT_EQ(ok(post("/replay/seek", {{"at", "2026-11-22T05:24:00Z"}})).at("at"), "2026-11-22T05:24:00.000Z");
}

TEST_F(ReplayRoutes, name_what_is_wrong) {
    EXPECT_THAT(fault_of(problem(post("/replay/seek", json::object()), 422), "at"), HasSubstr("required"));
    EXPECT_THAT(fault_of(problem(post("/replay/seek", {{"at", "soon"}}), 422), "at"), HasSubstr("time"));
    EXPECT_FALSE(fault_of(problem(post("/replay/speed", {{"speed", 0}}), 422), "speed").empty());
    EXPECT_FALSE(fault_of(problem(post("/replay/speed", {{"speed", "fast"}}), 422), "speed").empty());
    EXPECT_FALSE(fault_of(problem(post("/replay/speed", {{"speed", nullptr}}), 422), "speed").empty());
    replay_.broken = true;
    EXPECT_EQ(problem(post("/replay/seek", {{"at", "2026-11-22T05:24:00Z"}}), 503).at("type"),
              "urn:market-scanner:problem:replay-stopped");
}

TEST_F(ReplayRoutes, have_every_answer_say_that_nothing_is_live) {
    for (const std::string target : {"/rankings", "/opportunities", "/symbols", "/healthz/details", "/ready"}) {
        const auto response = get(target);
        EXPECT_EQ(ok(response).at("replay"), true) << target;
        EXPECT_EQ(header(response, "X-Replay"), "true") << target;
    }
    EXPECT_EQ(header(get("/rankings?format=csv"), "X-Replay"), "true");
    EXPECT_EQ(header(get("/no/such/route"), "X-Replay"), "true");
}

TEST_F(ReplayRoutes, answer_anew_after_a_jump_though_number_and_time_are_the_same) {
    const std::string before = *get("/rankings?top=1&fields=symbol,score").body;
    ranking::Ranking other = test::make_ranking();
    std::swap(other.ranked.begin()->second.front(), other.ranked.begin()->second.back());
    for (auto& [profile, ranked] : other.ranked) std::ranges::reverse(ranked);
    engine_.publish(std::move(other));
    EXPECT_EQ(*get("/rankings?top=1&fields=symbol,score").body, before) << "the same cycle is rendered once";
    ++replay_.jumped;
    EXPECT_NE(*get("/rankings?top=1&fields=symbol,score").body, before);
}

class NoReplay : public test::OperatorApi {};

TEST_F(NoReplay, has_no_such_routes_and_says_nothing_of_it) {
    problem(get("/replay"), 404);
    problem(post("/replay/play", nullptr), 404);
    problem(get("/recordings"), 404);
    EXPECT_FALSE(ok(get("/rankings")).contains("replay"));
    EXPECT_EQ(header(get("/rankings"), "X-Replay"), "");
}

class RecordingRoutes : public test::OperatorApi {
protected:
    RecordingRoutes() { ports_.recordings = &recordings_; }
    test::FakeRecordings recordings_;
};

TEST_F(RecordingRoutes, begin_list_and_end_one_at_a_time) {
    EXPECT_EQ(ok(get("/recordings")), json({{"recordings", json::array()}}));
    EXPECT_EQ(problem(remove("/recordings/current"), 404).at("type"), "urn:market-scanner:problem:unknown-recording");
    EXPECT_EQ(ok(post("/recordings", {{"for_sec", 600}})).at("running"), true);
    EXPECT_EQ(recordings_.asked_for, seconds(600));
    problem(post("/recordings", json::object()), 409);
    EXPECT_EQ(ok(get("/recordings")).at("recordings").at(0).at("state"), "recording");
    EXPECT_EQ(ok(remove("/recordings/current")).at("running"), false);
    EXPECT_FALSE(fault_of(problem(post("/recordings", {{"for_sec", 0}}), 422), "for_sec").empty());
    EXPECT_FALSE(fault_of(problem(post("/recordings", {{"for_sec", 1e9}}), 422), "for_sec").empty());
}

TEST_F(RecordingRoutes, are_closed_without_the_token_reading_included) {
    options_.api_token = "0123456789abcdef";
    problem(get("/recordings"), 401);
    problem(get("/recordings/20261130T193310.123Z/cut"), 401);
    problem(post("/recordings", json::object()), 401);
    problem(remove("/recordings/current"), 401);
    ok(get("/recordings", {{"Authorization", "Bearer 0123456789abcdef"}}));
}

/// Takes what a stream writes.
class KeptBody final : public net::BodyWriter {
public:
    boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> piece) override {
        pieces.push_back(*piece);
        co_return core::Result<void>();
    }
    void abort() override { aborted = true; }
    bool stopping() const override { return false; }
    void on_stopping(std::function<void()>) override {}
    std::vector<std::string> pieces;
    bool aborted = false;
};

TEST_F(RecordingRoutes, send_a_cut_in_pieces) {
    recordings_.content = std::string(1'000'000, 'x') + "end";
    const auto response =
        get("/recordings/20261130T193310.123Z/cut?from=2026-11-30T19:33:10Z&to=2026-11-30T19:40:00Z&symbols=btc,eth");
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(recordings_.asked_id, "20261130T193310.123Z");
    EXPECT_THAT(recordings_.range.contracts, ElementsAre("BTC-USDT", "ETH-USDT"));
    EXPECT_EQ(response.declared_length, recordings_.content.size());
    EXPECT_THAT(header(response, "Content-Disposition"), HasSubstr("20261130T193310.123Z-000001.amsrec"));
    KeptBody body;
    scanner::test::run_on(io_, response.stream(body));
    std::string whole;
    for (const std::string& piece : body.pieces) {
        EXPECT_LE(piece.size(), 256U << 10U) << "what is held at a time is bounded";
        whole += piece;
    }
    EXPECT_EQ(whole, recordings_.content);
    EXPECT_FALSE(body.aborted);
}

TEST_F(RecordingRoutes, name_what_is_wrong_with_a_cut) {
    const std::string path = "/recordings/20261130T193310.123Z/cut";
    problem(get(path + "?from=then"), 422);
    problem(get(path + "?symbols=%20-"), 422);
    problem(get(path + "?from=2026-11-30T19:40:00Z&to=2026-11-30T19:33:10Z"), 422);
    recordings_.cut_error = core::Error(core::ErrorCode::not_found, "no recording \"x\"");
    EXPECT_THAT(problem(get(path), 404).at("detail").get<std::string>(), HasSubstr("no recording"));
    recordings_.cut_error = core::Error(core::ErrorCode::io, "the disk fails");
    problem(get(path), 503);
}

}  // namespace
}  // namespace scanner::api
