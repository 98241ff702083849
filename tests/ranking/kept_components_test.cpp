#include "api/sample.hpp"

#include "scanner/ranking/ranking_codec.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace scanner::ranking {
namespace {

using nlohmann::json;
namespace test = api::test;

RankingPtr decoded(const std::string& text) {
    RankingLimits limits;
    limits.now = test::kNow;
    const auto read = decode_ranking(text, {}, limits);
    EXPECT_TRUE(read) << read.error().message();
    return read.value_or(nullptr);
}

void expect_components_of(const Ranking& expected, const RankingPtr& read) {
    ASSERT_NE(read, nullptr);
    std::size_t compared = 0;
    for (const auto& [profile, entries] : expected.ranked) {
        ASSERT_EQ(read->ranked.at(profile).size(), entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            EXPECT_EQ(read->ranked.at(profile)[i].components, entries[i].components) << profile << ' ' << i;
            ++compared;
        }
    }
    EXPECT_GT(compared, 9U);
}

TEST(KeptComponents, are_taken_as_they_were_written_and_not_computed_again) {
    Ranking ranking = test::make_ranking();
    // As another version's formula would have it.
    ranking.ranked.at("scalp").front().components.liquidity += 1.25;
    ranking.ranked.at("news").back().components.manip_penalty -= 0.5;
    expect_components_of(ranking, decoded(encode_ranking(ranking)));
}

TEST(KeptComponents, are_computed_for_texts_without_them) {
    const Ranking ranking = test::make_ranking();
    json text = json::parse(encode_ranking(ranking));
    for (json& profile : text["profiles"]) ASSERT_EQ(profile.erase("components"), 1U);
    expect_components_of(ranking, decoded(text.dump()));
    text = json::parse(encode_ranking(ranking));
    for (json& profile : text["profiles"]) ASSERT_EQ(profile["components"].erase("carry"), 1U);
    expect_components_of(ranking, decoded(text.dump()));
}

TEST(KeptComponents, of_the_wrong_kind_or_count_are_damage) {
    const json whole = json::parse(encode_ranking(test::make_ranking()));
    for (const json& wrong : {json(1), json::array(), json::parse(R"(["a","b","c","d"])"), json::parse(R"({"0":1})")}) {
        json text = whole;
        text["profiles"][0]["components"]["momentum"] = wrong;
        const auto read = decode_ranking(text.dump());
        ASSERT_FALSE(read) << wrong;
        EXPECT_NE(read.error().message().find("momentum"), std::string::npos) << read.error().message();
    }
}

}  // namespace
}  // namespace scanner::ranking
