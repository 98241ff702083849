#include "api/http/param_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace scanner::api {
namespace {

TEST(ParamReader, reads_values_in_range) {
    const net::QueryParameters params{{"top", "5"}, {"notional", "1e4"}, {"carry", "Off"}, {"q", "-0"}};
    ParamReader reader(params);
    EXPECT_EQ(reader.integer("top", 1, 200), 5);
    EXPECT_EQ(reader.number("notional", 1.0), 10'000.0);
    EXPECT_EQ(reader.flag("carry"), false);
    const auto zero = reader.number("q", 0.0);
    ASSERT_TRUE(zero);
    EXPECT_FALSE(std::signbit(*zero));
    EXPECT_EQ(reader.integer("page", 1), std::nullopt);
    EXPECT_TRUE(reader.finish().empty());
}

TEST(ParamReader, refuses_numbers_out_of_range) {
    for (const char* text :
         {"0", "201", "-1", "1.5", "1e2", "", " 5", "5 ", "+5", "0x5", "five", "nan", "99999999999999999999", "５"}) {
        const net::QueryParameters params{{"top", text}};
        ParamReader reader(params);
        EXPECT_EQ(reader.integer("top", 1, 200), std::nullopt) << text;
        const auto errors = reader.finish();
        ASSERT_EQ(errors.size(), 1U) << text;
        EXPECT_EQ(errors[0].name, "top");
        EXPECT_NE(errors[0].message.find("from 1 to 200"), std::string::npos);
    }
    for (const char* text : {"nan", "NaN", "inf", "-inf", "infinity", "1e999", "-1", "", "1,5", "1e", "0x1p3", "--1"}) {
        const net::QueryParameters params{{"min_qvol", text}};
        ParamReader reader(params);
        EXPECT_EQ(reader.number("min_qvol", 0.0), std::nullopt) << text;
        EXPECT_EQ(reader.finish().size(), 1U) << text;
    }
}

TEST(ParamReader, tells_everything_that_is_wrong_at_once_in_the_clients_order) {
    const net::QueryParameters params{{"bogus", "1"}, {"top", "0"},  {"_cache", "x"},  {"order", "up"},
                                      {"page", "1"},  {"page", "2"}, {"pagesize", "5"}};
    ParamReader reader(params);
    constexpr std::array<std::string_view, 2> kOrders{"asc", "desc"};
    static_cast<void>(reader.choice("order", kOrders));
    static_cast<void>(reader.integer("page", 1));
    static_cast<void>(reader.integer("page_size", 1));
    static_cast<void>(reader.integer("top", 1));
    const auto errors = reader.finish();
    ASSERT_EQ(errors.size(), 5U);
    EXPECT_EQ(errors[0].name, "bogus");
    EXPECT_EQ(errors[1].name, "top");
    EXPECT_EQ(errors[2].name, "order");
    EXPECT_EQ(errors[3].name, "page");
    EXPECT_EQ(errors[3].message, "given 2 times, once is right");
    EXPECT_EQ(errors[4].name, "pagesize");
    EXPECT_EQ(errors[4].message, "unknown parameter; did you mean page_size?");
}

TEST(ParamReader, names_an_unknown_parameter_once) {
    const net::QueryParameters params{{"nonsense", "1"}, {"nonsense", "2"}};
    ParamReader reader(params);
    EXPECT_EQ(reader.finish().size(), 1U);
}

TEST(ParamReader, counts_problems_beyond_those_it_lists) {
    net::QueryParameters params;
    for (int i = 0; i < 120; ++i) params.push_back({"unknown" + std::to_string(i), "x"});
    ParamReader reader(params);
    const auto errors = reader.finish();
    ASSERT_EQ(errors.size(), FieldErrors::kMax + 1);
    EXPECT_EQ(errors.front().name, "unknown0");
    EXPECT_EQ(errors.back().message, "and 70 more errors");
}

TEST(ParamReader, refuses_lists_without_end) {
    std::string entries;
    for (std::size_t i = 0; i <= ParamReader::kMaxEntries; ++i) entries += std::to_string(i) + ',';
    const net::QueryParameters params{{"symbols", entries}, {"symbols", "btc"}};
    ParamReader reader(params);
    EXPECT_EQ(reader.list("symbols"), std::nullopt);
    const auto errors = reader.finish();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].message, "at most 2000 entries");
}

TEST(ParamReader, gathers_lists_from_commas_and_repetition) {
    const net::QueryParameters params{{"flags", "a, b,,a"}, {"flags", "c"}, {"flags", ""}, {"none", ""}};
    ParamReader reader(params);
    EXPECT_EQ(reader.list("flags"), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(reader.list("none"), std::vector<std::string>());
    EXPECT_EQ(reader.list("absent"), std::nullopt);
    EXPECT_TRUE(reader.finish().empty());
}

}  // namespace
}  // namespace scanner::api
