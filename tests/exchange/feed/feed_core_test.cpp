#include "exchange/feed/core_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Core, a_book_lives_from_its_snapshot_through_its_changes) {
    begin();
    EXPECT_TRUE(market(Wire::subbed(book_topic())).has_value());
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 10)).has_value());
    ASSERT_NE(core_.book("BTC-USDT"), nullptr);
    EXPECT_THAT(recorder_.last_bids, ElementsAre(market::Level{99, 0.005}, market::Level{98, 0.001}))
        << "contracts of 0.001";
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 11, "[[98,0],[99.5,7]]", "[[101,9]]")).has_value());
    EXPECT_THAT(recorder_.last_bids, ElementsAre(market::Level{99.5, 0.007}, market::Level{99, 0.005}));
    EXPECT_THAT(recorder_.last_asks, ElementsAre(market::Level{101, 0.009}, market::Level{102, 0.002}));
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 12)).has_value());
    EXPECT_EQ(recorder_.books, 3) << "a change without levels confirms the book";
    EXPECT_THAT(recorder_.lines, ElementsAre("book BTC-USDT", "book BTC-USDT", "book BTC-USDT"));
    EXPECT_EQ(status().books["BTC-USDT"], BookState::live);
}

TEST_F(Core, data_may_come_before_the_answer) {
    begin();
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 10)).has_value());
    EXPECT_TRUE(market(Wire::subbed(book_topic())).has_value());
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 11)).has_value());
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
    EXPECT_EQ(recorder_.books, 2);
}

TEST_F(Core, every_way_out_of_a_chain_begins_the_subscription_again) {
    struct Case {
        std::string text;
        std::string told;
        std::string cause;
    };
    const std::vector<Case> cases{
        {Wire::update("BTC-USDT", 12), "state BTC-USDT gap: a change was missing or came twice", "gap"},
        {Wire::update("BTC-USDT", 10), "state BTC-USDT gap: a change was missing or came twice", "gap"},
        {Wire::update("BTC-USDT", 11, "[[101,3]]"), "state BTC-USDT crossed: the best bid reached the best ask",
         "crossed"},
        {Wire::update("BTC-USDT", 11, "[[-1,3]]"), "state BTC-USDT gap: a price that is not > 0", "unreadable"},
        {Wire::book("BTC-USDT", "update", 11, "[]", "[]", Wire::kNow + 7'200'000),
         "state BTC-USDT gap: a book from the future", "unreadable"},
    };
    for (const auto& [text, told, cause] : cases) {
        SCOPED_TRACE(told);
        Recorder recorder;
        FeedCore core(options_, recorder, [] { return 0.999; });
        core.want({contract_of("BTC-USDT")}, now_);
        core.connected(0);
        while (core.next(now_)) {
        }
        const auto feed = [&](std::string_view frame) {
            EXPECT_TRUE(core.on_market(0, test::gzip(frame), {core::from_unix_ms(Wire::kNow), now_}).has_value());
        };
        feed(Wire::snapshot("BTC-USDT", 10));
        feed(text);
        EXPECT_EQ(core.book("BTC-USDT"), nullptr);
        EXPECT_TRUE(recorder.was_told(told)) << testing::PrintToString(recorder.lines);
        // It is left at once, and what still comes of it is nothing.
        auto request = core.next(now_);
        ASSERT_TRUE(request.has_value());
        EXPECT_THAT(request->text, HasSubstr("unsub"));
        feed(Wire::update("BTC-USDT", 13));
        feed(Wire::snapshot("BTC-USDT", 14));
        EXPECT_EQ(core.book("BTC-USDT"), nullptr);
        feed(Wire::unsubbed(topic_name(TopicKind::book, "BTC-USDT")));
        EXPECT_FALSE(core.next(now_).has_value()) << "a jitter first";
        request = core.next(now_ + 250ms);
        ASSERT_TRUE(request.has_value());
        EXPECT_THAT(request->text, HasSubstr("\"sub\""));
        feed(Wire::snapshot("BTC-USDT", 500));
        EXPECT_NE(core.book("BTC-USDT"), nullptr);
        FeedStatus status;
        core.fill(status);
        EXPECT_EQ(status.resubscriptions[cause], 1);
    }
}

TEST_F(Core, a_change_before_a_snapshot_is_a_gap) {
    begin();
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 10)).has_value());
    EXPECT_TRUE(recorder_.was_told("state BTC-USDT gap: a change before a snapshot"));
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub")));
}

TEST_F(Core, too_many_levels_are_a_gap) {
    go_live();
    std::string levels = "[";
    for (int i = 0; i < 400; ++i) levels += fmt::format("{}[{},1]", i == 0 ? "" : ",", 103 + i);
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 11, "[]", levels + "]")).has_value());
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_TRUE(recorder_.was_told("state BTC-USDT gap: more levels than the topic has"));
}

