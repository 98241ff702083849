#include "engine/follow/followed_stream.hpp"
#include "ranking/stream/any_ranking.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/ranking/ranking_stream.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace scanner::engine {
namespace {

using ranking::test::AnyRanking;
using ranking::test::difference;
using std::chrono::milliseconds;
using test::kStreamOrigin;
using testing::HasSubstr;

/// A follower, and everything that it showed.
struct Reader final : test::Follower {
    Reader(boost::asio::io_context& io, std::shared_ptr<storage::RankingStream> stream)
        : Follower(io, std::move(stream), core::system_clock()) {
        board.on_published([this](const ranking::RankingPtr& ranking) { shown[ranking->sequence] = ranking; });
        board.on_recorded([this](const ranking::RankingPtr& ranking) { recorded[ranking->sequence] = ranking; });
    }

    std::map<std::uint64_t, ranking::RankingPtr> shown;
    std::map<std::uint64_t, ranking::RankingPtr> recorded;
};

class FollowTest : public test::FollowedStream {
protected:
    FollowTest() {
        publisher_->on_fenced([this] { ++fenced_; });
        universe_ = std::make_shared<const std::vector<UniverseEntry>>(std::vector<UniverseEntry>{
            {.contract = std::make_shared<const market::Contract>(market::Contract{.contract_code = "AAA-USDT",
                                                                                   .symbol = "AAA/USDT:USDT",
                                                                                   .contract_size = 1,
                                                                                   .price_tick = 0.5,
                                                                                   .unreadable = ""}),
             .scanned = true,
             .turnover_24h = 12.5}});
    }
    Reader& read() { return follow<Reader>(); }
    Publication next(bool recorded) {
        ranking::Ranking ranking = newest_ == nullptr ? any_.first(20) : any_.after(*newest_);
        ranking.epoch = leadership_.epoch;
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

    AnyRanking any_{11, true};
    std::map<std::uint64_t, ranking::RankingPtr> made_;
    ranking::RankingPtr newest_;
    std::shared_ptr<const std::vector<UniverseEntry>> universe_;
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
    stranger.epoch = leadership_.epoch;
    newest_ = std::make_shared<const ranking::Ranking>(stranger);
    const auto packed = ranking::pack_ranking(newest_, {}, base.get());
    const auto writer = stream();
    ASSERT_TRUE(run_until([&] { return writer->status().state == storage::StoreState::ready; }));
    ASSERT_TRUE(test::run_on(
        io_, writer->publish(leadership_,
                             {.seq = newest_->sequence, .delta = encode_delta(*base, *packed, kStreamOrigin)})));
    ASSERT_TRUE(run_until([&] { return reader.follower->status().holes > 0; }));
    writer->stop();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
}

TEST_F(FollowTest, a_newer_version_is_named_and_what_is_there_stays) {
    Reader& reader = read();
    publish(true);
    ASSERT_TRUE(catches_up(reader));
    const std::uint64_t before = reader.sequence();
    const auto writer = stream();
    ASSERT_TRUE(run_until([&] { return writer->status().state == storage::StoreState::ready; }));
    static_cast<void>(next(true));
    std::string message = encode_snapshot(*ranking::pack_ranking(newest_, {}, nullptr), kStreamOrigin);
    message[4] = 9;
    ASSERT_TRUE(test::run_on(
        io_,
        writer->publish(leadership_, {.seq = newest_->sequence, .version = 9, .delta = message, .snapshot = message})));
    ASSERT_TRUE(run_until([&] { return reader.follower->status().refused > 0; }));
    writer->stop();
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
