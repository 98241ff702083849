#include "api/operator/operator_endpoints.hpp"

#include "api/operator/operator_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

/// Settings and profiles through the whole handler.
namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Operator : public test::OperatorApi {
protected:
    static signals::Weights weights_of(const operators::EffectiveSettings& set, std::string_view name) {
        const auto found = std::ranges::find(set.profiles, name, &signals::Profile::name);
        EXPECT_NE(found, set.profiles.end()) << name;
        return found == set.profiles.end() ? signals::Weights() : found->weights;
    }
};

// --- settings

TEST_F(Operator, shows_the_defaults_until_something_is_set) {
    const signals::Weights& scalp = signals::builtin_profiles().front().weights;
    const json settings = ok(get("/settings"));
    EXPECT_EQ(settings.at("weights"), json({{"liquidity", scalp.edges_liquidity},
                                            {"momentum", scalp.edges_momentum},
                                            {"spread", scalp.cost_spread}}));
    EXPECT_EQ(settings.at("manipulation_threshold"), 60);
    EXPECT_EQ(settings.at("notional"), 5000);
    EXPECT_EQ(settings.at("watchlists"), json::array());
    EXPECT_EQ(settings.at("applied_profile"), nullptr);
}

TEST_F(Operator, applies_a_change_of_settings_at_once) {
    const json answer = ok(post("/settings", {{"liquidity_weight", 3.5}, {"spread_penalty", -1.0}, {"notional", 777}}));
    EXPECT_EQ(answer.at("status"), "ok");
    EXPECT_EQ(answer.at("weights").at("liquidity"), 3.5);
    EXPECT_EQ(answer.at("notional"), 777);
    ASSERT_FALSE(applied_.empty());
    EXPECT_EQ(applied_.back().notional_usdt, 777.0);
    EXPECT_EQ(weights_of(applied_.back(), "scalp").edges_liquidity, 3.5);
    EXPECT_EQ(weights_of(applied_.back(), "scalp").cost_spread, -1.0);
    EXPECT_EQ(weights_of(applied_.back(), "swing"), signals::find_builtin_profile("swing")->weights)
        << "the default profile alone";
    const json again = ok(get("/settings"));
    EXPECT_EQ(again.at("weights"), answer.at("weights"));
}

TEST_F(Operator, leaves_what_is_omitted_and_resets_what_is_null) {
    static_cast<void>(post("/settings", {{"momentum_weight", 2.0}, {"manipulation_threshold", 75}}));
    const json left = ok(post("/settings", {{"liquidity_weight", 1.0}}));
    EXPECT_EQ(left.at("weights").at("momentum"), 2.0);
    EXPECT_EQ(left.at("manipulation_threshold"), 75);
    const json reset = ok(post("/settings", {{"manipulation_threshold", nullptr}, {"momentum_weight", nullptr}}));
    EXPECT_EQ(reset.at("manipulation_threshold"), 60);
    EXPECT_EQ(reset.at("weights").at("momentum"), signals::builtin_profiles().front().weights.edges_momentum);
    EXPECT_EQ(reset.at("weights").at("liquidity"), 1.0);
}

TEST_F(Operator, names_everything_that_is_wrong_with_settings_at_once) {
    const json what = problem(
        post("/settings",
             {{"liquidty_weight", 1}, {"momentum_weight", "2"}, {"manipulation_threshold", 101}, {"notional", 0}}),
        422);
    EXPECT_THAT(fault_of(what, "liquidty_weight"), HasSubstr("did you mean liquidity_weight?"));
    EXPECT_THAT(fault_of(what, "momentum_weight"), HasSubstr("must be a finite number"));
    EXPECT_THAT(fault_of(what, "manipulation_threshold"), HasSubstr("from 0 to 100"));
    EXPECT_THAT(fault_of(what, "notional"), HasSubstr("from 1 to"));
    EXPECT_THAT(applied_, SizeIs(1)) << "at the start, and never again";
}

