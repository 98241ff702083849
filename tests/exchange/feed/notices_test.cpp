#include "exchange/feed/core_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

/// What was refused, not answered or has gone silent, on both kinds of connections.
namespace scanner::exchange::htx::feed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Core, a_refused_subscription_is_tried_again_later) {
    begin();
    EXPECT_TRUE(
        market(R"({"status":"error","ts":1,"id":"1","err-code":"bad-request","err-msg":"invalid topic"})").has_value());
    EXPECT_THAT(recorder_.lines, ElementsAre(HasSubstr("refused the subscription: invalid topic")));
    now_ += 59s;
    EXPECT_THAT(sent(), IsEmpty());
    now_ += 1s;
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("depth")));
    EXPECT_EQ(status().resubscriptions["refused"], 1);
}

TEST_F(Core, what_is_refused_again_and_again_is_asked_for_ever_more_rarely) {
    begin();
    std::vector<std::chrono::minutes> waits;
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(
            market(R"({"status":"error","ts":1,"id":"1","err-code":"bad-request","err-msg":"no"})").has_value());
        const auto refused_at = now_;
        while (sent().empty()) now_ += 1s;
        waits.push_back(std::chrono::duration_cast<std::chrono::minutes>(now_ - refused_at));
    }
    EXPECT_THAT(waits, ElementsAre(1min, 2min, 4min, 8min, 10min, 10min));
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 1)).has_value());
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
}

TEST_F(Core, one_subscription_that_is_not_answered_takes_no_others_along) {
    want({"BTC-USDT", "ETH-USDT"});
    core_.connected(0);
    EXPECT_EQ(sent().size(), 4);
    now_ += 100ms;
    for (const auto* const code : {"BTC-USDT", "ETH-USDT"}) {
        EXPECT_TRUE(market(Wire::subbed(topic_name(TopicKind::tape, code))).has_value());
    }
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 1)).has_value());
    recorder_.take();
    now_ += 10s;
    core_.look(now_);
    EXPECT_FALSE(core_.is_overdue(0, now_)) << "the connection lives";
    EXPECT_THAT(recorder_.take(),
                ElementsAre("state ETH-USDT awaiting_snapshot: the exchange did not answer the subscription"));
    EXPECT_EQ(status().resubscriptions["unanswered"], 1);
    EXPECT_THAT(sent(), IsEmpty());
    now_ += 1s;
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("ETH-USDT.depth")));
    EXPECT_TRUE(market(Wire::snapshot("ETH-USDT", 1)).has_value());
    EXPECT_NE(core_.book("ETH-USDT"), nullptr);
    EXPECT_NE(core_.book("BTC-USDT"), nullptr) << "nothing has touched it";
}

TEST_F(Core, a_connection_that_answers_nothing_is_overdue) {
    begin();
    now_ += 11s;
    core_.look(now_);
    EXPECT_TRUE(core_.is_overdue(0, now_));
    EXPECT_EQ(status().resubscriptions["unanswered"], 0);
}

TEST_F(Core, leaving_that_is_not_answered_is_over_all_the_same) {
    go_live();
    core_.restart_book("BTC-USDT", BookState::audit_failed, "", now_);
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("unsub")));
    now_ += 1s;
    EXPECT_TRUE(market(Wire::subbed(topic_name(TopicKind::tape, "BTC-USDT"))).has_value());
    now_ += 10s;
    core_.look(now_);
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("\"sub\"")));
    EXPECT_TRUE(market(Wire::snapshot("BTC-USDT", 5)).has_value());
    EXPECT_NE(core_.book("BTC-USDT"), nullptr);
}

TEST_F(Core, the_caller_may_begin_a_tape_again) {
    go_live();
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 5)).has_value());
    recorder_.take();
    core_.restart_tape("BTC-USDT", "it stalled", now_);
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 6)).has_value());
    EXPECT_THAT(recorder_.take(), ElementsAre("hole BTC-USDT: it stalled")) << "what still comes is the old one's";
    EXPECT_THAT(sent(), ElementsAre(testing::AllOf(HasSubstr("unsub"), HasSubstr("trade"))));
    EXPECT_TRUE(market(Wire::unsubbed(topic_name(TopicKind::tape, "BTC-USDT"))).has_value());
    now_ += 250ms;
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("\"sub\"")));
    EXPECT_TRUE(market(Wire::trade("BTC-USDT", 7)).has_value());
    EXPECT_THAT(recorder_.take(), ElementsAre("hole BTC-USDT: the tape begins here", "trade BTC-USDT 7"));
    EXPECT_EQ(status().resubscriptions["tape_stalled"], 1);
    EXPECT_NE(core_.book("BTC-USDT"), nullptr) << "the book is not touched";
    core_.restart_tape("ETH-USDT", "nothing of the kind", now_);
    EXPECT_THAT(recorder_.take(), IsEmpty());
}

