#include "engine/manipulation/watch_state.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace scanner::engine {
namespace {

constexpr core::WallTime kNow{std::chrono::milliseconds(1'796'000'000'000)};

KeptWatch sample() {
    const auto state = [](std::size_t size) {
        std::vector<std::byte> bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
        return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    };
    return {
        .saved_at = kNow,
        .contracts = {{.contract_code = "BTC-USDT", .contract_size = 0.001, .last_over = kNow, .detectors = state(900)},
                      {.contract_code = "ETH-USDT", .contract_size = 0.01, .last_over = {}, .detectors = state(0)}}};
}

TEST(WatchState, is_read_back) {
    const auto read = decode_watch(encode_watch(sample()), kNow + std::chrono::hours(1));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->saved_at, kNow);
    ASSERT_EQ(read->contracts.size(), 2U);
    EXPECT_EQ(read->contracts[0].contract_code, "BTC-USDT");
    EXPECT_EQ(read->contracts[0].contract_size, 0.001);
    EXPECT_EQ(read->contracts[0].last_over, kNow);
    EXPECT_EQ(*read->contracts[0].detectors, *sample().contracts[0].detectors);
    EXPECT_FALSE(read->contracts[1].last_over);
    EXPECT_TRUE(read->contracts[1].detectors->empty());
}

TEST(WatchState, is_refused_however_it_is_damaged) {
    const std::string whole = encode_watch(sample());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
        EXPECT_FALSE(decode_watch(damaged, kNow)) << i;
        EXPECT_FALSE(decode_watch(std::string_view(whole).substr(0, i), kNow)) << i;
    }
    EXPECT_FALSE(decode_watch(whole + "x", kNow));
}

TEST(WatchState, is_of_no_use_after_a_day_or_from_the_future) {
    const std::string whole = encode_watch(sample());
    EXPECT_TRUE(decode_watch(whole, kNow + std::chrono::hours(24)));
    const auto old = decode_watch(whole, kNow + std::chrono::hours(24) + std::chrono::milliseconds(1));
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().code(), core::ErrorCode::timeout);
    EXPECT_FALSE(decode_watch(whole, kNow - std::chrono::hours(1)));
}

}  // namespace
}  // namespace scanner::engine
