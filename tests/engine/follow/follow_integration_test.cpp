#include "ranking/stream/any_ranking.hpp"
#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/ranking_follower.hpp"
#include "scanner/engine/ranking_publisher.hpp"
#include "scanner/ranking/ranking_stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace scanner::engine {
namespace {

using ranking::test::AnyRanking;
using ranking::test::difference;
using std::chrono::milliseconds;
using testing::HasSubstr;

const ranking::RankingOrigin kOrigin{.exchange = "somewhere", .installation = "ours"};

/// A reader of the stream with a board of its own, and everything that it showed.
struct Reader {
    Reader(boost::asio::io_context& io, core::RedisUrl url)
        : board(core::system_clock(), {}, [] { return exchange::ExchangeStatus(); }),
          follower(make_ranking_follower(
              io.get_executor(),
              storage::make_ranking_stream(io.get_executor(), {.url = std::move(url), .key_prefix = "a:"}), board,
              core::system_clock(),
              {.origin = kOrigin, .block = milliseconds(200), .retry_interval = milliseconds(20)})) {
        board.on_published([this](const ranking::RankingPtr& ranking) { shown[ranking->sequence] = ranking; });
        board.on_recorded([this](const ranking::RankingPtr& ranking) { recorded[ranking->sequence] = ranking; });
        boost::asio::co_spawn(io, follower->run(), boost::asio::detached);
    }
    std::uint64_t sequence() const { return board.current() == nullptr ? 0 : board.current()->sequence; }

