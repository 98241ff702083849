#include "exchange/htx/feed/frames/market_frame.hpp"
#include "exchange/htx/feed/frames/notification_frame.hpp"
#include "exchange/htx/feed/topics.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/random.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

using Kind = MarketFrame::Kind;
using market::Level;
using testing::ElementsAre;
using testing::IsEmpty;

// Lines of facts that public notes of the exchange's own frames have.
constexpr std::string_view kSnapshot =
    R"({"ch":"market.BTC-USDT.depth.size_150.high_freq","ts":1790134831753,"tick":{"asks":[[86859.9,817],[86864.5,14]],"bids":[[86859.8,6172],[86858.5,147]],"ch":"market.BTC-USDT.depth.size_150.high_freq","event":"snapshot","id":100129125618870,"mrid":100129125618870,"ts":1790134831749,"version":1789895280797}})";
constexpr std::string_view kUpdate =
    R"({"ch":"market.BTC-USDT.depth.size_150.high_freq","ts":1790134831873,"tick":{"asks":[],"bids":[[86853.4,2],[86848.5,0]],"ch":"market.BTC-USDT.depth.size_150.high_freq","event":"update","id":100129125618998,"mrid":100129125618998,"ts":1790134831871,"version":1789895280798}})";
constexpr std::string_view kTrades =
    R"({"ch":"market.BTC-USDT.trade.detail","ts":1645129638135,"tick":{"id":96710414218,"ts":1645129638118,"data":[{"amount":130,"quantity":0.13,"trade_turnover":5328.739,"ts":1645129638118,"id":967104142180000,"price":40990.3,"direction":"buy"},{"amount":16,"quantity":0.016,"trade_turnover":655.8448,"ts":1645129638118,"id":967104142180001,"price":40990.3,"direction":""}]}})";

/// With room behind it, as the inflater leaves it.
std::string padded(std::string_view text) {
    std::string copy(text);
    copy.reserve(text.size() + net::GzipInflater::kPadding);
    return copy;
}

class Frames : public testing::Test {
protected:
    MarketFrame decode(std::string_view text) {
        text_ = padded(text);
        auto frame = decoder_.decode(text_);
        EXPECT_TRUE(frame.has_value()) << text;
        return frame ? *frame : MarketFrame();
    }
    bool is_malformed(std::string_view text) {
        text_ = padded(text);
        const auto frame = decoder_.decode(text_);
        return !frame && frame.error().code() == core::ErrorCode::malformed;
    }
    /// kSnapshot, kUpdate or kTrades with a piece of its text replaced.
    std::string with(std::string_view frame, std::string_view piece, std::string_view other) {
        std::string text(frame);
        const auto place = text.find(piece);
        EXPECT_NE(place, std::string::npos) << piece;
        return text.replace(place, piece.size(), other);
    }

    MarketFrameDecoder decoder_;
    std::string text_;
};

TEST_F(Frames, a_snapshot) {
    const auto frame = decode(kSnapshot);
    ASSERT_EQ(frame.kind, Kind::data);
    EXPECT_EQ(frame.topic, "market.BTC-USDT.depth.size_150.high_freq");
    EXPECT_EQ(frame.time, core::from_unix_ms(1790134831753));
    ASSERT_TRUE(frame.book.has_value()) << frame.problem;
    EXPECT_TRUE(frame.book->whole);
    EXPECT_EQ(frame.book->version, 1789895280797);
    EXPECT_EQ(frame.book->matching_id, 100129125618870);
    EXPECT_EQ(frame.book->time, core::from_unix_ms(1790134831749));
    EXPECT_THAT(frame.book->asks, ElementsAre(Level{86859.9, 817}, Level{86864.5, 14}));
    EXPECT_THAT(frame.book->bids, ElementsAre(Level{86859.8, 6172}, Level{86858.5, 147}));
}

