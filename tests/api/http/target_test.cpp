#include "api/http/target.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace scanner::api {
namespace {

TEST(Target, is_taken_apart_and_decoded) {
    const auto target = parse_target("/symbol/BTC%2FUSDT:USDT/inspect/?mode=card&_ts=1&x=a+b%2Cc");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->segments, (std::vector<std::string>{"symbol", "BTC/USDT:USDT", "inspect"}));
    const net::QueryParameters expected{{"mode", "card"}, {"_ts", "1"}, {"x", "a b,c"}};
    EXPECT_EQ(target->params, expected);
}

TEST(Target, may_be_absolute_or_the_root) {
    EXPECT_EQ(parse_target("http://host:8010/rankings?top=3")->segments, std::vector<std::string>{"rankings"});
    EXPECT_TRUE(parse_target("/")->segments.empty());
    EXPECT_EQ(parse_target("/rankings/")->segments, parse_target("/rankings")->segments);
}

struct HostileCase {
    std::string target;
    int status;
};

TEST(Target, of_hostile_making_is_refused_with_the_right_status) {
    std::string many = "/rankings?";
    for (std::size_t i = 0; i <= kMaxParams; ++i) many += "a&";
    const std::vector<HostileCase> cases{
        {"/rankings?top=%zz", 400},
        {"/rankings?top=%", 400},
        {"/rankings?top=%4", 400},
        {"/rankings?%zz=1", 400},
        {"/rank%zzings", 400},
        {"/rankings?top=%00", 400},
        {"/rankings%00", 400},
        {"/rankings?a=%0d%0aSet-Cookie:x", 400},
        {"/rankings?a=%ff", 400},
        {"/rankings?a=%c0%80", 400},
        {"/rankings?a=%ed%a0%80", 400},
        {std::string("/rankings?a=\xff"), 400},
        {"/..", 400},
        {"/symbols/../health", 400},
        {"/%2e%2e/health", 400},
        {"rankings", 400},
        {"", 400},
        {"*", 400},
        {"/rankings?=5", 400},
        {many, 400},
        {"/rankings?a=" + std::string(kMaxTargetBytes, 'a'), 414},
        {"/" + std::string(kMaxTargetBytes, 'a'), 414},
    };
    for (const HostileCase& test : cases) {
        const auto target = parse_target(test.target);
        ASSERT_FALSE(target) << test.target;
        EXPECT_EQ(target.error().status, test.status) << test.target;
        EXPECT_FALSE(target.error().detail.empty());
    }
}

TEST(Target, keeps_names_in_other_scripts) {
    const auto target = parse_target("/symbol/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F-USDT/inspect");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->segments.at(1), "币安人生-USDT");
}

}  // namespace
}  // namespace scanner::api
