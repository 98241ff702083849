#include "api/manipulation/manipulation_endpoints.hpp"

#include "api/manipulation/manipulation_views.hpp"
#include "api/operator/operator_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

/// The ledger through the whole handler, over one in memory.
namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using storage::Episode;
using storage::EpisodeVerdict;
using testing::HasSubstr;
using testing::SizeIs;

class MemoryLedger final : public storage::EpisodeLedger {
public:
    template <class T>
    using Answer = boost::asio::awaitable<core::Result<T>>;

    void record_episodes(std::vector<storage::EpisodeRecord>) override {}
    Answer<storage::EpisodesPage> episodes(storage::EpisodesQuery query) override {
        asked = query;
        if (away) co_return core::fail(core::ErrorCode::unavailable, "away");
        if (query.cursor == "wrong") co_return core::fail(core::ErrorCode::invalid_input, "cursor: wrong");
        storage::EpisodesPage page{.rows = kept, .next = {}};
        if (page.rows.size() > query.limit) {
            page.rows.resize(query.limit);
            page.next = "e.next";
        }
        for (Episode& row : page.rows) row.record.context_json.clear();
        co_return page;
    }
    Answer<Episode> episode(std::string id) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "away");
        const auto found = std::ranges::find(kept, id, [](const Episode& each) { return each.record.id; });
        if (found == kept.end()) co_return core::fail(core::ErrorCode::not_found, "no");
        co_return *found;
    }
    Answer<Episode> judge(std::string id, storage::Disposition disposition,
                          std::optional<std::int64_t> expected) override {
        const auto found = std::ranges::find(kept, id, [](const Episode& each) { return each.record.id; });
        const std::int64_t version = found->disposition ? found->disposition->version : 0;
        if (expected && *expected != version) co_return core::fail(core::ErrorCode::conflict, "changed");
        disposition.version = version + 1;
        found->disposition = std::move(disposition);
        co_return *found;
    }
    Answer<std::vector<storage::FlagDispositions>> dispositions(core::WallTime, core::WallTime) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "away");
        co_return std::vector<storage::FlagDispositions>{
            {.flag = "pump_ignition", .manipulation = 4, .benign = 1, .unsure = 2}};
    }

    std::vector<Episode> kept;
    storage::EpisodesQuery asked;
    bool away = false;
};

Episode sample(const std::string& code, bool ended) {
    Episode episode;
    episode.record = {.id = code + "-USDT.pump_ignition.1796000000000",
                      .revision = 4,
                      .symbol = code + "/USDT:USDT",
                      .flag = "pump_ignition",
                      .kind = "validated",
                      .phase = ended ? "over" : "ignition",
                      .start = test::kNow - minutes(10),
                      .end = {},
                      .probability = 0.4321,
                      .severity = 77.0,
                      .simulated = true,
                      .context_json = R"({"truncated":false,"trades":[[1,"buy",2.0,3.0]],"books":[]})"};
    episode.details = {.evidence = {{.name = "activity", .value = 3.5, .threshold = 1.5, .unit = "x"},
                                    {.name = "odd", .value = 1.0, .threshold = {}, .unit = ""}},
                       .price = 2.5,
                       .repetitions = 1,
                       .trades = 12};
    if (ended) episode.record.end = test::kNow - minutes(2);
    return episode;
}

class ManipulationRoutes : public test::OperatorApi {
protected:
    ManipulationRoutes() {
        ledger_.kept = {sample("BTC", false), sample("ETH", true)};
        ports_.episodes = &ledger_;
        options_.manip_model = core::ManipModel::measured;
    }
    const std::string& id() const { return ledger_.kept[1].record.id; }

    MemoryLedger ledger_;
};

TEST_F(ManipulationRoutes, list_episodes_page_by_page) {
    const auto response =
        get("/manipulation/episodes?limit=1&symbol=eth&flag=pump_ignition&status=ended&"
            "from=2026-11-01&to=2026-11-22T05:24:00Z");
    const json page = ok(response);
    ASSERT_THAT(page.at("items"), SizeIs(1));
    const json& item = page.at("items")[0];
    EXPECT_EQ(item.at("status"), "open");
    EXPECT_EQ(item.at("end"), nullptr);
    EXPECT_EQ(item.at("contract_code"), "BTC-USDT");
    EXPECT_EQ(item.at("probability"), 0.4321);
    EXPECT_EQ(item.at("evidence")[0], json::parse(R"({"name":"activity","value":3.5,"threshold":1.5,"unit":"x"})"));
    EXPECT_EQ(item.at("evidence")[1].at("threshold"), nullptr);
    EXPECT_EQ(item.at("price"), 2.5);
    EXPECT_EQ(item.at("trades"), 12);
    EXPECT_EQ(item.at("disposition"), nullptr);
    EXPECT_FALSE(item.contains("context"));
    EXPECT_EQ(page.at("next_cursor"), "e.next");
    EXPECT_EQ(ledger_.asked.symbol, "ETH/USDT:USDT");
    EXPECT_EQ(ledger_.asked.status, storage::EpisodeStatus::ended);
    EXPECT_EQ(ledger_.asked.from, core::parse_time("2026-11-01T00:00:00Z"));
    EXPECT_EQ(ok(get("/manipulation/episodes")).at("next_cursor"), nullptr);
}