    RankingBoard board;
    std::map<std::uint64_t, ranking::RankingPtr> shown;
    std::map<std::uint64_t, ranking::RankingPtr> recorded;
    std::unique_ptr<RankingFollower> follower;
};

class FollowTest : public testing::Test {
protected:
    FollowTest() {
        publisher_->on_fenced([this] { ++fenced_; });
        boost::asio::co_spawn(io_, publisher_->run(), boost::asio::detached);
        EXPECT_TRUE(run_until([this] { return lease_->status().state == storage::StoreState::ready; }));
        elect("one", 1);
        universe_ = std::make_shared<const std::vector<UniverseEntry>>(std::vector<UniverseEntry>{
            {.contract = std::make_shared<const market::Contract>(market::Contract{.contract_code = "AAA-USDT",
                                                                                   .symbol = "AAA/USDT:USDT",
                                                                                   .contract_size = 1,
                                                                                   .price_tick = 0.5,
                                                                                   .unreadable = ""}),
             .scanned = true,
             .turnover_24h = 12.5}});
    }
    ~FollowTest() override {
        for (const auto& reader : readers_) reader->follower->stop();
        publisher_->stop();
        lease_->stop();
        io_.restart();
        io_.run_for(milliseconds(300));
    }
    core::RedisUrl url() const {
        core::RedisUrl url;
        url.host = "127.0.0.1";
        url.port = server_.port();
        return url;
    }
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(2));
        }
        return done();
    }
    void elect(const std::string& token, std::uint64_t epoch) {
        leadership_ = {.epoch = epoch, .token = token};
        ASSERT_TRUE(run_until([&] {
            const auto claim = test::run_on(io_, lease_->acquire(token));
            return claim && claim->has_value();
        }));
        ASSERT_TRUE(test::run_on(io_, lease_->install(token, epoch)));
        epoch_ = epoch;
        publisher_->lead(leadership_);
    }
    Reader& read() {
        readers_.push_back(std::make_unique<Reader>(io_, url()));
        return *readers_.back();
    }
    Publication next(bool recorded) {
        ranking::Ranking ranking = newest_ == nullptr ? any_.first(20) : any_.after(*newest_);
        ranking.epoch = epoch_;
        if (next_sequence_ != 0) ranking.sequence = std::exchange(next_sequence_, 0);
        ranking.time = core::system_clock().now();
        newest_ = std::make_shared<const ranking::Ranking>(std::move(ranking));
        made_[newest_->sequence] = newest_;
        SourceHealth source;
        source.cycle_count = newest_->sequence;
        source.last_error = "an error";
        return {.ranking = newest_, .universe = universe_, .health = source, .recorded = recorded};
    }
    /// Gives it to the publisher and waits until it has left.
    void publish(bool recorded) {
        publisher_->publish(next(recorded));
        ASSERT_TRUE(run_until([this] { return publisher_->status().last_sequence == newest_->sequence; }))
            << publisher_->status().last_error;
    }
    ::testing::AssertionResult catches_up(Reader& reader) {
        if (!run_until([&] { return reader.sequence() == newest_->sequence; }))
            return ::testing::AssertionFailure() << reader.sequence() << ": " << reader.follower->status().problem;
        for (const auto& [sequence, shown] : reader.shown) {
            if (const auto found = difference(*shown, *made_.at(sequence)); !found.empty())
                return ::testing::AssertionFailure() << sequence << found;
        }
        return ::testing::AssertionSuccess();
    }

    boost::asio::io_context io_{1};
    test::RedisServer server_;
    std::shared_ptr<storage::ScannerLease> lease_ = storage::make_scanner_lease(
        io_.get_executor(), {.url = url(), .key_prefix = "a:", .lease = milliseconds(3'600'000)});
    std::unique_ptr<RankingPublisher> publisher_ = make_ranking_publisher(
        io_.get_executor(), storage::make_ranking_stream(io_.get_executor(), {.url = url(), .key_prefix = "a:"}),
        {.origin = kOrigin, .max_per_second = 1'000, .retry_interval = milliseconds(10)});
    std::vector<std::unique_ptr<Reader>> readers_;
    storage::Leadership leadership_;
    AnyRanking any_{11, true};
    std::map<std::uint64_t, ranking::RankingPtr> made_;
    ranking::RankingPtr newest_;
    std::shared_ptr<const std::vector<UniverseEntry>> universe_;
    std::uint64_t epoch_ = 0;
    std::uint64_t next_sequence_ = 0;  ///< 0: one after the newest
    int fenced_ = 0;
};

TEST_F(FollowTest, readers_show_what_was_published_in_every_member) {
    Reader& first = read();
    for (int i = 0; i < 6; ++i) {
        publish(i % 3 == 0);
        ASSERT_TRUE(catches_up(first));
    }
    EXPECT_EQ(first.shown.size(), 6U);
    EXPECT_EQ(first.recorded.size(), 2U);
    EXPECT_EQ(first.board.universe().at(0).turnover_24h, 12.5);
    EXPECT_EQ(first.board.universe().at(0).contract->contract_code, "AAA-USDT");
    EXPECT_EQ(first.board.health().cycle_count, newest_->sequence);
    EXPECT_EQ(first.board.health().last_error, "an error");
    EXPECT_EQ(first.follower->status().epoch, 1U);
    Reader& late = read();
    ASSERT_TRUE(catches_up(late));
    EXPECT_EQ(late.follower->status().snapshots, 1U);
    EXPECT_EQ(late.shown.size(), 3U) << "the recorded one, and what came after it";
    publish(false);
    ASSERT_TRUE(catches_up(late));
    EXPECT_EQ(late.follower->status().holes, 0U);
}

TEST_F(FollowTest, a_redis_that_lost_everything_is_gone_on_with) {
    Reader& reader = read();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
    server_.stop(SIGKILL);
    ASSERT_TRUE(run_until([&] { return !reader.follower->status().problem.empty(); }));
    EXPECT_EQ(reader.sequence(), newest_->sequence) << "what it has stays";
    server_.start();
    elect("two", 2);
    publish(false);
    ASSERT_TRUE(catches_up(reader));
    EXPECT_EQ(reader.follower->status().epoch, 2U);
    EXPECT_EQ(reader.follower->status().problem, "");
}

TEST_F(FollowTest, a_successor_that_counts_anew_is_followed_and_an_older_epoch_is_not) {
    Reader& reader = read();
    for (int i = 0; i < 3; ++i) {
        publish(true);
        ASSERT_TRUE(catches_up(reader));
    }
    const std::uint64_t before = reader.sequence();
    test::run_on(io_, publisher_->drain(std::chrono::seconds(30)));
    server_.stop(SIGKILL);  // one that has its data lets no number be published again
    server_.start();
    next_sequence_ = reader.shown.begin()->first;
    elect("two", 2);
    publish(true);
    ASSERT_LT(newest_->sequence, before);
    ASSERT_TRUE(run_until([&] { return reader.follower->status().epoch == 2; })) << reader.follower->status().problem;
    EXPECT_EQ(reader.board.current()->epoch, 2U);
    EXPECT_EQ(reader.board.by_sequence(newest_->sequence)->epoch, 2U) << "not its predecessor's of that number";
    publish(false);
    ASSERT_TRUE(run_until([&] { return reader.sequence() == newest_->sequence; })) << reader.follower->status().problem;
    EXPECT_EQ(difference(*reader.board.current(), *newest_), "");

    // A Redis that has lost everything, and no one who remembers the epochs.
    const std::uint64_t last = newest_->sequence;
    server_.stop(SIGKILL);
    server_.start();
    elect("three", 1);
    publish(true);
    ASSERT_GT(newest_->sequence, last);
    ASSERT_TRUE(run_until([&] { return reader.follower->status().refused > 0; }));
    EXPECT_THAT(reader.follower->status().problem, HasSubstr("older than 2"));
    EXPECT_EQ(reader.board.current()->epoch, 2U);
    EXPECT_EQ(reader.sequence(), last);
}

TEST_F(FollowTest, a_hole_is_seen_and_closed_by_the_next_snapshot) {
    Reader& reader = read();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
    // Somebody's delta of a ranking that no reader has.
    const auto base =
        ranking::pack_ranking(std::make_shared<const ranking::Ranking>(any_.after(*newest_)), {}, nullptr);
    auto stranger = any_.after(*base->ranking);
    stranger.epoch = epoch_;
    newest_ = std::make_shared<const ranking::Ranking>(stranger);
    const auto packed = ranking::pack_ranking(newest_, {}, base.get());
    const auto stream = storage::make_ranking_stream(io_.get_executor(), {.url = url(), .key_prefix = "a:"});
    ASSERT_TRUE(run_until([&] { return stream->status().state == storage::StoreState::ready; }));
    ASSERT_TRUE(test::run_on(
        io_, stream->publish(leadership_, {.seq = newest_->sequence, .delta = encode_delta(*base, *packed, kOrigin)})));
    ASSERT_TRUE(run_until([&] { return reader.follower->status().holes > 0; }));
    stream->stop();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
}

TEST_F(FollowTest, a_newer_version_is_named_and_what_is_there_stays) {
    Reader& reader = read();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
    const std::uint64_t before = reader.sequence();
    const auto stream = storage::make_ranking_stream(io_.get_executor(), {.url = url(), .key_prefix = "a:"});
    ASSERT_TRUE(run_until([&] { return stream->status().state == storage::StoreState::ready; }));
    static_cast<void>(next(true));
    std::string message = encode_snapshot(*ranking::pack_ranking(newest_, {}, nullptr), kOrigin);
    message[4] = 9;
    ASSERT_TRUE(test::run_on(
        io_,
        stream->publish(leadership_, {.seq = newest_->sequence, .version = 9, .delta = message, .snapshot = message})));
    ASSERT_TRUE(run_until([&] { return reader.follower->status().refused > 0; }));
    stream->stop();
    EXPECT_THAT(reader.follower->status().problem, HasSubstr("of a newer version"));
    EXPECT_EQ(reader.sequence(), before);
    publish(true);
    ASSERT_TRUE(catches_up(reader));
    EXPECT_EQ(reader.follower->status().problem, "");
}

TEST_F(FollowTest, a_fenced_publisher_stops) {
    publish(true);
    ASSERT_TRUE(test::run_on(io_, lease_->release("one")));
    publisher_->publish(next(true));
    ASSERT_TRUE(run_until([this] { return fenced_ == 1; }));
    publisher_->publish(next(true));
    test::run_on(io_, publisher_->drain(milliseconds(100)));
    EXPECT_EQ(publisher_->status().published, 1U);
}

TEST_F(FollowTest, the_newest_wins_but_recorded_ones_are_kept) {
    publish(true);
    Reader& reader = read();
    ASSERT_TRUE(catches_up(reader));
    publisher_->publish(next(false));
    publisher_->publish(next(false));
    publisher_->publish(next(true));
    const std::uint64_t recorded = newest_->sequence;
    publisher_->publish(next(false));
    publisher_->publish(next(false));
    ASSERT_TRUE(catches_up(reader));
    EXPECT_EQ(reader.shown.size(), 3U);
    EXPECT_TRUE(reader.recorded.contains(recorded));
    EXPECT_EQ(publisher_->status().conflated, 3U);
}

}  // namespace
}  // namespace scanner::engine
