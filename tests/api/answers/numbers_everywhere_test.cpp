#include "api/answers/item_fields.hpp"
#include "api/inspect/inspect_view.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/sample.hpp"
#include "api/status/fields_view.hpp"
#include "api/status/openapi.hpp"
#include "api/streams/stream_frame.hpp"

#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/rules/rule_fields.hpp"
#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

/// Whatever stands in the table of numbers is in every output, with the digits that the table says.
/// tests/signals/added_metric.py adds a line and looks for it in the running program.
namespace scanner::api {
namespace {

using nlohmann::json;
using signals::FieldGroup;
using signals::NumberField;

bool is_in_items(const NumberField& field) {
    return field.group == FieldGroup::metrics || field.group == FieldGroup::edges ||
           field.group == FieldGroup::manipulation || field.group == FieldGroup::flow ||
           field.group == FieldGroup::detection;
}

class NumbersEverywhere : public testing::Test {
protected:
    [[nodiscard]] RankingsQuery query(const std::string& text) const {
        auto parsed = parse_rankings_query(*net::parse_query(text), {.ranking = &ranking_, .default_top = 12});
        EXPECT_TRUE(parsed) << text;
        return parsed ? *parsed : RankingsQuery();
    }
    [[nodiscard]] json first_item(const std::string& text = "") const {
        return json::parse(*render_rankings(ranking_, query(text)).body())["items"][0];
    }
    /// The first of the ranking, whose numbers the answers are compared with.
    [[nodiscard]] signals::NumbersView first() const {
        return ranking_.numbers_view(ranking_.ranked.at("scalp").front().contract);
    }
    [[nodiscard]] json expected(const NumberField& field) const {
        const std::optional<double> value = signals::shown(first(), field);
        if (!value) return nullptr;
        if (field.type == signals::FieldType::boolean) return *value != 0.0;
        if (field.type == signals::FieldType::text) return signals::text_of(*value);
        return *value;
    }