TEST_F(ManipulationRoutes, give_a_line_an_episode) {
    const auto response = get("/manipulation/episodes", {{"Accept", "application/x-ndjson"}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header(response, "Content-Type"), "application/x-ndjson");
    EXPECT_EQ(std::ranges::count(*response.body, '\n'), 2);
    EXPECT_EQ(ledger_.asked.limit, 200U) << "a page of a stream";
    const auto page = get("/manipulation/episodes?format=ndjson&limit=1");
    EXPECT_EQ(header(page, "X-Next-Cursor"), "e.next");
    EXPECT_EQ(json::parse(*page.body).at("contract_code"), "BTC-USDT");
}

TEST_F(ManipulationRoutes, name_what_is_wrong_with_a_query) {
    const json wrong = problem(get("/manipulation/episodes?flag=nonsense&status=maybe&limit=0&from=soon"), 422);
    EXPECT_THAT(wrong.at("errors"), SizeIs(4));
    EXPECT_THAT(problem(get("/manipulation/episodes?cursor=wrong"), 422).dump(), HasSubstr("cursor"));
    ledger_.away = true;
    EXPECT_EQ(problem(get("/manipulation/episodes"), 503).at("type"), "urn:market-scanner:problem:store-unavailable");
}

TEST_F(ManipulationRoutes, show_one_with_its_claim_and_what_was_around_it) {
    const json episode = ok(get("/manipulation/episodes/" + id()));
    EXPECT_EQ(episode.at("id"), id());
    EXPECT_THAT(episode.at("claim").get<std::string>(), HasSubstr("taker buys"));
    EXPECT_EQ(episode.at("context").at("trades")[0], json::parse(R"([1,"buy",2.0,3.0])"));
    EXPECT_EQ(problem(get("/manipulation/episodes/nothing"), 404).at("type"),
              "urn:market-scanner:problem:unknown-episode");
}

TEST_F(ManipulationRoutes, take_what_the_operator_says) {
    const std::string path = "/manipulation/episodes/" + id();
    const std::string seen = header(get(path), "ETag");
    const auto first =
        post(path + "/disposition", {{"verdict", "benign"}, {"note", "a listing"}}, {{"If-Match", seen}});
    const json judged = ok(first);
    EXPECT_EQ(judged.at("disposition").at("verdict"), "benign");
    EXPECT_EQ(judged.at("disposition").at("note"), "a listing");
    EXPECT_EQ(judged.at("disposition").at("at"), core::format_time(test::kNow));
    EXPECT_EQ(header(first, "ETag"), header(get(path), "ETag"));
    EXPECT_EQ(post(path + "/disposition", {{"verdict", "unsure"}}, {{"If-Match", seen}}).status, 412);
    EXPECT_EQ(ok(post(path + "/disposition", {{"verdict", "manipulation"}})).at("disposition").at("note"), "");
    EXPECT_THAT(log_->of("operator_change"), SizeIs(2));
    EXPECT_EQ(problem(post("/manipulation/episodes/nothing/disposition", {{"verdict", "unsure"}}), 404).at("status"),
              404);
}

TEST_F(ManipulationRoutes, refuse_what_is_no_disposition) {
    const std::string path = "/manipulation/episodes/" + id() + "/disposition";
    EXPECT_THAT(fault_of(problem(post(path, {{"verdict", "maybe"}}), 422), "verdict"), HasSubstr("unsure"));
    EXPECT_THAT(fault_of(problem(post(path, json::object()), 422), "verdict"), HasSubstr("required"));
    EXPECT_THAT(fault_of(problem(post(path, {{"verdict", "unsure"}, {"note", std::string(2'001, 'x')}}), 422), "note"),
                HasSubstr("2000"));
    EXPECT_THAT(fault_of(problem(post(path, {{"verdict", "unsure"}, {"note", std::string("a\0b", 3)}}), 422), "note"),
                HasSubstr("null"));
    EXPECT_THAT(problem(post(path, {{"verdict", "unsure"}, {"by", "me"}}), 422).dump(), HasSubstr("by"));
    options_.api_token = "secret";
    handler_.reset();
    EXPECT_EQ(post(path, {{"verdict", "unsure"}}).status, 401);
    EXPECT_EQ(post(path, {{"verdict", "unsure"}}, {{"Authorization", "Bearer secret"}}).status, 200);
}

TEST_F(ManipulationRoutes, tell_what_each_flag_is_worth) {
    const json flags = ok(get("/manipulation/flags"));
    EXPECT_EQ(flags.at("manip_model"), "measured");
    const json& pump = flags.at("items")[0];
    EXPECT_EQ(pump.at("name"), "pump_ignition");
    EXPECT_EQ(pump.at("kind"), "validated");
    EXPECT_EQ(pump.at("precision_7d"),
              json::parse(R"({"value":0.8,"low":0.375535,"high":0.963776,"manipulation":4,"benign":1,"unsure":2})"));
    EXPECT_EQ(flags.at("items")[1].at("precision_7d").at("value"), nullptr);
    ledger_.away = true;
    EXPECT_EQ(ok(get("/manipulation/flags")).at("items")[0].at("precision_7d"), nullptr) << "claims need no database";
}

TEST(WilsonShare, stays_within_bounds_and_narrows) {
    EXPECT_FALSE(wilson_share(0, 0));
    EXPECT_EQ(wilson_share(0, 5)->low, 0.0);
    EXPECT_NEAR(wilson_share(0, 5)->high, 0.4345, 1e-3);
    EXPECT_EQ(wilson_share(5, 5)->high, 1.0);
    EXPECT_NEAR(wilson_share(5, 5)->low, 0.5655, 1e-3);
    EXPECT_NEAR(wilson_share(50, 100)->low, 0.4038, 1e-3);
    EXPECT_NEAR(wilson_share(50, 100)->high, 0.5962, 1e-3);
}

}  // namespace
}  // namespace scanner::api