TEST_F(Core, restarts_in_a_row_take_longer_and_health_forgives_them) {
    go_live();
    std::int64_t version = 10;
    const auto break_it = [&] {
        EXPECT_TRUE(market(Wire::update("BTC-USDT", version + 5)).has_value());
        EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub")));
        EXPECT_TRUE(market(Wire::unsubbed(book_topic())).has_value());
        std::chrono::milliseconds waited = 0ms;
        while (sent().empty() && waited < 60s) {
            waited += 10ms;
            now_ += 10ms;
        }
        EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", version)).has_value());
        return waited;
    };
    EXPECT_EQ(break_it(), 250ms);
    EXPECT_EQ(break_it(), 1000ms);
    EXPECT_EQ(break_it(), 2000ms);
    EXPECT_EQ(break_it(), 4000ms);
    EXPECT_EQ(break_it(), 8000ms);
    EXPECT_EQ(break_it(), 8000ms);
    now_ += 61s;
    EXPECT_EQ(break_it(), 250ms);
}

TEST_F(Core, a_snapshot_that_does_not_come_is_asked_for_again_and_ever_more_rarely) {
    begin();
    EXPECT_TRUE(market(Wire::subbed(book_topic())).has_value());
    EXPECT_TRUE(market(Wire::subbed(topic_name(TopicKind::tape, "BTC-USDT"))).has_value());
    std::vector<std::chrono::seconds> waits;
    auto asked = now_;
    for (int i = 0; i < 1'500 && waits.size() < 4; ++i) {
        now_ += 1s;
        core_.look(now_);
        for (const auto& text : sent()) {
            if (text.contains("unsub")) EXPECT_TRUE(market(Wire::unsubbed(book_topic())).has_value());
            if (text.contains("\"sub\"")) {
                waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(now_ - asked));
                asked = now_;
                EXPECT_TRUE(market(Wire::subbed(book_topic())).has_value());
            }
        }
    }
    ASSERT_EQ(waits.size(), 4);
    EXPECT_LE(waits[0], 13s);
    EXPECT_GT(waits[1], 19s);
    EXPECT_GT(waits[2], 39s);
    EXPECT_GT(waits[3], 79s);
    EXPECT_EQ(status().resubscriptions["no_snapshot"], 4);
}

TEST_F(Core, a_lost_connection_takes_its_books_and_tapes_and_they_come_back) {
    go_live();
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 5)).has_value());
    recorder_.take();
    core_.disconnected(0, "it broke");
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_THAT(recorder_.take(),
                testing::UnorderedElementsAre("state BTC-USDT disconnected: it broke", "hole BTC-USDT: it broke"));
    EXPECT_THAT(sent(), IsEmpty()) << "nothing can be asked for";
    now_ += 2s;
    core_.connected(0);
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("depth"), HasSubstr("trade"))) << "books before tapes";
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 3)).has_value()) << "versions are the connection's own";
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 6)).has_value());
    EXPECT_THAT(recorder_.take(),
                ElementsAre("book BTC-USDT", "hole BTC-USDT: the tape begins here", "trade BTC-USDT 6"));
}

TEST_F(Core, trades_are_passed_on_in_base_units_behind_the_hole_of_the_beginning) {
    begin();
    EXPECT_TRUE(market(Wire::subbed(topic_name(TopicKind::tape, "BTC-USDT"))).has_value());
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 1001291256189980003)).has_value());
    EXPECT_THAT(recorder_.lines,
                ElementsAre("hole BTC-USDT: the tape begins here", "trade BTC-USDT 1001291256189980003"));
    ASSERT_EQ(recorder_.trades.size(), 1);
    EXPECT_EQ(recorder_.trades[0].size, 0.02);
    EXPECT_EQ(recorder_.trades[0].taker_side, market::Side::sell);
}

TEST_F(Core, a_trade_that_cannot_be_is_a_hole_and_not_the_end) {
    begin();
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 5)).has_value());
    recorder_.take();
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 6, -1.0)).has_value());
    EXPECT_THAT(recorder_.take(), ElementsAre(HasSubstr("hole BTC-USDT"), "hole BTC-USDT: the tape begins here"))
        << "nothing is subscribed again, so the hole ends with that frame";
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 7)).has_value());
    EXPECT_THAT(recorder_.take(), ElementsAre("trade BTC-USDT 7"));
    EXPECT_EQ(status().unreadable_frames, 1);
}

