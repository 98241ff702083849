#include "exchange/feed/fake_exchange.hpp"
#include "support/run_coroutine.hpp"
#include "support/tls_files.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange_factory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

/// The wire's times are those of one moment: the clock stands there.
class WireClock final : public core::Clock {
public:
    [[nodiscard]] core::WallTime now() const override { return core::from_unix_ms(Wire::kNow); }
    [[nodiscard]] core::SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

class HtxFeedIo : public testing::Test {
protected:
    void start(const std::vector<std::string>& codes) {
        options_.url = feed_url("http://127.0.0.1:" + std::to_string(exchange_->server().port()) + "/");
        feed_ = make_market_feed(io_.get_executor(), options_, recorder_, clock_, 7);
        want(codes);
        asio::co_spawn(io_, feed_->run(), [this](std::exception_ptr thrown) {
            EXPECT_EQ(thrown, nullptr);
            ended_ = true;
        });
    }
    void want(const std::vector<std::string>& codes) {
        std::vector<std::shared_ptr<const market::Contract>> contracts;
        for (const auto& code : codes) contracts.push_back(contract_of(code, 1.0));
        feed_->want(std::move(contracts));
    }
    template <class Condition>
    bool run_until(Condition condition, std::chrono::milliseconds limit = 10s) {
        io_.restart();
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition() && std::chrono::steady_clock::now() < end) io_.run_one_for(10ms);
        return condition();
    }
    void run_for(std::chrono::milliseconds time) {
        run_until([] { return false; }, time);
    }
    std::size_t live() const {
        const auto status = feed_->status();
        return static_cast<std::size_t>(
            std::ranges::count_if(status.books, [](const auto& book) { return book.second == BookState::live; }));
    }
    /// Whether the book has seen every change so far.
    bool is_current(const std::string& code) const {
        const auto* const book = feed_->book(code);
        return book != nullptr && !book->bids().empty() &&
               book->bids().front().size == static_cast<double>(exchange_->moves());
    }
    FeedConnectionStatus connection(std::size_t index = 0) const { return feed_->status().connections.at(index); }
    static std::vector<std::string> codes(int count) {
        std::vector<std::string> all;
        for (int i = 0; i < count; ++i) all.push_back(fmt::format("C{}-USDT", i));
        return all;
    }
    void TearDown() override {
        if (!feed_) return;
        const auto begun = std::chrono::steady_clock::now();
        feed_->stop();
        EXPECT_TRUE(run_until([&] { return ended_; }));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
        EXPECT_TRUE(run_until([&] { return exchange_->server().open() == 0; })) << "no connection is left behind";
    }

    asio::io_context io_{1};
    WireClock clock_;
    Recorder recorder_;
    std::unique_ptr<FakeExchange> exchange_ = std::make_unique<FakeExchange>(io_);
    MarketFeedOptions options_{.proxy = "",
                               .connect_timeout = 10s,
                               .answer_timeout = 30s,
                               .close_timeout = 200ms,
                               .backoff_base = 50ms,
                               .backoff_cap = 200ms};
    std::unique_ptr<MarketFeed> feed_;
    bool ended_ = false;
};

TEST_F(HtxFeedIo, books_and_tapes_of_every_wanted_contract) {
    options_.topics_per_connection = 10;
    start(codes(20));
    ASSERT_TRUE(run_until([&] { return live() == 20 && exchange_->tapes() == 20; }));
    EXPECT_EQ(exchange_->connections(), 5) << "40 topics, and the notifications";
    for (int i = 0; i < 5; ++i) {
        exchange_->move();
        run_for(20ms);
    }
    ASSERT_TRUE(run_until([&] { return std::ranges::all_of(codes(20), [&](auto& c) { return is_current(c); }); }));
    exchange_->trade("C3-USDT", 77);
    ASSERT_TRUE(run_until([&] { return recorder_.was_told("trade C3-USDT 77"); }));
    EXPECT_TRUE(run_until([&] { return recorder_.was_told("liquidations followed"); }));
    const auto status = feed_->status();
    EXPECT_EQ(status.connections.size(), 5);
    EXPECT_EQ(status.gaps + status.reconnections + status.unreadable_frames, 0);
    EXPECT_TRUE(status.resubscriptions.empty());
    EXPECT_GT(status.inflated_bytes, 0);
    // About a second, as far as a busy machine lets them arrive so: subscriptions_test has the exact rule.
    const auto& times = exchange_->asked_at;
    for (std::size_t i = 40; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 40], 300ms);
}

