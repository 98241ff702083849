#include "exchange/htx/feed/book_chain.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

TEST(BookChain, sizes_are_whole_multiples_of_the_contract_to_the_last_digit) {
    core::Random random(6);
    for (const double unit : {0.001, 0.01, 0.1, 1.0, 10.0, 1000.0, 1e6, 0.000125, 0.3, 1e-9, 1e-18, 2.5e-17, 1e22, 12.5,
                              1.0 / 3.0, 0.1 + 0.2, 4503599627370497.5}) {
        const core::DecimalUnit contract(unit);
        for (int i = 0; i < 500; ++i) {
            double count = std::floor(random.log_uniform(1.0, 1e17));
            if (random.chance(0.2)) count = random.log_uniform(1e-3, 1e6);
            if (random.chance(0.1)) count = 0.0;
            BookChain chain(unit);
            std::vector<market::Level> bids{{.price = 100.0, .size = count}};
            static_cast<void>(chain.on_tick({.whole = true, .version = 1, .time = {}, .bids = bids, .asks = {}}));
            EXPECT_EQ(bids[0].size, contract.times(count)) << count << " of " << unit;
        }
    }
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