    ranking::Ranking ranking_ = test::make_measured_ranking_with_flow();
};

TEST(NumbersWithoutFeed, leave_no_trace_in_answers_and_stored_texts) {
    const ranking::Ranking ranking = test::make_ranking();
    ASSERT_FALSE(ranking.has_flow);
    const QueryContext context{.ranking = &ranking, .default_top = 12};
    const auto rankings = *render_rankings(ranking, *parse_rankings_query({}, context)).body();
    const auto csv = *render_rankings(ranking, *parse_rankings_query(*net::parse_query("format=csv"), context)).body();
    const auto frame = render_frame(ranking, *parse_stream_query({}, context), {}).value();
    const auto page = *render_inspection(ranking, {ranking.contract(0), ranking.edges[0]}, {.profile = "scalp"}).body();
    const auto kept = ranking::encode_ranking(ranking);
    for (const NumberField& field : signals::numbers_of(FieldGroup::flow)) {
        for (const std::string* const text : {&rankings, &csv, &frame, &page, &kept}) {
            EXPECT_FALSE(text->contains(field.name)) << field.name;
        }
    }
    EXPECT_FALSE(kept.contains("flow\""));
    const auto asked = *parse_rankings_query(*net::parse_query("fields=symbol,microprice&sort=microprice"), context);
    EXPECT_TRUE(json::parse(*render_rankings(ranking, asked).body())["items"][0]["microprice"].is_null())
        << "who asks for one gets it";
}

TEST_F(NumbersEverywhere, in_items_in_their_order_and_in_frames) {
    const json item = first_item();
    const auto frame_query = parse_stream_query({}, {.ranking = &ranking_, .default_top = 12});
    const json frame = json::parse(render_frame(ranking_, *frame_query, {}).value())["items"][0];
    for (const NumberField& field : signals::kNumbers) {
        if (!is_in_items(field)) continue;
        ASSERT_TRUE(item.contains(field.name)) << field.name;
        EXPECT_EQ(item[std::string(field.name)], expected(field)) << field.name;
        EXPECT_EQ(frame[std::string(field.name)], expected(field)) << field.name;
    }
    EXPECT_EQ(item.size(), item_fields().size());
}

TEST_F(NumbersEverywhere, in_csv_in_fields_and_in_sort) {
    const std::string csv = *render_rankings(ranking_, query("format=csv")).body();
    const std::string head = ',' + csv.substr(0, csv.find("\r\n")) + ',';
    for (const NumberField& field : signals::kNumbers) {
        const std::string name(field.name);
        if (!is_in_items(field)) continue;
        EXPECT_TRUE(head.contains(',' + name + ',')) << name;
        EXPECT_EQ(first_item("fields=" + name).size(), 1U) << name;
        const json sorted =
            json::parse(*render_rankings(ranking_, query("order=asc&fields=" + name + "&sort=" + name)).body());
        double before = -1e300;
        for (const json& item : sorted["items"]) {
            if (item[name].is_null()) break;
            EXPECT_LE(before, item[name].get<double>()) << name;
            before = item[name].get<double>();
        }
    }
}

TEST_F(NumbersEverywhere, in_inspections) {
    const std::size_t index = ranking_.ranked.at("scalp").front().contract;
    const json page = json::parse(
        *render_inspection(ranking_, {ranking_.contract(index), ranking_.edges[index]}, {.profile = "scalp"}).body());
    for (const NumberField& field : signals::kNumbers) {
        const std::string name(field.name);
        const std::string block(to_string(field.group));
        const json* place = &page["snapshot"];
        if (field.group == FieldGroup::momentum || field.group == FieldGroup::micro) place = &page[block];
        if (field.group == FieldGroup::execution) place = &page["metrics"];
        if (field.group == FieldGroup::features) place = &page["manipulation"]["features"];
        if (field.group == FieldGroup::listing) continue;  // the snapshot says when: listed_at
        ASSERT_TRUE(place->contains(name)) << block << '.' << name;
        EXPECT_EQ((*place)[name], expected(field)) << block << '.' << name;
    }
}

TEST_F(NumbersEverywhere, in_rules_with_all_their_digits) {
    const auto subject = ranking::cycle_item(ranking_, ranking_.ranked.at("scalp").front());
    for (const NumberField& field : signals::kNumbers) {
        if (field.group == FieldGroup::features) continue;
        const rules::RuleField* const in_rules = rules::find_rule_field(field.name);
        ASSERT_NE(in_rules, nullptr) << field.name;
        const std::optional<double> value = signals::known(first(), field);
        const rules::RuleValue got = in_rules->get(subject);
        ASSERT_EQ(value.has_value(), !std::holds_alternative<std::monostate>(got)) << field.name;
        if (const double* const number = std::get_if<double>(&got)) EXPECT_EQ(*number, *value) << field.name;
    }
}

TEST_F(NumbersEverywhere, in_the_codec_with_all_their_digits) {
    const auto read = ranking::decode_ranking(ranking::encode_ranking(ranking_));
    ASSERT_TRUE(read) << read.error().message();
    for (std::size_t i = 0; i < ranking_.contracts.size(); ++i) {
        for (const NumberField& field : signals::kNumbers) {
            EXPECT_EQ(field.get((*read)->numbers_view(i)), field.get(ranking_.numbers_view(i))) << field.name;
        }
    }
}

TEST_F(NumbersEverywhere, in_the_document_of_the_interface) {
    const std::array routes{ServedRoute{"GET", "/rankings"}, ServedRoute{"GET", "/symbol/{symbol}/inspect"}};
    const json document = json::parse(openapi_document(routes, "1"));
    const json& schemas = document["components"]["schemas"];
    const json& inspection = schemas["Inspection"]["properties"];
    const json& frame_item = schemas["RankingFrame"]["properties"]["items"]["items"];
    EXPECT_FALSE(frame_item.contains("required")) << "`fields` may leave any of them out";
    for (const ItemField& field : item_fields()) {
        const std::string name(field.name);
        EXPECT_TRUE(schemas["RankingItem"]["properties"].contains(name)) << name;
        EXPECT_TRUE(frame_item["properties"].contains(name)) << name;
        EXPECT_TRUE(inspection["snapshot"]["properties"].contains(name)) << name;
        const json& past = schemas["PastRankings"]["properties"]["items"]["items"]["properties"];
        EXPECT_EQ(past.contains(name), field.in_past) << name;
    }
    for (const NumberField& field : signals::kNumbers) {
        const std::string name(field.name);
        const std::string block(to_string(field.group));
        if (is_in_items(field)) {
            const json& type = schemas["RankingItem"]["properties"][name]["type"];
            EXPECT_EQ(type.is_array(), field.nullable) << name;
        } else if (field.group == FieldGroup::features) {
            EXPECT_TRUE(inspection["manipulation"]["properties"]["features"]["properties"].contains(name)) << name;
        } else if (field.group != FieldGroup::listing) {
            const std::string place = field.group == FieldGroup::execution ? "metrics" : block;
            EXPECT_TRUE(inspection[place]["properties"].contains(name)) << name;
        }
    }
    EXPECT_FALSE(document.dump().contains("x-fields"));
}

TEST_F(NumbersEverywhere, in_the_list_of_fields) {
    const json fields = json::parse(fields_json())["fields"];
    std::size_t place = 0;
    for (const ItemField& field : item_fields())
        EXPECT_EQ(fields[place++]["name"], field.name) << "in the order of items";
    for (const NumberField& field : signals::kNumbers) {
        const auto found = std::ranges::find_if(fields, [&field](const json& entry) {
            return entry["name"] == field.name && entry["group"] == to_string(field.group);
        });
        ASSERT_NE(found, fields.end()) << field.name;
        EXPECT_EQ((*found)["in_items"], is_in_items(field)) << field.name;
        EXPECT_EQ((*found)["in_rules"], field.group != FieldGroup::features) << field.name;
        EXPECT_EQ((*found)["unit"], field.unit.empty() ? json() : json(field.unit)) << field.name;
        EXPECT_EQ((*found)["digits"].is_null(), field.type != signals::FieldType::number) << field.name;
    }
    EXPECT_EQ(fields.size(), item_fields().size() +
                                 static_cast<std::size_t>(std::ranges::count_if(
                                     signals::kNumbers, [](const NumberField& field) { return !is_in_items(field); })));
}

}  // namespace
}  // namespace scanner::api
