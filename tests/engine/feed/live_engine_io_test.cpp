#include "engine/feed/hand_driven_feed.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The whole engine on a feed that the test drives, by the machine's own clocks: what is published between two scans.
namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kCode = "AAA-USDT";

class LiveEngine : public testing::Test {
protected:
    LiveEngine() { exchange_.exchange_now = core::system_clock().now(); }

    [[nodiscard]] EngineOptions options() const {
        EngineOptions made;
        made.ranking.default_profile = "scalp";
        made.ranking.notional_usdt = 5000;
        made.ranking.min_qvol_usdt = 20e6;
        made.ranking.max_spread_bps = 8;
        for (const auto& profile : signals::builtin_profiles()) made.profiles.push_back(profile);
        made.interval = interval_;
        made.rank_interval = milliseconds(20);
        return made;
    }

    FeedParts parts() {
        FeedParts made;
        made.make_feed = [this](exchange::FeedListener& listener) {
            auto feed = std::make_unique<test::HandDrivenFeed>(listener);
            feed->run_on(io_.get_executor());
            feed_ = feed.get();
            return feed;
        };
        made.reserve_sequence = [this](std::uint64_t up_to) -> asio::awaitable<core::Result<void>> {
            if (!disk_works_) co_return core::fail(core::ErrorCode::io, "no space");
            reserved_.push_back(up_to);
            co_return core::Result<void>();
        };
        return made;
    }

    /// Runs the engine, and `story` beside it once the first scan has made its ranking.
    void play(std::function<asio::awaitable<void>()> story) {
        engine_ = make_engine(io_.get_executor(), exchange_, core::system_clock(), options(), observer_, {}, parts());
        engine_->board().on_published([this](const ranking::RankingPtr& made) { published_.push_back(made); });
        engine_->board().on_recorded([this](const ranking::RankingPtr& made) { recorded_.push_back(made); });
        net::TaskGroup tasks(io_.get_executor(),
                             [](std::string_view, std::string_view what) { ADD_FAILURE() << what; });
        const auto whole = [&]() -> asio::awaitable<void> {
            EXPECT_TRUE(tasks.spawn("engine", engine_->run()));
            EXPECT_TRUE(co_await until([this] { return !published_.empty(); }));
            co_await story();
            engine_->stop();
            EXPECT_TRUE(co_await tasks.join(std::chrono::steady_clock::now() + seconds(15)));
        };
        test::run_on(io_, whole());
    }

    static asio::awaitable<bool> until(std::function<bool()> holds, milliseconds at_most = seconds(8)) {
        const auto deadline = std::chrono::steady_clock::now() + at_most;
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            static_cast<void>(co_await net::sleep_for(milliseconds(5)));
        }
        co_return holds();
    }

    static exchange::FeedTime now() {
        return {.exchange = core::system_clock().now(),
                .received = core::system_clock().now(),
                .received_steady = core::system_clock().steady_now()};
    }
    [[nodiscard]] double best_bid() const {
        const ranking::ContractSnapshot* const snapshot = published_.back()->find(kCode);
        return snapshot == nullptr ? 0.0 : snapshot->data.ticker.bid->price;
    }

    asio::io_context io_{1};
    milliseconds interval_ = seconds(30);
    test::ScriptedExchange exchange_;
    EngineObserver observer_;
    std::unique_ptr<Engine> engine_;
    test::HandDrivenFeed* feed_ = nullptr;
    bool disk_works_ = true;
    std::vector<std::uint64_t> reserved_;
    std::vector<ranking::RankingPtr> published_;
    std::vector<ranking::RankingPtr> recorded_;
};

