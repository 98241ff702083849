#include "api/streams/stream_frame.hpp"

#include "api/rankings/rankings_view.hpp"
#include "api/sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

std::expected<StreamQuery, Problem> parse(const std::string& query, const ranking::Ranking* ranking) {
    return parse_stream_query(*net::parse_query(query), {.ranking = ranking, .default_top = 12});
}

class Frames : public testing::Test {
protected:
    [[nodiscard]] json frame(const std::string& query = "", const FrameContext& context = {}) const {
        const auto parsed = parse(query, &ranking_);
        EXPECT_TRUE(parsed) << query;
        const auto text = render_frame(ranking_, *parsed, context);
        EXPECT_TRUE(text);
        return json::parse(*text);
    }
    [[nodiscard]] static std::vector<std::string> codes(const json& frame) {
        std::vector<std::string> found;
        for (const json& item : frame["items"]) found.push_back(item["contract_code"]);
        return found;
    }

    ranking::Ranking ranking_ = test::make_ranking();
};

TEST_F(Frames, say_which_cycle_they_are_of) {
    const json shown = frame();
    EXPECT_EQ(shown["ts"], "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(shown["seq"], 7);
    EXPECT_EQ(shown["profile"], "scalp");
    EXPECT_EQ(shown["top"], 12);
    EXPECT_FALSE(shown.contains("simulated"));
    EXPECT_FALSE(shown.contains("stale"));
    EXPECT_THAT(codes(shown), UnorderedElementsAre("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT"));
}

TEST_F(Frames, have_every_field_of_the_interface_on_their_items) {
    const json item = frame()["items"][0];
    for (const char* name : {"manipulation_score", "manipulation_flags", "manipulation_threshold_exceeded", "stale",
                             "latency_ms", "score_components", "execution_metrics", "spark"}) {
        EXPECT_TRUE(item.contains(name)) << name;
    }
    EXPECT_EQ(item["rank"], 1);
    EXPECT_TRUE(item["rank_delta"].is_null()) << "there was no ranking before";
    EXPECT_EQ(item["latency_ms"], 12.5);
    EXPECT_EQ(item["spark"].size(), 30U);
    const auto* const snapshot = ranking_.find(item["contract_code"].get<std::string>());
    ASSERT_NE(snapshot, nullptr);
    EXPECT_EQ(item["spark"].back(), snapshot->data.candles->back().close);
    EXPECT_EQ(item["last_price"], snapshot->data.ticker.last);
    EXPECT_EQ(item["execution_metrics"]["queue_position"],
              signals::shown<&signals::Execution::queue_position>(snapshot->numbers));
    EXPECT_EQ(item["execution_metrics"]["simulated_impact_bps"],
              signals::shown<&signals::Execution::simulated_impact_bps>(snapshot->numbers));
}

TEST_F(Frames, have_whole_items_as_rankings_have_them) {
    const auto query = parse_rankings_query(*net::parse_query("top=4"), {.ranking = &ranking_, .default_top = 12});
    ASSERT_TRUE(query);
    const json rankings = json::parse(*render_rankings(ranking_, *query).body());
    const json frames = frame();
    ASSERT_EQ(frames["items"].size(), rankings["items"].size());
    for (std::size_t i = 0; i < rankings["items"].size(); ++i) {
        for (const auto& [name, value] : rankings["items"][i].items())
            EXPECT_EQ(frames["items"][i][name], value) << name;
    }
}

TEST_F(Frames, components_add_up_to_the_score) {
    for (const json& item : frame()["items"]) {
        const json& parts = item["score_components"];
        const double sum = parts["liquidity"].get<double>() + parts["volatility"].get<double>() +
                           parts["momentum"].get<double>() + parts["carry"].get<double>() +
                           parts["structure_bonus"].get<double>() + parts["edges"].get<double>() -
                           parts["structure_penalty"].get<double>() - parts["cost"].get<double>() -
                           parts["manip_penalty"].get<double>();
        EXPECT_NEAR(sum, item["score"].get<double>(), 1e-4) << item["symbol"];
    }
}

TEST_F(Frames, gauge_is_the_mean_of_everything_scanned) {
    double sum = 0.0;
    for (const auto& contract : ranking_.contracts) sum += contract->numbers.metrics.atr_pct;
    const json shown = frame("top=1");
    EXPECT_NEAR(shown["market_gauge"].get<double>(), sum / static_cast<double>(ranking_.contracts.size()), 1e-6);
    EXPECT_EQ(shown["volatility_bucket"], gauge_bucket(shown["market_gauge"].get<double>()));
}

TEST(GaugeBucket, has_its_limits_on_the_lower_side) {
    EXPECT_EQ(gauge_bucket(0.0), "low");
    EXPECT_EQ(gauge_bucket(1.5), "low");
    EXPECT_EQ(gauge_bucket(1.51), "medium");
    EXPECT_EQ(gauge_bucket(3.0), "medium");
    EXPECT_EQ(gauge_bucket(3.01), "high");
}

TEST_F(Frames, cut_to_top_and_to_symbols_keeping_true_ranks) {
    const json all = frame();
    const json two = frame("top=2");
    EXPECT_EQ(two["items"].size(), 2U);
    EXPECT_EQ(two["top"], 2);
    EXPECT_EQ(two["items"][0], all["items"][0]);
    const std::string last = all["items"][3]["contract_code"];
    const json one = frame("symbols=" + last);
    ASSERT_THAT(codes(one), ElementsAre(last));
    EXPECT_EQ(one["items"][0]["rank"], 4);
    EXPECT_EQ(one["top"], 1);
    EXPECT_THAT(codes(frame("symbols=THIN-USDT")), ElementsAre()) << "the score rejects it";
}

TEST_F(Frames, follow_the_profile) {
    EXPECT_EQ(frame("profile=swing")["profile"], "swing");
    EXPECT_NE(frame("profile=swing")["items"][0]["score"], frame()["items"][0]["score"]);
    ranking_.settings.default_profile = "news";
    EXPECT_EQ(frame()["profile"], "news");
    StreamQuery gone;
    gone.profile = "gone";
    EXPECT_FALSE(render_frame(ranking_, gone, {}));
}

TEST_F(Frames, mark_what_is_stale) {
    FrameContext context;
    context.snapshots_ttl = std::chrono::seconds(1);  // SOL's inputs were 1.5 s old
    for (const json& item : frame("", context)["items"]) {
        EXPECT_EQ(item["stale"], item["contract_code"] == "SOL-USDT") << item["contract_code"];
    }
    context.stale = true;
    const json old = frame("", context);
    EXPECT_EQ(old["stale"], true);
    for (const json& item : old["items"]) EXPECT_EQ(item["stale"], true);
}

TEST_F(Frames, mark_contracts_over_the_manipulation_threshold) {
    for (std::size_t i = 0; i < ranking_.contracts.size(); ++i) {
        edit_contract(ranking_, i).numbers.manipulation.manip_score = 40.0;
    }
    EXPECT_EQ(frame()["items"][0]["manipulation_threshold_exceeded"], false);
    FrameContext context;
    context.manipulation_threshold = 40.0;
    EXPECT_EQ(frame("", context)["items"][0]["manipulation_threshold_exceeded"], true);
    for (std::size_t i = 0; i < ranking_.contracts.size(); ++i) {
        signals::take_verdict(edit_contract(ranking_, i).numbers, nullptr);
    }
    EXPECT_TRUE(frame("", context)["items"][0]["manipulation_threshold_exceeded"].is_null()) << "it is not known";
}

TEST_F(Frames, of_a_simulated_market_say_so) {
    ranking_.settings.simulated = true;
    EXPECT_EQ(frame()["simulated"], true);
}

TEST_F(Frames, stand_without_any_contract) {
    const ranking::Ranking empty = test::make_ranking(1, test::kNow, test::make_settings(), {});
    const auto text = render_frame(empty, *parse("", nullptr), {});
    ASSERT_TRUE(text);
    const json shown = json::parse(*text);
    EXPECT_EQ(shown["items"].size(), 0U);
    EXPECT_TRUE(shown["market_gauge"].is_null()) << "0 would look calm";
    EXPECT_TRUE(shown["volatility_bucket"].is_null());
}

TEST_F(Frames, fit_into_an_event) {
    const auto text = render_frame(ranking_, *parse("top=1", &ranking_), {});
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, Not(HasSubstr("\n"))) << "a line break would end the data field";
    EXPECT_EQ(event_text(7, "{}"), "id: 7\nevent: ranking\ndata: {}\n\n");
    EXPECT_EQ(heartbeat_text(3), R"({"type":"heartbeat","seq":3})");
}