TEST_F(HtxFeedIo, pings_are_answered) {
    start(codes(1));
    ASSERT_TRUE(run_until([&] { return live() == 1; }));
    EXPECT_TRUE(run_until(
        [&] { return std::ranges::find(exchange_->texts, R"({"pong":1790134831961})") != exchange_->texts.end(); }));
}

TEST_F(HtxFeedIo, a_lost_and_a_doubled_change_begin_that_book_alone_again) {
    start(codes(5));
    ASSERT_TRUE(run_until([&] { return live() == 5; }));
    exchange_->skip["C2-USDT"] = 1;
    exchange_->duplicate.insert("C3-USDT");
    exchange_->move();
    ASSERT_TRUE(run_until([&] { return feed_->status().gaps == 2; }));
    EXPECT_EQ(feed_->book("C2-USDT"), nullptr);
    ASSERT_TRUE(run_until([&] { return live() == 5; }));
    exchange_->move();
    ASSERT_TRUE(run_until([&] { return std::ranges::all_of(codes(5), [&](auto& c) { return is_current(c); }); }));
    const auto status = feed_->status();
    EXPECT_EQ(status.reconnections, 0);
    EXPECT_THAT(status.resubscriptions, testing::ElementsAre(testing::Pair("gap", 2)));
}

TEST_F(HtxFeedIo, a_cut_connection_comes_back_with_everything) {
    start(codes(10));
    ASSERT_TRUE(run_until([&] { return live() == 10 && exchange_->tapes() == 10; }));
    recorder_.take();
    exchange_->drop_all();
    ASSERT_TRUE(run_until([&] { return live() == 0; }));
    EXPECT_THAT(recorder_.lines, Contains(HasSubstr("state C4-USDT disconnected")));
    EXPECT_THAT(recorder_.lines, Contains(HasSubstr("hole C4-USDT")));
    EXPECT_TRUE(run_until([&] { return recorder_.was_told("liquidations unknown"); }));
    ASSERT_TRUE(run_until([&] { return live() == 10 && exchange_->tapes() == 10; }));
    EXPECT_GE(feed_->status().reconnections, 2);
    EXPECT_FALSE(connection().last_error.empty());
}

TEST_F(HtxFeedIo, a_server_that_is_away_is_tried_again_until_it_is_back) {
    exchange_->server().listen(false);
    start(codes(3));
    run_for(300ms);
    EXPECT_EQ(live(), 0);
    exchange_->server().listen(true);
    exchange_->status = 503;
    ASSERT_TRUE(run_until([&] { return exchange_->server().accepted() >= 3; }));
    EXPECT_EQ(live(), 0);
    exchange_->status = 101;
    ASSERT_TRUE(run_until([&] { return live() == 3; }));
}

TEST_F(HtxFeedIo, an_open_connection_without_frames_is_dead) {
    options_.dead_after = 1s;
    start(codes(2));
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    ASSERT_TRUE(run_until([&] { return feed_->status().reconnections >= 1; }, 5s));
    EXPECT_TRUE(run_until([&] { return connection().last_error.contains("no message for 1000 ms"); }));
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
}

TEST_F(HtxFeedIo, a_request_without_an_answer_ends_the_connection) {
    options_.answer_timeout = 500ms;
    exchange_->answers = false;
    start(codes(2));
    ASSERT_TRUE(run_until([&] { return feed_->status().reconnections >= 1; }, 20s));
    EXPECT_TRUE(run_until([&] { return connection().last_error == "no answer to a subscription"; }));
    exchange_->answers = true;
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
}

TEST_F(HtxFeedIo, what_cannot_be_read_ends_the_connection_and_not_the_process) {
    const std::string bomb = test::gzip(std::string(50'000'000, ' '));
    struct Case {
        std::string bytes;
        bool binary;
    };
    start(codes(2));
    std::uint64_t unreadable = 0;
    for (const auto& [bytes, binary] : std::vector<Case>{{"garbage, no gzip at all", true},
                                                         {test::gzip("no JSON"), true},
                                                         {test::gzip(R"({"ping":1})").substr(0, 20), true},
                                                         {bomb, true},
                                                         {R"({"ping":1})", false}}) {
        ASSERT_TRUE(run_until([&] { return live() == 2; }));
        exchange_->say_all(bytes, binary);
        ++unreadable;
        ASSERT_TRUE(run_until([&] { return feed_->status().unreadable_frames == unreadable; }));
    }
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    EXPECT_EQ(feed_->status().reconnections, 5);
}

