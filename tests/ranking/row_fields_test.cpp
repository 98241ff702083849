#include "scanner/ranking/row_fields.hpp"

#include "api/sample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace scanner::ranking {
namespace {

using signals::FieldGroup;
using signals::FieldType;

TEST(RowFields, include_every_number_of_the_first_table) {
    for (const signals::NumberField& number : signals::kNumbers) {
        EXPECT_EQ(std::ranges::count_if(kRowFields,
                                        [&number](const RowField& field) {
                                            return field.name == number.name && field.group == number.group;
                                        }),
                  1)
            << number.name;
    }
}

TEST(RowFields, are_described_under_names_of_their_own) {
    std::set<std::string_view> in_items;
    std::set<std::string_view> in_rules;
    std::set<std::pair<FieldGroup, std::string_view>> all;
    for (const RowField& field : kRowFields) {
        EXPECT_TRUE(all.emplace(field.group, field.name).second) << field.name;
        if (field.in_items) EXPECT_TRUE(in_items.insert(field.name).second) << field.name;
        if (field.in_rules) EXPECT_TRUE(in_rules.insert(field.name).second) << field.name;
        EXPECT_TRUE(field.meaning.ends_with('.')) << field.name;
        EXPECT_FALSE(field.source.empty()) << field.name;
        EXPECT_TRUE(field.in_items || !field.in_past) << field.name << " is in items of the past alone";
        EXPECT_FALSE(field.ascending_first && !is_sortable(field)) << field.name;
        EXPECT_FALSE(field.is_place && !field.depends_on_request) << field.name;
        EXPECT_TRUE(field.in_items || (!field.needs_feed && !field.needs_detectors)) << field.name;
    }
    EXPECT_EQ(item_fields().size(), in_items.size());
}

TEST(RowFields, of_an_item_are_those_that_its_ranking_has) {
    const auto names = [](bool feed, bool detectors) {
        std::vector<std::string_view> found;
        for (const RowField& field : item_fields_with(feed, detectors)) found.push_back(field.name);
        return found;
    };
    for (const bool feed : {false, true}) {
        for (const bool detectors : {false, true}) {
            std::vector<std::string_view> expected;
            for (const RowField& field : item_fields()) {
                if ((field.needs_feed && !feed) || (field.needs_detectors && !detectors)) continue;
                expected.push_back(field.name);
            }
            EXPECT_EQ(names(feed, detectors), expected) << feed << detectors;
        }
    }
}

TEST(RowFields, are_found_by_the_exact_name_of_an_item_s_member) {
    for (const RowField& field : item_fields()) EXPECT_EQ(find_item_field(field.name), &field);
    EXPECT_EQ(find_item_field("Score"), nullptr);
    EXPECT_EQ(find_item_field("rsi14"), nullptr) << "items do not have it";
    EXPECT_EQ(find_item_field(""), nullptr);
}

bool is_of_type(const RowValue& value, FieldType type) {
    switch (type) {
        case FieldType::number: return std::holds_alternative<double>(value);
        case FieldType::integer: return std::holds_alternative<std::int64_t>(value);
        case FieldType::boolean: return std::holds_alternative<bool>(value);
        case FieldType::text: return std::holds_alternative<std::string_view>(value);
        case FieldType::time: return std::holds_alternative<core::WallTime>(value);
        case FieldType::texts:
            return std::holds_alternative<std::span<const std::string_view>>(value) ||
                   std::holds_alternative<std::span<const std::string>>(value);
    }
    return false;
}

double number_in(const RowValue& value) {
    if (const auto* const number = std::get_if<double>(&value)) return *number;
    if (const auto* const integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    return std::nan("");
}

TEST(RowFields, give_what_their_lines_say) {
    const Ranking ranking = api::test::make_measured_ranking_with_flow();
    std::set<std::string_view> known;
    for (const ScoredContract& item : score_contracts(ranking, cycle_scoring(ranking.settings, "scalp"))) {
        for (const RowField& field : kRowFields) {
            const RowValue value = field.get(item);
            if (is_null(value)) {
                EXPECT_TRUE(field.nullable) << field.name;
                continue;
            }
            known.insert(field.name);
            EXPECT_TRUE(is_of_type(value, field.type)) << field.name;
            if (field.minimum) EXPECT_GE(number_in(value), *field.minimum) << field.name;
            if (field.maximum) EXPECT_LE(number_in(value), *field.maximum) << field.name;
        }
    }
    for (const RowField& field : kRowFields) {
        if (field.source.contains("previous cycle")) continue;  // there was none
        EXPECT_TRUE(known.contains(field.name)) << field.name << " is null everywhere: nothing was looked at";
    }
}

TEST(RowFields, give_the_numbers_of_the_request) {
    const Ranking ranking = api::test::make_ranking();
    Scoring scoring = cycle_scoring(ranking.settings, "scalp");
    const ScoredContract as_cycle = score_contracts(ranking, scoring).front();
    EXPECT_TRUE(is_as_in_cycle(as_cycle));
    scoring.notional_usdt = 250'000.0;
    scoring.include_funding = false;
    const ScoredContract other = score_contracts(ranking, scoring).front();
    EXPECT_FALSE(is_as_in_cycle(other));
    EXPECT_EQ(number_in(find_item_field("slip_bps")->get(other)), other.slip_bps);
    EXPECT_NE(other.slip_bps, as_cycle.snapshot->numbers.metrics.slip_bps);
    EXPECT_TRUE(is_null(find_item_field("funding_8h_pct")->get(other)));
    EXPECT_TRUE(is_null(find_item_field("funding_rate")->get(other)));
}

}  // namespace
}  // namespace scanner::ranking
