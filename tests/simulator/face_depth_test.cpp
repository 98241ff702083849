#include "simulator/face/encode/depth_step.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using test::FakeMarket;
using test::Stage;
using ::testing::HasSubstr;
using ::testing::Not;

Stage stage_with_book() {
    Stage stage;
    BookState& book = stage.market.books[FakeMarket::btc];
    book.matching_id = 108'917'760'661;
    book.time = core::from_unix_ms(test::kNowMs - 25);
    book.asks = {{297'968, 4'025}, {297'971, 49}};
    book.bids = {{297'967, 305}, {297'959, 265}};
    return stage;
}

TEST(FaceDepth, a_book_is_printed_as_recorded) {
    EXPECT_EQ(stage_with_book().ask(depth, "contract_code=BTC-USDT&type=step0"),
              R"({"ch":"market.BTC-USDT.depth.step0","status":"ok","tick":{"asks":[[29796.8,4025],[29797.1,49]],)"
              R"("bids":[[29796.7,305],[29795.9,265]],"ch":"market.BTC-USDT.depth.step0","id":1789336870,)"
              R"("mrid":108917760661,"ts":1789336870018,"version":1789336870},"ts":1789336870043})");
}

TEST(FaceDepth, an_empty_side_is_left_out_and_an_empty_book_has_both_sides_empty) {
    Stage stage = stage_with_book();
    stage.market.books[FakeMarket::btc].bids.clear();
    const std::string one_sided = stage.ask(depth, "contract_code=BTC-USDT&type=step0");
    EXPECT_THAT(one_sided, HasSubstr(R"("asks":[[)"));
    EXPECT_THAT(one_sided, Not(HasSubstr("bids")));
    EXPECT_THAT(stage.ask(depth, "contract_code=CYBER-USDT&type=step0"),
                HasSubstr(R"("tick":{"asks":[],"bids":[],"ch":"market.CYBER-USDT.depth.step0","id":1767859205,)"
                          R"("mrid":0,"ts":1767859205000,"version":1767859205})"));
}

TEST(FaceDepth, a_bad_type_is_named) {
    EXPECT_EQ(
        stage_with_book().ask(depth, "contract_code=BTC-USDT&type=step99"),
        R"({"ts":1789336870043,"status":"error","err-code":"invalid-parameter","err-msg":"invalid type:step99"})");
    EXPECT_THAT(stage_with_book().ask(depth, "contract_code=BTC-USDT"), HasSubstr("invalid type:"));
}

TEST(FaceDepth, clock_skew_moves_the_book_time_too) {
    Stage stage = stage_with_book();
    stage.skew = -30s;
    EXPECT_THAT(stage.ask(depth, "contract_code=BTC-USDT&type=step0"),
                HasSubstr(R"("ts":1789336840018,"version":1789336840},"ts":1789336840043})"));
}

TEST(FaceDepthStep, has_150_unmerged_levels_and_30_in_the_short_form) {
    std::vector<BookLevel> side;
    for (std::int64_t i = 0; i < 150; ++i) side.push_back({1'000 - i, 1});
    EXPECT_EQ(wire_levels(side, true, step_of(0.1), *parse_depth_step("step0")).size(), 150U);
    EXPECT_EQ(wire_levels(side, true, step_of(0.1), *parse_depth_step("step6")).size(), 30U);
    EXPECT_EQ(wire_levels(side, true, step_of(0.1), *parse_depth_step("step11")).size(), 20U);
    EXPECT_FALSE(parse_depth_step("step20"));
    EXPECT_FALSE(parse_depth_step(""));
}

TEST(FaceDepthStep, merged_bids_go_down_and_asks_up) {
    const Step tick = step_of(0.1);
    const std::vector<BookLevel> bids{{297'967, 5}, {297'959, 7}, {297'950, 11}, {297'899, 13}};
    const auto down = wire_levels(bids, true, tick, *parse_depth_step("step14"));
    ASSERT_EQ(down.size(), 3U);
    EXPECT_EQ(decimal_text(down[0].unscaled, down[0].scale, Print::number), "29796");
    EXPECT_EQ(down[0].contracts, 5);
    EXPECT_EQ(decimal_text(down[1].unscaled, down[1].scale, Print::number), "29795");
    EXPECT_EQ(down[1].contracts, 18);
    EXPECT_EQ(decimal_text(down[2].unscaled, down[2].scale, Print::number), "29789");
    const auto up = wire_levels({{297'961, 5}, {297'970, 7}, {297'971, 1}}, false, tick, *parse_depth_step("step14"));
    ASSERT_EQ(up.size(), 2U);
    EXPECT_EQ(decimal_text(up[0].unscaled, up[0].scale, Print::number), "29797");
    EXPECT_EQ(up[0].contracts, 12);
    EXPECT_EQ(decimal_text(up[1].unscaled, up[1].scale, Print::number), "29798");
}

TEST(FaceDepthStep, a_bucket_finer_than_the_tick_changes_nothing) {
    const auto levels = wire_levels({{297'967, 5}, {297'959, 7}}, true, step_of(0.1), *parse_depth_step("step1"));
    ASSERT_EQ(levels.size(), 2U);
    EXPECT_EQ(decimal_text(levels[0].unscaled, levels[0].scale, Print::number), "29796.7");
}

TEST(FaceDepthStep, a_bid_below_the_bucket_disappears_instead_of_costing_nothing) {
    EXPECT_TRUE(wire_levels({{34'008, 5}}, true, step_of(1e-10), *parse_depth_step("step1")).empty());
    const auto asks = wire_levels({{34'008, 5}}, false, step_of(1e-10), *parse_depth_step("step1"));
    ASSERT_EQ(asks.size(), 1U);
    EXPECT_EQ(decimal_text(asks[0].unscaled, asks[0].scale, Print::number), "0.00001");
}

TEST(FaceBookShelf, renews_a_book_every_300_to_400_ms_and_not_while_frozen) {
    test::FakeMarket market;
    BookShelf shelf(market.listings.size(), 1);
    const auto thawed = [](std::size_t) { return false; };
    std::vector<WallTime> renewals;
    for (int i = 0; i < 4'000; ++i, market.time += 1ms) {
        market.books[FakeMarket::btc].time = market.time;
        shelf.renew(market, thawed);
        const WallTime time = shelf.book(FakeMarket::btc).time;
        if (renewals.empty() || renewals.back() != time) renewals.push_back(time);
    }
    ASSERT_GT(renewals.size(), 5U);
    for (std::size_t i = 2; i < renewals.size(); ++i) {  // the first wait is only there to stagger the books
        EXPECT_GE(renewals[i] - renewals[i - 1], 300ms);
        EXPECT_LE(renewals[i] - renewals[i - 1], 400ms);
    }
    market.books[FakeMarket::btc].time = market.time += 5s;
    shelf.renew(market, [](std::size_t contract) { return contract == FakeMarket::btc; });
    EXPECT_EQ(shelf.book(FakeMarket::btc).time, renewals.back());
    shelf.renew(market, thawed);
    EXPECT_EQ(shelf.book(FakeMarket::btc).time, market.time);
}

}  // namespace
}  // namespace scanner::simulator::face