TEST_F(HtxFeedIo, an_exception_of_the_listener_costs_the_connection_alone) {
    start(codes(2));
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    recorder_.throws = true;
    exchange_->move();
    ASSERT_TRUE(run_until([&] { return feed_->status().reconnections == 1; }));
    EXPECT_EQ(connection().last_error, "a fault of the listener");
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    exchange_->move();
    ASSERT_TRUE(run_until([&] { return is_current("C0-USDT") && is_current("C1-USDT"); }));
}

TEST_F(HtxFeedIo, a_silent_topic_is_asked_for_again_and_others_go_on) {
    options_.snapshot_wait = 200ms;
    exchange_->stalled.insert("C1-USDT");
    start(codes(3));
    ASSERT_TRUE(run_until([&] { return feed_->status().resubscriptions["no_snapshot"] >= 1; }));
    exchange_->move();
    ASSERT_TRUE(run_until([&] { return is_current("C0-USDT") && is_current("C2-USDT"); }));
    EXPECT_EQ(feed_->book("C1-USDT"), nullptr);
    exchange_->stalled.clear();
    ASSERT_TRUE(run_until([&] { return live() == 3; }, 20s));
    EXPECT_EQ(feed_->status().reconnections, 0);
}

TEST_F(HtxFeedIo, a_refused_topic_leaves_the_others_alone) {
    exchange_->refused.insert("C1-USDT");
    start(codes(3));
    ASSERT_TRUE(run_until([&] { return live() == 2 && feed_->status().resubscriptions["refused"] == 2; }));
    EXPECT_THAT(recorder_.lines, Contains(HasSubstr("state C1-USDT awaiting_snapshot: the exchange refused")));
    EXPECT_EQ(feed_->status().reconnections, 0);
}

TEST_F(HtxFeedIo, a_book_begun_again_by_its_caller) {
    start(codes(2));
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    feed_->restart_book("C1-USDT", BookState::audit_failed, "it did not agree");
    EXPECT_EQ(feed_->book("C1-USDT"), nullptr);
    EXPECT_EQ(feed_->status().books["C1-USDT"], BookState::audit_failed);
    ASSERT_TRUE(run_until([&] { return live() == 2; }));
    EXPECT_EQ(feed_->status().resubscriptions["audit_failed"], 1);
}

TEST_F(HtxFeedIo, contracts_come_and_go_and_the_rest_is_not_touched) {
    options_.topics_per_connection = 10;
    start(codes(10));
    ASSERT_TRUE(run_until([&] { return live() == 10 && exchange_->tapes() == 10; }));
    const auto said = exchange_->texts.size();
    auto wanted = codes(12);
    wanted.erase(wanted.begin(), wanted.begin() + 2);
    want(wanted);
    ASSERT_TRUE(run_until([&] {
        return live() == 10 && exchange_->books() == 10 && exchange_->tapes() == 10 && feed_->book("C11-USDT");
    }));
    for (std::size_t i = said; i < exchange_->texts.size(); ++i) {
        const auto& text = exchange_->texts[i];
        EXPECT_TRUE(text.contains("pong") || text.contains(".C0-") || text.contains(".C1-") || text.contains(".C10-") ||
                    text.contains(".C11-"))
            << text;
    }
    want({});
    ASSERT_TRUE(run_until([&] { return exchange_->connections() == 1; })) << "of the notifications alone";
    want(codes(1));
    ASSERT_TRUE(run_until([&] { return live() == 1; }));
}

TEST_F(HtxFeedIo, stopping_while_connecting_is_as_quick) {
    options_.connect_timeout = 30s;
    exchange_->status = 0;  // never an answer
    start(codes(1));
    run_for(100ms);
    EXPECT_EQ(connection().state, ConnectionState::connecting);
}

TEST(HtxFeedTls, follows_over_tls) {
    asio::io_context io(1);
    const test::TlsAuthority authority;
    const auto files = authority.issue("server", "IP:127.0.0.1");
    FakeExchange exchange(io, &files);
    Recorder recorder;
    const WireClock clock;
    MarketFeedOptions options{.url = feed_url("https://127.0.0.1:" + std::to_string(exchange.server().port())),
                              .ca_bundle_path = authority.bundle(),
                              .proxy = ""};
    const auto feed = make_market_feed(io.get_executor(), options, recorder, clock, 1);
    feed->want({contract_of("BTC-USDT", 1.0)});
    bool ended = false;
    asio::co_spawn(io, feed->run(), [&](std::exception_ptr) { ended = true; });
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (feed->book("BTC-USDT") == nullptr && std::chrono::steady_clock::now() < limit) io.run_one_for(10ms);
    EXPECT_NE(feed->book("BTC-USDT"), nullptr);
    feed->stop();
    while (!ended && std::chrono::steady_clock::now() < limit) io.run_one_for(10ms);
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
