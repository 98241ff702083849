#include "app/scale/live_reads.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace scanner::app {
namespace {

using nlohmann::json;

net::ServerRequest question() {
    net::ServerRequest request;
    request.method = "GET";
    request.target = "/symbol/BTC-USDT/inspect?profile=swing";
    request.headers = {{.name = "Host", .value = "replica:8010"},
                       {.name = "accept", .value = "application/json"},
                       {.name = "If-None-Match", .value = "\"a\""},
                       {.name = "Authorization", .value = "Bearer secret"}};
    request.remote_address = "203.0.113.7";
    return request;
}

TEST(LiveReads, ask_for_what_an_answer_depends_on_and_nothing_else) {
    const std::string text = encode_live_question(question());
    EXPECT_EQ(text.find("secret"), std::string::npos) << "no secret leaves the process that it was told";
    EXPECT_EQ(text.find("replica"), std::string::npos);
    const auto read = decode_live_question(text);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->method, "GET");
    EXPECT_EQ(read->target, question().target);
    EXPECT_EQ(read->header("Accept"), "application/json");
    EXPECT_EQ(read->header("If-None-Match"), "\"a\"");
    EXPECT_EQ(read->headers.size(), 2U);
}

TEST(LiveReads, what_another_process_asks_is_hostile_until_parsed) {
    for (const char* const target :
         {"/settings", "/symbol/BTC-USDT/inspect/../../settings", "http://elsewhere/symbol/x/inspect",
          "/symbol/a b/inspect", "/symbol/a\r\nX: y/inspect", "/symbol/x", "", "/recordings?/symbol/x/inspect"}) {
        EXPECT_FALSE(decode_live_question(json{{"target", target}, {"headers", json::array()}}.dump())) << target;
    }
    const std::string target = "/symbol/龙虾-USDT/inspect";
    ASSERT_TRUE(decode_live_question(json{{"target", target}, {"headers", json::array()}}.dump()));
    for (const json& headers : {json("x"), json{1}, json{{"Accept"}}, json{{"Accept", 1}}, json{{"Authorization", "x"}},
                                json{{"Accept", std::string(5'000, 'x')}}}) {
        EXPECT_FALSE(decode_live_question(json{{"target", target}, {"headers", headers}}.dump())) << headers;
    }
    const std::string endless = "/symbol/" + std::string(3'000, 'x') + "/inspect";
    EXPECT_FALSE(decode_live_question(json{{"target", endless}, {"headers", json::array()}}.dump()));
    for (const char* const text :
         {"", "[]", "{}", R"({"target":1,"headers":[]})", "{\"target\":\"/symbol/x/inspect\"}"}) {
        EXPECT_FALSE(decode_live_question(text)) << text;
    }
    EXPECT_FALSE(decode_live_question(std::string(100'000, '[')));
}

TEST(LiveReads, answers_come_back_whole) {
    net::ServerResponse response;
    response.status = 404;
    response.headers = {{.name = "Content-Type", .value = "application/problem+json"}};
    response.rendered_headers = std::make_shared<const std::string>("ETag: \"1\"\r\n");
    response.body = std::make_shared<const std::string>("\x1f\x8b\n\0 not text", 13);
    const auto read = decode_live_answer(encode_live_answer(response));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->status, 404);
    ASSERT_EQ(read->headers.size(), 1U);
    EXPECT_EQ(read->headers[0].value, "application/problem+json");
    EXPECT_EQ(*read->rendered_headers, "ETag: \"1\"\r\n");
    EXPECT_EQ(*read->body, *response.body);
    response = {.status = 304};
    const auto unchanged = decode_live_answer(encode_live_answer(response));
    ASSERT_TRUE(unchanged);
    EXPECT_EQ(unchanged->body, nullptr);
    for (const char* const text : {"", "{}\n", "\n", R"({"status":200,"headers":[]})",
                                   R"({"status":7,"headers":[]})"
                                   "\n",
                                   R"({"status":200,"headers":[],"lines":1})"
                                   "\n",
                                   R"({"status":-1,"headers":[]})"
                                   "\n"}) {
        EXPECT_FALSE(decode_live_answer(text)) << text;
    }
}

}  // namespace
}  // namespace scanner::app
