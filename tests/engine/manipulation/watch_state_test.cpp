#include "engine/manipulation/watch_state.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <chrono>
#include <string>

namespace scanner::engine {
namespace {

constexpr core::WallTime kNow{std::chrono::milliseconds(1'796'000'000'000)};

KeptContract sample(std::size_t size = 900) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
    return {.contract_code = "BTC-USDT",
            .contract_size = 0.001,
            .last_over = kNow,
            .detectors = std::make_shared<const std::vector<std::byte>>(std::move(bytes)),
            .saved_at = {}};
}

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

/// As the first version wrote its file.
std::string first_version(const std::vector<KeptContract>& contracts) {
    std::string out = "manip-watch";
    put(out, 1, 1);
    put(out, std::bit_cast<std::uint64_t>(core::to_unix_ms(kNow)), 8);
    put(out, contracts.size(), 4);
    for (const KeptContract& contract : contracts) out += encode_contract(contract).substr(1);
    const auto check = crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size());
    put(out, check, 4);
    return out;
}

TEST(WatchState, is_read_back) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{900}}) {
        const auto read = decode_contract(encode_contract(sample(size)), kNow);
        ASSERT_TRUE(read) << read.error().message();
        EXPECT_EQ(read->saved_at, kNow);
        EXPECT_EQ(read->contract_code, "BTC-USDT");
        EXPECT_EQ(read->contract_size, 0.001);
        EXPECT_EQ(read->last_over, kNow);
        EXPECT_EQ(*read->detectors, *sample(size).detectors);
    }
}

TEST(WatchState, is_refused_cut_short_or_with_more_behind) {
    const std::string whole = encode_contract(sample());
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_FALSE(decode_contract(whole.substr(0, i), kNow)) << i;
    EXPECT_FALSE(decode_contract(whole + "x", kNow));
    EXPECT_FALSE(decode_contract("", kNow));
    std::string other = whole;
    other[0] = 3;
    EXPECT_FALSE(decode_contract(other, kNow)) << "of a later version";
}

TEST(WatchState, files_of_the_first_version_are_read) {
    const std::string whole = first_version({sample(), sample(0)});
    const auto read = decode_first_version(whole);
    ASSERT_TRUE(read) << read.error().message();
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ(read->front().saved_at, kNow);
    EXPECT_EQ(*read->front().detectors, *sample().detectors);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
        EXPECT_FALSE(decode_first_version(damaged)) << i;
        EXPECT_FALSE(decode_first_version(std::string_view(whole).substr(0, i))) << i;
    }
    EXPECT_FALSE(decode_first_version(whole + "x"));
}

TEST(WatchState, is_of_no_use_after_a_day_or_from_the_future) {
    EXPECT_TRUE(is_recent(kNow, kNow + std::chrono::hours(24)));
    EXPECT_FALSE(is_recent(kNow, kNow + std::chrono::hours(24) + std::chrono::milliseconds(1)));
    EXPECT_TRUE(is_recent(kNow, kNow - std::chrono::seconds(30))) << "clocks of two hosts differ";
    EXPECT_FALSE(is_recent(kNow, kNow - std::chrono::hours(1)));
}

}  // namespace
}  // namespace scanner::engine
