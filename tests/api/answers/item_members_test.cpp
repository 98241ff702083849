#include "api/answers/item_members.hpp"

#include "api/answers/member_lists.hpp"
#include "api/rankings/opportunities_view.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/sample.hpp"
#include "api/streams/stream_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

/// `fields=` of the three routes whose items have it, and the member `inputs`, which is there on request alone.
namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class ItemMembers : public testing::Test {
protected:
    void SetUp() override {
        for (std::size_t i = 0; i < ranking_.contracts.size(); ++i) {
            market::Inputs& inputs = edit_contract(ranking_, i).data.inputs;
            inputs[market::Input::order_book] = {.state = market::InputState::live,
                                                 .time = ranking_.time,
                                                 .true_at = ranking_.time - std::chrono::milliseconds(41),
                                                 .source = market::InputSource::feed,
                                                 .subscription = "live"};
            inputs[market::Input::index] = {.state = market::InputState::stale,
                                            .time = ranking_.time,
                                            .true_at = ranking_.time - std::chrono::milliseconds(400'000),
                                            .source = market::InputSource::rest};
            inputs[market::Input::funding].source = market::InputSource::rest;
            inputs.tape() = {.state = market::InputState::live,
                             .time = ranking_.time,
                             .true_at = ranking_.time - std::chrono::milliseconds(812),
                             .source = market::InputSource::feed,
                             .subscription = "incomplete"};
        }
    }
    [[nodiscard]] json rankings(const std::string& query) const {
        const auto parsed = parse_rankings_query(*net::parse_query(query), {.ranking = &ranking_});
        EXPECT_TRUE(parsed) << query;
        return json::parse(*render_rankings(ranking_, *parsed).body());
    }
    [[nodiscard]] json opportunities(const std::string& query) const {
        const auto parsed = parse_opportunities_query(*net::parse_query(query), {.ranking = &ranking_});
        EXPECT_TRUE(parsed) << query;
        return json::parse(*render_opportunities(ranking_, *parsed, {}).body());
    }
    [[nodiscard]] std::string frame(const std::string& query) const {
        const auto parsed = parse_stream_query(*net::parse_query(query), {.ranking = &ranking_, .default_top = 12});
        EXPECT_TRUE(parsed) << query;
        return render_frame(ranking_, *parsed, {}).value();
    }
    [[nodiscard]] std::string frame_error(const std::string& query) const {
        const auto parsed = parse_stream_query(*net::parse_query(query), {.ranking = &ranking_, .default_top = 12});
        return parsed ? "" : parsed.error().detail;
    }

    ranking::Ranking ranking_ = test::make_ranking();
    const json inputs_ = json::parse(R"({"book":{"age_ms":41,"source":"feed","state":"live"},
        "tape":{"age_ms":812,"source":"feed","state":"incomplete"},
        "candles":{"age_ms":null,"source":null,"state":"missing"},
        "ticker":{"age_ms":null,"source":null,"state":"missing"},
        "funding":{"age_ms":null,"source":null,"state":"missing"},
        "open_interest":{"age_ms":null,"source":null,"state":"missing"},
        "index":{"age_ms":400000,"source":"rest","state":"stale"}})");
};

TEST_F(ItemMembers, tell_how_old_each_input_is_on_request) {
    const json item = rankings("fields=symbol,inputs")["items"][0];
    EXPECT_EQ(item.size(), 2U);
    EXPECT_EQ(item["inputs"], inputs_);
    EXPECT_EQ(opportunities("fields=inputs,confidence")["items"][0]["inputs"], inputs_);
    EXPECT_EQ(json::parse(frame("fields=inputs"))["items"][0], json({{"inputs", inputs_}}));
}

TEST_F(ItemMembers, leave_answers_alone_that_do_not_ask_for_them) {
    EXPECT_FALSE(rankings("")["items"][0].contains("inputs"));
    EXPECT_FALSE(json::parse(frame(""))["items"][0].contains("inputs"));
    const json plain = opportunities("");
    EXPECT_FALSE(plain["items"][0].contains("inputs"));
    EXPECT_FALSE(plain["filters"].contains("fields"));
    // All but `inputs`, and the two that only detectors bring.
    EXPECT_EQ(plain["items"][0].size() + 3, opportunity_members().size());
}

TEST_F(ItemMembers, are_those_that_were_named_in_that_order_and_with_the_same_values) {
    const json whole = opportunities("")["items"][0];
    const json some = opportunities("fields=tp_prices,symbol,breakout");
    EXPECT_EQ(some["filters"]["fields"], json({"tp_prices", "symbol", "breakout"}));
    EXPECT_EQ(some["items"][0],
              json({{"tp_prices", whole["tp_prices"]}, {"symbol", whole["symbol"]}, {"breakout", whole["breakout"]}}));
    const json item = json::parse(frame(""))["items"][0];
    for (const auto& [name, value] : item.items()) {
        EXPECT_EQ(json::parse(frame("fields=" + name))["items"][0], json({{name, value}})) << name;
    }
    EXPECT_THAT(frame("fields=spark,rank,score_components&top=1"), HasSubstr(R"("items":[{"spark":[)"));
    EXPECT_THAT(frame("fields=rank,spark&top=1"), HasSubstr(R"("items":[{"rank":1,"spark":[)"));
}

TEST_F(ItemMembers, that_do_not_exist_are_refused_by_name) {
    for (const char* const known : {"price_velocity", "score_components", "inputs"}) {
        EXPECT_THAT(frame_error("fields=symbol,scor"), HasSubstr(known));
    }
    EXPECT_THAT(frame_error("fields=symbol,scor"), HasSubstr("unknown field 'scor'"));
    EXPECT_THAT(frame_error("fields="), HasSubstr("names no field"));
    const auto opportunity = parse_opportunities_query(*net::parse_query("fields=qvol_usdt"), {.ranking = &ranking_});
    ASSERT_FALSE(opportunity) << "opportunities have members of their own";
    EXPECT_THAT(opportunity.error().detail, HasSubstr("reward_risk_net"));
    EXPECT_FALSE(parse_rankings_query(*net::parse_query("fields=spark"), {.ranking = &ranking_}));
    EXPECT_TRUE(parse_rankings_query(*net::parse_query("fields=symbol&format=csv"), {.ranking = &ranking_}));
    const auto csv = parse_rankings_query(*net::parse_query("fields=inputs&format=csv"), {.ranking = &ranking_});
    ASSERT_FALSE(csv);
    EXPECT_THAT(csv.error().detail, HasSubstr("format=csv"));
}

TEST_F(ItemMembers, tell_apart_what_is_rendered_once) {
    std::set<std::string> streams;
    std::set<std::string> others;
    const std::vector<std::string> queries{"", "fields=symbol", "fields=symbol,score", "fields=score,symbol",
                                           "fields=inputs"};
    for (const std::string& query : queries) {
        const auto stream = parse_stream_query(*net::parse_query(query), {.ranking = &ranking_});
        const auto opportunity = parse_opportunities_query(*net::parse_query(query), {.ranking = &ranking_});
        ASSERT_TRUE(stream && opportunity) << query;
        streams.insert(canonical(*stream));
        others.insert(canonical(*opportunity));
    }
    EXPECT_EQ(streams.size(), queries.size());
    EXPECT_EQ(others.size(), queries.size());
    const auto once = parse_stream_query(*net::parse_query("fields=symbol,score,symbol"), {.ranking = &ranking_});
    EXPECT_TRUE(streams.contains(canonical(*once)));
}

}  // namespace
}  // namespace scanner::api