TEST_F(Core, a_wrong_wall_clock_blinds_nothing) {
    for (const auto wrong : {-72h, -2h, 2h, 72h}) {
        Recorder recorder;
        FeedCore core(options_, recorder, [] { return 0.999; });
        core.want({contract_of("BTC-USDT")}, now_);
        core.connected(0);
        while (core.next(now_)) {
        }
        const auto feed = [&](std::string_view frame) {
            now_ += 100ms;
            const Received received{.wall = core::from_unix_ms(Wire::kNow) + wrong, .steady = now_};
            EXPECT_TRUE(core.on_market(0, test::gzip(frame), received).has_value());
        };
        feed(Wire::snapshot("BTC-USDT", 10));
        feed(Wire::update("BTC-USDT", 11));
        feed(Wire::trade("BTC-USDT", 5));
        EXPECT_NE(core.book("BTC-USDT"), nullptr) << wrong.count();
        EXPECT_EQ(recorder.books, 2);
        EXPECT_EQ(recorder.last_time, core::from_unix_ms(Wire::kNow)) << "as the exchange has it";
        EXPECT_EQ(recorder.trades.size(), 1);
        // What is from a later day than everything else is nonsense as before.
        feed(Wire::trade("BTC-USDT", 6, 100.5, Wire::kNow + 7'200'000));
        EXPECT_EQ(recorder.trades.size(), 1);
        feed(Wire::book("BTC-USDT", "update", 12, "[]", "[]", Wire::kNow + 7'200'000));
        EXPECT_EQ(core.book("BTC-USDT"), nullptr);
    }
}

class Notices : public Core {
protected:
    void answer(std::string_view topic, int code = 0) {
        EXPECT_TRUE(
            notify(fmt::format(R"({{"op":"sub","cid":"1","topic":"{}","err-code":{},"err-msg":"no"}})", topic, code))
                .has_value());
    }
    void rates() {
        EXPECT_TRUE(
            notify(
                R"({"op":"notify","topic":"public.ETH-USDT.funding_rate","ts":1790134831749,"data":[{"contract_code":"ETH-USDT","funding_rate":"0.5","settlement_time":"1790150400000"}]})")
                .has_value());
    }
    void contracts() {
        EXPECT_TRUE(
            notify(R"({"op":"notify","topic":"public.*.contract_info","event":"snapshot","data":[]})").has_value());
    }
    /// Connected, and all three subscribed.
    void subscribe() {
        core_.notifications_connected(now_);
        EXPECT_EQ(sent().size(), 3);
        for (const auto topic : {kFundingTopic, kContractTopic, kLiquidationTopic}) answer(topic);
        recorder_.take();
    }
    FeedNoticeStatus notice(std::string_view topic) {
        for (const auto& one : status().notices) {
            if (one.topic == topic) return one;
        }
        ADD_FAILURE() << topic;
        return {};
    }
    using State = FeedNoticeStatus::State;
};

TEST_F(Notices, what_is_refused_is_asked_for_again_and_ever_more_rarely) {
    core_.notifications_connected(now_);
    EXPECT_EQ(sent().size(), 3);
    EXPECT_EQ(notice(kLiquidationTopic).state, State::asked);
    answer(kFundingTopic);
    answer(kContractTopic);
    std::vector<std::chrono::seconds> waits;
    for (int i = 0; i < 9; ++i) {
        answer(kLiquidationTopic, 2004);
        EXPECT_EQ(notice(kLiquidationTopic).state, State::waiting);
        EXPECT_EQ(notice(kLiquidationTopic).failures, static_cast<std::uint64_t>(i + 1));
        EXPECT_EQ(notice(kLiquidationTopic).last_error, "the exchange refused it: no");
        const auto refused_at = now_;
        std::vector<std::string> texts;
        while (texts.empty()) {
            EXPECT_GT(core_.next_due(), now_);
            now_ = core_.next_due();
            texts = sent();
        }
        EXPECT_THAT(texts, ElementsAre(HasSubstr("liquidation_orders")));
        waits.push_back(std::chrono::ceil<std::chrono::seconds>(now_ - refused_at));
    }
    EXPECT_THAT(waits, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s));
    EXPECT_FALSE(recorder_.was_told("liquidations followed"));
    answer(kLiquidationTopic);
    EXPECT_TRUE(recorder_.was_told("liquidations followed"));
    EXPECT_EQ(notice(kLiquidationTopic).state, State::subscribed);
    EXPECT_EQ(notice(kLiquidationTopic).failures, 0);
    EXPECT_EQ(status().resubscriptions["refused"], 9);
}

TEST_F(Notices, what_is_not_answered_is_asked_for_again) {
    core_.notifications_connected(now_);
    EXPECT_EQ(sent().size(), 3);
    answer(kLiquidationTopic);
    answer(kContractTopic);
    now_ += 10s;
    core_.look(now_);
    EXPECT_THAT(sent(), IsEmpty());
    now_ += 1s;
    core_.look(now_);
    EXPECT_EQ(status().resubscriptions["unanswered"], 1);
    EXPECT_EQ(notice(kFundingTopic).last_error, "the exchange did not answer the subscription");
    now_ += 1s;
    EXPECT_THAT(sent(), ElementsAre(HasSubstr("funding_rate")));
    answer(kFundingTopic, 2014);
    EXPECT_EQ(notice(kFundingTopic).state, State::subscribed) << "it had been heard";
}

