#include "api/access/token_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::api {
namespace {

using namespace std::chrono_literals;

constexpr core::SteadyTime kStart{1h};

std::vector<std::string> shown(TokenWatch& watch, core::SteadyTime now) {
    std::vector<std::string> lines;
    for (const TokenWatch::Line& line : watch.take_lines(now)) {
        lines.push_back(line.client + " " + std::to_string(line.count));
    }
    return lines;
}
using Lines = std::vector<std::string>;

TEST(TokenWatch, allows_a_few_wrong_tokens_then_backs_off) {
    TokenWatch watch;
    for (std::size_t i = 0; i < TokenWatch::kFreeAttempts; ++i) EXPECT_FALSE(watch.wrong("a", kStart)) << i;
    std::vector<std::chrono::seconds> waits;
    for (int i = 0; i < 8; ++i) waits.push_back(watch.wrong("a", kStart).value_or(0s));
    EXPECT_EQ(waits, (std::vector<std::chrono::seconds>{4s, 8s, 16s, 32s, 60s, 60s, 60s, 60s}));
    EXPECT_FALSE(watch.wrong("b", kStart)) << "each client for itself";
    EXPECT_FALSE(watch.wrong("a", kStart + 61s)) << "who waited as told is told what is wrong";
    EXPECT_TRUE(watch.wrong("a", kStart + 62s));
    EXPECT_FALSE(watch.wrong("a", kStart + 1h)) << "long ago";
    EXPECT_FALSE(watch.wrong("a", kStart + 1h));
}

TEST(TokenWatch, starts_anew_after_the_right_one) {
    TokenWatch watch;
    for (int i = 0; i < 50; ++i) static_cast<void>(watch.wrong("a", kStart));
    watch.right("a");
    EXPECT_FALSE(watch.wrong("a", kStart));
    watch.right("never seen");
}

TEST(TokenWatch, has_one_line_for_a_client_and_minute) {
    TokenWatch watch;
    EXPECT_FALSE(watch.has_lines(kStart));
    static_cast<void>(watch.wrong("a", kStart));
    EXPECT_EQ(shown(watch, kStart), Lines{"a 1"}) << "the first at once";
    for (int i = 0; i < 2'000; ++i) static_cast<void>(watch.wrong("a", kStart + 1s));
    EXPECT_FALSE(watch.has_lines(kStart + 59s));
    EXPECT_EQ(shown(watch, kStart + 59s), Lines{});
    EXPECT_EQ(shown(watch, kStart + 60s), Lines{"a 2000"}) << "also when no more of them come";
    EXPECT_FALSE(watch.has_lines(kStart + 1h));
    static_cast<void>(watch.wrong("a", kStart + 1h));
    EXPECT_EQ(shown(watch, kStart + 1h), Lines{"a 1"});
}

TEST(TokenWatch, bounds_its_memory_and_its_lines) {
    TokenWatch watch;
    std::uint64_t counted = 0;
    std::size_t lines = 0;
    for (int i = 0; i < 5'000; ++i) {
        static_cast<void>(watch.wrong("client " + std::to_string(i), kStart + std::chrono::milliseconds(i)));
        for (const auto& line : watch.take_lines(kStart + std::chrono::milliseconds(i))) {
            ++lines;
            counted += line.count;
        }
    }
    EXPECT_LE(lines, TokenWatch::kMaxLines + 1);
    const auto rest = watch.take_lines(kStart + 10min);
    ASSERT_FALSE(rest.empty());
    EXPECT_EQ(rest.front().client, "others");
    for (const auto& line : rest) counted += line.count;
    EXPECT_EQ(counted, 5'000U) << "none is lost";
}

}  // namespace
}  // namespace scanner::api
