#include "scanner/core/url.hpp"

#include <gtest/gtest.h>

namespace scanner::core {
namespace {

TEST(PercentDecode, reads_bytes_and_refuses_what_is_cut_short) {
    EXPECT_EQ(percent_decode("BTC%2fUSDT%3A+x"), "BTC/USDT:+x");
    EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
    EXPECT_EQ(percent_decode(""), "");
    for (const auto* const bad : {"%", "a%4", "%4", "%g0", "%0g", "%%41"})
        EXPECT_EQ(percent_decode(bad), std::nullopt) << bad;
}

TEST(PercentEncode, is_undone_by_decoding) {
    EXPECT_EQ(percent_encode("龙虾-USDT"), "%E9%BE%99%E8%99%BE-USDT");
    EXPECT_EQ(percent_encode("a b/c?d&e=%~._-"), "a%20b%2Fc%3Fd%26e%3D%25~._-");
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(Utf8, is_distinguished_from_other_bytes) {
    for (const auto* const good : {"", "a", "é", "龙", "🦞", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    for (const auto* const bad : {"\x80", "\xC1\x81", "\xE0\x80\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80",
                                  "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "a\xC3", "\xE9\xBE"}) {
        EXPECT_FALSE(is_valid_utf8(bad));
    }
}

TEST(ParseUrl, takes_it_apart) {
    const auto url = parse_url("HTTPS://us%40er:p%3Ass@Api.HBDM.com:8443/a/b?x=1&y=2#frag");
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->user, "us@er");
    EXPECT_EQ(url->password, "p:ss");
    EXPECT_EQ(url->host, "api.hbdm.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->path, "/a/b");
    EXPECT_EQ(url->query, "x=1&y=2");
    EXPECT_EQ(url->fragment, "frag");
}

TEST(ParseUrl, needs_little) {
    const auto url = parse_url("http://127.0.0.1");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "127.0.0.1");
    EXPECT_EQ(url->port, std::nullopt);
    EXPECT_EQ(url->path, "");
    const auto six = parse_url("http://[::1]:80?q");
    ASSERT_TRUE(six);
    EXPECT_EQ(six->host, "::1");
    EXPECT_EQ(six->port, 80);
    EXPECT_EQ(six->query, "q");
}

class NoUrl : public testing::TestWithParam<std::string_view> {};
TEST_P(NoUrl, is_refused) {
    const auto url = parse_url(GetParam());
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code(), ErrorCode::invalid_input);
    EXPECT_FALSE(url.error().message().empty());
}
INSTANTIATE_TEST_SUITE_P(ParseUrl, NoUrl,
                         testing::Values("", "api.hbdm.com", "//host", "://host", "1http://host", "http:/host",
                                         "http://", "http:///x", "http://:80", "http://host:", "http://host:0",
                                         "http://host:65536", "http://host:+80", "http://host:8o", "http://ho st",
                                         "http://host\n", "http://h\xC3\xB6st", "http://[::1", "http://[x]",
                                         "http://[::1]80", "http://u%zz@host", "http://ho<st"));

TEST(MaskUrl, hides_passwords) {
    EXPECT_EQ(mask_url("redis://user:secret@host:6379/0"), "redis://user:***@host:6379/0");
    EXPECT_EQ(mask_url("redis://:secret@host"), "redis://:***@host");
    EXPECT_EQ(mask_url("redis://token@host"), "redis://***@host");
    EXPECT_EQ(mask_url("https://api.hbdm.com"), "https://api.hbdm.com");
    EXPECT_EQ(mask_url("postgresql://h/db?user=u&password=secret"), "postgresql://h/db?***");
    EXPECT_EQ(mask_url("postgresql://h/db?user=u&pass%77ord=secret"), "postgresql://h/db?***");
    EXPECT_EQ(mask_url("postgresql://h/db?SSLPassword=secret"), "postgresql://h/db?***");
    EXPECT_EQ(mask_url("postgresql://h/db?x=%zz&y=1"), "postgresql://h/db?***") << "what cannot be read is not shown";
    EXPECT_EQ(mask_url("postgresql://h/db?sslmode=require"), "postgresql://h/db?sslmode=require");
    EXPECT_EQ(mask_url(""), "");
}

TEST(MaskUrl, hides_passwords_that_break_the_url) {
    for (const auto* const url : {"redis://u:sec/ret@host", "redis://u:sec?ret@host", "redis://u:sec@ret@host",
                                  "redis://u:sec#ret@host", "sec-ret-without-a-scheme"}) {
        EXPECT_EQ(mask_url(url).find("ret"), std::string::npos) << mask_url(url);
        EXPECT_EQ(mask_url(url).find("sec"), std::string::npos) << mask_url(url);
    }
}

TEST(MaskUrl, hides_the_path_of_a_webhook) {
    EXPECT_EQ(mask_url("https://hooks.example.com/services/T0/secret?k=v", true), "https://hooks.example.com/***");
    EXPECT_EQ(mask_url("https://hooks.example.com?secret", true), "https://hooks.example.com/***");
    EXPECT_EQ(mask_url("https://hooks.example.com/", true), "https://hooks.example.com");
}

TEST(LoopbackHost, is_recognised) {
    for (const auto* const host : {"localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"}) {
        EXPECT_TRUE(is_loopback_host(host)) << host;
    }
    for (const auto* const host :
         {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost.example.com", "127.0.0.1.example.com"}) {
        EXPECT_FALSE(is_loopback_host(host)) << host;
    }
}

TEST(ParseRedisUrl, understands_all_of_it) {
    EXPECT_EQ(parse_redis_url("redis://cache"), (RedisUrl{.host = "cache"}));
    EXPECT_EQ(parse_redis_url("redis://u:p%40ss@cache:6380/5"),
              (RedisUrl{.host = "cache", .port = 6380, .user = "u", .password = "p@ss", .database = 5}));
    EXPECT_EQ(parse_redis_url("redis://:p@[::1]/"), (RedisUrl{.host = "::1", .password = "p"}));
    EXPECT_EQ(parse_redis_url("rediss://u:p@cache:6390/1"),
              (RedisUrl{.host = "cache", .port = 6390, .user = "u", .password = "p", .database = 1, .tls = true}));
    EXPECT_EQ(parse_redis_url("unix:///run/redis/redis.sock"), (RedisUrl{.socket_path = "/run/redis/redis.sock"}));
    EXPECT_EQ(parse_redis_url("redis+unix://:p%40@/run/my%20redis.sock?db=3"),
              (RedisUrl{.password = "p@", .database = 3, .socket_path = "/run/my redis.sock"}));
}

TEST(ParseRedisUrl, reads_back_its_own_text) {
    for (const auto* const text : {"redis://cache:6379/0", "redis://u:p%40ss@cache:6380/5", "rediss://:x@[::1]:1/2",
                                   "unix:///run/redis.sock", "unix://:p@/run/my%20redis.sock?db=3"}) {
        const auto url = parse_redis_url(text);
        ASSERT_TRUE(url) << text;
        EXPECT_EQ(redis_url_text(*url), text);
    }
}

TEST(ParseRedisUrl, says_what_is_wrong) {
    const auto complaint = [](std::string_view url) {
        const auto parsed = parse_redis_url(url);
        return parsed ? std::string() : parsed.error().message();
    };
    EXPECT_NE(complaint("unix://run/redis.sock").find("absolute path"), std::string::npos);
    EXPECT_NE(complaint("unix://user@/run/redis.sock").find("password"), std::string::npos);
    EXPECT_NE(complaint("unix:///run/redis.sock?x=1").find("?db="), std::string::npos);
    EXPECT_NE(complaint("unix:///" + std::string(200, 'x')).find("107"), std::string::npos);
    EXPECT_NE(complaint("http://cache").find("redis://"), std::string::npos);
    EXPECT_NE(complaint("redis://cache/x").find("database"), std::string::npos);
    EXPECT_NE(complaint("redis://cache/-1").find("database"), std::string::npos);
    EXPECT_NE(complaint("redis://cache/0?db=1").find("query"), std::string::npos);
    EXPECT_NE(complaint("redis://user@cache").find("password"), std::string::npos);
    EXPECT_NE(complaint("cache:6379").find("scheme"), std::string::npos);
}

TEST(ParsePostgresUrl, understands_what_the_old_service_was_given) {
    EXPECT_EQ(parse_postgres_url("postgresql+psycopg://u:p@db:5432/scanner"), "postgresql://u:p@db:5432/scanner");
    EXPECT_EQ(parse_postgres_url("postgresql+asyncpg://u:p@db/scanner"), "postgresql://u:p@db/scanner");
    EXPECT_EQ(parse_postgres_url("postgres://db/scanner?sslmode=require"), "postgresql://db/scanner?sslmode=require");
    EXPECT_EQ(parse_postgres_url("postgresql:///scanner?host=/run/postgresql"),
              "postgresql:///scanner?host=/run/postgresql");
    EXPECT_EQ(parse_postgres_url("postgresql://db?dbname=scanner"), "postgresql://db?dbname=scanner");
    EXPECT_EQ(parse_postgres_url("postgresql://a:1,b:2/scanner"), "postgresql://a:1,b:2/scanner");
}

TEST(ParsePostgresUrl, refuses_other_things) {
    for (const auto* const bad :
         {"", "db", "mysql://db/scanner", "postgresql://db", "postgresql://db/", "postgresqlx://db/scanner",
          "postgresql://db/sc anner", "postgresql://db/scanner\n"}) {
        EXPECT_FALSE(parse_postgres_url(bad)) << bad;
    }
}

}  // namespace
}  // namespace scanner::core
