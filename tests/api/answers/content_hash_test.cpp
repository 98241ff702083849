#include "api/answers/content_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace scanner::api {
namespace {

TEST(ContentHash, agrees_with_the_published_murmur3_vectors) {
    EXPECT_EQ(content_hash(""), "00000000000000000000000000000000");
    EXPECT_EQ(content_hash("The quick brown fox jumps over the lazy dog"), "e34bbc7bbc071b6c7a433ca9c49a9347");
    EXPECT_EQ(content_hash("hello"), "cbd8a7b341bd9b025b1e906a48ae1d19");
}

TEST(ContentHash, tells_every_length_and_every_changed_byte_apart) {
    std::set<std::string> seen;
    for (std::size_t length = 0; length < 70; ++length) {
        std::string text(length, '\0');
        EXPECT_TRUE(seen.insert(content_hash(text)).second) << length;
        for (char& c : text) {
            c = 'x';
            EXPECT_TRUE(seen.insert(content_hash(text)).second) << length;
            c = '\0';
        }
    }
}

}  // namespace
}  // namespace scanner::api
