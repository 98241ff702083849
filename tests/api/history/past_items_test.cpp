#include "api/answers/item_fields.hpp"
#include "api/history/history_views.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/sample.hpp"

#include "scanner/engine/history_feed.hpp"
#include "scanner/storage/inputs_schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

/// Items of a past ranking are those that were served then, as far as the table of rows says that history keeps them.
namespace scanner::api {
namespace {

using nlohmann::json;

/// What a store would give back of `ranking`.
storage::RankingAsOf kept(const ranking::Ranking& ranking) {
    const storage::HistoryBatch batch = engine::history_batch(ranking);
    storage::RankingAsOf past;
    past.time = ranking.time;
    past.sequence = ranking.sequence;
    past.cycle = batch.cycle;
    for (storage::RankingRow row : batch.rankings) {
        if (row.profile != "scalp") continue;
        const auto inputs = std::ranges::find(batch.inputs, row.symbol, &storage::ContractInputs::symbol);
        if (inputs != batch.inputs.end()) {
            row.inputs_json = storage::render_inputs(*inputs->schema, *inputs->schema, inputs->numbers,
                                                     inputs->texts_json, row.symbol);
        }
        past.rows.push_back(std::move(row));
    }
    return past;
}

TEST(PastItems, have_every_field_that_is_kept_as_it_was_served) {
    const ranking::Ranking ranking = test::make_ranking_with_flow();
    std::string fields;
    for (const ItemField& field : item_fields()) {
        if (!field.in_past) continue;
        if (!fields.empty()) fields += ',';
        fields += field.name;
    }
    const auto now = parse_rankings_query(*net::parse_query("top=100"), {.ranking = &ranking, .default_top = 12});
    const json served = json::parse(*render_rankings(ranking, *now).body()).at("items");
    const auto then = parse_as_of(*net::parse_query("as_of=2026-11-22T05:24:01Z&top=100&fields=" + fields), {});
    ASSERT_TRUE(then);
    const json past = json::parse(*render_as_of(*then, kept(ranking)).body()).at("items");
    ASSERT_EQ(past.size(), served.size());
    ASSERT_GT(past.size(), 2U);
    for (const ItemField& field : item_fields()) {
        const std::string name(field.name);
        bool measured = false;
        for (std::size_t i = 0; i < past.size(); ++i) {
            ASSERT_EQ(past[i].contains(name), field.in_past) << name;
            if (!field.in_past) continue;
            EXPECT_EQ(past[i][name], served[i][name]) << name;
            measured = measured || !past[i][name].is_null();
        }
        EXPECT_EQ(measured, field.in_past) << name << " is null everywhere: nothing was compared";
    }
}

}  // namespace
}  // namespace scanner::api
