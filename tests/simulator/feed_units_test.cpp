// The pure parts of the WebSocket face: topics, changes of books, frames, pings.
#include "simulator/face/faults/faults.hpp"
#include "simulator/face/state/book_changes.hpp"
#include "simulator/face/state/book_record.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/face/ws/channel.hpp"
#include "simulator/face/ws/delivery.hpp"
#include "simulator/face/ws/feed_connection.hpp"
#include "simulator/face/ws/frame_packer.hpp"
#include "simulator/face/ws/topic.hpp"
#include "simulator/face_fake_market.hpp"
#include "simulator/feed_client.hpp"

#include "scanner/core/random.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace scanner::simulator {

static bool operator==(const BookLevel& a, const BookLevel& b) {
    return a.price_ticks == b.price_ticks && a.contracts == b.contracts;
}

}  // namespace scanner::simulator

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using market::Side;
using test::FakeMarket;

// -- topics

class FeedTopic : public ::testing::Test {
protected:
    std::optional<Topic> parse(std::string_view text, FeedSocket socket = FeedSocket::market) const {
        return parse_topic(text, socket, directory_);
    }
    FakeMarket market_;
    Directory directory_{market_.contracts(), test::kNow};
};

TEST_F(FeedTopic, every_topic_of_the_market_socket) {
    EXPECT_EQ(parse("market.BTC-USDT.bbo")->kind, TopicKind::bbo);
    EXPECT_EQ(parse("market.BTC-USDT.detail")->kind, TopicKind::detail);
    EXPECT_EQ(parse("market.BTC-USDT.trade.detail")->kind, TopicKind::trades);
    EXPECT_EQ(parse("market.BTC-USDT.kline.60min")->period, Period::min60);
    EXPECT_EQ(parse("market.BTC-USDT.depth.step6")->step.levels, 30U);
    EXPECT_EQ(parse("market.BTC-USDT.depth.size_20.high_freq")->levels, 20U);
    const auto book = parse("market.BTC-USDT.depth.size_150.high_freq");
    EXPECT_EQ(book->kind, TopicKind::high_freq);
    EXPECT_EQ(book->levels, 150U);
    EXPECT_EQ(book->contract, FakeMarket::btc);
}

TEST_F(FeedTopic, contracts_are_found_in_any_case_and_written_in_upper_case) {
    EXPECT_EQ(parse("market.btc-usdt.trade.detail")->channel, "market.BTC-USDT.trade.detail");
    EXPECT_EQ(parse("market.龙虾-usdt.bbo")->channel, "market.龙虾-USDT.bbo");
    EXPECT_EQ(parse("market.CYBER-USDT.bbo")->contract, FakeMarket::cyber) << "suspended ones are known";
}

TEST_F(FeedTopic, what_the_exchange_does_not_have) {
    for (const std::string_view text :
         {"", "market", "market.BTC-USDT", "market.NOPE-USDT.bbo", "market.CVX-USDT.bbo", "markets.BTC-USDT.bbo",
          "market.BTC-USDT.depth.size_400.high_freq", "market.BTC-USDT.depth.size_150", "market.BTC-USDT.depth.step99",
          "market.BTC-USDT.kline.2min", "market.BTC-USDT.kline", "market.BTC-USDT.trade", "market.BTC-USDT.bbo.x",
          "market.BTC-USDT.mark_price.1min", "market.BTC-USDT.bbo.", "public.BTC-USDT.funding_rate"}) {
        EXPECT_FALSE(parse(text)) << text;
    }
    EXPECT_FALSE(parse("market." + std::string(500, 'A') + ".bbo"));
}

TEST_F(FeedTopic, the_index_socket_has_others) {
    const auto index = [this](std::string_view text) { return parse(text, FeedSocket::index); };
    EXPECT_EQ(index("market.BTC-USDT.mark_price.1min")->kind, TopicKind::mark_price);
    EXPECT_EQ(index("market.BTC-USDT.index.1day")->kind, TopicKind::index);
    EXPECT_EQ(index("market.BTC-USDT.premium_index.5min")->kind, TopicKind::premium_index);
    EXPECT_EQ(index("market.BTC-USDT.estimated_rate.4hour")->kind, TopicKind::estimated_rate);
    EXPECT_EQ(index("market.BTC-USDT.basis.1min.close")->price_type, "close");
    EXPECT_FALSE(index("market.BTC-USDT.basis.1min"));
    EXPECT_FALSE(index("market.BTC-USDT.basis.1min.mean"));
    EXPECT_FALSE(index("market.BTC-USDT.mark_price"));
    EXPECT_FALSE(index("market.BTC-USDT.bbo"));
}

