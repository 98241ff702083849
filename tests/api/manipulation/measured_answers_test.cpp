#include "api/inspect/inspect_view.hpp"
#include "api/rankings/opportunities_view.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/sample.hpp"

#include "scanner/ranking/scoring.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

/// What answers say under the measured model, of which the sample quarantines the contract with the best score.
namespace scanner::api {
namespace {

using nlohmann::json;

class MeasuredAnswers : public testing::Test {
protected:
    [[nodiscard]] QueryContext context() const { return {.ranking = &ranking_, .default_top = 12}; }
    [[nodiscard]] json rankings(const std::string& text) const {
        return json::parse(
            *render_rankings(ranking_, *parse_rankings_query(*net::parse_query(text), context())).body());
    }
    [[nodiscard]] json opportunities(const std::string& text) const {
        const auto query = parse_opportunities_query(*net::parse_query(text), context());
        return json::parse(*render_opportunities(ranking_, *query, {}).body());
    }
    [[nodiscard]] json inspection(const ranking::ContractSnapshot& snapshot) const {
        return json::parse(*render_inspection(ranking_, {snapshot, ranking_.edges[0]}, {.profile = "scalp"}).body());
    }
    /// The symbol of the contract that is quarantined.
    [[nodiscard]] std::string quarantined() const {
        const auto found =
            std::ranges::find_if(ranking_.contracts, [](const auto& each) { return each->is_quarantined(); });
        return (*found)->data.contract->symbol;
    }

    ranking::Ranking ranking_ = test::make_measured_ranking_with_flow();
};

TEST_F(MeasuredAnswers, rank_a_quarantined_contract_last_unless_asked_otherwise) {
    const json page = rankings("");
    EXPECT_EQ(page.at("manip_model"), "measured");
    EXPECT_EQ(page.at("filters").at("quarantine"), true);
    const json& last = page.at("items").back();
    EXPECT_EQ(last.at("symbol"), quarantined());
    EXPECT_EQ(last.at("quarantined"), true);
    EXPECT_EQ(last.at("rank"), page.at("items").size());
    ASSERT_LT(last.at("rank_raw"), last.at("rank"));
    EXPECT_EQ(page.at("items")[0].at("quarantined"), false);
    const json raw = rankings("quarantine=false");
    EXPECT_EQ(raw.at("filters").at("quarantine"), false);
    const json& same = raw.at("items").at(last.at("rank_raw").get<std::size_t>() - 1);
    EXPECT_EQ(same.at("symbol"), quarantined());
    EXPECT_EQ(same.at("rank"), last.at("rank_raw"));
    EXPECT_EQ(same.at("quarantined"), true) << "its warning is beside its name all the same";
}

TEST_F(MeasuredAnswers, have_no_opportunity_from_a_quarantined_contract) {
    const auto has = [this](const json& answer) {
        return std::ranges::any_of(answer.at("items"),
                                   [this](const json& item) { return item.at("symbol") == quarantined(); });
    };
    EXPECT_FALSE(has(opportunities("")));
    const json raw = opportunities("quarantine=false");
    ASSERT_TRUE(has(raw));
    const auto item =
        std::ranges::find(raw.at("items"), json(quarantined()), [](const json& each) { return each.at("symbol"); });
    EXPECT_EQ(item->at("quarantined"), true);
    EXPECT_FALSE(item->at("tradable"));
    EXPECT_THAT(item->at("not_tradable").get<std::vector<std::string>>(), testing::Contains("manipulation"));
}

TEST_F(MeasuredAnswers, say_nothing_of_a_contract_that_no_detector_watches) {
    ranking::ContractSnapshot alone = ranking_.contract(0);
    alone.numbers.detection = {};
    alone.numbers.unknown = {};
    alone.numbers.manipulation.manip_score = 42.0;  // the seed model's
    alone.numbers.manipulation.manip_flags = {"scam_wick"};
    const json page = inspection(alone);
    EXPECT_EQ(page.at("manip_model"), "measured");
    EXPECT_EQ(page.at("manipulation").at("score"), nullptr);
    EXPECT_EQ(page.at("manipulation").at("flags"), json::array());
    EXPECT_EQ(page.at("snapshot").at("manip_score"), nullptr);
    const json watched = inspection(ranking_.contract(0));
    EXPECT_TRUE(watched.at("manipulation").at("score").is_number());
    EXPECT_EQ(watched.at("manipulation").at("episodes"), json::array());
    EXPECT_EQ(watched.at("manipulation").at("probability"), watched.at("snapshot").at("manip_probability"));
}

}  // namespace
}  // namespace scanner::api
