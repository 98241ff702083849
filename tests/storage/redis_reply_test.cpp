#include "storage/redis/redis_reply.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace scanner::storage {
namespace {

RedisReply parsed(std::string_view wire) {
    ReplyReader reader({.max_depth = kStreamReplyDepth});
    reader.feed(wire);
    auto reply = reader.next();
    EXPECT_TRUE(reply && *reply) << wire;
    return reply && *reply ? std::move(**reply) : RedisReply{};
}

constexpr std::string_view kTwoEntries =
    "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n"
    "*2\r\n$3\r\n1-0\r\n*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$0\r\n\r\n"
    "*2\r\n$3\r\n2-0\r\n*1\r\n$1\r\na\r\n";

TEST(RedisReply, the_entries_of_a_stream_are_read) {
    const RedisReply reply = parsed(kTwoEntries);
    const auto rows = read_stream_rows(reply, "stream");
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].id, "1-0");
    ReplyFields fields;
    ASSERT_TRUE(read_fields(*(*rows)[0].fields, fields));
    EXPECT_EQ(field_of(fields, "a"), "1");
    EXPECT_EQ(field_of(fields, "b"), "");
    EXPECT_EQ(field_of(fields, "c"), "");
    EXPECT_FALSE(read_fields(*(*rows)[1].fields, fields)) << "a name without a value";
}

TEST(RedisReply, nothing_in_time_is_no_error) {
    for (const std::string_view wire : {"*-1\r\n", "$-1\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*0\r\n"}) {
        const auto rows = read_stream_rows(parsed(wire), "stream");
        ASSERT_TRUE(rows) << wire;
        EXPECT_TRUE(rows->empty());
    }
}

TEST(RedisReply, what_is_no_stream_is_an_error_that_names_what_was_asked_for) {
    for (const std::string_view wire :
         {"+OK\r\n", ":1\r\n", "*0\r\n", "*1\r\n$1\r\ns\r\n", "*1\r\n*1\r\n$1\r\ns\r\n",
          "*1\r\n*2\r\n$1\r\ns\r\n$1\r\nx\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n$3\r\n1-0\r\n",
          "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n:1\r\n*0\r\n", "*2\r\n*2\r\n$1\r\ns\r\n*0\r\n*2\r\n$1\r\nt\r\n*0\r\n"}) {
        const auto rows = read_stream_rows(parsed(wire), "questions");
        ASSERT_FALSE(rows) << wire;
        EXPECT_EQ(rows.error().code(), core::ErrorCode::malformed);
        EXPECT_TRUE(rows.error().message().contains("questions")) << rows.error().message();
    }
}

}  // namespace
}  // namespace scanner::storage
