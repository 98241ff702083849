#include "simulator/market.hpp"

#include <gtest/gtest.h>

namespace scanner::simulator {
namespace {

TEST(SimulatedMarket, starts) {
    auto market = make_market({.contracts = 8, .seed = 3, .start = core::from_unix_ms(1'795'000'000'123)});
    market->advance(market->now() + std::chrono::seconds(30));
    EXPECT_FALSE(market->book(0, 150).bids.empty());
}

}  // namespace
}  // namespace scanner::simulator
