#include "api/answers/rendered.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace scanner::api {
namespace {

std::shared_ptr<Rendered> rendered(std::string body) {
    return std::make_shared<Rendered>("text/plain", std::move(body), std::nullopt);
}

TEST(Rendered, has_one_tag_a_body_and_another_for_its_gzip_form) {
    const auto first = rendered(std::string(5000, 'a'));
    const auto same = rendered(std::string(5000, 'a'));
    const auto other = rendered(std::string(5000, 'b'));
    EXPECT_EQ(first->etag(), same->etag());
    EXPECT_NE(first->etag(), other->etag());
    EXPECT_NE(first->etag(), first->gzip_etag());
    EXPECT_TRUE(first->etag().starts_with('"') && first->etag().ends_with('"'));
    ASSERT_NE(first->gzip(), nullptr);
    EXPECT_EQ(first->gzip().get(), first->gzip().get());
}

TEST(RenderCache, forgets_the_least_recently_used) {
    RenderCache cache({.entries = 2, .bytes = 1U << 20U});
    cache.insert("a", rendered("A"));
    cache.insert("b", rendered("B"));
    ASSERT_NE(cache.find("a"), nullptr);
    cache.insert("c", rendered("C"));
    EXPECT_EQ(cache.find("b"), nullptr);
    ASSERT_NE(cache.find("a"), nullptr);
    EXPECT_EQ(*cache.find("a")->body(), "A");
    EXPECT_EQ(*cache.find("c")->body(), "C");
    EXPECT_EQ(cache.entries(), 2U);
}

TEST(RenderCache, keeps_within_its_bytes) {
    constexpr std::size_t kLimit = 50'000;
    RenderCache cache({.entries = 1000, .bytes = kLimit});
    for (int i = 0; i < 100; ++i) {
        cache.insert(std::to_string(i), rendered(std::string(3000, 'x')));
        ASSERT_LE(cache.bytes(), kLimit);
    }
    EXPECT_GE(cache.entries(), 5U);
    EXPECT_NE(cache.find("99"), nullptr);
    EXPECT_EQ(cache.find("0"), nullptr);
    cache.insert("huge", rendered(std::string(kLimit, 'x')));
    EXPECT_EQ(cache.find("huge"), nullptr);
    EXPECT_NE(cache.find("99"), nullptr);
}

TEST(RenderCache, replaces_what_has_the_same_key) {
    RenderCache cache({.entries = 4, .bytes = 1U << 20U});
    cache.insert("a", rendered("old"));
    const std::size_t bytes = cache.bytes();
    cache.insert("a", rendered("new"));
    EXPECT_EQ(*cache.find("a")->body(), "new");
    EXPECT_EQ(cache.entries(), 1U);
    EXPECT_EQ(cache.bytes(), bytes);
}

TEST(RenderCache, forgets_cycles_that_are_over) {
    RenderCache cache({.entries = 10, .bytes = 1U << 20U});
    for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
        cache.insert(std::to_string(sequence), std::make_shared<Rendered>("text/plain", "body", ScanStamp{sequence}));
    }
    cache.insert("of no cycle", rendered("A"));
    const std::size_t bytes = cache.bytes();
    cache.forget([](const ScanStamp& stamp) { return stamp.sequence <= 2; });
    EXPECT_EQ(cache.entries(), 3U);
    EXPECT_LT(cache.bytes(), bytes);
    EXPECT_EQ(cache.find("1"), nullptr);
    EXPECT_NE(cache.find("3"), nullptr);
    EXPECT_NE(cache.find("of no cycle"), nullptr);
}

TEST(RenderCache, keeps_an_answer_alive_while_it_is_sent) {
    RenderCache cache({.entries = 1, .bytes = 1U << 20U});
    cache.insert("a", rendered("A"));
    const auto held = cache.find("a");
    cache.insert("b", rendered("B"));
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_EQ(*held->body(), "A");
}

}  // namespace
}  // namespace scanner::api
