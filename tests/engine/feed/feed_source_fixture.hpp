#pragma once

#include "engine/feed/feed_source.hpp"
#include "engine/feed/hand_driven_feed.hpp"
#include "engine/market_state.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/ranking/ranker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace scanner::engine {

using exchange::BookState;
using market::Input;
using market::InputSource;
using market::InputState;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline const std::string kCode = "AAA-USDT";

/// What a live feed changes in the state that rankings are read of. The clocks of ours and of the exchange go together
/// here; what a scan does is done by the real one.
class FeedSourceTest : public testing::Test {
protected:
    FeedSourceTest() { source_.follow(feed_); }

    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_.exchange_now += time;
    }
    void scan() { ASSERT_TRUE(test::run_coroutine(scan_->run({}))); }
    exchange::FeedTime now() const {
        return {.exchange = exchange_.exchange_now, .received = clock_.now(), .received_steady = clock_.steady_now()};
    }
    MarketReading read() {
        source_.bring();
        return state_.read(clock_.now(), clock_.steady_now(), limits_);
    }
    static const market::MarketData* find(const MarketReading& reading, const std::string& code = kCode) {
        for (const ranking::MarketDataPtr& data : reading.data) {
            if (data->contract->contract_code == code) return data.get();
        }
        return nullptr;
    }
    /// The exchange's clock is told forward a little slowly, so as not to age what is young.
    static bool near(std::optional<core::WallTime> a, core::WallTime b) {
        return a && std::chrono::abs(*a - b) <= milliseconds(100);
    }
    int books_asked() { return std::exchange(exchange_.calls["order_book"], 0); }

    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    MarketState state_{1, 200};
    int changes_ = 0;
    FeedSource source_{state_, clock_, {.on_change = [this] { ++changes_; }}};
    test::HandDrivenFeed feed_{source_};
    std::unique_ptr<MarketScan> scan_ =
        make_market_scan(exchange_, clock_, state_, {}, {.on_universe = [this] { source_.want_universe(); }});
    InputLimits limits_;
};

}  // namespace scanner::engine