TEST_F(FeedTopic, notices_of_one_contract_or_all) {
    const auto all = parse_notice_topic("public.*.funding_rate", directory_);
    ASSERT_TRUE(all);
    EXPECT_FALSE(all->contract);
    EXPECT_EQ(all->name, "public.*.funding_rate");
    EXPECT_EQ(parse_notice_topic("public.btc-usdt.liquidation_orders", directory_)->name,
              "public.BTC-USDT.liquidation_orders");
    EXPECT_EQ(parse_notice_topic("public.NOPE-USDT.funding_rate", directory_).error(), NoticeProblem::contract);
    EXPECT_EQ(parse_notice_topic("public.BTC-USDT.open_interest", directory_).error(), NoticeProblem::topic);
    EXPECT_EQ(parse_notice_topic("public.funding_rate", directory_).error(), NoticeProblem::topic);
}

// -- changes of books

std::vector<BookLevel> random_side(core::Random& random, Side side) {
    std::vector<BookLevel> levels;
    std::int64_t price = 1'000;
    for (std::uint64_t i = random.below(30); i > 0; --i) {
        price += (side == Side::buy ? -1 : 1) * static_cast<std::int64_t>(1 + random.below(3));
        levels.push_back({.price_ticks = price, .contracts = static_cast<std::int64_t>(1 + random.below(3))});
    }
    return levels;
}

TEST(FeedBook, changes_lead_from_any_side_to_any_other) {
    core::Random random(7, 1);
    for (int round = 0; round < 5'000; ++round) {
        const Side side = round % 2 == 0 ? Side::buy : Side::sell;
        const auto before = random_side(random, side);
        const auto after = random_side(random, side);
        std::vector<BookLevel> changes;
        append_changes(before, after, side, changes);
        auto reached = before;
        apply_changes(changes, side, reached);
        ASSERT_TRUE(reached == after) << round;
        // No more than is needed.
        for (const BookLevel& change : changes) {
            ASSERT_TRUE(std::ranges::find(before, change) == before.end()) << round;
        }
    }
}

TEST(FeedBook, levels_that_leave_the_window_are_removed) {
    const std::vector<BookLevel> before{{100, 1}, {99, 2}, {98, 3}};
    const std::vector<BookLevel> after{{101, 5}, {100, 1}, {99, 2}, {98, 3}};
    std::vector<BookLevel> changes;
    append_changes(best_levels(before, 2), best_levels(after, 2), Side::buy, changes);
    EXPECT_TRUE(changes == (std::vector<BookLevel>{{101, 5}, {99, 0}}));
    changes.clear();
    append_changes(best_levels(after, 2), best_levels(before, 2), Side::buy, changes);
    EXPECT_TRUE(changes == (std::vector<BookLevel>{{101, 0}, {99, 2}})) << "and come back with their size";
}

TEST(FeedBook, the_record_knows_each_book_that_was_looked_at) {
    FakeMarket market;
    BookRecord record;
    core::Random random(3, 1);
    std::vector<BookState> seen;
    for (int i = 0; i < 200; ++i) {
        BookState& book = market.books[FakeMarket::btc];
        book.matching_id += static_cast<std::int64_t>(1 + random.below(5));
        book.bids = random_side(random, Side::buy);
        book.asks = random_side(random, Side::sell);
        market.time += 30ms;
        ASSERT_TRUE(record.look(market, FakeMarket::btc));
        ASSERT_FALSE(record.look(market, FakeMarket::btc)) << "nothing has changed";
        seen.push_back(book);
    }
    for (const BookState& book : seen) {
        const auto found = record.at(book.matching_id);
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->bids == book.bids && found->asks == book.asks);
        EXPECT_EQ(found->time, book.time);
    }
    EXPECT_FALSE(record.at(seen.back().matching_id + 1));
    EXPECT_FALSE(record.at(seen.front().matching_id - 1));
    EXPECT_FALSE(record.superseded(seen.back().matching_id)) << "it is the newest";
    EXPECT_EQ(record.superseded(seen[198].matching_id), market.time);
}

TEST(FeedBook, the_record_forgets) {
    FakeMarket market;
    BookRecord record;
    market.books[FakeMarket::btc].matching_id = 1;
    record.look(market, FakeMarket::btc);
    for (std::int64_t i = 2; i < 5'000; ++i) {
        market.books[FakeMarket::btc].matching_id = i;
        record.look(market, FakeMarket::btc);
    }
    EXPECT_EQ(record.kept(), BookRecord::kMaxKept);
    EXPECT_FALSE(record.at(1));
    market.time += BookRecord::kKept + 1s;
    market.books[FakeMarket::btc].matching_id = 6'000;
    record.look(market, FakeMarket::btc);
    market.time += BookRecord::kKept + 1s;
    market.books[FakeMarket::btc].matching_id = 6'001;
    record.look(market, FakeMarket::btc);
    EXPECT_EQ(record.kept(), 1U);
}

