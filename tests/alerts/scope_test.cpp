#include "scanner/alerts/scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::alerts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(AlertScope, reads_what_it_writes) {
    for (const AlertScope& scope :
         {AlertScope{}, AlertScope{.contracts = {"BTC-USDT", "1000PEPE-USDT"}}, AlertScope{.watchlist = "majors"},
          AlertScope{.profile = "swing"}, AlertScope{.contracts = {"ETH-USDT"}, .profile = "news"}}) {
        const auto back = parse_scope(render_scope(scope));
        ASSERT_TRUE(back) << render_scope(scope);
        EXPECT_EQ(*back, scope);
    }
    EXPECT_EQ(render_scope({}), "\"all\"");
    EXPECT_EQ(render_scope({.contracts = {"BTC-USDT"}, .profile = "swing"}),
              R"({"symbols":["BTC/USDT:USDT"],"profile":"swing"})");
}

TEST(AlertScope, understands_every_spelling) {
    EXPECT_EQ(*parse_scope("all"), AlertScope{});
    EXPECT_EQ(*parse_scope("\"all\""), AlertScope{});
    EXPECT_EQ(*parse_scope("null"), AlertScope{});
    EXPECT_EQ(*parse_scope(""), AlertScope{});
    EXPECT_EQ(*parse_scope("{}"), AlertScope{});
    EXPECT_THAT(parse_scope(R"({"symbols":["btc","BTC-USDT","BTC/USDT:USDT","eth"]})")->contracts,
                ElementsAre("BTC-USDT", "ETH-USDT"));
}

TEST(AlertScope, says_everything_that_is_wrong) {
    const auto wrong = parse_scope(R"({"symbols":["btc",7,""],"watchlist":5,"profile":"","colour":1})");
    ASSERT_FALSE(wrong);
    std::vector<std::string> members;
    for (const ScopeError& error : wrong.error()) members.push_back(error.member);
    EXPECT_THAT(members, testing::UnorderedElementsAre("scope.symbols.1", "scope.symbols.2", "scope.watchlist",
                                                       "scope.profile", "scope.colour"));
    for (const char* text : {"7", "\"some\"", "[]", "{", R"({"symbols":[]})", R"({"symbols":"btc"})",
                             R"({"symbols":["btc"],"watchlist":"majors"})"}) {
        const auto refused = parse_scope(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_FALSE(refused.error().front().message.empty());
    }
    std::string many = R"({"symbols":["a")";
    for (std::size_t i = 0; i < kMaxScopeSymbols; ++i) many += ",\"b\"";
    EXPECT_THAT(parse_scope(many + "]}").error().front().message, HasSubstr("at most 2000"));
}

}  // namespace
}  // namespace scanner::alerts
