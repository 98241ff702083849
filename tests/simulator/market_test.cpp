#include "simulator/market.hpp"

#include "simulator/market_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace scanner::simulator {
namespace {

using testing::small_market;

constexpr std::size_t kActive = 8;

void expect_sound_book(const BookState& book, const std::string& code) {
    ASSERT_FALSE(book.bids.empty()) << code;
    ASSERT_FALSE(book.asks.empty()) << code;
    EXPECT_LT(book.bids.front().price_ticks, book.asks.front().price_ticks) << code;
    for (std::size_t i = 0; i < book.bids.size(); ++i) {
        EXPECT_GT(book.bids[i].contracts, 0) << code;
        EXPECT_GT(book.bids[i].price_ticks, 0) << code;
        if (i > 0) EXPECT_LT(book.bids[i].price_ticks, book.bids[i - 1].price_ticks) << code;
    }
    for (std::size_t i = 0; i < book.asks.size(); ++i) {
        EXPECT_GT(book.asks[i].contracts, 0) << code;
        if (i > 0) EXPECT_GT(book.asks[i].price_ticks, book.asks[i - 1].price_ticks) << code;
    }
}

TEST(SimulatedMarket, books_are_never_crossed_or_empty) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        auto options =
            small_market(static_cast<int>(kActive), seed, seed % 2 == 0 ? MarketKind::real : MarketKind::busy);
        options.scenarios = {"all"};
        options.prevalence = 0.4;
        auto market = make_market(options);
        for (int step = 0; step < 45; ++step) {
            market->advance(market->now() + std::chrono::milliseconds(997));
            for (std::size_t i = 0; i < kActive; ++i) {
                const auto book = market->book(i, 150);
                expect_sound_book(book, market->contracts()[i].contract.contract_code);
                EXPECT_LE(book.time, market->now());
            }
        }
        EXPECT_EQ(market->book(0, 5).bids.size(), 5U);
    }
}

