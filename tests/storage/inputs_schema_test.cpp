#include "scanner/storage/inputs_schema.hpp"

#include "storage/history_samples.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace scanner::storage {
namespace {

using Numbers = std::vector<std::optional<double>>;

const InputsSchema& sample() {
    return *samples::inputs_schema();
}

TEST(InputsSchema, is_read_back_as_it_was_written) {
    const InputsSchema schema(
        {{"a"}, {"b.c", InputKind::time}, {"b.d", InputKind::sparse}, {"e", InputKind::text}, {"f", InputKind::list}});
    EXPECT_EQ(encode_inputs_schema(schema), R"(["a","b.c:time","b.d:sparse","e:text","f:list"])");
    const auto again = decode_inputs_schema(encode_inputs_schema(schema));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, schema);
    EXPECT_EQ(again->numbers(), 3U);
    EXPECT_EQ(again->place_of("a"), 0U);
    EXPECT_EQ(again->place_of("b.d"), 2U);
    EXPECT_EQ(again->place_of("e"), std::nullopt) << "a text";
    EXPECT_EQ(again->place_of("b"), std::nullopt);
}

TEST(InputsSchema, refuses_what_it_did_not_write) {
    for (const char* text : {"", "{}", "[1]", R"(["a:colour"])", R"(["a")"})
        EXPECT_FALSE(decode_inputs_schema(text)) << text;
}

TEST(RenderInputs, shows_groups_as_objects_in_the_order_of_the_schema) {
    const InputsSchema schema(
        {{"a"}, {"b.x"}, {"b.c.y"}, {"b.c.z", InputKind::sparse}, {"b.d.w", InputKind::sparse}, {"e"}});
    EXPECT_EQ(render_inputs(schema, schema, Numbers{1.0, std::nullopt, 2.5, std::nullopt, std::nullopt, -0.1}, "", "S"),
              R"({"a":1,"b":{"x":null,"c":{"y":2.5},"d":{}},"e":-0.1})");
}

TEST(RenderInputs, leaves_out_an_optional_group_that_has_nothing) {
    const InputsSchema schema({{"a"}, {"b.x", InputKind::optional}, {"b.y", InputKind::optional}, {"c.z"}});
    EXPECT_EQ(decode_inputs_schema(encode_inputs_schema(schema)), schema);
    EXPECT_EQ(render_inputs(schema, schema, Numbers{1.0, std::nullopt, std::nullopt, 4.0}, "", "S"),
              R"({"a":1,"c":{"z":4}})");
    EXPECT_EQ(render_inputs(schema, schema, Numbers{1.0, std::nullopt, 3.0, 4.0}, "", "S"),
              R"({"a":1,"b":{"y":3},"c":{"z":4}})");
    const InputsSchema before({{"a"}, {"c.z"}});
    EXPECT_EQ(render_inputs(before, schema, Numbers{1.0, 4.0}, "", "S"), R"({"a":1,"c":{"z":4}})");
}

TEST(RenderInputs, shows_times_texts_and_lists) {
    const auto shown = [](std::string_view texts, std::string_view symbol) {
        return render_inputs(sample(), sample(), Numbers{0.0, 1.0, 2.0}, texts, symbol);
    };
    EXPECT_EQ(
        shown("", "BTC/USDT:USDT"),
        R"({"contract_code":"BTC-USDT","listed_at":"1970-01-01T00:00:00.000Z","metrics":{"atr_pct":1,"basis_bps":2},"flags":[]})");
    EXPECT_EQ(
        shown(R"({"contract_code":"X-1","flags":["a","b"]})", "BTC/USDT:USDT"),
        R"({"contract_code":"X-1","listed_at":"1970-01-01T00:00:00.000Z","metrics":{"atr_pct":1,"basis_bps":2},"flags":["a","b"]})");
}

TEST(RenderInputs, shows_what_was_added_later_as_null) {
    const InputsSchema before({{"metrics.atr_pct"}, {"notes", InputKind::list}});
    const InputsSchema newest({{"index_price"},
                               {"metrics.atr_pct"},
                               {"metrics.depth"},
                               {"edges.liquidity"},
                               {"flag", InputKind::sparse},
                               {"notes", InputKind::list}});
    EXPECT_EQ(
        render_inputs(before, newest, Numbers{0.5}, R"({"notes":["n"]})", "S"),
        R"({"index_price":null,"metrics":{"atr_pct":0.5,"depth":null},"edges":{"liquidity":null},"notes":["n"]})");
}

TEST(RenderInputs, keeps_what_is_not_kept_any_longer) {
    const InputsSchema before({{"metrics.atr_pct"}, {"metrics.gone"}, {"other.gone"}});
    const InputsSchema newest({{"metrics.atr_pct"}, {"edges.liquidity"}});
    EXPECT_EQ(render_inputs(before, newest, Numbers{0.5, 7.0, 8.0}, "", "S"),
              R"({"metrics":{"atr_pct":0.5,"gone":7},"edges":{"liquidity":null},"other":{"gone":8}})");
}

TEST(RenderInputs, survives_numbers_and_texts_that_are_damaged) {
    EXPECT_EQ(
        render_inputs(sample(), sample(), Numbers{-5.0}, "[1", "BTC/USDT:USDT"),
        R"({"contract_code":"BTC-USDT","listed_at":null,"metrics":{"atr_pct":null,"basis_bps":null},"flags":[]})");
    EXPECT_EQ(
        render_inputs(sample(), sample(), Numbers{1e300, 1.0, 2.0, 3.0}, R"({"flags":[1,"a"],"contract_code":7})", "X"),
        R"({"contract_code":"X-USDT","listed_at":null,"metrics":{"atr_pct":1,"basis_bps":2},"flags":["a"]})");
}

}  // namespace
}  // namespace scanner::storage
