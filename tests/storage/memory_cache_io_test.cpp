#include "support/run_coroutine.hpp"

#include "scanner/storage/snapshot_cache.hpp"

#include <gtest/gtest.h>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;

TEST(MemoryCache, keeps_a_value_until_its_time_is_over) {
    core::ManualClock clock(core::from_unix_ms(0));
    const auto cache = make_memory_cache(clock);
    cache->put({{"snaps:latest", std::make_shared<const std::string>("one"), milliseconds(90)}});
    EXPECT_EQ(*test::run_coroutine(cache->get("snaps:latest", 100)), "one");
    EXPECT_EQ(*test::run_coroutine(cache->get("rank:scalp", 100)), std::nullopt);
    cache->put({{"snaps:latest", std::make_shared<const std::string>("two"), milliseconds(90)}});
    clock.advance(milliseconds(89));
    EXPECT_EQ(*test::run_coroutine(cache->get("snaps:latest", 100)), "two");
    clock.advance(milliseconds(1));
    EXPECT_EQ(*test::run_coroutine(cache->get("snaps:latest", 100)), std::nullopt);
}

}  // namespace
}  // namespace scanner::storage
