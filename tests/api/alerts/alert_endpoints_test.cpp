#include "api/alerts/alert_endpoints.hpp"

#include "api/operator/operator_fixture.hpp"

#include "scanner/alerts/alert.hpp"

#include <gmock/gmock.h>

/// Alert rules, alerts and dead letters through the whole handler.
namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AlertRoutes : public test::OperatorApi {
protected:
    static json find(const json& list, const std::string& name) {
        for (const json& item : list.at("items")) {
            if (item.at("name") == name) return item;
        }
        return nullptr;
    }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const json& item : ok(get("/alerts/rules")).at("items")) found.push_back(item.at("name"));
        return found;
    }
    void give_webhook() {
        client_ = net::make_curl_client(io_.get_executor(), {});
        alert_options_.webhook_url = "https://hooks.example/x";
    }
};

TEST_F(AlertRoutes, ship_two_rules_that_are_disabled) {
    const json rules = ok(get("/alerts/rules"));
    ASSERT_THAT(rules.at("items"), SizeIs(2));
    for (const json& rule : rules.at("items")) {
        EXPECT_EQ(rule.at("enabled"), false);
        EXPECT_EQ(rule.at("built_in"), true);
        EXPECT_EQ(rule.at("scope"), "all");
    }
    EXPECT_THAT(names(), ElementsAre("large-rank-move", "manipulation-hit"));
}

TEST_F(AlertRoutes, refuse_a_hold_that_the_scan_interval_never_meets) {
    alert_options_.scan_interval = seconds(150);
    const json rule = {{"name", "slow"}, {"expression", "rank == 1 for 30s"}};
    const std::string fault = fault_of(problem(post("/alerts/rules", rule), 422), "expression");
    EXPECT_THAT(fault, HasSubstr("'for 30s' can never be met"));
    EXPECT_THAT(fault, HasSubstr("every 150 s (SCANNER_SCAN_INTERVAL_SEC)"));
    EXPECT_THAT(
        ok(post("/alerts/rules:test", {{"expression", "rank == 1 for 30s"}})).at("cannot_fire").get<std::string>(),
        HasSubstr("150 s"));
    json disabled = rule;
    disabled["enabled"] = false;
    EXPECT_THAT(ok(post("/alerts/rules", disabled)).at("cannot_fire").get<std::string>(), HasSubstr("150 s"));
    problem(post("/alerts/rules", {{"name", "slow"}, {"enabled", true}}), 422);
    EXPECT_FALSE(ok(post("/alerts/rules", {{"name", "quick"}, {"expression", "rank == 1"}})).contains("cannot_fire"));
    alerts_->set_scan_interval(seconds(15));
    EXPECT_FALSE(ok(post("/alerts/rules", {{"name", "slow"}, {"enabled", true}})).contains("cannot_fire"));
    alerts_->set_scan_interval(seconds(120));
    EXPECT_THAT(find(ok(get("/alerts/rules")), "slow").at("cannot_fire").get<std::string>(), HasSubstr("120 s"));
}

TEST_F(AlertRoutes, save_a_rule_as_it_is_shown) {
    const json rule = ok(post("/alerts/rules", {{"name", "wick hunt"},
                                                {"expression", "manip_score >= 60 and \"scam_wick\" in flags for 30s"},
                                                {"scope", {{"symbols", {"btc", "ETH-USDT"}}}},
                                                {"cooldown_sec", 60}}));
    EXPECT_EQ(rule, json::parse(R"({"name":"wick hunt",
        "expression":"manip_score >= 60 and \"scam_wick\" in flags for 30s",
        "scope":{"symbols":["BTC/USDT:USDT","ETH/USDT:USDT"]},
        "cooldown_sec":60,"enabled":true,"for_sec":30,"built_in":false})"));
    EXPECT_EQ(find(ok(get("/alerts/rules")), "wick hunt"), rule);
    const json defaults = ok(post("/alerts/rules", {{"name", "b"}, {"expression", "rank == 1"}}));
    EXPECT_EQ(defaults.at("cooldown_sec"), 300);
    EXPECT_EQ(defaults.at("scope"), "all");
    EXPECT_EQ(defaults.at("enabled"), true);
}

