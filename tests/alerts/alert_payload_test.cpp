#include "rules/subject.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/ranking/row_fields.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace scanner::alerts {
namespace {

namespace test = rules::test;

using nlohmann::json;

std::shared_ptr<const ranking::Ranking> ranking_of(bool with_feed) {
    auto ranking = std::make_shared<ranking::Ranking>(*test::make_ranking({{.rank = 1, .manip_score = 72.5}}));
    ranking->has_flow = with_feed;
    return ranking;
}

json payload(bool with_feed) {
    const auto ranking = ranking_of(with_feed);
    const auto rule = rules::Rule::compile("manip_score >= 60");
    return json::parse(
        render_payload(*ranking, "scalp", ranking::cycle_item(*ranking, ranking->ranked.at("scalp").front()), *rule));
}

TEST(AlertPayload, keeps_the_whole_item_of_a_ranking_that_nothing_else_may_keep) {
    const json with_feed = payload(true);
    ASSERT_TRUE(with_feed.contains("item"));
    EXPECT_EQ(with_feed["item"]["manip_score"], 72.5);
    EXPECT_TRUE(with_feed["item"]["tfi_60s"].is_null()) << "what the feed could not tell";
    std::size_t members = 0;
    for (const ranking::RowField& field : ranking::item_fields_of(ranking_of(true).get())) {
        EXPECT_TRUE(with_feed["item"].contains(std::string(field.name))) << field.name;
        ++members;
    }
    EXPECT_EQ(with_feed["item"].size(), members);
    EXPECT_EQ(with_feed["item"]["symbol"], with_feed["symbol"]);
    EXPECT_EQ(with_feed["item"]["rank"], 1);
    EXPECT_TRUE(with_feed["item"]["manip_flags"].is_array());
    EXPECT_TRUE(with_feed["item"]["notes"].is_array());
}

TEST(AlertPayload, is_what_it_was_without_a_feed) {
    json with_feed = payload(true);
    with_feed.erase("item");
    EXPECT_EQ(payload(false), with_feed);
}

}  // namespace
}  // namespace scanner::alerts
