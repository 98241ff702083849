#include "engine/manipulation/manipulation_watch.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr core::WallTime kFrom{std::chrono::milliseconds(1'700'000'010'000)};
constexpr minutes kQuiet{20};
constexpr int kContracts = 9;

market::Contract contract(int number) {
    market::Contract made;
    made.contract_code = "C" + std::to_string(number) + "-USDT";
    made.symbol = "C" + std::to_string(number) + "/USDT:USDT";
    made.contract_size = 1.0;
    made.price_tick = 0.004;
    return made;
}

/// Books of nine contracts, all usual for twenty minutes; then those of `thin` hold a twelfth, half a minute long.
/// Which of them were said to be a vacuum.
std::set<std::string> vacuums(const std::set<int>& thin) {
    std::mt19937 random(17);
    std::lognormal_distribution<double> size(3.0, 0.3);
    ManipulationWatch watch;
    MarketState state(1, 2);
    market::LiveBook book;
    std::set<std::string> raised;
    for (core::WallTime now = kFrom; now < kFrom + kQuiet + seconds(30); now += seconds(1)) {
        for (int number = 0; number < kContracts; ++number) {
            const bool is_thin = now >= kFrom + kQuiet && thin.contains(number);
            std::vector<market::Level> bids;
            std::vector<market::Level> asks;
            for (int level = 0; level < 30; ++level) {
                const double factor = is_thin ? 1.0 / 12.0 : 1.0;
                bids.push_back({20.0 - 0.004 * level, factor * size(random)});
                asks.push_back({20.004 + 0.004 * level, factor * size(random)});
            }
            book.reset({.bids = bids, .asks = asks, .exchange_time = now});
            watch.on_book(contract(number), book, now);
        }
        watch.observe(state, now);
        for (int number = 0; number < kContracts; ++number) {
            const std::string code = contract(number).contract_code;
            const auto& flags = watch.verdict(code, now)->flags;
            if (std::ranges::find(flags, "liquidity_vacuum") != flags.end()) raised.insert(code);
        }
    }
    return raised;
}

TEST(MarketBooks, one_that_thins_alone_is_a_vacuum) {
    EXPECT_THAT(vacuums({4}), testing::ElementsAre("C4-USDT"));
}

TEST(MarketBooks, all_that_thin_at_once_are_none) {
    EXPECT_THAT(vacuums({0, 1, 2, 3, 4, 5, 6, 7, 8}), testing::IsEmpty());
    EXPECT_THAT(vacuums({}), testing::IsEmpty());
}

}  // namespace
}  // namespace scanner::engine
