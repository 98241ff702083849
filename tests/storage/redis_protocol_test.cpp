#include "storage/redis/redis_protocol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace scanner::storage {
namespace {

using Kind = RedisReply::Kind;

/// What the reader makes of `bytes` when they come one by one; an error's message where there was one.
std::string read(std::string_view bytes, ReplyLimits limits = {}) {
    ReplyReader reader(limits);
    std::string seen;
    const auto show = [&](const auto& self, const RedisReply& reply) -> std::string {
        switch (reply.kind) {
            case Kind::nil: return "nil ";
            case Kind::status: return "+" + reply.text + " ";
            case Kind::error: return "-" + reply.text + " ";
            case Kind::integer: return std::to_string(reply.integer) + " ";
            case Kind::string: return "'" + reply.text + "' ";
            case Kind::array: break;
        }
        std::string all = "[ ";
        for (const RedisReply& element : reply.elements) all += self(self, element);
        return all + "] ";
    };
    for (const char byte : bytes) {
        reader.feed({&byte, 1});
        for (;;) {
            const auto reply = reader.next();
            if (!reply) return seen + "error: " + reply.error().message();
            if (!*reply) break;
            seen += show(show, **reply);
        }
    }
    return seen;
}

TEST(RedisProtocol, writes_commands_of_any_bytes) {
    const std::array<std::string, 2> words{"GET", std::string("a\0\r\n", 4)};
    EXPECT_EQ(encode_command(words), std::string("*2\r\n$3\r\nGET\r\n$4\r\na\0\r\n\r\n", 23));
}

TEST(RedisProtocol, reads_every_kind_of_reply_however_it_is_cut) {
    EXPECT_EQ(read("+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n*-1\r\n"), "+OK -ERR no -7 nil nil ");
    EXPECT_EQ(read("$4\r\na\r\nb\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n+next\r\n"), "'a\r\nb' [ 1 [ '' ] ] +next ");
}

TEST(RedisProtocol, refuses_what_is_beyond_a_bound_as_soon_as_it_is_announced) {
    EXPECT_NE(read("$101\r\n", {.max_bytes = 100}).find("101 bytes"), std::string::npos);
    EXPECT_NE(read("$9223372036854775807\r\n").find("error"), std::string::npos);
    EXPECT_NE(read("*2147483647\r\n").find("array"), std::string::npos);
    std::string deep;
    for (int i = 0; i < 1'000; ++i) deep += "*1\r\n";
    EXPECT_NE(read(deep).find("deeper"), std::string::npos);
    EXPECT_NE(read("+" + std::string(70'000, 'x')).find("without an end"), std::string::npos);
    std::string wide = "*1000\r\n";
    for (int i = 0; i < 1'000; ++i) wide += "$90\r\n" + std::string(90, 'x') + "\r\n";
    ReplyReader reader({.max_bytes = 100});
    reader.feed(wide.substr(0, wide.size() - 5));
    EXPECT_FALSE(reader.next()) << "many texts, each of them short enough";
}

TEST(RedisProtocol, refuses_malformed_replies) {
    for (const char* const text :
         {"\r\n", "HTTP/1.1 400 Bad Request\r\n", "$\r\n", "$x\r\n", ":1x\r\n", "$-2\r\n", "$1\r\nab\r\n", "%1\r\n"})
        EXPECT_NE(read(text).find("error"), std::string::npos) << text;
}

}  // namespace
}  // namespace scanner::storage