TEST_F(AlertRoutes, point_at_the_column_that_is_wrong) {
    const json what = problem(
        post("/alerts/rules", {{"name", "x"}, {"expression", "score > 1 and\nmanip_scor >= 60"}, {"cooldown_sec", -1}}),
        422);
    ASSERT_THAT(what.at("errors"), SizeIs(2));
    const json& error = what.at("errors")[0];
    EXPECT_EQ(error.at("loc"), json({"body", "expression"}));
    EXPECT_THAT(error.at("msg").get<std::string>(), HasSubstr("did you mean 'manip_score'"));
    EXPECT_THAT(error.at("msg").get<std::string>(), HasSubstr("\n^^^^^^^^^^"));
    EXPECT_EQ(error.at("line"), 2);
    EXPECT_EQ(error.at("column"), 1);
    EXPECT_EQ(error.at("length"), 10);
    EXPECT_EQ(fault_of(what, "cooldown_sec"), "must be a whole number from 0 to 604800");
    EXPECT_THAT(names(), SizeIs(2)) << "nothing was saved";
}

TEST_F(AlertRoutes, refuse_what_makes_no_rule) {
    EXPECT_EQ(fault_of(problem(post("/alerts/rules", {{"name", "x"}}), 422), "expression"),
              "is required for a new rule");
    problem(post("/alerts/rules", {{"expression", "rank == 1"}}), 422);
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", 7}}), 422);
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank"}}), 422);
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"cooldown_sec", 1.5}}), 422);
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"enabled", "yes"}}), 422);
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"exprssion", "a"}}), 422);
    ok(post("/watchlists", {{"name", "majors"}, {"symbols", {"btc"}}}));
    const json what = problem(
        post("/alerts/rules",
             {{"name", "x"}, {"expression", "rank == 1"}, {"scope", {{"watchlist", "majers"}, {"profile", "swig"}}}}),
        422);
    EXPECT_THAT(fault_of(what, "scope.watchlist"), HasSubstr("did you mean 'majors'"));
    EXPECT_THAT(fault_of(what, "scope.profile"), HasSubstr("did you mean 'swing'"));
    ok(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"scope", {{"watchlist", "majors"}}}}));
}

TEST_F(AlertRoutes, change_one_member_and_leave_the_others) {
    ok(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"cooldown_sec", 7}}));
    const json off = ok(post("/alerts/rules", {{"name", "x"}, {"enabled", false}}));
    EXPECT_EQ(off.at("expression"), "rank == 1");
    EXPECT_EQ(off.at("cooldown_sec"), 7);
    EXPECT_EQ(off.at("enabled"), false);
    EXPECT_EQ(ok(post("/alerts/rules", {{"name", "x"}, {"cooldown_sec", 8}})).at("enabled"), false);
}

TEST_F(AlertRoutes, bring_back_a_built_in_rule_when_its_change_is_deleted) {
    problem(remove("/alerts/rules/manipulation-hit"), 409);
    const json on = ok(post("/alerts/rules", {{"name", "manipulation-hit"}, {"enabled", true}}));
    EXPECT_EQ(on.at("built_in"), true);
    EXPECT_EQ(on.at("expression"), "manip_score >= 60");
    ok(remove("/alerts/rules/manipulation-hit"));
    EXPECT_EQ(find(ok(get("/alerts/rules")), "manipulation-hit").at("enabled"), false);
    EXPECT_THAT(problem(remove("/alerts/rules/manipulation-hits"), 404).at("suggestions"),
                ElementsAre("manipulation-hit"));
}

TEST_F(AlertRoutes, let_no_writer_lose_what_another_wrote) {
    const std::string all = header(get("/alerts/rules"), "ETag");
    const auto made = post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}}, {{"If-Match", all}});
    ok(made);
    problem(post("/alerts/rules", {{"name", "y"}, {"expression", "rank == 1"}}, {{"If-Match", all}}), 412);
    const std::string one = header(made, "ETag");
    ok(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 2"}}, {{"If-Match", one}}));
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 3"}}, {{"If-Match", one}}), 412);
    problem(remove("/alerts/rules/x", {{"If-Match", one}}), 412);
    ok(remove("/alerts/rules/x", {{"If-Match", header(get("/alerts/rules"), "ETag")}}));
    EXPECT_THAT(log_->of("operator_change"), SizeIs(3));
}