TEST_F(Frames, an_update_and_an_empty_one) {
    const auto frame = decode(kUpdate);
    ASSERT_TRUE(frame.book.has_value());
    EXPECT_FALSE(frame.book->whole);
    EXPECT_THAT(frame.book->bids, ElementsAre(Level{86853.4, 2}, Level{86848.5, 0}));
    EXPECT_THAT(frame.book->asks, IsEmpty());
    const auto empty = decode(with(kUpdate, "[[86853.4,2],[86848.5,0]]", "[]"));
    ASSERT_TRUE(empty.book.has_value());
    EXPECT_THAT(empty.book->bids, IsEmpty());
}

TEST_F(Frames, a_side_may_be_absent_and_keys_in_any_order) {
    const auto frame = decode(
        R"({"tick":{"version":7,"ts":1790134831871,"event":"snapshot","new":{"a":[1,{}]},"bids":[[1.5,2]]},"what":[],"ch":"market.X-USDT.depth.size_150.high_freq"})");
    ASSERT_TRUE(frame.book.has_value()) << frame.problem;
    EXPECT_THAT(frame.book->bids, ElementsAre(Level{1.5, 2}));
    EXPECT_THAT(frame.book->asks, IsEmpty());
    EXPECT_FALSE(frame.time.has_value());
}

TEST_F(Frames, trades_keep_ids_beyond_doubles) {
    auto frame = decode(with(kTrades, "967104142180001", "1001291256189980003"));
    ASSERT_EQ(frame.trades.size(), 2);
    EXPECT_EQ(frame.problem, nullptr);
    EXPECT_EQ(frame.trades[0].trade_id, 967104142180000);
    EXPECT_EQ(frame.trades[0].size, 130);
    EXPECT_EQ(frame.trades[0].price, 40990.3);
    EXPECT_EQ(frame.trades[0].taker_side, market::Side::buy);
    EXPECT_EQ(frame.trades[1].trade_id, 1001291256189980003);
    EXPECT_EQ(frame.trades[1].taker_side, market::Side::unknown);
    EXPECT_EQ(frame.trades[1].time, core::from_unix_ms(1645129638118));
}

TEST_F(Frames, pings_answers_and_errors) {
    const auto ping = decode(R"({"ping":1790134831961})");
    EXPECT_EQ(ping.kind, Kind::ping);
    EXPECT_EQ(ping.ping, 1790134831961);
    const auto subscribed =
        decode(R"({"id":"id1","status":"ok","subbed":"market.BTC-USDT.trade.detail","ts":1790134045107})");
    EXPECT_EQ(subscribed.kind, Kind::subscribed);
    EXPECT_EQ(subscribed.topic, "market.BTC-USDT.trade.detail");
    EXPECT_EQ(subscribed.id, "id1");
    EXPECT_EQ(decode(R"({"id":"6","status":"ok","unsubbed":"market.X","ts":1790134045107})").kind, Kind::unsubscribed);
    const auto refused = decode(
        R"({"status":"error","ts":1790134833291,"id":"e-size400","err-code":"bad-request","err-msg":"invalid topic market.BTC-USDT.depth.size_400.high_freq"})");
    EXPECT_EQ(refused.kind, Kind::error);
    EXPECT_EQ(refused.id, "e-size400");
    EXPECT_EQ(refused.message, "invalid topic market.BTC-USDT.depth.size_400.high_freq");
    EXPECT_EQ(decode(R"({"hello":1})").kind, Kind::unknown);
}

TEST_F(Frames, whole_messages_that_cannot_be_read) {
    for (const char* const text :
         {"", " ", "null", "[]", "7", "\"text\"", "{", "{\"ch\":", R"({"ch":"a","tick":{"asks":[[1,2]})",
          R"({"ping":1}{"ping":2})", R"({"ping":1} x)", "{\"ch\":\"\xff\xfe\"}"}) {
        EXPECT_TRUE(is_malformed(text)) << text;
    }
}

