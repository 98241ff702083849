#include "app/recording/recorded_documents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace scanner::app {
namespace {

using testing::SizeIs;

TEST(RecordedDocuments, come_back_as_they_were) {
    storage::OperatorDocuments documents;
    documents.loaded = true;
    documents.rules = {{.name = "leaders",
                        .expression = "rank <= 3 and \"scam_wick\" in flags",
                        .scope = R"({"watchlist":"majors"})",
                        .cooldown = std::chrono::seconds(90),
                        .enabled = false,
                        .version = 7}};
    documents.watchlists = {{.id = 2, .name = "majors", .symbols = {"ETH-USDT", "龙虾-USDT"}, .version = 9}};
    const auto again = decode_documents(encode_documents(documents));
    ASSERT_TRUE(again.has_value());
    EXPECT_TRUE(again->loaded);
    ASSERT_THAT(again->rules, SizeIs(1));
    EXPECT_EQ(again->rules[0].name, "leaders");
    EXPECT_EQ(again->rules[0].expression, documents.rules[0].expression);
    EXPECT_EQ(again->rules[0].scope, documents.rules[0].scope);
    EXPECT_EQ(again->rules[0].cooldown, std::chrono::seconds(90));
    EXPECT_FALSE(again->rules[0].enabled);
    EXPECT_EQ(again->rules[0].version, 7);
    ASSERT_THAT(again->watchlists, SizeIs(1));
    EXPECT_EQ(again->watchlists[0].id, 2);
    EXPECT_EQ(again->watchlists[0].name, "majors");
    EXPECT_EQ(again->watchlists[0].symbols, documents.watchlists[0].symbols);
    EXPECT_EQ(again->watchlists[0].version, 9);
}

TEST(RecordedDocuments, are_refused_where_they_cannot_be_read) {
    std::string many = R"({"watchlists":[],"rules":[0)";
    for (std::size_t i = 0; i < kMaxRecordedDocuments; ++i) many += ",0";
    for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
                                    std::string(R"({"rules":[{}],"watchlists":[]})"),
                                    std::string(R"({"rules":[],"watchlists":[{"id":"x"}]})"), many + "]}"}) {
        EXPECT_FALSE(decode_documents(text).has_value()) << text.substr(0, 60);
    }
}

}  // namespace
}  // namespace scanner::app
