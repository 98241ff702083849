#include "exchange/feed/feed_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {
std::size_t allocations = 0;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SCANNER_OPERATOR_NEW_IS_TAKEN  // by the sanitizer's own, which cannot be replaced
#endif
#endif

#ifndef SCANNER_OPERATOR_NEW_IS_TAKEN
// The whole program's, so that an allocation anywhere beneath is seen.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif

namespace scanner::exchange::htx::feed {
namespace {

struct Counter final : FeedListener {
    void on_book(const market::Contract&, const market::LiveBook&, const FeedTime&) override { ++books; }
    void on_book_state(const market::Contract&, BookState, std::string_view) override { ++others; }
    void on_trades(const market::Contract&, std::span<const market::Trade>, const FeedTime&) override { ++trades; }
    void on_tape_hole(const market::Contract&, std::string_view) override { ++others; }
    void on_liquidation(std::string_view, const Liquidation&, const FeedTime&) override { ++others; }
    void on_funding_rate(std::string_view, const market::FundingRate&, const FeedTime&) override { ++others; }
    void on_contract_change(std::string_view, const FeedTime&) override { ++others; }
    int books = 0;
    int trades = 0;
    int others = 0;
};

TEST(Allocations, frames_of_books_and_tapes_make_none) {
#ifdef SCANNER_OPERATOR_NEW_IS_TAKEN
    GTEST_SKIP() << "allocations cannot be counted under this sanitizer";
#endif
    // A code longer than what fits into a small string.
    static constexpr std::string_view kCode = "ALONGNAMEDCOIN-USDT";
    Counter listener;
    FeedCore core(MarketFeedOptions(), listener, [] { return 0.5; });
    core.want({contract_of(std::string(kCode))}, core::SteadyTime(std::chrono::hours(1)));
    core.connected(0);
    core::SteadyTime now{std::chrono::hours(1)};
    while (core.next(now)) {
    }
    const auto side = [](double first, double step) {
        std::string levels = "[";
        for (int i = 0; i < 150; ++i) {
            levels += fmt::format("{}[{:.1f},{}]", i == 0 ? "" : ",", first + step * i, 1 + i % 7);
        }
        return levels + "]";
    };
    std::vector<std::string> frames;
    const auto bids = side(1000.0, -0.1);
    const auto asks = side(1000.1, 0.1);
    frames.push_back(test::gzip(Wire::snapshot(kCode, 1, bids, asks)));
    for (int i = 0; i < 200; ++i) {
        // Levels come and go on both sides.
        const auto change = fmt::format("[[{:.1f},{}],[{:.1f},{}]]", 999.9 - 0.1 * (i % 50), i % 3, 1000.0, 5 + i % 2);
        frames.push_back(test::gzip(Wire::update(kCode, 2 + i, change, i % 2 == 0 ? "[]" : "[[1000.5,0]]")));
        frames.push_back(test::gzip(Wire::trade(kCode, 100 + i)));
    }
    const auto play = [&] {
        for (const auto& frame : frames) {
            const auto taken = core.on_market(0, frame, {.wall = core::from_unix_ms(Wire::kNow), .steady = now});
            EXPECT_TRUE(taken.has_value());
        }
    };
    play();
    const auto before = allocations;
    play();  // from the snapshot on again
    EXPECT_EQ(allocations - before, 0);
    EXPECT_EQ(listener.books, 2 * 201);
    EXPECT_EQ(listener.trades, 2 * 200);
    EXPECT_EQ(listener.others, 1) << "the beginning of the tape";
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