TEST_F(Operator, refuses_bodies_other_than_json_objects) {
    problem(send("POST", "/settings", "liquidity_weight=1", {{"Content-Type", "application/x-www-form-urlencoded"}}),
            415);
    problem(send("POST", "/settings", "{}", {}), 415);
    const std::vector<net::Header> as_json{{"Content-Type", "application/json; charset=utf-8"}};
    problem(send("POST", "/settings", "", as_json), 400);
    problem(send("POST", "/settings", "{\"notional\": 1e999}", as_json), 400);
    problem(send("POST", "/settings", "{\"notional\": NaN}", as_json), 400);
    problem(send("POST", "/settings", "{\"notional\": 5", as_json), 400);
    problem(send("POST", "/settings", std::string(50'000, '['), as_json), 400);
    problem(send("POST", "/settings", "[]", as_json), 422);
    problem(send("POST", "/settings", "7", as_json), 422);
    problem(send("POST", "/settings", '"' + std::string(70'000, 'x') + '"', as_json), 413);
    problem(send("POST", "/settings", "{\"a\":\"\xff\"}", as_json), 400);
    EXPECT_EQ(send("POST", "/settings", "{}", as_json).status, 200) << "nothing asked, nothing changed";
}

TEST_F(Operator, wants_the_token_for_changes_and_for_nothing_else) {
    options_.api_token = "0123456789abcdef";
    const json body{{"notional", 10}};
    const auto none = post("/settings", body);
    problem(none, 401);
    EXPECT_EQ(header(none, "WWW-Authenticate").substr(0, 6), "Bearer");
    problem(post("/settings", body, {{"Authorization", "Bearer 0123456789abcdeg"}}), 403);
    problem(remove("/watchlists/any"), 401);
    problem(post("/profiles", {}), 401);
    problem(post("/profiles/apply?name=swing", nullptr), 401);
    problem(remove("/profiles/any"), 401);
    EXPECT_EQ(get("/settings").status, 200);
    EXPECT_EQ(get("/profiles/scalp").status, 200);
    EXPECT_EQ(ok(post("/settings", body, {{"Authorization", "bearer 0123456789abcdef"}})).at("notional"), 10);
}

TEST_F(Operator, lets_no_foreign_page_change_anything) {
    const auto from = [this](const std::string& origin, const std::string& host) {
        return post("/settings", {{"notional", 11}}, {{"Origin", origin}, {"Host", host}}).status;
    };
    EXPECT_EQ(from("https://evil.example", "127.0.0.1:8010"), 403);
    EXPECT_EQ(from("null", "127.0.0.1:8010"), 403);
    EXPECT_EQ(from("http://evil.example:8010", "evil.example:8010"), 403) << "a name that was made to resolve to us";
    EXPECT_EQ(ok(get("/settings")).at("notional"), 5'000);
    for (const char* host : {"127.0.0.1:8010", "localhost:8010", "[::1]:8010", "192.168.1.7:8010"}) {
        EXPECT_EQ(from(std::string("http://") + host, host), 200) << host;
    }
}

TEST_F(Operator, lets_pages_change_things_that_the_operator_listed) {
    options_.cors_origins = {"https://desk.example"};
    const std::vector<net::Header> desk{{"Origin", "https://desk.example"}, {"Host", "scanner.example"}};
    EXPECT_EQ(post("/settings", {{"notional", 11}}, desk).status, 200);
    EXPECT_EQ(post("/settings", {{"notional", 11}}, {{"Origin", "https://x.example"}, {"Host", "y"}}).status, 403);
    options_.cors_origins = {"*"};
    handler_.reset();
    EXPECT_EQ(post("/settings", {{"notional", 11}}, desk).status, 403) << "everybody may read, not write";
    options_.api_token = "0123456789abcdef";
    handler_.reset();
    auto with_token = desk;
    with_token.push_back({"Authorization", "Bearer 0123456789abcdef"});
    EXPECT_EQ(post("/settings", {{"notional", 11}}, with_token).status, 200);
    options_.cors_origins.clear();
    handler_.reset();
    const std::vector<net::Header> own{{"Origin", "https://scanner.example"},
                                       {"Host", "scanner.example"},
                                       {"Authorization", "Bearer 0123456789abcdef"}};
    EXPECT_EQ(post("/settings", {{"notional", 11}}, own).status, 200);
}

TEST_F(Operator, lets_the_bearer_of_the_token_change_things_through_a_proxy_that_hides_the_host) {
    options_.api_token = "0123456789abcdef";
    const auto through = [this](const std::string& origin, const std::string& token) {
        return post("/settings", {{"notional", 11}},
                    {{"Origin", origin}, {"Host", "127.0.0.1:8010"}, {"Authorization", token}})
            .status;
    };
    for (const char* origin : {"https://scanner.example", "http://127.0.0.1:8080", "null", "https://desk.example"}) {
        EXPECT_EQ(through(origin, "Bearer 0123456789abcdef"), 200) << origin;
        EXPECT_EQ(through(origin, "Bearer wrong"), 403) << origin;
        EXPECT_EQ(through(origin, ""), 401) << origin;
    }
}

TEST_F(Operator, lets_no_writer_lose_what_another_wrote) {
    const std::string seen = header(get("/settings"), "ETag");
    const auto first = post("/settings", {{"notional", 100}}, {{"If-Match", seen}});
    ok(first);
    const json late = problem(post("/settings", {{"notional", 200}}, {{"If-Match", seen}}), 412);
    EXPECT_THAT(late.at("detail").get<std::string>(), HasSubstr("changed meanwhile"));
    EXPECT_EQ(ok(get("/settings")).at("notional"), 100);
    EXPECT_EQ(header(first, "ETag"), header(get("/settings"), "ETag")) << "to go on from";
    ok(post("/settings", {{"notional", 200}}, {{"If-Match", header(first, "ETag")}}));
    EXPECT_EQ(ok(get("/settings")).at("notional"), 200);
    const std::string weak = "W/" + header(get("/settings"), "ETag");
    EXPECT_EQ(ok(post("/settings", {{"notional", 150}}, {{"If-Match", weak}})).at("notional"), 150);
    problem(post("/settings", {{"notional", 1}}, {{"If-Match", weak}}), 412);
    ok(post("/settings", {{"notional", 201}}, {{"If-Match", "*"}}));
}

TEST_F(Operator, tags_differ_when_a_value_went_and_came_back) {
    const std::string seen = header(get("/settings"), "ETag");
    ok(post("/settings", {{"notional", 100}}));
    ok(post("/settings", {{"notional", nullptr}}));
    const auto now = get("/settings");
    EXPECT_NE(header(now, "ETag"), seen);
    problem(post("/settings", {{"notional", 5}}, {{"If-Match", seen}}), 412);
    EXPECT_EQ(get("/settings", {{"If-None-Match", header(now, "ETag")}}).status, 304);
}

TEST_F(Operator, merges_with_a_concurrent_change) {
    int others = 0;
    documents_.before_change = [&] {
        if (++others > 1) return;
        documents_.change([&](storage::OperatorDocuments& next) {
            next.settings.manipulation_threshold = 33.0;
            next.settings.version = documents_.next_version();
        });
    };
    const json merged = ok(post("/settings", {{"notional", 1234}}));
    EXPECT_EQ(merged.at("notional"), 1234);
    EXPECT_EQ(merged.at("manipulation_threshold"), 33);
}

TEST_F(Operator, gives_up_merging_after_a_few_attempts) {
    documents_.before_change = [&] {
        documents_.change([&](storage::OperatorDocuments& next) { next.settings.version = documents_.next_version(); });
    };
    const auto busy = post("/settings", {{"notional", 1234}});
    problem(busy, 503);
    EXPECT_EQ(header(busy, "Retry-After"), "1");
}

TEST_F(Operator, logs_every_change_with_what_was_before) {
    ok(post("/settings", {{"notional", 100}}));
    ok(post("/settings", {{"notional", 200}}));
    ok(post("/watchlists", {{"name", "mine"}, {"symbols", {"btc"}}}));
    ok(remove("/watchlists/mine"));
    problem(post("/settings", {{"notional", -1}}), 422);
    const auto lines = log_->of("operator_change");
    ASSERT_THAT(lines, SizeIs(4));
    EXPECT_EQ(lines[0].at("before").at("notional"), nullptr);
    EXPECT_EQ(lines[1].at("before").at("notional"), 100);
    EXPECT_EQ(lines[1].at("after").at("notional"), 200);
    EXPECT_EQ(lines[1].at("remote_address"), "127.0.0.9");
    EXPECT_EQ(lines[2].at("before"), nullptr);
    EXPECT_EQ(lines[3].at("before").at("symbols"), json::array({"BTC/USDT:USDT"}));
    EXPECT_EQ(lines[3].at("after"), nullptr);
}

TEST_F(Operator, says_when_the_database_is_away) {
    documents_.failure = core::Error(core::ErrorCode::unavailable, "connection refused");
    for (const auto& answer : {post("/settings", {{"notional", 100}}), post("/watchlists", {{"name", "a"}}),
                               post("/profiles", {{"name", "a"}, {"weights", {{"liq.qvol", 1}}}}),
                               post("/profiles/apply?name=swing", nullptr)}) {
        problem(answer, 503);
        EXPECT_FALSE(header(answer, "Retry-After").empty());
    }
    EXPECT_EQ(get("/settings").status, 200) << "what was read before";
    EXPECT_EQ(applied_.size(), 1U);
}

TEST_F(Operator, shows_nothing_as_set_before_the_database_was_read) {
    documents_.change([](storage::OperatorDocuments& next) { next.loaded = false; });
    for (const char* path : {"/settings", "/watchlists", "/watchlists/a", "/profiles", "/profiles/scalp"}) {
        problem(get(path), 503);
    }
    problem(post("/settings", {{"notional", 1}}), 503);
    problem(remove("/watchlists/a"), 503);
    EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(Operator, follows_changes_of_other_processes_and_reloaded_defaults) {
    handler();
    documents_.change([&](storage::OperatorDocuments& next) {
        next.settings.notional = 42.0;
        next.settings.version = documents_.next_version();
    });
    EXPECT_EQ(applied_.back().notional_usdt, 42.0);
    service_->set_defaults({.default_profile = "swing", .notional_usdt = 9.0});
    EXPECT_EQ(applied_.back().notional_usdt, 42.0) << "what is set wins";
    EXPECT_EQ(applied_.back().default_weights, signals::find_builtin_profile("swing")->weights);
    const std::size_t before = applied_.size();
    service_->set_defaults({.default_profile = "swing", .notional_usdt = 9.0});
    EXPECT_EQ(applied_.size(), before) << "nothing changed, nothing to apply";
}

// --- profiles

TEST_F(Operator, lists_profiles_the_built_in_ones_first) {
    ok(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -3}}}}));
    ok(post("/profiles", {{"name", "bold"}, {"weights", {{"vol.atr", 3}}}}));
    EXPECT_EQ(ok(get("/profiles")), json::parse(R"({"presets":["scalp","swing","news","bold","calm"]})"));
    const json calm = ok(get("/profiles/calm"));
    EXPECT_EQ(calm.at("weights").at("vol.atr"), -3);
    EXPECT_EQ(calm.at("weights").at("liq.qvol"), signals::builtin_profiles().front().weights.liq_qvol)
        << "what is missing is the default profile's";
    EXPECT_EQ(calm.at("built_in"), false);
    EXPECT_EQ(ok(get("/profiles/swing")).at("built_in"), true);
    EXPECT_THAT(problem(get("/profiles/swig"), 404).at("suggestions"), ElementsAre("swing"));
    EXPECT_EQ(weights_of(applied_.back(), "calm").vol_atr, -3.0) << "cycles rank under it from now on";
}

TEST_F(Operator, refuses_unknown_weights) {
    const json what = problem(
        post("/profiles", {{"name", "x"}, {"weights", {{"liq.qvoll", 1}, {"vol.atr", "3"}, {"mom.ret_1", 1e7}}}}), 422);
    EXPECT_THAT(fault_of(what, "weights.liq.qvoll"), HasSubstr("did you mean liq.qvol?"));
    for (const signals::WeightField& field : signals::weight_fields()) {
        EXPECT_THAT(fault_of(what, "weights.liq.qvoll"), HasSubstr(std::string(field.name)));
    }
    EXPECT_FALSE(fault_of(what, "weights.vol.atr").empty());
    EXPECT_FALSE(fault_of(what, "weights.mom.ret_1").empty());
    problem(post("/profiles", {{"name", "x"}, {"weights", json::object()}}), 422);
    problem(post("/profiles", {{"name", "x"}}), 422);
    for (const char* name : {"scalp", "apply"}) {
        EXPECT_FALSE(
            fault_of(problem(post("/profiles", {{"name", name}, {"weights", {{"vol.atr", 1}}}}), 422), "name").empty());
    }
}

TEST_F(Operator, applies_a_profile_to_the_default_one) {
    ok(post("/settings", {{"liquidity_weight", 9.0}}));
    ok(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -3}}}}));
    EXPECT_EQ(ok(post("/profiles/apply?name=calm", nullptr)), json({{"status", "applied"}, {"profile", "calm"}}));
    const signals::Weights scalp = weights_of(applied_.back(), "scalp");
    EXPECT_EQ(scalp.vol_atr, -3.0);
    EXPECT_EQ(scalp.edges_liquidity, signals::builtin_profiles().front().weights.edges_liquidity)
        << "the weights of the profile, not what was set over the one before";
    EXPECT_EQ(ok(get("/settings")).at("applied_profile"), "calm");
    EXPECT_EQ(ok(get("/profiles/calm")).at("applied"), true);
    problem(remove("/profiles/calm"), 409);
    ok(post("/profiles/apply?name=scalp", nullptr));
    EXPECT_EQ(weights_of(applied_.back(), "scalp"), signals::builtin_profiles().front().weights);
    ok(remove("/profiles/calm"));
    problem(remove("/profiles/scalp"), 409);
    problem(remove("/profiles/calm"), 404);
    problem(post("/profiles/apply?name=calm", nullptr), 404);
    problem(post("/profiles/apply", nullptr), 422);
    problem(post("/profiles/apply?name=swing&nam=x", nullptr), 422);
}