TEST_F(LiveEngine, publishes_what_changes_between_two_scans_and_records_none_of_it) {
    play([this]() -> asio::awaitable<void> {
        EXPECT_EQ(recorded_.size(), 1U);
        EXPECT_EQ(feed_->wanted(), (std::vector<std::string>{"AAA-USDT", "BBB-USDT", "CCC-USDT"}));
        feed_->tell_book(kCode, 101.0, 500.0, now());
        EXPECT_TRUE(co_await until([this] { return best_bid() == 100.99; }));
        feed_->tell_book(kCode, 102.0, 500.0, now());
        EXPECT_TRUE(co_await until([this] { return best_bid() == 101.99; }));
        EXPECT_EQ(recorded_.size(), 1U);
        for (std::size_t i = 1; i < published_.size(); ++i) {
            EXPECT_EQ(published_[i]->sequence, published_[i - 1]->sequence + 1);
        }
        EXPECT_EQ(engine_->board().recorded()->sequence, 1U);
        const HealthDetails health = engine_->board().health();
        EXPECT_TRUE(health.feed);
        if (health.feed) EXPECT_EQ(health.feed->published + 1, published_.size());
    });
    ASSERT_FALSE(reserved_.empty());
    EXPECT_GE(reserved_.front(), 1'000U) << "before the first ranking";
}

TEST_F(LiveEngine, goes_no_faster_than_the_interval) {
    play([this]() -> asio::awaitable<void> {
        EngineOptions slower = options();
        slower.rank_interval = milliseconds(400);
        engine_->set_options(slower);
        const auto before = published_.size();
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < 40; ++i) {
            feed_->tell_book(kCode, 101.0 + 0.01 * i, 500.0, now());
            static_cast<void>(co_await net::sleep_for(milliseconds(20)));
        }
        const auto took = std::chrono::steady_clock::now() - began;
        const auto most = static_cast<std::size_t>(took / milliseconds(400)) + 1;
        EXPECT_LE(published_.size() - before, most);
        EXPECT_GE(published_.size() - before, 1U);
    });
}

TEST_F(LiveEngine, shows_no_number_that_was_not_reserved) {
    disk_works_ = false;
    play([this]() -> asio::awaitable<void> {
        feed_->tell_book(kCode, 101.0, 500.0, now());
        static_cast<void>(co_await net::sleep_for(milliseconds(300)));
        EXPECT_EQ(published_.size(), 1U) << "history keeps the number of the scan's";
        disk_works_ = true;
        EXPECT_TRUE(co_await until([this] { return best_bid() == 100.99; })) << "it goes on by itself";
    });
}

TEST_F(LiveEngine, gives_up_a_book_by_which_trades_go_and_that_is_not_the_exchange_s) {
    play([this]() -> asio::awaitable<void> {
        feed_->tell_book(kCode, 101.0, 500.0, now());
        feed_->tell_trade(kCode, 100.0, 1, now());
        EXPECT_TRUE(co_await until([this] { return feed_->restarted.contains(kCode); }));
        EXPECT_EQ(feed_->restarted[kCode], exchange::BookState::audit_failed);
        EXPECT_TRUE(co_await until([this] { return best_bid() == 99.99; })) << "by request meanwhile";
        const ranking::ContractSnapshot* const snapshot = published_.back()->find(kCode);
        EXPECT_EQ(snapshot->data.inputs[market::Input::order_book].source, market::InputSource::rest);
        const auto& audits = engine_->board().health().feed->audits;
        EXPECT_EQ(audits[static_cast<std::size_t>(AuditResult::failed)], 1U);
    });
}

TEST_F(LiveEngine, without_a_feed_that_is_there_goes_on_as_with_none) {
    interval_ = milliseconds(100);
    int asked_before = 0;
    play([this, &asked_before]() -> asio::awaitable<void> {
        // What a feed says whose market connection is refused; liquidations come over another one.
        static_cast<exchange::FeedListener&>(feed_->listener()).on_liquidations_followed(true);
        for (const std::string& code : exchange_.codes) feed_->lose_book(code, exchange::BookState::disconnected);
        EXPECT_TRUE(co_await until([this] { return published_.size() >= 12; }, seconds(60)));
        for (const auto& ranking : published_) {
            EXPECT_EQ(ranking->find(kCode)->data.inputs[market::Input::order_book].source, market::InputSource::rest);
        }
        EXPECT_EQ(published_.size(), recorded_.size()) << "none between the scans";
        // One more may be under way.
        const int scans = exchange_.calls["tickers"];
        EXPECT_LE(exchange_.calls["index_prices"], scans) << "asked by scans alone";
        EXPECT_LE(exchange_.calls["order_book"], scans * static_cast<int>(exchange_.codes.size()));
        EXPECT_EQ(engine_->board().health().feed->fall_backs, 0U);
        asked_before = scans;
        feed_->tell_book(kCode, 101.0, 500.0, now());
        EXPECT_TRUE(co_await until([this] { return published_.size() > recorded_.size(); })) << "and now it is there";
    });
    EXPECT_GT(asked_before, 0);
}

}  // namespace
}  // namespace scanner::engine