// -- frames

TEST(FeedFrames, are_one_gzip_member_with_the_header_of_the_exchange) {
    FramePacker packer;
    std::string text = R"({"ping":1790134831961})";
    for (int i = 0; i < 12; ++i) {
        const auto frame = packer.pack(text);
        EXPECT_EQ(frame->substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
        EXPECT_EQ(test::gunzip(*frame), text);
        text += text;
    }
}

TEST(FeedFrames, share_their_beginning) {
    FramePacker packer;
    for (const std::size_t size : {std::size_t{1}, std::size_t{200}, std::size_t{70'000}}) {
        const std::string text = R"({"a":")" + std::string(size, 'x') + R"(","version":)";
        const auto beginning = packer.begin(text);
        for (const std::string_view rest : {"1789895280797}}", "1789895280798}}", "}"}) {
            EXPECT_EQ(test::gunzip(*FramePacker::finish(beginning, rest)), text + std::string(rest));
        }
    }
}

TEST(FeedFrames, a_bomb_is_small_and_grows) {
    const auto bomb = pack_bomb("{", 32U << 20U);
    EXPECT_LT(bomb->size(), 128U << 10U);
    EXPECT_EQ(test::gunzip(*bomb)->size(), (32U << 20U) + 1);
}

// -- connections

/// A client that takes nothing: what is written to it is never done until it is closed.
class StuckSocket final : public net::WebSocket {
public:
    explicit StuckSocket(boost::asio::any_io_executor executor) : closed_(std::move(executor)) {}

    boost::asio::awaitable<core::Result<Message>> read() override {
        co_await closed_.wait();
        co_return core::fail(core::ErrorCode::network, "closed");
    }
    boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string>, bool) override {
        ++writes;
        co_await closed_.wait();
        co_return core::fail(core::ErrorCode::network, "closed");
    }
    boost::asio::awaitable<void> close(std::uint16_t code, std::string) override {
        codes.push_back(code);
        closed_.notify();
        co_return;
    }

    int writes = 0;
    std::vector<std::uint16_t> codes;

private:
    net::Event closed_;
};

/// Sends frames of ten bytes to a client that takes none, and says how it was closed.
std::vector<std::uint16_t> send_to_stuck(const FeedLimits& limits, int frames) {
    boost::asio::io_context loop(1);
    StuckSocket socket(loop.get_executor());
    const auto connection = std::make_shared<FeedConnection>(socket, loop.get_executor(), 1, FeedSocket::market,
                                                             "/linear-swap-ws", limits, core::SteadyTime{});
    boost::asio::co_spawn(loop, connection->run([](const std::string&) {}), boost::asio::detached);
    while (loop.poll() > 0) {
    }
    for (int i = 0; i < frames; ++i) connection->send(std::make_shared<const std::string>("0123456789"));
    while (loop.poll() > 0) {
    }
    const auto codes = socket.codes;
    connection->close(1'001, "the test is over");
    loop.run_for(1s);
    EXPECT_EQ(socket.writes, codes.empty() ? 1 : 0) << "one at a time";
    return codes;
}

TEST(FeedConnection, a_client_that_takes_nothing_is_closed) {
    const FeedLimits by_frames{.max_queued_frames = 50};
    EXPECT_TRUE(send_to_stuck(by_frames, 50).empty());
    EXPECT_EQ(send_to_stuck(by_frames, 51), std::vector<std::uint16_t>{1'008});
    const FeedLimits by_bytes{.max_queued_bytes = 500};
    EXPECT_TRUE(send_to_stuck(by_bytes, 50).empty());
    EXPECT_EQ(send_to_stuck(by_bytes, 51), std::vector<std::uint16_t>{1'008});
}

// -- channels

/// A client that takes everything at once.
class TakingSocket final : public net::WebSocket {
public:
    explicit TakingSocket(boost::asio::any_io_executor executor) : closed_(std::move(executor)) {}

    boost::asio::awaitable<core::Result<Message>> read() override {
        co_await closed_.wait();
        co_return core::fail(core::ErrorCode::network, "closed");
    }
    boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> data, bool) override {
        taken.push_back(nlohmann::json::parse(test::gunzip(*data).value()));
        co_return core::Result<void>();
    }
    boost::asio::awaitable<void> close(std::uint16_t, std::string) override {
        closed_.notify();
        co_return;
    }

    std::vector<nlohmann::json> taken;

private:
    net::Event closed_;
};

TEST(FeedChannel, a_book_that_is_empty_when_subscribed_is_told_once_it_has_levels) {
    for (const std::int64_t first_id : {std::int64_t{0}, std::int64_t{5}}) {
        auto owned = std::make_unique<FakeMarket>();
        BookState& book = owned->books[FakeMarket::btc];
        book.matching_id = first_id;
        const core::ManualClock clock(test::kNow);
        World world(std::move(owned), 1, 1.0, clock.now(), clock);
        FaultSet faults(1, {}, clock.steady_now());
        Delivery delivery(faults);
        delivery.begin(clock.steady_now());
        const Scene scene{.market = world.market(),
                          .directory = world.directory(),
                          .books = world.books(),
                          .references = world.references(),
                          .now = test::kNow};
        boost::asio::io_context loop(1);
        TakingSocket socket(loop.get_executor());
        const FeedLimits limits;
        const auto connection = std::make_shared<FeedConnection>(socket, loop.get_executor(), 1, FeedSocket::market,
                                                                 "/linear-swap-ws", limits, core::SteadyTime{});
        boost::asio::co_spawn(loop, connection->run([](const std::string&) {}), boost::asio::detached);
        const auto channel = make_channel(
            parse_topic("market.BTC-USDT.depth.size_150.high_freq", FeedSocket::market, world.directory()).value(),
            BookStyle::changes, world, delivery);
        const auto push = [&] {
            channel->push(scene);
            while (loop.poll() > 0) {
            }
        };
        channel->join(*connection, scene);
        push();
        book.matching_id = first_id + 1;
        push();
        EXPECT_TRUE(socket.taken.empty()) << "there is nothing to say of an empty book";
        book.matching_id = first_id + 2;
        book.bids = {{771'050, 20}};
        push();
        book.matching_id = first_id + 3;
        book.asks = {{771'051, 7}};
        push();
        push();
        ASSERT_EQ(socket.taken.size(), 2U);
        const auto& snapshot = socket.taken[0].at("tick");
        const auto& update = socket.taken[1].at("tick");
        EXPECT_EQ(snapshot.at("event"), "snapshot");
        EXPECT_EQ(snapshot.at("bids").size(), 1U);
        EXPECT_EQ(update.at("event"), "update");
        EXPECT_EQ(update.at("version").get<std::int64_t>(), snapshot.at("version").get<std::int64_t>() + 1);
        EXPECT_TRUE(update.at("bids").empty());
        EXPECT_EQ(update.at("asks").size(), 1U);
        connection->close(1'001, "the test is over");
        loop.run_for(1s);
    }
}

// -- pings

TEST(FeedPings, four_without_an_answer_are_enough) {
    core::SteadyTime now{1h};
    PingState pings(1, 5s, now);
    std::vector<core::SteadyTime> sent;
    auto due = PingState::Due::nothing;
    for (; due != PingState::Due::expired && now < core::SteadyTime(2h); now += 10ms) {
        due = pings.check(now, 7);
        if (due == PingState::Due::ping) sent.push_back(now);
    }
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_LE(sent[0] - core::SteadyTime(1h), 5s);
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_GE(sent[i] - sent[i - 1], 4'800ms);
        EXPECT_LE(sent[i] - sent[i - 1], 5'220ms);
    }
    EXPECT_NEAR(std::chrono::duration<double>(now - sent[0]).count(), 20.0, 1.0);
}

TEST(FeedPings, one_answer_clears_them_and_a_wrong_one_does_not) {
    core::SteadyTime now{1h};
    PingState pings(1, 5s, now);
    int sent = 0;
    for (std::int64_t ms = 0; sent < 40; now += 100ms, ms += 100) {
        const auto due = pings.check(now, ms);
        ASSERT_NE(due, PingState::Due::expired);
        if (due != PingState::Due::ping) continue;
        ++sent;
        if (sent % 3 == 0) pings.answered(ms);
    }
    int unanswered = 0;
    for (std::int64_t ms = 1'000'000;; now += 100ms, ms += 100) {
        const auto due = pings.check(now, ms);
        if (due == PingState::Due::expired) break;
        pings.answered(1);
        if (due == PingState::Due::ping) ++unanswered;
        ASSERT_LE(unanswered, 4);
    }
}

}  // namespace
}  // namespace scanner::simulator::face