TEST_F(Frames, the_short_cut_for_books_makes_no_difference) {
    // Whatever is cut out or put in, both say the same.
    const auto both = [this](const std::string& text) {
        text_ = padded(text);
        MarketFrameDecoder plain;
        const auto slow = plain.decode_as_json(text_);
        const auto fast = decoder_.decode(text_);
        ASSERT_EQ(fast.has_value(), slow.has_value()) << text;
        if (!fast) return;
        ASSERT_EQ(fast->kind, slow->kind) << text;
        ASSERT_EQ(fast->topic, slow->topic) << text;
        ASSERT_EQ(fast->time, slow->time) << text;
        ASSERT_EQ(fast->problem == nullptr, slow->problem == nullptr) << text;
        ASSERT_EQ(fast->book.has_value(), slow->book.has_value()) << text;
        if (!fast->book) return;
        ASSERT_EQ(fast->book->whole, slow->book->whole) << text;
        ASSERT_EQ(fast->book->version, slow->book->version) << text;
        ASSERT_EQ(fast->book->matching_id, slow->book->matching_id) << text;
        ASSERT_EQ(fast->book->time, slow->book->time) << text;
        ASSERT_THAT(fast->book->bids, testing::ElementsAreArray(slow->book->bids)) << text;
        ASSERT_THAT(fast->book->asks, testing::ElementsAreArray(slow->book->asks)) << text;
    };
    core::Random random(5);
    for (const std::string_view frame : {kSnapshot, kUpdate}) {
        both(std::string(frame));
        for (std::size_t at = 0; at < frame.size(); ++at) both(std::string(frame).erase(at, 1));
        for (int i = 0; i < 2'000; ++i) {
            std::string text(frame);
            for (auto changes = 1 + random.below(3); changes > 0; --changes) {
                static constexpr std::string_view kPieces = "0123456789.,:[]{}\"-e tsch";
                const auto at = random.below(text.size());
                const char piece = kPieces[random.below(kPieces.size())];
                if (random.chance(0.5)) {
                    text[at] = piece;
                } else {
                    text.insert(at, 1, piece);
                }
            }
            both(text);
        }
    }
}

TEST_F(Frames, levels_that_cannot_be) {
    for (const char* const level :
         {"[0,5]", "[-1,5]", "[86000,-5]", "[86000]", "[]", "[86000,5,6]", "86000", "null", "[null,5]", "[86000,null]",
          "[\"x\",5]", "{\"price\":86000}", "[86000,[5]]", "[true,5]"}) {
        const auto frame = decode(with(kSnapshot, "[86864.5,14]", level));
        EXPECT_FALSE(frame.book.has_value()) << level;
        EXPECT_NE(frame.problem, nullptr) << level;
        EXPECT_EQ(frame.topic, "market.BTC-USDT.depth.size_150.high_freq");
    }
    EXPECT_TRUE(is_malformed(with(kSnapshot, "[86864.5,14]", "[1e999,14]")) ||
                decode(with(kSnapshot, "[86864.5,14]", "[1e999,14]")).problem != nullptr);
}

TEST_F(Frames, books_that_cannot_be) {
    EXPECT_NE(decode(with(kSnapshot, "\"snapshot\"", "\"sideways\"")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "1789895280797", "0")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "1789895280797", "-4")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "1789895280797", "1.5")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "1789895280797", "99999999999999999999")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "\"ts\":1790134831749", "\"ts\":1790134831")).problem, nullptr);
    EXPECT_NE(decode(with(kSnapshot, "[86864.5,14]", "[86859.9,14]")).problem, nullptr) << "a price twice";
    EXPECT_NE(decode(with(kSnapshot, "[86858.5,147]", "[86859.85,147]")).problem, nullptr) << "bids that ascend";
    EXPECT_NE(decode(with(kSnapshot, "[[86859.9,817],[86864.5,14]]", "7")).problem, nullptr);
    EXPECT_NE(decode(R"({"ch":"market.X-USDT.depth.size_150.high_freq","tick":5})").problem, nullptr);
    EXPECT_NE(decode(R"({"ch":"market.X-USDT.depth.size_150.high_freq"})").problem, nullptr);
}