TEST_F(Notices, a_topic_that_has_lost_its_rhythm_ends_its_connection) {
    subscribe();
    for (int i = 0; i < 40; ++i) {
        now_ += 5s;
        rates();
        if (i % 12 == 0) contracts();
        EXPECT_EQ(core_.take_notification_fault(now_), "");
    }
    for (int i = 0; i < 12; ++i) {
        now_ += 5s;
        contracts();
        EXPECT_EQ(core_.take_notification_fault(now_), "") << "a minute of silence";
    }
    now_ += 1s;
    EXPECT_EQ(core_.take_notification_fault(now_), "nothing came of public.*.funding_rate any more");
    EXPECT_EQ(status().resubscriptions["notices_stalled"], 1);
    core_.notifications_disconnected();
    EXPECT_TRUE(recorder_.was_told("liquidations unknown"));
    EXPECT_EQ(core_.take_notification_fault(now_), "");
}

TEST_F(Notices, a_rhythm_that_has_become_slower_is_put_up_with) {
    int ended = 0;
    core::SteadyTime last{};
    for (int beat = 0; beat < 60; ++beat) {
        if (notice(kFundingTopic).state != State::subscribed) subscribe();
        now_ += 100s;  // as rates come now
        contracts();
        if (!core_.take_notification_fault(now_).empty()) {
            ++ended;
            last = now_;
            core_.notifications_disconnected();
            continue;
        }
        rates();
    }
    EXPECT_EQ(ended, 1) << "and then twice as long is waited";
    EXPECT_NE(last, core::SteadyTime());
}

TEST_F(Notices, of_liquidations_silence_says_nothing) {
    subscribe();
    for (int i = 0; i < 720; ++i) {
        now_ += 5s;
        rates();
        if (i % 12 == 0) contracts();
        ASSERT_EQ(core_.take_notification_fault(now_), "");
    }
}

TEST_F(Core, notifications_are_asked_for_first_and_passed_on) {
    want({"BTC-USDT"});
    core_.connected(0);
    core_.notifications_connected(now_);
    const auto texts = sent();
    ASSERT_EQ(texts.size(), 5);
    EXPECT_THAT(texts[0], HasSubstr("liquidation_orders"));
    EXPECT_THAT(texts[3], HasSubstr("depth"));
    EXPECT_TRUE(notify(R"({"op":"sub","cid":"3","topic":"public.*.liquidation_orders","err-code":0})").has_value());
    EXPECT_TRUE(
        notify(
            R"({"op":"notify","topic":"public.*.liquidation_orders","ts":1790134831749,"data":[{"contract_code":"ETH-USDT","direction":"sell","price":2446.26,"created_at":1790134831749,"amount":5}]})")
            .has_value());
    EXPECT_TRUE(
        notify(
            R"({"op":"notify","topic":"public.*.funding_rate","ts":1790134831749,"data":[{"contract_code":"ETH-USDT","funding_rate":"0.5","settlement_time":"1790150400000"}]})")
            .has_value());
    const auto ping = notify(R"({"op":"ping","ts":7})");
    ASSERT_TRUE(ping.has_value());
    EXPECT_EQ(ping->value_or(""), R"({"op":"pong","ts":7})");
    core_.notifications_disconnected();
    EXPECT_THAT(recorder_.lines, ElementsAre("liquidations followed", "liquidation ETH-USDT 2446.26 5",
                                             "funding ETH-USDT 0.5", "liquidations unknown"));
    EXPECT_FALSE(notify(R"({"op":"close","ts":7})").has_value());
}

TEST_F(Core, only_news_of_contracts_are_told) {
    const auto rows = [&](std::string_view event, std::string_view list) {
        EXPECT_TRUE(notify(fmt::format(R"({{"op":"notify","topic":"public.*.contract_info","event":"{}","data":[{}]}})",
                                       event, list))
                        .has_value());
        return recorder_.take();
    };
    const std::string btc = R"({"contract_code":"BTC-USDT","contract_status":1})";
    const std::string eth = R"({"contract_code":"ETH-USDT","contract_status":1})";
    const std::string eth_suspended = R"({"contract_code":"ETH-USDT","contract_status":3})";
    EXPECT_THAT(rows("init", btc), IsEmpty());
    EXPECT_THAT(rows("init", eth), IsEmpty());
    EXPECT_THAT(rows("snapshot", btc + "," + eth), IsEmpty());
    EXPECT_THAT(rows("update", eth_suspended), ElementsAre("contract ETH-USDT"));
    EXPECT_THAT(rows("snapshot", btc + "," + eth), ElementsAre("contract ETH-USDT")) << "missed in between";
    EXPECT_THAT(rows("init", btc + "," + eth), IsEmpty()) << "connected again";
    EXPECT_THAT(rows("snapshot", R"({"contract_code":"NEW-USDT","contract_status":2})"),
                ElementsAre("contract NEW-USDT"));
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
