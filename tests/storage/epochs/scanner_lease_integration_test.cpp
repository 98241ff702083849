#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/storage/scanner_lease.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;

class ScannerLeaseTest : public testing::Test {
protected:
    std::shared_ptr<ScannerLease> make_lease(milliseconds length = milliseconds(60'000)) {
        auto lease = make_scanner_lease(io_.get_executor(), {.url = url(), .key_prefix = "a:", .lease = length});
        EXPECT_TRUE(run_until([&] { return lease->status().state == StoreState::ready; }))
            << lease->status().last_error;
        return lease;
    }
    std::shared_ptr<RankingStream> make_stream() {
        auto stream = make_ranking_stream(io_.get_executor(), {.url = url(), .key_prefix = "a:"});
        EXPECT_TRUE(run_until([&] { return stream->status().state == StoreState::ready; }));
        return stream;
    }
    core::RedisUrl url() const {
        core::RedisUrl url;
        url.host = "127.0.0.1";
        url.port = server_.port();
        return url;
    }
    bool run_until(const std::function<bool()>& done, milliseconds limit = milliseconds(60'000)) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(5));
        }
        return done();
    }
    template <class T>
    auto run(T awaitable) {
        return test::run_on(io_, std::move(awaitable));
    }
    std::optional<LeaseClaim> acquire(ScannerLease& lease, std::string token) {
        auto claim = run(lease.acquire(std::move(token)));
        EXPECT_TRUE(claim) << claim.error().message();
        return claim ? *claim : std::nullopt;
    }
    core::ErrorCode publish(RankingStream& stream, const Leadership& leader, std::uint64_t seq,
                            std::optional<std::string> snapshot = {}) {
        const auto published =
            run(stream.publish(leader, {.seq = seq, .delta = "delta " + std::to_string(seq), .snapshot = snapshot}));
        return published ? core::ErrorCode{-1} : published.error().code();
    }
    static constexpr core::ErrorCode kPublished{-1};

    boost::asio::io_context io_{1};
    test::RedisServer server_;
};

TEST_F(ScannerLeaseTest, one_of_two_is_elected_and_the_other_after_its_release) {
    const auto first = make_lease();
    const auto second = make_lease();
    const auto claim = acquire(*first, "one");
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->epoch, 0U);
    EXPECT_FALSE(claim->last);
    EXPECT_FALSE(claim->run.empty());
    EXPECT_FALSE(acquire(*second, "two"));
    EXPECT_TRUE(acquire(*first, "one")) << "its answer may have been lost: it is asked again";
    EXPECT_TRUE(run(first->install("one", 5)));
    EXPECT_EQ(run(second->install("two", 6)).error().code(), core::ErrorCode::conflict);
    EXPECT_TRUE(run(first->renew("one")));
    EXPECT_EQ(run(second->renew("two")).error().code(), core::ErrorCode::conflict);
    EXPECT_EQ(*run(second->holder()), "one");
    EXPECT_TRUE(run(second->release("two")));
    EXPECT_FALSE(acquire(*second, "two")) << "what is not its own is not released";
    EXPECT_TRUE(run(first->release("one")));
    const auto next = acquire(*second, "two");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->epoch, 5U);
    EXPECT_EQ(run(second->install("two", 4)).error().code(), core::ErrorCode::conflict);
    EXPECT_TRUE(run(second->install("two", 6)));
}

