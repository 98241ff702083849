#pragma once

#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/url.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/engine/ranking_follower.hpp"
#include "scanner/engine/ranking_publisher.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::test {

inline const ranking::RankingOrigin kStreamOrigin{.exchange = "somewhere", .installation = "ours"};

/// A follower of a stream with a board of its own. It runs from the next turn of `io` on: who derives from it may
/// listen to the board in the constructor and misses nothing.
struct Follower {
    Follower(boost::asio::io_context& io, std::shared_ptr<storage::RankingStream> stream, const core::Clock& clock)
        : board(clock, {}, [] { return exchange::ExchangeStatus(); }),
          follower(engine::make_ranking_follower(io.get_executor(), std::move(stream), board, clock,
                                                 {.origin = kStreamOrigin,
                                                  .block = std::chrono::milliseconds(200),
                                                  .retry_interval = std::chrono::milliseconds(20)})) {
        boost::asio::co_spawn(io, follower->run(), boost::asio::detached);
    }
    virtual ~Follower() = default;
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;
    /// Of the newest ranking that it shows; 0 before the first.
    [[nodiscard]] std::uint64_t sequence() const { return board.current() == nullptr ? 0 : board.current()->sequence; }

    engine::RankingBoard board;
    std::unique_ptr<engine::RankingFollower> follower;
};

/// A Redis of its own, a publisher that is elected there when a test begins, and the followers that the test adds.
/// Everything runs on `io_`, within the calls of the test.
class FollowedStream : public testing::Test {
protected:
    void SetUp() override {
        boost::asio::co_spawn(io_, publisher_->run(), boost::asio::detached);
        ASSERT_TRUE(run_until([this] { return lease_->status().state == storage::StoreState::ready; }));
        elect("one", 1);
    }
    /// Followers end here, before what the fixtures above this one gave them.
    void TearDown() override {
        for (const auto& each : followers_) each->follower->stop();
        publisher_->stop();
        lease_->stop();
        io_.restart();
        io_.run_for(std::chrono::milliseconds(300));
        followers_.clear();
    }

    /// Whether `done` within a minute.
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(std::chrono::milliseconds(1));
        }
        return done();
    }
    /// The publisher goes on under this epoch; the lease must be free, or its Redis have lost it.
    void elect(const std::string& token, std::uint64_t epoch) {
        ASSERT_TRUE(run_until([&] {
            const auto claim = run_on(io_, lease_->acquire(token));
            return claim && claim->has_value();
        }));
        ASSERT_TRUE(run_on(io_, lease_->install(token, epoch)));
        leadership_ = {.epoch = epoch, .token = token};
        publisher_->lead(leadership_);
    }
    /// A connection of its own to the stream.
    std::shared_ptr<storage::RankingStream> stream() {
        return storage::make_ranking_stream(io_.get_executor(), {.url = url(), .key_prefix = kPrefix});
    }
    /// Another follower, of the type F that is made of (io, stream, more…); it lives until the test ends.
    template <std::derived_from<Follower> F, class... More>
    F& follow(More&&... more) {
        auto made = std::make_unique<F>(io_, stream(), std::forward<More>(more)...);
        F& follower = *made;
        followers_.push_back(std::move(made));
        return follower;
    }

    boost::asio::io_context io_{1};
    RedisServer server_;
    std::shared_ptr<storage::ScannerLease> lease_ = storage::make_scanner_lease(
        io_.get_executor(), {.url = url(), .key_prefix = kPrefix, .lease = std::chrono::hours(1)});
    std::unique_ptr<engine::RankingPublisher> publisher_ = engine::make_ranking_publisher(
        io_.get_executor(), stream(),
        {.origin = kStreamOrigin, .max_per_second = 1'000, .retry_interval = std::chrono::milliseconds(10)});
    storage::Leadership leadership_;
    std::vector<std::unique_ptr<Follower>> followers_;

private:
    static constexpr const char* kPrefix = "a:";

    [[nodiscard]] core::RedisUrl url() const {
        core::RedisUrl url;
        url.host = "127.0.0.1";
        url.port = server_.port();
        return url;
    }
};

}  // namespace scanner::test
