#include "ranking/stream/patch.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::ranking {
namespace {

/// Bytes of doubles and of times, as parts have them.
std::string some_bytes(std::mt19937_64& random, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
        const bool repeats = random() % 3 == 0 && !bytes.empty();
        bytes += repeats ? bytes.substr(random() % bytes.size(), 8) : std::string(1, static_cast<char>(random()));
    }
    bytes.resize(size);
    return bytes;
}

/// Changed as parts change: in place, with levels or candles that come and go, or altogether.
std::string edited(std::mt19937_64& random, std::string bytes) {
    constexpr std::size_t kSizes[]{1, 8, 16, 32, 46};
    const std::size_t edits = random() % 6;
    for (std::size_t i = 0; i < edits; ++i) {
        const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
        const std::size_t size = kSizes[random() % std::size(kSizes)];
        switch (random() % 4) {
            case 0: bytes.insert(at, some_bytes(random, size)); break;
            case 1: bytes.erase(at, size); break;
            case 2: bytes.replace(at, size, some_bytes(random, size)); break;
            default: bytes.resize(at); break;
        }
    }
    return bytes;
}

TEST(Patch, makes_the_new_of_the_old_and_reads_no_further) {
    std::mt19937_64 random(18);
    for (int round = 0; round < 3'000; ++round) {
        const std::string old = some_bytes(random, random() % 400);
        const std::string fresh = edited(random, random() % 8 == 0 ? some_bytes(random, random() % 400) : old);
        std::string bytes;
        write_patch(bytes, old, fresh);
        EXPECT_LE(bytes.size(), fresh.size() + fresh.size() / 2 + 16);
        bytes += "rest";
        std::string_view left = bytes;
        const auto made = read_patch(left, old, fresh.size());
        ASSERT_TRUE(made) << round;
        EXPECT_EQ(*made, fresh) << round;
        EXPECT_EQ(left, "rest");
    }
}

TEST(Patch, what_stays_and_what_moves_costs_little) {
    std::mt19937_64 random(3);
    std::string old;
    for (int i = 0; i < 300; ++i) old += some_bytes(random, 8) + std::string(3, '\0') + some_bytes(random, 5);
    std::string fresh = old;
    fresh.insert(160, some_bytes(random, 16));  // a level came
    fresh.erase(1'600, 32);                     // two went
    fresh.replace(3'200, 8, some_bytes(random, 8));
    std::string bytes;
    write_patch(bytes, old, fresh);
    EXPECT_LT(bytes.size(), 60U);
}

TEST(Patch, whatever_the_bytes_are_it_is_refused_or_as_long_as_asked) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20'000; ++round) {
        const std::string old = some_bytes(random, random() % 60);
        const std::string fresh = edited(random, old);
        std::string bytes;
        write_patch(bytes, old, fresh);
        if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
        bytes.resize(random() % (bytes.size() + 1));
        const std::size_t size = random() % 100;
        std::string_view left = bytes;
        const auto made = read_patch(left, old, size);
        if (made) EXPECT_EQ(made->size(), size);
    }
    const std::string nothing_for_ever(1'000, '\0');
    std::string_view left = nothing_for_ever;
    EXPECT_FALSE(read_patch(left, "old", 10));
}

}  // namespace
}  // namespace scanner::ranking
