#include "scanner/net/request_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace scanner::net {
namespace {

using core::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

QueryParameter parameter(std::string name, std::string value) {
    return {std::move(name), std::move(value)};
}

TEST(Query, keeps_order_and_repetitions) {
    const auto parsed = parse_query("top=5&exclude_flags=a&exclude_flags=b&top=9");
    ASSERT_TRUE(parsed);
    EXPECT_THAT(*parsed, ElementsAre(parameter("top", "5"), parameter("exclude_flags", "a"),
                                     parameter("exclude_flags", "b"), parameter("top", "9")));
}

TEST(Query, decodes_escapes_and_plus_in_names_and_values) {
    const auto parsed = parse_query("symbol=BTC%2fUSDT%3AUSDT&a%20b=x+y%2B&q=%C3%A4");
    ASSERT_TRUE(parsed);
    EXPECT_THAT(*parsed, ElementsAre(parameter("symbol", "BTC/USDT:USDT"), parameter("a b", "x y+"),
                                     parameter("q", "\xC3\xA4")));
}

TEST(Query, takes_missing_values_and_empty_pieces) {
    const auto parsed = parse_query("&explain&fields=&&x=a=b&=v&");
    ASSERT_TRUE(parsed);
    EXPECT_THAT(*parsed, ElementsAre(parameter("explain", ""), parameter("fields", ""), parameter("x", "a=b"),
                                     parameter("", "v")));
    EXPECT_THAT(*parse_query(""), IsEmpty());
}

TEST(Query, refuses_malformed_escapes_and_names_the_parameter) {
    for (const std::string_view bad : {"top=%", "top=%2", "top=%zz", "top=%2g"}) {
        const auto parsed = parse_query(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().code(), ErrorCode::invalid_input);
        EXPECT_THAT(parsed.error().message(), HasSubstr("'top'"));
    }
    EXPECT_FALSE(parse_query("to%p=1"));
}

TEST(Query, refuses_text_that_is_not_utf8_or_holds_control_characters) {
    EXPECT_FALSE(parse_query("a=%FF"));
    EXPECT_FALSE(parse_query("a=%C3"));
    EXPECT_FALSE(parse_query("a=%00"));
    EXPECT_FALSE(parse_query("a=x%0d%0aSet-Cookie:y"));
    EXPECT_FALSE(parse_query("a%0a=x"));
}

TEST(Query, reads_back_what_it_encodes) {
    const QueryParameters parameters{parameter("symbols", "BTC/USDT:USDT,ETH"), parameter("n", "a b&c=d+e%"),
                                     parameter("n", "")};
    const auto parsed = parse_query(encode_query(parameters));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, parameters);
}

TEST(Query, finds_the_last_of_a_name) {
    const auto parsed = parse_query("top=5&top=9");
    EXPECT_EQ(find_parameter(*parsed, "top"), "9");
    EXPECT_EQ(find_parameter(*parsed, "Top"), std::nullopt);
}

TEST(Path, is_the_same_with_and_without_a_trailing_slash) {
    EXPECT_EQ(*normalize_path("/rankings/"), "/rankings");
    EXPECT_EQ(*normalize_path("/rankings"), "/rankings");
    EXPECT_EQ(*normalize_path("/"), "/");
    EXPECT_EQ(*normalize_path("///"), "/");
    EXPECT_EQ(*normalize_path("//a///b//"), "/a/b");
}

TEST(Path, is_the_same_escaped_and_raw) {
    EXPECT_EQ(*normalize_path("/symbol/BTC%2FUSDT%3aUSDT/inspect"), "/symbol/BTC/USDT:USDT/inspect");
    EXPECT_EQ(*normalize_path("/symbol/BTC/USDT:USDT/inspect"), "/symbol/BTC/USDT:USDT/inspect");
    EXPECT_EQ(*normalize_path("/a+b"), "/a+b");
}

TEST(Path, refuses_what_no_route_has) {
    for (const std::string_view bad : {"", "rankings", "*", "/a%", "/a%2", "/%zz", "/%ff", "/a%00b", "/a%0d", "/..",
                                       "/a/../b", "/a/./b", "/a/%2e%2e/b", "/a%2f..%2fb", "/a%5cb", "/a\\b"}) {
        const auto normal = normalize_path(bad);
        ASSERT_FALSE(normal) << bad;
        EXPECT_EQ(normal.error().code(), ErrorCode::invalid_input) << bad;
        EXPECT_FALSE(split_path(bad)) << bad;
    }
    EXPECT_EQ(*normalize_path("/a..b/..c"), "/a..b/..c");
}

TEST(Path, splits_with_escaped_slashes_kept_in_their_segment) {
    EXPECT_THAT(*split_path("/symbol/BTC%2FUSDT/inspect/"), ElementsAre("symbol", "BTC/USDT", "inspect"));
    EXPECT_THAT(*split_path("//a//b"), ElementsAre("a", "b"));
    EXPECT_THAT(*split_path("/"), IsEmpty());
}

TEST(Target, divides_at_the_first_question_mark) {
    EXPECT_EQ(target_path("/a/b?c=d?e"), "/a/b");
    EXPECT_EQ(target_query("/a/b?c=d?e"), "c=d?e");
    EXPECT_EQ(target_query("/a/b"), "");
    EXPECT_EQ(target_path("/a#f?x"), "/a");
    EXPECT_EQ(target_query("/a?x#f"), "x");
}

TEST(Target, counts_an_absolute_form_from_its_path) {
    EXPECT_EQ(target_path("http://host:80/a?b"), "/a");
    EXPECT_EQ(target_query("http://host/a?b"), "b");
    EXPECT_EQ(target_path("http://host"), "/");
    EXPECT_EQ(target_path("http://host?b"), "/");
    EXPECT_EQ(target_query("http://host?b"), "b");
    EXPECT_EQ(target_path("/x?u=http://h/y"), "/x");
    EXPECT_EQ(target_path("*"), "*");
}

TEST(Target, is_without_the_base_path_where_it_has_it) {
    EXPECT_EQ(without_base_path("/scanner/rankings?top=5", "/scanner"), "/rankings?top=5");
    EXPECT_EQ(without_base_path("http://host:80/scanner/rankings", "/scanner"), "/rankings");
    EXPECT_EQ(without_base_path("/scanner", "/scanner"), "/");
    EXPECT_EQ(without_base_path("/scanner/", "/scanner"), "/");
    EXPECT_EQ(target_path(without_base_path("/scanner?x=/a", "/scanner")), "/");
    EXPECT_EQ(target_query(without_base_path("/scanner?x=/a", "/scanner")), "x=/a");
    EXPECT_EQ(without_base_path("/a/b/c", "/a/b"), "/c");
    // A proxy that takes the path off itself, and other paths.
    for (const char* target : {"/rankings?top=5", "/scanners/rankings", "/Scanner/rankings", "/x/scanner/rankings", "*",
                               "/rankings?next=/scanner/x", "http://scanner/rankings"}) {
        EXPECT_EQ(without_base_path(target, "/scanner"), target);
    }
    EXPECT_EQ(without_base_path("/scanner/rankings", ""), "/scanner/rankings");
    EXPECT_EQ(without_base_path("/scanner/scanner/x", "/scanner"), "/scanner/x") << "taken off once";
}

}  // namespace
}  // namespace scanner::net
