#include "api/answers/target_memo.hpp"

#include "api/sample.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

namespace scanner::api {
namespace {

std::shared_ptr<Rendered> rendered(std::string body) {
    return std::make_shared<Rendered>("text/plain", std::move(body), std::nullopt);
}

TEST(TargetMemo, finds_what_this_ranking_answered) {
    const auto ranking = test::make_ranking(7, test::kNow);
    TargetMemo memo;
    EXPECT_EQ(memo.find(ranking, "/rankings"), nullptr);
    memo.keep(ranking, "/rankings", "/rankings", rendered("A"));
    ASSERT_NE(memo.find(ranking, "/rankings"), nullptr);
    EXPECT_EQ(*memo.find(ranking, "/rankings")->rendered->body(), "A");
    EXPECT_EQ(memo.find(ranking, "/rankings")->label, "/rankings");
    EXPECT_EQ(memo.find(ranking, "/rankings/"), nullptr);
    EXPECT_EQ(memo.find(ranking, ""), nullptr);
}

TEST(TargetMemo, forgets_everything_with_the_ranking) {
    const auto first = test::make_ranking(7, test::kNow);
    const auto second = test::make_ranking(8, test::kNow);
    const auto begun_anew = test::make_ranking(7, test::kNow + std::chrono::seconds(1));
    TargetMemo memo;
    const auto answer = rendered("A");
    memo.keep(first, "/rankings", "/rankings", answer);
    EXPECT_EQ(memo.find(second, "/rankings"), nullptr);
    EXPECT_EQ(memo.find(begun_anew, "/rankings"), nullptr);
    memo.keep(second, "/opportunities", "/opportunities", rendered("B"));
    EXPECT_EQ(answer.use_count(), 1);
    EXPECT_EQ(memo.find(first, "/rankings"), nullptr);
}

TEST(TargetMemo, is_bounded) {
    const auto ranking = test::make_ranking(7, test::kNow);
    TargetMemo memo;
    const auto answer = rendered("A");
    for (int i = 0; i < 10'000; ++i) memo.keep(ranking, "/rankings?_=" + std::to_string(i), "/rankings", answer);
    EXPECT_LE(answer.use_count(), static_cast<long>(TargetMemo::kPlaces) + 1);
    EXPECT_NE(memo.find(ranking, "/rankings?_=9999"), nullptr);
    const std::string longest = "/rankings?_=" + std::string(TargetMemo::kMaxBytes - 12, 'a');
    memo.keep(ranking, longest, "/rankings", answer);
    EXPECT_NE(memo.find(ranking, longest), nullptr);
    memo.keep(ranking, longest + 'a', "/rankings", answer);
    EXPECT_EQ(memo.find(ranking, longest + 'a'), nullptr);
}

TEST(TargetMemo, is_for_what_the_newest_ranking_alone_decides) {
    EXPECT_TRUE(TargetMemo::fits("/rankings", {}));
    EXPECT_TRUE(TargetMemo::fits("/opportunities", {{"top", "5"}}));
    EXPECT_FALSE(TargetMemo::fits("/rankings", {{"watchlist", "mine"}}));
    EXPECT_FALSE(TargetMemo::fits("/rankings", {{"top", "5"}, {"seq", "6"}}));
    EXPECT_FALSE(TargetMemo::fits("/rankings", {{"as_of", "2026-11-22T05:00:00Z"}}));
    EXPECT_FALSE(TargetMemo::fits("/metrics", {}));
    EXPECT_FALSE(TargetMemo::fits("/symbol/{symbol}/inspect", {}));
}

}  // namespace
}  // namespace scanner::api