TEST(SimulatedMarket, candles_are_what_the_trades_make) {
    auto market = make_market(small_market(static_cast<int>(kActive), 5));
    std::vector<std::map<std::int64_t, SimulatedCandle>> built(kActive);
    std::vector<std::pair<std::int64_t, int>> seen(kActive);
    for (std::size_t i = 0; i < kActive; ++i) seen[i] = {market->trades(i, 1).back().match_id, 9999};
    const auto started = market->now();
    for (int step = 0; step < 80; ++step) {
        market->advance(market->now() + std::chrono::milliseconds(2'501));
        for (std::size_t i = 0; i < kActive; ++i) {
            const auto& contract = market->contracts()[i].contract;
            for (const auto& trade : market->trades(i, 2'000)) {
                if (std::pair(trade.match_id, trade.fill_index) <= seen[i]) continue;
                seen[i] = {trade.match_id, trade.fill_index};
                EXPECT_EQ(trade.doubled_contracts % 2, 0);
                EXPECT_GT(trade.doubled_contracts, 0);
                EXPECT_LE(trade.time, market->now());
                const double price = price_from_ticks(trade.price_ticks, contract.price_tick);
                const std::int64_t minute = core::to_unix_ms(trade.time) / 60'000 * 60;
                auto [at, fresh] = built[i].try_emplace(minute);
                auto& candle = at->second;
                if (fresh) candle.open = candle.high = candle.low = price;
                candle.high = std::max(candle.high, price);
                candle.low = std::min(candle.low, price);
                candle.close = price;
                candle.doubled_contracts += trade.doubled_contracts;
                candle.doubled_count += 2;
                candle.doubled_turnover_usdt +=
                    price * contract.contract_size * static_cast<double>(trade.doubled_contracts);
            }
        }
    }
    int compared = 0;
    for (std::size_t i = 0; i < kActive; ++i) {
        double previous_close = 0.0;
        for (const auto& candle : market->minute_candles(i, 3)) {
            if (candle.open_time_sec * 1000 <= core::to_unix_ms(started)) {
                previous_close = candle.close;
                continue;
            }
            const auto found = built[i].find(candle.open_time_sec);
            if (found == built[i].end()) {  // a flat minute
                EXPECT_EQ(candle.doubled_count, 0);
                EXPECT_EQ(candle.high, candle.low);
                if (previous_close > 0.0) EXPECT_EQ(candle.close, previous_close);
            } else {
                ++compared;
                EXPECT_EQ(candle.open, found->second.open);
                EXPECT_EQ(candle.high, found->second.high);
                EXPECT_EQ(candle.low, found->second.low);
                EXPECT_EQ(candle.close, found->second.close);
                EXPECT_EQ(candle.doubled_contracts, found->second.doubled_contracts);
                EXPECT_EQ(candle.doubled_count, found->second.doubled_count);
                EXPECT_NEAR(candle.doubled_turnover_usdt / found->second.doubled_turnover_usdt, 1.0, 1e-9);
            }
            previous_close = candle.close;
        }
    }
    EXPECT_GT(compared, 10);
}

TEST(SimulatedMarket, tickers_agree_with_trades_candles_and_books) {
    auto market = make_market(small_market(static_cast<int>(kActive), 6));
    market->advance(market->now() + std::chrono::seconds(90));
    for (std::size_t i = 0; i < kActive; ++i) {
        const auto& contract = market->contracts()[i].contract;
        const auto ticker = market->ticker(i);
        EXPECT_EQ(ticker.last, price_from_ticks(market->trades(i, 1).back().price_ticks, contract.price_tick));
        const auto candles = market->minute_candles(i, 2'000);
        ASSERT_EQ(candles.size(), 2'000U);
        EXPECT_EQ(candles.back().close, ticker.last);
        std::int64_t contracts = 0;
        std::int64_t count = 0;
        double turnover = 0.0;
        for (std::size_t k = candles.size() - 1'441; k < candles.size(); ++k) {
            contracts += candles[k].doubled_contracts;
            count += candles[k].doubled_count;
            turnover += candles[k].doubled_turnover_usdt;
        }
        EXPECT_EQ(ticker.doubled_contracts_24h, contracts);
        EXPECT_EQ(ticker.doubled_count_24h, count);
        EXPECT_NEAR(ticker.doubled_turnover_24h / turnover, 1.0, 1e-9);
        const std::int64_t day = htx_day_start(candles.back().open_time_sec);
        double high = 0.0, low = 1e300, open = 0.0;
        for (const auto& candle : candles) {
            if (candle.open_time_sec < day) continue;
            if (candle.open_time_sec == day) open = candle.open;
            high = std::max(high, candle.high);
            low = std::min(low, candle.low);
        }
        EXPECT_EQ(ticker.open, open);
        EXPECT_EQ(ticker.high, high);
        EXPECT_EQ(ticker.low, low);
        const auto book = market->book(i, 1);
        EXPECT_EQ(ticker.bid->price_ticks, book.bids.front().price_ticks);
        EXPECT_EQ(ticker.ask->contracts, book.asks.front().contracts);
        if (i >= 3) continue;  // the majors of this market
        EXPECT_GE(market->book(i, 150).bids.size(), 50U);
        EXPECT_GE(market->book(i, 150).asks.size(), 50U);
    }
}

TEST(SimulatedMarket, history_is_contiguous_and_meets_the_present) {
    auto market = make_market(small_market(24, 7, MarketKind::real));
    bool flat_somewhere = false;
    for (std::size_t i = 0; i < 24; ++i) {
        const auto candles = market->minute_candles(i, 3'000);
        ASSERT_GE(candles.size(), 2'000U);
        EXPECT_EQ(candles.back().open_time_sec, testing::kStartMs / 60'000 * 60);
        for (std::size_t k = 0; k < candles.size(); ++k) {
            const auto& candle = candles[k];
            if (k > 0) ASSERT_EQ(candle.open_time_sec, candles[k - 1].open_time_sec + 60);
            ASSERT_EQ(candle.doubled_contracts % 2, 0);
            ASSERT_EQ(candle.doubled_count % 2, 0);
            ASSERT_LE(candle.low, std::min(candle.open, candle.close));
            ASSERT_GE(candle.high, std::max(candle.open, candle.close));
            if (candle.doubled_count == 0) {
                flat_somewhere = true;
                if (k > 0) ASSERT_EQ(candle.close, candles[k - 1].close);
            }
        }
        const auto book = market->book(i, 1);
        const double tick = market->contracts()[i].contract.price_tick;
        const double middle = 0.5 * tick * static_cast<double>(book.bids[0].price_ticks + book.asks[0].price_ticks);
        // The agents start from where history ends; a minute of ordinary life lies between.
        EXPECT_NEAR(middle / candles[candles.size() - 3].close, 1.0, 0.03)
            << market->contracts()[i].contract.contract_code;
        EXPECT_GE(market->trades(i, 10).size(), 1U);
    }
    EXPECT_TRUE(flat_somewhere);
}

TEST(SimulatedMarket, time_may_be_played_in_any_steps) {
    auto options = small_market(6, 8);
    options.scenarios = {"all"};
    options.prevalence = 0.45;
    auto leap = make_market(options);
    auto crawl = make_market(options);
    const auto end = leap->now() + std::chrono::milliseconds(151'777);
    leap->advance(end);
    for (std::int64_t step = 1; crawl->now() < end; step = step * 7 % 1'999 + 1) {
        crawl->advance(std::min(end, crawl->now() + std::chrono::milliseconds(step)));
    }
    for (std::size_t i = 0; i < 6; ++i) {
        const auto one = leap->book(i, 150);
        const auto two = crawl->book(i, 150);
        EXPECT_EQ(one.matching_id, two.matching_id);
        EXPECT_EQ(one.time, two.time);
        ASSERT_EQ(one.bids.size(), two.bids.size());
        for (std::size_t k = 0; k < one.bids.size(); ++k) {
            EXPECT_EQ(one.bids[k].price_ticks, two.bids[k].price_ticks);
            EXPECT_EQ(one.bids[k].contracts, two.bids[k].contracts);
        }
        EXPECT_EQ(leap->index_price(i), crawl->index_price(i));
        EXPECT_EQ(leap->mark_price(i), crawl->mark_price(i));
        EXPECT_EQ(leap->funding(i).rate, crawl->funding(i).rate);
        EXPECT_EQ(leap->open_interest_contracts(i), crawl->open_interest_contracts(i));
        EXPECT_EQ(leap->trades(i, 2'000).size(), crawl->trades(i, 2'000).size());
        EXPECT_EQ(leap->ticker(i).doubled_turnover_24h, crawl->ticker(i).doubled_turnover_24h);
    }
    const auto labels_one = leap->labels({});
    const auto labels_two = crawl->labels({});
    ASSERT_EQ(labels_one.size(), labels_two.size());
    EXPECT_FALSE(labels_one.empty());
    for (std::size_t k = 0; k < labels_one.size(); ++k) {
        EXPECT_EQ(labels_one[k].time, labels_two[k].time);
        EXPECT_EQ(labels_one[k].kind, labels_two[k].kind);
        EXPECT_EQ(labels_one[k].phase, labels_two[k].phase);
    }
}

TEST(SimulatedMarket, another_seed_is_another_market) {
    auto one = make_market(small_market(2, 1));
    auto two = make_market(small_market(2, 2));
    EXPECT_NE(one->ticker(0).last, two->ticker(0).last);
    EXPECT_NE(one->book(1, 1).bids[0].contracts, two->book(1, 1).bids[0].contracts);
}

TEST(SimulatedMarket, open_interest_changes_by_no_more_than_was_traded) {
    auto market = make_market(small_market(static_cast<int>(kActive), 9));
    std::vector<std::int64_t> before(kActive), volume(kActive);
    bool moved = false;
    for (int step = 0; step < 40; ++step) {
        for (std::size_t i = 0; i < kActive; ++i) before[i] = market->open_interest_contracts(i);
        const auto since = market->now();
        market->advance(since + std::chrono::seconds(3));
        for (std::size_t i = 0; i < kActive; ++i) {
            std::int64_t traded = 0;
            for (const auto& trade : market->trades(i, 2'000))
                traded += trade.time > since ? trade.doubled_contracts / 2 : 0;
            const auto change = market->open_interest_contracts(i) - before[i];
            EXPECT_LE(std::abs(change), traded);
            moved = moved || change != 0;
        }
    }
    EXPECT_TRUE(moved);
}

TEST(SimulatedMarket, half_of_a_busy_market_passes_a_first_filter) {
    auto market = make_market(small_market(50, 10));
    int passing = 0;
    for (std::size_t i = 0; i < 50; ++i) {
        const auto ticker = market->ticker(i);
        const auto bid = static_cast<double>(ticker.bid->price_ticks);
        const double spread_bps = (static_cast<double>(ticker.ask->price_ticks) / bid - 1.0) * 1e4;
        passing += ticker.doubled_turnover_24h > 20e6 && spread_bps < 8.0 ? 1 : 0;
    }
    EXPECT_GE(passing, 22);
    EXPECT_LE(passing, 30);
}

TEST(SimulatedMarket, the_swap_follows_its_index_and_funding_its_premium) {
    auto market = make_market(small_market(16, 12, MarketKind::real));
    market->advance(market->now() + std::chrono::seconds(30));
    for (std::size_t i = 0; i < 16; ++i) {
        const auto& contract = market->contracts()[i].contract;
        EXPECT_NEAR(market->mark_price(i) / market->index_price(i), 1.0, 0.02) << contract.contract_code;
        EXPECT_NEAR(market->ticker(i).last / market->index_price(i), 1.0, 0.04) << contract.contract_code;
        const auto funding = market->funding(i);
        EXPECT_GT(funding.funding_time, market->now());
        EXPECT_LE(funding.funding_time, market->now() + std::chrono::hours(contract.funding_interval_hours));
        EXPECT_EQ(contract.next_funding_time, funding.funding_time);
        EXPECT_LE(std::abs(funding.rate), 0.02);
        const auto history = market->funding_history(i, 5);
        ASSERT_EQ(history.size(), 5U);
        EXPECT_EQ(history[0].funding_time + std::chrono::hours(contract.funding_interval_hours), funding.funding_time);
        EXPECT_EQ(history[1].funding_time + std::chrono::hours(contract.funding_interval_hours),
                  history[0].funding_time);
    }
}

TEST(SimulatedMarket, frozen_contracts_stand_still) {
    auto market = make_market(small_market(2, 1));
    std::size_t suspended = 0, ghosts = 0, dated = 0;
    for (std::size_t i = 2; i < market->contracts().size(); ++i) {
        const auto& listing = market->contracts()[i];
        suspended += listing.contract.status == market::ContractStatus::suspended ? 1U : 0U;
        ghosts += listing.delisted_ghost ? 1U : 0U;
        dated += listing.dated_future ? 1U : 0U;
        EXPECT_TRUE(market->book(i, 10).bids.empty());
        EXPECT_FALSE(market->ticker(i).bid.has_value());
        EXPECT_EQ(market->ticker(i).doubled_count_24h, 0);
        EXPECT_GT(market->index_price(i), 0.0);
        EXPECT_EQ(market->minute_candles(i, 10).size(), listing.delisted_ghost ? 0U : 10U);
    }
    EXPECT_EQ(suspended, 4U);
    EXPECT_EQ(ghosts, 16U);
    EXPECT_EQ(dated, 4U);
}

}  // namespace
}  // namespace scanner::simulator