TEST_F(AlertRoutes, want_the_token_for_changes_only) {
    options_.api_token = "0123456789abcdef";
    problem(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}}), 401);
    problem(remove("/alerts/rules/x"), 401);
    problem(post("/alerts/dead-letters/1/redeliver", nullptr), 401);
    problem(remove("/alerts/dead-letters/1"), 401);
    EXPECT_EQ(get("/alerts/rules").status, 200);
    EXPECT_EQ(post("/alerts/rules:test", {{"expression", "rank == 1"}}).status, 200) << "changes nothing";
}

TEST_F(AlertRoutes, bound_how_many_rules_there_are) {
    for (std::size_t i = names().size(); i < alerts::kMaxRules; ++i) {
        ok(post("/alerts/rules", {{"name", "rule " + std::to_string(i)}, {"expression", "rank == 1"}}));
    }
    problem(post("/alerts/rules", {{"name", "one more"}, {"expression", "rank == 1"}}), 409);
    ok(post("/alerts/rules", {{"name", "rule 50"}, {"enabled", false}}));
}

TEST_F(AlertRoutes, try_a_rule_on_the_newest_ranking) {
    const json test = ok(post("/alerts/rules:test", {{"expression", "rank <= 2 and spread_bps < 1"}}));
    EXPECT_EQ(test.at("seq"), 7);
    EXPECT_EQ(test.at("evaluated"), 4);
    EXPECT_EQ(test.at("matched"), test.at("matches").size());
    EXPECT_EQ(test.at("fields"), json({"rank", "spread_bps"}));
    ASSERT_FALSE(test.at("matches").empty());
    const json& first = test.at("matches")[0];
    EXPECT_EQ(first.at("rank"), 1);
    EXPECT_EQ(first.at("conditions")[0], json({{"text", "rank <= 2"}, {"holds", true}, {"left", 1}, {"right", 2}}));
    for (const json& miss : test.at("near_misses")) {
        EXPECT_TRUE(std::ranges::any_of(miss.at("conditions"), [](const json& each) { return !each.at("holds"); }));
    }
    ok(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}, {"scope", {{"profile", "swing"}}}}));
    const json named = ok(post("/alerts/rules:test", {{"name", "x"}}));
    EXPECT_EQ(named.at("expression"), "rank == 1");
    EXPECT_EQ(named.at("profile"), "swing");
    EXPECT_EQ(named.at("matched"), 1);
    problem(post("/alerts/rules:test", {{"name", "y"}}), 422);
    problem(post("/alerts/rules:test", json::object()), 422);
    EXPECT_THAT(names(), SizeIs(3)) << "trying saves nothing";
}

TEST_F(AlertRoutes, try_no_rule_on_a_ranking_that_is_too_old) {
    engine_.time += seconds(91);
    const auto old = post("/alerts/rules:test", {{"expression", "rank == 1"}});
    problem(old, 503);
    EXPECT_FALSE(header(old, "Retry-After").empty());
}

TEST_F(AlertRoutes, page_through_what_fired) {
    for (int i = 0; i < 3; ++i) {
        archive_.recorded.push_back({.rule = "x",
                                     .symbol = "BTC/USDT:USDT",
                                     .time = test::kNow + seconds(i),
                                     .sequence = 10U + static_cast<unsigned>(i),
                                     .payload_json = i == 0 ? "not json" : R"({"rank":1})"});
    }
    const json page = ok(get("/alerts?limit=2"));
    ASSERT_THAT(page.at("items"), SizeIs(2));
    EXPECT_EQ(page.at("next_cursor"), "more");
    const json& newest = page.at("items")[0];
    EXPECT_EQ(newest.at("seq"), 12);
    EXPECT_EQ(newest.at("contract_code"), "BTC-USDT");
    EXPECT_EQ(newest.at("payload").at("rank"), 1);
    EXPECT_EQ(newest.at("id"), alerts::alert_id("x", "BTC/USDT:USDT", test::kNow + seconds(2)));
    const json all = ok(get("/alerts?rule=x&symbol=btc&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&cursor=c"));
    EXPECT_EQ(all.at("next_cursor"), nullptr);
    EXPECT_EQ(all.at("items")[2].at("payload"), nullptr) << "what is no JSON is not passed on as such";
    ASSERT_TRUE(archive_.last_query);
    EXPECT_EQ(archive_.last_query->rule, "x");
    EXPECT_EQ(archive_.last_query->symbol, "BTC/USDT:USDT");
    EXPECT_EQ(archive_.last_query->cursor, "c");
    EXPECT_EQ(archive_.last_query->from, core::parse_time("2026-11-22T00:00:00Z"));
}

