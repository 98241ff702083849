#include "api/answers/content_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace scanner::api {
namespace {

TEST(ContentHash, agrees_with_what_xxh128sum_prints) {
    EXPECT_EQ(content_hash(""), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(content_hash("The quick brown fox jumps over the lazy dog"), "ddd650205ca3e7fa24a1cc2e3a8a7651");
    EXPECT_EQ(content_hash("hello"), "b5e9c1ad071b3e7fc779cfaa5e523818");
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