class StreamQueries : public testing::Test {
protected:
    [[nodiscard]] std::vector<std::string> wrong(const std::string& query) const {
        const auto parsed = parse(query, &ranking_);
        std::vector<std::string> names;
        if (parsed) return names;
        EXPECT_EQ(parsed.error().status, 422);
        for (const FieldError& error : parsed.error().errors) names.push_back(error.name);
        return names;
    }
    ranking::Ranking ranking_ = test::make_ranking();
};

TEST_F(StreamQueries, have_defaults_that_follow_the_settings) {
    const auto query = parse("", &ranking_);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->top, 12);
    EXPECT_FALSE(query->profile);
    EXPECT_FALSE(query->symbols);
}

TEST_F(StreamQueries, who_names_contracts_gets_them_all) {
    const auto query = parse("symbols=sol,BTC/USDT:USDT,btc", &ranking_);
    ASSERT_TRUE(query);
    EXPECT_THAT(*query->symbols, ElementsAre("BTC-USDT", "SOL-USDT"));
    EXPECT_EQ(query->top, 2);
    EXPECT_EQ(parse("symbols=sol,btc&top=1", &ranking_)->top, 1);
}

TEST_F(StreamQueries, name_everything_that_is_wrong) {
    EXPECT_THAT(wrong("top=0"), ElementsAre("top"));
    EXPECT_THAT(wrong("top=2001"), ElementsAre("top"));
    EXPECT_THAT(wrong("top=x&profile=none&symbols=&nonsense=1"),
                UnorderedElementsAre("top", "profile", "symbols", "nonsense"));
    EXPECT_THAT(wrong("symbols=NOPE"), ElementsAre("symbols"));
    EXPECT_THAT(wrong("_=1"), ElementsAre());
}

TEST_F(StreamQueries, asking_for_the_same_share_a_channel) {
    const auto key = [this](const std::string& query) { return canonical(*parse(query, &ranking_)); };
    EXPECT_EQ(key("symbols=btc,sol"), key("symbols=SOL-USDT,BTCUSDT&top=2"));
    EXPECT_NE(key("symbols=btc"), key("symbols=sol"));
    EXPECT_NE(key(""), key("top=11"));
    EXPECT_NE(key(""), key("profile=swing"));
    EXPECT_NE(key(""), key("profile=scalp")) << "the default profile may change; the named one stays";
}

TEST_F(StreamQueries, are_understood_before_the_first_ranking) {
    EXPECT_TRUE(parse("profile=swing&symbols=btc", nullptr));
    EXPECT_FALSE(parse("profile=nonsense", nullptr));
}

}  // namespace
}  // namespace scanner::api