TEST_F(Frames, trades_that_cannot_be) {
    EXPECT_NE(decode(with(kTrades, "\"price\":40990.3", "\"price\":0")).problem, nullptr);
    EXPECT_NE(decode(with(kTrades, "\"price\":40990.3", "\"price\":null")).problem, nullptr);
    EXPECT_NE(decode(with(kTrades, "\"amount\":130", "\"amount\":-130")).problem, nullptr);
    EXPECT_NE(decode(with(kTrades, "\"id\":967104142180000", "\"id\":\"x\"")).problem, nullptr);
    EXPECT_NE(decode(with(kTrades, "\"id\":967104142180000", "\"id\":0")).problem, nullptr);
    EXPECT_EQ(decode(with(kTrades, "\"amount\":130", "\"amount\":\"130\"")).problem, nullptr) << "numbers as text";
}

class Notifications : public testing::Test {
protected:
    NotificationFrame decode(std::string_view text) {
        text_ = padded(text);
        auto frame = decoder_.decode(text_);
        EXPECT_TRUE(frame.has_value()) << text;
        return frame ? *frame : NotificationFrame();
    }
    NotificationDecoder decoder_;
    std::string text_;
};

TEST_F(Notifications, funding_rates) {
    const auto frame = decode(
        R"({"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1790135117894,"data":[{"symbol":"BTC","contract_code":"BTC-USDT","fee_asset":"USDT","funding_time":"1790135110000","funding_rate":"0.000064355479737646","estimated_rate":null,"settlement_time":"1790150400000","trade_partition":"USDT"},{"contract_code":"BTC-USDC","funding_rate":"0.1","trade_partition":"USDC"}]})");
    ASSERT_EQ(frame.kind, NotificationFrame::Kind::data);
    EXPECT_EQ(frame.about, NotificationKind::funding_rate);
    ASSERT_EQ(frame.rows.size(), 1);
    EXPECT_EQ(frame.rows[0].contract_code, "BTC-USDT");
    EXPECT_EQ(frame.rows[0].funding.rate, 0.000064355479737646);
    EXPECT_EQ(frame.rows[0].funding.funding_time, core::from_unix_ms(1790150400000)) << "of the settlement";
    EXPECT_EQ(frame.time, core::from_unix_ms(1790135117894));
}

TEST_F(Notifications, liquidations) {
    const auto frame = decode(
        R"({"op":"notify","topic":"public.ETH-USDT.liquidation_orders","ts":1789670297217,"data":[{"symbol":"ETH","contract_code":"ETH-USDT","direction":"buy","offset":"close","volume":500,"price":2446.26,"created_at":1789670297212,"amount":5,"trade_turnover":12231.3,"contract_type":"swap","pair":"ETH-USDT","business_type":"swap","trade_partition":"USDT"},{"contract_code":"ETH-USDT","direction":"sell","price":-1,"amount":5,"created_at":1789670297212}]})");
    ASSERT_EQ(frame.rows.size(), 1);
    EXPECT_EQ(frame.bad_rows, 1);
    const auto& order = frame.rows[0].liquidation;
    EXPECT_EQ(order.taker_side, market::Side::buy);
    EXPECT_EQ(order.price, 2446.26);
    EXPECT_EQ(order.size, 5);
    EXPECT_EQ(order.time, core::from_unix_ms(1789670297212));
}

TEST_F(Notifications, pings_answers_and_ends) {
    const auto ping = decode(R"({"op":"ping","ts":1789670081489})");
    EXPECT_EQ(ping.kind, NotificationFrame::Kind::ping);
    EXPECT_EQ(ping.ping, 1789670081489);
    const auto subscribed = decode(
        R"({"op":"sub","cid":"airates-liq","topic":"public.*.liquidation_orders","ts":1789670081489,"err-code":0})");
    EXPECT_EQ(subscribed.kind, NotificationFrame::Kind::subscribed);
    EXPECT_EQ(subscribed.about, NotificationKind::liquidation);
    EXPECT_EQ(
        decode(R"({"op":"sub","cid":"1","topic":"public.*.funding_rate","err-code":2014,"err-msg":"Repeated"})").kind,
        NotificationFrame::Kind::subscribed);
    EXPECT_EQ(
        decode(R"({"op":"sub","cid":"1","topic":"public.*.nothing","err-code":2010,"err-msg":"topic error"})").kind,
        NotificationFrame::Kind::refused);
    EXPECT_EQ(decode(R"({"op":"close","ts":1789670081489})").kind, NotificationFrame::Kind::ending);
    EXPECT_EQ(decode(R"({"op":"notify","topic":"public.*.elements","data":[]})").kind,
              NotificationFrame::Kind::unknown);
}