TEST_F(Operator, changes_of_the_applied_profile_take_effect) {
    ok(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -3}}}}));
    ok(post("/profiles/apply?name=calm", nullptr));
    ok(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -5}}}}));
    EXPECT_EQ(weights_of(applied_.back(), "scalp").vol_atr, -5.0);
    const std::string tag = header(get("/profiles/calm"), "ETag");
    ok(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -6}}}}, {{"If-Match", tag}}));
    problem(post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -7}}}}, {{"If-Match", tag}}), 412);
    ok(post("/profiles/apply?name=scalp", nullptr));
    problem(remove("/profiles/calm", {{"If-Match", tag}}), 412);
}

TEST_F(Operator, passes_over_stored_weights_that_mean_nothing) {
    storage::OperatorDocuments documents;
    documents.presets = {
        {.name = "old", .weights = {{"gone.weight", 1.0}, {"vol.atr", std::nan("")}, {"liq.qvol", 2.0}}}};
    documents.settings.applied_profile = "deleted by hand";
    const operators::EffectiveSettings set = operators::effective_settings(documents, {});
    EXPECT_EQ(set.default_weights, signals::builtin_profiles().front().weights);
    EXPECT_EQ(weights_of(set, "old").liq_qvol, 2.0);
    EXPECT_EQ(weights_of(set, "old").vol_atr, signals::builtin_profiles().front().weights.vol_atr);
}

TEST_F(Operator, answers_with_the_methods_of_its_routes) {
    const auto refused = send("PUT", "/settings", "", {});
    problem(refused, 405);
    EXPECT_THAT(header(refused, "Allow"), HasSubstr("POST"));
    EXPECT_THAT(header(send("PATCH", "/watchlists/a", "", {}), "Allow"), HasSubstr("DELETE"));
    problem(get("/settings?x=1"), 422);
    problem(get("/profiles?x=1"), 422);
    problem(post("/settings?dry=1", {{"notional", 1}}), 422);
    EXPECT_EQ(get("/settings/").status, 200);
    EXPECT_EQ(header(post("/settings", {{"notional", 1}}), "Cache-Control"), "no-store");
}

TEST_F(Operator, has_no_routes_without_a_store) {
    EXPECT_THAT(OperatorEndpoints(ports_).routes(), IsEmpty());
}

}  // namespace
}  // namespace scanner::api