TEST_F(AlertRoutes, name_what_is_wrong_with_a_query_for_alerts) {
    const json what = problem(get("/alerts?limit=0&from=yesterday&symbol=%21%21&colour=red"), 422);
    std::vector<std::string> named;
    for (const json& error : what.at("errors")) named.push_back(error.at("loc")[1]);
    EXPECT_THAT(named, testing::UnorderedElementsAre("limit", "from", "symbol", "colour"));
    EXPECT_EQ(problem(get("/alerts?cursor=bad"), 422).at("errors")[0].at("loc")[1], "cursor");
    archive_.failure = core::Error(core::ErrorCode::unavailable, "away");
    problem(get("/alerts"), 503);
    problem(get("/alerts/dead-letters"), 503);
}

TEST_F(AlertRoutes, send_a_dead_letter_again) {
    give_webhook();
    archive_.letters.push_back({.id = 5,
                                .time = test::kNow,
                                .rule = "x",
                                .symbol = "BTC/USDT:USDT",
                                .destination = "webhook",
                                .payload_json = R"({"rank":1})",
                                .attempts = 10,
                                .last_error = "HTTP 500"});
    const json list = ok(get("/alerts/dead-letters"));
    ASSERT_THAT(list.at("items"), SizeIs(1));
    EXPECT_EQ(list.at("items")[0].at("attempts"), 10);
    EXPECT_EQ(list.at("items")[0].at("last_error"), "HTTP 500");
    EXPECT_EQ(list.at("items")[0].at("alert_id"), alerts::alert_id("x", "BTC/USDT:USDT", test::kNow));
    problem(post("/alerts/dead-letters/6/redeliver", nullptr), 404);
    problem(post("/alerts/dead-letters/five/redeliver", nullptr), 404);
    EXPECT_EQ(ok(post("/alerts/dead-letters/5/redeliver", nullptr)), json({{"status", "queued"}, {"id", 5}}));
    EXPECT_THAT(archive_.letters, IsEmpty());
    EXPECT_EQ(alerts_->statistics().waiting, 1U);
    problem(post("/alerts/dead-letters/5/redeliver", nullptr), 404);
}

TEST_F(AlertRoutes, keep_a_dead_letter_while_there_is_no_webhook) {
    archive_.letters.push_back({.id = 5, .time = test::kNow, .rule = "x", .symbol = "BTC/USDT:USDT"});
    EXPECT_THAT(problem(post("/alerts/dead-letters/5/redeliver", nullptr), 409).at("detail").get<std::string>(),
                HasSubstr("SCANNER_ALERT_WEBHOOK_URL"));
    EXPECT_THAT(archive_.letters, SizeIs(1));
    ok(remove("/alerts/dead-letters/5"));
    problem(remove("/alerts/dead-letters/5"), 404);
}

TEST_F(AlertRoutes, are_seen_in_metrics_and_health) {
    ok(post("/alerts/rules", {{"name", "x"}, {"expression", "rank == 1"}}));
    const auto metrics = get("/metrics");
    EXPECT_THAT(*metrics.body, HasSubstr("scanner_alert_rules{state=\"enabled\"} 1\n"));
    EXPECT_THAT(*metrics.body, HasSubstr("scanner_alerts_waiting 0\n"));
    const json health = ok(get("/healthz/details"));
    EXPECT_EQ(health.at("alerts").at("rules_enabled"), 1);
    EXPECT_EQ(health.at("alerts").at("last_error"), nullptr);
}

TEST_F(AlertRoutes, are_not_there_without_alerts) {
    EXPECT_THAT(AlertEndpoints(ports_).routes(), IsEmpty());
}

}  // namespace
}  // namespace scanner::api