TEST_F(Core, a_frames_own_time_that_cannot_be_is_not_passed_on) {
    begin();
    const auto from_the_future = [](std::string text) {
        const std::string now = fmt::format(R"("ts":{})", Wire::kNow);
        return text.replace(text.find(now), now.size(), fmt::format(R"("ts":{})", Wire::kNow + 7'200'000));
    };
    const auto now = core::from_unix_ms(Wire::kNow);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(market(fmt::format(R"({{"ping":{}}})", Wire::kNow)).has_value());
    EXPECT_TRUE(market(from_the_future(Wire::snapshot("BTC-USDT", 10))).has_value());
    EXPECT_EQ(recorder_.books, 1);
    EXPECT_EQ(recorder_.last_time, now) << "the book's own";
    recorder_.last_time = {};
    EXPECT_TRUE(market(from_the_future(Wire::trade("BTC-USDT", 5))).has_value());
    EXPECT_EQ(recorder_.last_time, now) << "the trade's own";
    recorder_.last_time = {};
    EXPECT_TRUE(
        notify(
            from_the_future(fmt::format(
                R"({{"op":"notify","topic":"public.*.funding_rate","ts":{},"data":[{{"contract_code":"ETH-USDT","funding_rate":"0.5","settlement_time":"1790150400000"}}]}})",
                Wire::kNow)))
            .has_value());
    EXPECT_EQ(recorder_.last_time, now) << "that of the messages before";
}

TEST_F(Core, what_cannot_be_read_ends_the_connection) {
    go_live();
    EXPECT_FALSE(market("{\"ch\":").has_value());
    EXPECT_FALSE(core_.on_market(0, "no gzip", {core::from_unix_ms(Wire::kNow), now_}).has_value());
    EXPECT_EQ(core_.on_text().code(), core::ErrorCode::malformed);
    EXPECT_EQ(status().unreadable_frames, 3);
}

TEST_F(Core, strangers_frames_are_counted_and_ignored) {
    go_live();
    for (const std::string& text :
         {Wire::snapshot("ETH-USDT", 1), std::string(R"({"ch":"market.BTC-USDT.bbo","tick":{"bid":[1,2]}})"),
          std::string(R"({"hello":"world"})"), std::string(R"({"status":"error","id":"","err-msg":"what"})")}) {
        EXPECT_TRUE(market(text).has_value());
    }
    EXPECT_TRUE(market(Wire::update("BTC-USDT", 11), 1).has_value()) << "of a connection where it is not";
    EXPECT_THAT(recorder_.take(), IsEmpty());
    EXPECT_EQ(status().ignored_frames, 5);
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
}

TEST_F(Core, pings_are_answered) {
    const auto answer = market(R"({"ping":1790134831961})");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->value_or(""), R"({"pong":1790134831961})");
}

TEST_F(Core, the_caller_may_begin_a_book_again) {
    go_live();
    core_.restart_book("BTC-USDT", BookState::audit_failed, "it did not agree", now_);
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_THAT(recorder_.take(), ElementsAre("state BTC-USDT audit_failed: it did not agree"));
    EXPECT_EQ(status().books["BTC-USDT"], BookState::audit_failed) << "until a snapshot comes";
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub")));
    core_.restart_book("ETH-USDT", BookState::audit_failed, "nothing of the kind", now_);
    EXPECT_THAT(recorder_.take(), IsEmpty());
}

TEST_F(Core, a_contract_of_another_size_begins_again) {
    go_live();
    core_.want({contract_of("BTC-USDT", 0.01)}, now_);
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_TRUE(recorder_.was_told("hole BTC-USDT: the contract's size changed"));
    const auto texts = sent();
    ASSERT_EQ(texts.size(), 2);
    EXPECT_THAT(texts[0], testing::AllOf(HasSubstr("unsub"), HasSubstr("depth")));
    EXPECT_THAT(texts[1], testing::AllOf(HasSubstr("unsub"), HasSubstr("trade")));
    EXPECT_EQ(status().resubscriptions["contract_changed"], 1);
}

TEST_F(Core, what_is_wanted_no_more_is_left_and_what_stays_is_not_touched) {
    go_live();
    want({"BTC-USDT", "ETH-USDT"});
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("ETH-USDT.depth"), HasSubstr("ETH-USDT.trade")));
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
    EXPECT_TRUE(market(Wire::snapshot("ETH-USDT", 1)).has_value());
    want({"ETH-USDT"});
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub"), HasSubstr("unsub")));
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr);
    EXPECT_NE(core_.book("ETH-USDT"), nullptr);
    EXPECT_TRUE(market(Wire::update("ETH-USDT", 2)).has_value());
    EXPECT_NE(core_.book("ETH-USDT"), nullptr);
    EXPECT_FALSE(status().books.contains("BTC-USDT"));
}

TEST_F(Core, what_is_wanted_again_before_it_was_left_begins_anew) {
    go_live();
    want({});
    want({"BTC-USDT"});
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 20)).has_value());
    EXPECT_EQ(core_.book("BTC-USDT"), nullptr) << "of the old subscription";
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub"), HasSubstr("unsub")));
    EXPECT_TRUE(market(Wire::unsubbed(book_topic())).has_value());
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("\"sub\"")));
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 30)).has_value());
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
}

TEST_F(Core, contracts_that_cannot_be_counted_are_not_subscribed) {
    core_.want({contract_of("BTC-USDT", 0.0), contract_of("\"}"), nullptr}, now_);
    core_.connected(0);
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_EQ(core_.connections(), 0);
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