TEST_F(ScannerLeaseTest, a_lease_that_nobody_renews_runs_out) {
    const auto first = make_lease(milliseconds(500));
    const auto second = make_lease(milliseconds(60'000));
    ASSERT_TRUE(acquire(*first, "one"));
    EXPECT_TRUE(run_until([&] { return acquire(*second, "two").has_value(); }));
    EXPECT_EQ(run(first->renew("one")).error().code(), core::ErrorCode::conflict);
}

TEST_F(ScannerLeaseTest, an_entry_of_an_old_epoch_cannot_exist) {
    const auto lease = make_lease();
    const auto stream = make_stream();
    ASSERT_TRUE(acquire(*lease, "one"));
    const Leadership old{.epoch = 1, .token = "one"};
    EXPECT_EQ(publish(*stream, old, 1), core::ErrorCode::conflict) << "its epoch is not installed yet";
    ASSERT_TRUE(run(lease->install("one", 1)));
    EXPECT_EQ(publish(*stream, old, 1), kPublished);
    ASSERT_TRUE(run(lease->release("one")));
    EXPECT_EQ(publish(*stream, old, 2), core::ErrorCode::conflict) << "without the lease";
    const auto claim = acquire(*lease, "two");
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->last, (StreamPosition{.epoch = 1, .seq = 1}));
    EXPECT_EQ(publish(*stream, old, 2), core::ErrorCode::conflict) << "the other one's lease";
    ASSERT_TRUE(run(lease->install("two", 2)));
    EXPECT_EQ(publish(*stream, {.epoch = 1, .token = "two"}, 2), core::ErrorCode::conflict) << "the old epoch";
    EXPECT_EQ(publish(*stream, {.epoch = 2, .token = "two"}, 2), kPublished);
    const auto entries = run(stream->read_after("0", milliseconds(0)));
    ASSERT_TRUE(entries) << entries.error().message();
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ((*entries)[0].epoch, 1U);
    EXPECT_EQ((*entries)[1].epoch, 2U);
    EXPECT_EQ((*entries)[1].seq, 2U);
    EXPECT_EQ((*entries)[1].delta, "delta 2");
}

TEST_F(ScannerLeaseTest, numbers_only_grow_and_one_that_comes_twice_is_one_entry) {
    const auto lease = make_lease();
    const auto stream = make_stream();
    ASSERT_TRUE(acquire(*lease, "one"));
    ASSERT_TRUE(run(lease->install("one", 1)));
    const Leadership leader{.epoch = 1, .token = "one"};
    EXPECT_EQ(publish(*stream, leader, 7), kPublished);
    EXPECT_EQ(publish(*stream, leader, 7), kPublished);
    EXPECT_EQ(publish(*stream, leader, 6), core::ErrorCode::invalid_input);
    EXPECT_EQ(run(stream->read_after("0", milliseconds(0)))->size(), 1U);
    EXPECT_EQ(*run(stream->last()), (StreamPosition{.epoch = 1, .seq = 7}));
    ASSERT_TRUE(run(lease->install("one", 2)));
    EXPECT_EQ(publish(*stream, {.epoch = 2, .token = "one"}, 7), core::ErrorCode::invalid_input)
        << "no number is in two epochs";
}

TEST_F(ScannerLeaseTest, everything_of_a_publication_is_set_or_nothing) {
    const auto lease = make_lease();
    const auto stream = make_stream();
    ASSERT_TRUE(acquire(*lease, "one"));
    ASSERT_TRUE(run(lease->install("one", 3)));
    EXPECT_FALSE(*run(stream->snapshot()));
    const auto text = [](std::string value) { return std::make_shared<const std::string>(std::move(value)); };
    const std::string bytes("a\0b\r\n\xff", 6);
    Publication publication{.seq = 9, .version = 2, .recorded = true, .delta = bytes, .snapshot = bytes};
    publication.keys = {{"snaps:latest", text(bytes), milliseconds(60'000)}, {"rank:scalp", text("[]"), {}}};
    ASSERT_TRUE(run(stream->publish({.epoch = 3, .token = "one"}, publication)));
    const auto snapshot = run(stream->snapshot());
    ASSERT_TRUE(snapshot && *snapshot);
    EXPECT_EQ((*snapshot)->seq, 9U);
    EXPECT_EQ((*snapshot)->epoch, 3U);
    EXPECT_EQ((*snapshot)->version, 2);
    EXPECT_EQ((*snapshot)->bytes, bytes);
    const auto entries = run(stream->read_after("0", milliseconds(0)));
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_TRUE(entries->front().recorded);
    EXPECT_EQ(entries->front().delta, bytes);
    EXPECT_EQ(entries->front().id, (*snapshot)->after);
    EXPECT_TRUE(run(stream->read_after((*snapshot)->after, milliseconds(20)))->empty());
    const auto cache =
        make_redis_store(io_.get_executor(), {.url = url(), .key_prefix = "a:", .exclusive = false}).cache;
    ASSERT_TRUE(run_until([&] { return cache->status().state == StoreState::ready; }));
    EXPECT_EQ(**run(cache->get("snaps:latest", 100)), bytes);
    publication.seq = 10;
    publication.keys = {{"snaps:latest", text("forged"), {}}};
    EXPECT_FALSE(run(stream->publish({.epoch = 2, .token = "one"}, publication)));
    EXPECT_EQ(**run(cache->get("snaps:latest", 100)), bytes);
    EXPECT_EQ((*run(stream->snapshot()))->seq, 9U);
}

TEST_F(ScannerLeaseTest, one_that_runs_alone_and_those_that_elect_keep_off_each_other) {
    const auto lease = make_lease();
    ASSERT_TRUE(acquire(*lease, "host/1/abc"));
    const RedisStore alone = make_redis_store(io_.get_executor(), {.url = url(), .key_prefix = "a:"});
    ASSERT_TRUE(run_until([&] { return alone.cache->status().state == StoreState::down; }));
    const auto refused = test::run_on(io_, alone.lease->claim(milliseconds(30'000)), milliseconds(60'000));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::conflict);
    EXPECT_NE(refused.error().message().find("elected"), std::string::npos) << refused.error().message();
    EXPECT_TRUE(run(lease->renew("host/1/abc"))) << "it has disturbed nothing";
    ASSERT_TRUE(run(lease->release("host/1/abc")));
    EXPECT_TRUE(test::run_on(io_, alone.lease->claim(milliseconds(30'000)), milliseconds(60'000)));
    EXPECT_FALSE(acquire(*lease, "host/1/def"));
    test::run_on(io_, alone.cache->close(milliseconds(500)));
    EXPECT_TRUE(acquire(*lease, "host/1/def"));
}

}  // namespace
}  // namespace scanner::storage
