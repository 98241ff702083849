#include "api/operator/operator_endpoints.hpp"
#include "api/operator/operator_fixture.hpp"

#include <gmock/gmock.h>

/// Watchlists through the whole handler.
namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class Watchlists : public test::OperatorApi {};

TEST_F(Watchlists, keeps_watchlists_in_their_order) {
    const json made = ok(post("/watchlists", {{"name", "majors"}, {"symbols", {"eth", "BTC-USDT", "ETH/USDT:USDT"}}}));
    EXPECT_EQ(made.at("symbols"), json::array({"ETH/USDT:USDT", "BTC/USDT:USDT"})) << "each once";
    EXPECT_TRUE(made.at("id").is_number_integer());
    const json replaced = ok(post("/watchlists", {{"name", "majors"}, {"symbols", {"sol"}}}));
    EXPECT_EQ(replaced.at("id"), made.at("id"));
    ok(post("/watchlists", {{"name", "empty"}}));
    EXPECT_EQ(ok(get("/watchlists")), json::parse(R"([{"name":"majors","symbols":["SOL/USDT:USDT"]},
                                                      {"name":"empty","symbols":[]}])"));
    EXPECT_EQ(ok(get("/watchlists/majors")).at("symbols"), json::array({"SOL/USDT:USDT"}));
    EXPECT_EQ(ok(get("/settings")).at("watchlists").size(), 2U);
    EXPECT_EQ(ok(remove("/watchlists/majors")).at("status"), "deleted");
    EXPECT_THAT(ok(get("/watchlists")), SizeIs(1));
    EXPECT_THAT(problem(remove("/watchlists/emty"), 404).at("detail").get<std::string>(), HasSubstr("empty"));
}

TEST_F(Watchlists, ranks_only_a_watchlist_when_asked) {
    ok(post("/watchlists", {{"name", "two of them"}, {"symbols", {"ETH-USDT", "doge"}}}));
    const auto codes = [this] {
        std::vector<std::string> found;
        for (const json& item : ok(get("/rankings?watchlist=two%20of%20them")).at("items")) {
            found.push_back(item.at("contract_code"));
        }
        std::ranges::sort(found);
        return found;
    };
    EXPECT_THAT(codes(), ElementsAre("DOGE-USDT", "ETH-USDT"));
    ok(post("/watchlists", {{"name", "two of them"}, {"symbols", {"ETH-USDT"}}}));
    EXPECT_THAT(codes(), ElementsAre("ETH-USDT")) << "of the same cycle";
}

TEST_F(Watchlists, still_shows_and_deletes_what_an_older_version_let_be_called_so) {
    static_cast<void>(handler());
    documents_.change([](storage::OperatorDocuments& documents) {
        documents.watchlists = {{.name = "a\u009Bb", .symbols = {"BTC/USDT:USDT"}, .version = 1}};
        documents.presets = {{.name = "p\u202E", .weights = {{"vol.atr", 1.0}}, .version = 2}};
        documents.rules = {
            {.name = "r\u2066", .expression = "rank == 1", .scope = "all", .enabled = true, .version = 3}};
    });
    const net::ServerResponse lists = get("/watchlists");
    EXPECT_THAT(*lists.body, HasSubstr(R"("a\u009bb")"));
    EXPECT_EQ(ok(get("/watchlists/a%C2%9Bb")).at("name"), "a\u009Bb");
    EXPECT_EQ(ok(get("/alerts/rules")).at("items").back().at("name"), "r\u2066");
    ok(remove("/watchlists/a%C2%9Bb"));
    ok(remove("/profiles/p%E2%80%AE"));
    ok(remove("/alerts/rules/r%E2%81%A6"));
    EXPECT_EQ(ok(get("/watchlists")), json::array());
}

TEST_F(Watchlists, refuses_names_and_symbols_that_make_no_sense) {
    for (const char* name : {"", " a", "a ", "a/b", "a\\b", "a\nb", ".", ".."}) {
        EXPECT_FALSE(fault_of(problem(post("/watchlists", {{"name", name}}), 422), "name").empty()) << name;
    }
    problem(post("/watchlists", {{"name", std::string(65, 'x')}}), 422);
    for (const char* name : {"a\u009Bb", "a\u202Eb", "a\u2066b", "a\u200Fb", "a\u061Cb", "a\u00A0", "a\u3164"}) {
        const json what = problem(post("/watchlists", {{"name", name}}), 422);
        EXPECT_THAT(fault_of(what, "name"), HasSubstr("cannot be seen"));
        problem(post("/profiles", {{"name", name}, {"weights", {{"vol.atr", 1}}}}), 422);
        problem(post("/alerts/rules", {{"name", name}, {"expression", "rank == 1"}}), 422);
    }
    EXPECT_EQ(post("/watchlists", {{"name", "哈基米"}}).status, 200);
    problem(post("/watchlists", json::object()), 422);
    problem(post("/watchlists", {{"name", nullptr}}), 422);
    const json what = problem(post("/watchlists", {{"name", "a"}, {"symbols", {"btc", 7, "no such thing!"}}}), 422);
    EXPECT_FALSE(fault_of(what, "symbols.1").empty());
    EXPECT_FALSE(fault_of(what, "symbols.2").empty());
    problem(post("/watchlists", {{"name", "a"}, {"symbols", "btc"}}), 422);
    problem(post("/watchlists", {{"name", "a"}, {"symbols", json(std::vector<std::string>(2'001, "btc"))}}), 422);
    EXPECT_EQ(post("/watchlists", {{"name", "meine Münzen"}}).status, 200);
    EXPECT_EQ(get("/watchlists/meine%20M%C3%BCnzen").status, 200);
}

TEST_F(Watchlists, bounds_how_many_lists_and_profiles_there_are) {
    for (std::size_t i = 0; i < kMaxWatchlists; ++i) ok(post("/watchlists", {{"name", "list " + std::to_string(i)}}));
    problem(post("/watchlists", {{"name", "one more"}}), 409);
    ok(post("/watchlists", {{"name", "list 7"}, {"symbols", {"btc"}}}));
    const json weights{{"liq.qvol", 1.0}};
    for (std::size_t i = 0; i < kMaxProfiles; ++i) {
        ok(post("/profiles", {{"name", "profile " + std::to_string(i)}, {"weights", weights}}));
    }
    problem(post("/profiles", {{"name", "one more"}, {"weights", weights}}), 409);
}

TEST_F(Watchlists, guards_lists_by_their_own_tag_and_by_the_tag_of_all) {
    ok(post("/watchlists", {{"name", "a"}, {"symbols", {"btc"}}}));
    const std::string one = header(get("/watchlists/a"), "ETag");
    const std::string all = header(get("/watchlists"), "ETag");
    ok(post("/watchlists", {{"name", "a"}, {"symbols", {"eth"}}}, {{"If-Match", one}}));
    problem(post("/watchlists", {{"name", "a"}}, {{"If-Match", one}}), 412);
    problem(post("/watchlists", {{"name", "a"}}, {{"If-Match", all}}), 412);
    problem(remove("/watchlists/a", {{"If-Match", one}}), 412);
    problem(post("/watchlists", {{"name", "b"}}, {{"If-Match", one}}), 412);
    ok(post("/watchlists", {{"name", "b"}}, {{"If-Match", header(get("/watchlists"), "ETag")}}));
    ok(remove("/watchlists/a", {{"If-Match", header(get("/watchlists/a"), "ETag")}}));
}

}  // namespace
}  // namespace scanner::api
