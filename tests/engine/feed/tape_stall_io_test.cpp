#include "engine/feed/hand_driven_feed.hpp"
#include "engine/feed/live_loop.hpp"
#include "engine/market_state.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kCode = "AAA-USDT";

TEST(TapeStall, the_loop_finds_it_begins_the_tape_again_and_fills_the_hole) {
    asio::io_context io;
    test::ScriptedExchange exchange;
    core::ManualClock clock(exchange.exchange_now);
    MarketState state(1, 200);
    test::HandDrivenFeed* feed = nullptr;
    FeedParts parts;
    parts.make_feed = [&](exchange::FeedListener& listener) {
        auto made = std::make_unique<test::HandDrivenFeed>(listener);
        made->run_on(io.get_executor());
        feed = made.get();
        return made;
    };
    parts.reserve_sequence = [](std::uint64_t) -> asio::awaitable<core::Result<void>> {
        co_return core::Result<void>();
    };
    LiveLoop loop(io.get_executor(), exchange, clock, state, std::move(parts), {},
                  {.publish = [](bool) { return core::Result<void>(); },
                   .sequence = [] { return std::uint64_t{1}; },
                   .on_contract_change = [] {}});
    const auto scan = make_market_scan(exchange, clock, state, {}, {.on_universe = [&] { loop.universe_changed(); }});
    const auto now = [&] {
        return exchange::FeedTime{
            .exchange = exchange.exchange_now, .received = clock.now(), .received_steady = clock.steady_now()};
    };
    const auto pass = [&](seconds time) {
        clock.advance(time);
        exchange.exchange_now += time;
    };
    const auto until = [&](std::function<bool()> holds) -> asio::awaitable<bool> {
        const auto deadline = std::chrono::steady_clock::now() + seconds(15);
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            static_cast<void>(co_await net::sleep_for(milliseconds(5)));
        }
        co_return holds();
    };
    const auto story = [&]() -> asio::awaitable<void> {
        EXPECT_TRUE(co_await scan->run({}));
        co_await loop.start();
        feed->tell_book(kCode, 100.0, 1.0, now());
        feed->tell_hole(kCode, exchange::kTapeBegins);
        feed->tell_trade(kCode, 100.0, 7, now());
        exchange.trades_of[kCode] = {{.trade_id = 7, .price = 100.0, .size = 2.0, .time = exchange.exchange_now}};
        EXPECT_TRUE(co_await until([&] { return loop.health().tapes_filled == 1; }));
        // Trades go on, of which the tape says nothing.
        pass(seconds(30));
        exchange.trades_of[kCode].push_back(
            {.trade_id = 8, .price = 101.0, .size = 2.0, .time = exchange.exchange_now});
        pass(seconds(40));
        EXPECT_TRUE(co_await until([&] {
            pass(seconds(1));
            return !feed->tapes_restarted.empty();
        }));
        EXPECT_EQ(feed->tapes_restarted, std::vector<std::string>{kCode});
        EXPECT_EQ(loop.health().tapes_incomplete, 3) << "those that never began among them";
        // It is subscribed again: what it has missed is read.
        feed->tell_hole(kCode, exchange::kTapeBegins);
        EXPECT_TRUE(co_await until([&] { return loop.health().tapes_filled == 2; }));
        for (int i = 0; i < 4; ++i) {
            pass(seconds(61));
            static_cast<void>(co_await net::sleep_for(milliseconds(300)));
        }
        EXPECT_EQ(feed->tapes_restarted.size(), 1) << "nothing is missing any more";
        co_await loop.stop();
    };
    test::run_on(io, story());
}

}  // namespace
}  // namespace scanner::engine
