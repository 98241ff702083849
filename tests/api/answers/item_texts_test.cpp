#include "api/answers/item_texts.hpp"

#include "api/answers/item_fields.hpp"
#include "api/sample.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>

namespace scanner::api {
namespace {

std::string field_by_field(const ranking::Ranking& ranking, const ScoredContract& item) {
    core::JsonWriter json;
    json.begin_object();
    for (const ItemField& field : item_fields_of(&ranking)) {
        json.key(field.name);
        write_value(json, shown(field, item));
    }
    json.end_object();
    return json.take();
}

std::string from_texts(ItemTexts& texts, const ranking::Ranking& ranking, const ScoredContract& item) {
    core::JsonWriter json;
    texts.write(json, ranking, item);
    return json.take();
}

TEST(ItemTexts, are_what_the_fields_give_whatever_a_request_asks_for) {
    const auto ranking = test::make_ranking(7, test::kNow);
    ranking::Scoring plain = cycle_scoring(ranking.settings, "scalp");
    ranking::Scoring large = plain;
    large.notional_usdt = 250'000.0;
    ranking::Scoring bare = plain;
    bare.include_funding = false;
    bare.include_basis = false;
    ranking::Scoring swing = cycle_scoring(ranking.settings, "swing");
    swing.min_qvol_usdt = 1.0;
    ItemTexts texts;
    std::size_t shown = 0;
    for (int round = 0; round < 2; ++round) {
        for (const ranking::Scoring& scoring : {plain, large, bare, swing, plain}) {
            for (const ScoredContract& item : score_contracts(ranking, scoring)) {
                EXPECT_EQ(from_texts(texts, ranking, item), field_by_field(ranking, item));
                ++shown;
            }
        }
    }
    EXPECT_GT(shown, 20U);
}

TEST(ItemTexts, have_both_ranks_whatever_is_quarantined) {
    const auto ranking = test::make_measured_ranking_with_flow();
    ranking::Scoring scoring = cycle_scoring(ranking.settings, "scalp");
    ItemTexts texts;
    for (int round = 0; round < 2; ++round) {
        for (const bool quarantine : {true, false}) {
            scoring.quarantine = quarantine;
            for (const ScoredContract& item : score_contracts(ranking, scoring)) {
                EXPECT_EQ(from_texts(texts, ranking, item), field_by_field(ranking, item));
            }
        }
    }
}

TEST(ItemTexts, are_right_for_more_scores_than_are_kept) {
    const auto ranking = test::make_ranking(7, test::kNow);
    auto items = score_contracts(ranking, cycle_scoring(ranking.settings, "scalp"));
    ASSERT_FALSE(items.empty());
    ScoredContract item = items.front();
    ItemTexts texts;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i <= ItemTexts::kMaxScores; ++i) {
            item.score = 1.5 + static_cast<double>(i);
            item.rank = static_cast<int>(i) + round;
            for (const std::optional<int> delta : {std::optional<int>(), std::optional(0), std::optional(-3)}) {
                item.rank_delta = delta;
                EXPECT_EQ(from_texts(texts, ranking, item), field_by_field(ranking, item));
            }
        }
    }
}

TEST(ItemTexts, are_of_the_cycle_that_is_asked_for) {
    const auto first = test::make_ranking(7, test::kNow);
    auto second = test::make_ranking(8, test::kNow + std::chrono::seconds(5));
    second.has_flow = true;
    for (std::size_t i = 0; i < second.contracts.size(); ++i) {
        edit_contract(second, i).data.ticker.last += 1.25;
        signals::FlowNumbers flow;
        flow.microprice = 1.5 + static_cast<double>(i);
        second.flow.push_back(std::make_shared<const signals::FlowNumbers>(flow));
    }
    const auto items_of = [](const ranking::Ranking& ranking) {
        return score_contracts(ranking, cycle_scoring(ranking.settings, "scalp"));
    };
    ItemTexts texts;
    for (const ranking::Ranking* const ranking :
         std::initializer_list<const ranking::Ranking*>{&first, &second, &first, &second}) {
        ASSERT_FALSE(items_of(*ranking).empty());
        for (const ScoredContract& item : items_of(*ranking)) {
            EXPECT_EQ(from_texts(texts, *ranking, item), field_by_field(*ranking, item));
        }
    }
}

}  // namespace
}  // namespace scanner::api