TEST(Topics, names_and_texts) {
    EXPECT_EQ(topic_name(TopicKind::book, "BTC-USDT"), "market.BTC-USDT.depth.size_150.high_freq");
    EXPECT_EQ(topic_name(TopicKind::tape, "龙虾-USDT"), "market.龙虾-USDT.trade.detail");
    const auto parsed = parse_topic("market.BTC-USDT.depth.size_150.high_freq");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->contract_code, "BTC-USDT");
    EXPECT_EQ(parsed->kind, TopicKind::book);
    EXPECT_FALSE(parse_topic("market.BTC-USDT.depth.size_20.high_freq").has_value());
    EXPECT_FALSE(parse_topic("market..trade.detail").has_value());
    EXPECT_EQ(subscribe_text(TopicKind::book, "market.BTC-USDT.depth.size_150.high_freq", 7),
              R"({"sub":"market.BTC-USDT.depth.size_150.high_freq","data_type":"incremental","id":"7"})");
    EXPECT_EQ(subscribe_text(TopicKind::tape, "market.龙虾-USDT.trade.detail", 8),
              R"({"sub":"market.龙虾-USDT.trade.detail","id":"8"})");
    EXPECT_EQ(unsubscribe_text("market.BTC-USDT.trade.detail", 6),
              R"({"unsub":"market.BTC-USDT.trade.detail","id":"6"})");
    EXPECT_EQ(pong_text(1790134831961), R"({"pong":1790134831961})");
    EXPECT_EQ(notification_pong_text(5), R"({"op":"pong","ts":5})");
    EXPECT_EQ(notification_subscribe_text(kFundingTopic, 1),
              R"({"op":"sub","cid":"1","topic":"public.*.funding_rate"})");
}

TEST(Topics, the_feed_is_on_the_host_of_the_rest_interface) {
    EXPECT_EQ(feed_url("https://api.hbdm.com"), "wss://api.hbdm.com");
    EXPECT_EQ(feed_url("https://api.hbdm.vn/"), "wss://api.hbdm.vn");
    EXPECT_EQ(feed_url("http://127.0.0.1:18080"), "ws://127.0.0.1:18080");
    EXPECT_EQ(feed_url("wss://other.example/prefix/"), "wss://other.example/prefix");
    EXPECT_EQ(feed_url("ftp://api.hbdm.com"), "");
    EXPECT_EQ(feed_url("https://"), "");
}

TEST(KeptFrames, every_one_of_the_exchange_is_read) {
    const std::filesystem::path path =
        std::filesystem::path(SCANNER_SOURCE_DIR) / "../shared/htx/payloads/ws_frames_202609.jsonl";
    std::ifstream file(path);
    if (!file) GTEST_SKIP() << path << " is not there";
    MarketFrameDecoder market;
    NotificationDecoder notifications;
    int lines = 0;
    for (std::string line; std::getline(file, line); ++lines) {
        const std::string text = padded(line);
        if (line.contains("\"op\":")) {
            const auto frame = notifications.decode(text);
            ASSERT_TRUE(frame.has_value()) << line;
            EXPECT_NE(frame->kind, NotificationFrame::Kind::unknown) << line;
            EXPECT_EQ(frame->bad_rows, 0) << line;
            continue;
        }
        const auto frame = market.decode(text);
        ASSERT_TRUE(frame.has_value()) << line;
        EXPECT_NE(frame->kind, Kind::unknown) << line;
        if (line.starts_with("{\"ch\"") && line.contains("high_freq")) EXPECT_TRUE(frame->book.has_value()) << line;
    }
    EXPECT_GE(lines, 15);
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
