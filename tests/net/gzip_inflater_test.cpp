#include "scanner/net/gzip_inflater.hpp"

#include "support/gzip.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scanner::net {
namespace {

using core::ErrorCode;
using test::gzip;

ErrorCode code_of(const core::Result<std::string_view>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? ErrorCode::internal : result.error().code();
}

TEST(GzipInflater, gives_what_was_packed_again_and_again) {
    GzipInflater inflater;
    for (const std::size_t size : {0UZ, 1UZ, 300UZ, 40'000UZ, 17UZ, 1'000'000UZ, 3UZ}) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>((i * i) % 251));
        const auto result = inflater.inflate(gzip(text));
        ASSERT_TRUE(result.has_value()) << size;
        EXPECT_EQ(*result, text);
    }
}

TEST(GzipInflater, reads_a_member_as_go_writes_it) {
    // Header with neither time nor name, system 255, and an empty stored block at the end: as the exchange's frames.
    std::string member("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
    const std::string text = R"({"ping":1790134831961})";
    member += std::string("\x00", 1);  // a stored block that is not the last
    member += static_cast<char>(text.size());
    member += std::string("\x00", 1);
    member += static_cast<char>(~static_cast<unsigned char>(text.size()));
    member += std::string("\xff", 1) + text;
    member += std::string("\x01\x00\x00\xff\xff", 5);
    const std::string packed = gzip(text);
    member += packed.substr(packed.size() - 8);  // checksum and length
    GzipInflater inflater;
    const auto result = inflater.inflate(member);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(*result, text);
}

TEST(GzipInflater, refuses_a_member_cut_short_anywhere) {
    GzipInflater inflater;
    const std::string packed = gzip("{\"a\":[1,2,3,4,5,6,7,8,9]}");
    for (std::size_t length = 0; length < packed.size(); ++length) {
        EXPECT_EQ(code_of(inflater.inflate(packed.substr(0, length))), ErrorCode::malformed) << length;
    }
    EXPECT_TRUE(inflater.inflate(packed).has_value());
}

TEST(GzipInflater, refuses_what_follows_a_member) {
    GzipInflater inflater;
    const std::string packed = gzip("{}");
    EXPECT_EQ(code_of(inflater.inflate(packed + packed)), ErrorCode::malformed);
    EXPECT_EQ(code_of(inflater.inflate(packed + std::string(8, '\0'))), ErrorCode::malformed);
}

TEST(GzipInflater, refuses_damage) {
    GzipInflater inflater;
    const std::string packed = gzip("damage is found by the checksum at the latest, wherever it is");
    for (std::size_t i = 0; i < packed.size(); ++i) {
        if (i >= 4 && i < 10) continue;  // time, flags of the packer and system are nothing of the content
        std::string damaged = packed;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        const auto result = inflater.inflate(damaged);
        EXPECT_FALSE(result.has_value()) << i;
    }
    EXPECT_EQ(code_of(inflater.inflate("no gzip at all, but long enough for a member")), ErrorCode::malformed);
}

TEST(GzipInflater, reads_names_comments_and_other_fields_of_a_header) {
    const std::string packed = gzip("what a header may hold besides");
    std::string member = packed.substr(0, 10);
    member[3] = '\x1c';  // extra, name, comment
    member +=
        std::string("\x03\x00xyz", 5) + std::string("name\0", 5) + std::string("comment\0", 8) + packed.substr(10);
    GzipInflater inflater;
    const auto result = inflater.inflate(member);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(*result, "what a header may hold besides");
}

TEST(GzipInflater, refuses_what_is_too_long_whatever_the_trailer_says) {
    GzipInflater inflater(10'000);
    EXPECT_TRUE(inflater.inflate(gzip(std::string(10'000, 'x'))).has_value());
    std::string bomb = gzip(std::string(20'000'000, 'x'));
    EXPECT_EQ(code_of(inflater.inflate(bomb)), ErrorCode::malformed);
    for (std::size_t i = bomb.size() - 4; i < bomb.size(); ++i) bomb[i] = '\0';
    bomb[bomb.size() - 4] = 100;  // "100 bytes"
    EXPECT_EQ(code_of(inflater.inflate(bomb)), ErrorCode::malformed);
}

}  // namespace
}  // namespace scanner::net
