#include "api/http/problem.hpp"

#include "api/access/bearer.hpp"
#include "api/access/cors.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;

TEST(Problem, is_rendered_as_rfc_9457_says) {
    Problem problem = invalid_parameters({{"query", "top", "expected a whole number from 1 to 200, got '0'"},
                                          {"query", "pge", "unknown parameter; did you mean page?"}});
    const json body = json::parse(render_problem(problem));
    EXPECT_EQ(body["type"], "urn:market-scanner:problem:invalid-parameters");
    EXPECT_EQ(body["status"], 422);
    EXPECT_TRUE(body["title"].is_string());
    EXPECT_NE(body["detail"].get<std::string>().find("did you mean page?"), std::string::npos);
    EXPECT_EQ(body["errors"][0]["loc"], json::parse(R"(["query","top"])"));
    EXPECT_EQ(body["errors"][1]["msg"], "unknown parameter; did you mean page?");
    EXPECT_FALSE(body.contains("suggestions"));
}

TEST(Problem, of_the_servers_own_making_has_no_type_of_its_own) {
    const json body = json::parse(render_problem(plain_problem(413, "Too long.")));
    EXPECT_EQ(body["type"], "about:blank");
    EXPECT_EQ(body["title"], "Content Too Large");
}

TEST(Problem, suggests_near_names) {
    const json body = json::parse(render_problem(unknown_contract("BTCC", {"BTC-USDT"})));
    EXPECT_EQ(body["status"], 404);
    EXPECT_EQ(body["suggestions"], json::parse(R"(["BTC-USDT"])"));
}

TEST(InQuotes, makes_any_text_fit_to_be_shown) {
    EXPECT_EQ(in_quotes("abc"), "'abc'");
    EXPECT_EQ(in_quotes("a\x01\x7F"), "'a?\?'");
    EXPECT_EQ(in_quotes("\xFFz"), "'?z'");
    EXPECT_EQ(in_quotes(std::string(81, 'a')), "'" + std::string(80, 'a') + "…'");
    std::string chinese;
    while (chinese.size() < 100) chinese += "币";
    EXPECT_EQ(in_quotes(chinese), "'" + chinese.substr(0, 78) + "…'");  // 78: whole characters only
}

TEST(Bearer, accepts_the_token) {
    EXPECT_FALSE(refuse_without_token("Bearer s3cret", "s3cret"));
    EXPECT_FALSE(refuse_without_token("bearer  s3cret ", "s3cret"));
    EXPECT_FALSE(refuse_without_token("", ""));
}

TEST(Bearer, tells_missing_credentials_from_wrong_ones) {
    for (const char* header : {"", "Bearer", "Bearer ", "Basic czNjcmV0", "s3cret"}) {
        const auto refused = refuse_without_token(header, "s3cret");
        ASSERT_TRUE(refused) << header;
        EXPECT_EQ(refused->status, 401) << header;
        EXPECT_TRUE(refused->bearer_challenge);
    }
    for (const char* header : {"Bearer s3cre", "Bearer s3crets", "Bearer S3CRET", "Bearer s3crets3cret"}) {
        const auto refused = refuse_without_token(header, "s3cret");
        ASSERT_TRUE(refused) << header;
        EXPECT_EQ(refused->status, 403) << header;
        EXPECT_EQ(refused->detail.find("s3cret"), std::string::npos);
    }
}

TEST(ConstantTimeEqual, agrees_with_equality) {
    const std::vector<std::string> texts{"", "a", "b", "ab", "aa", "abab", std::string("a\0", 2)};
    for (const std::string& a : texts) {
        for (const std::string& b : texts) EXPECT_EQ(constant_time_equal(a, b), a == b) << a << " " << b;
    }
}

std::string value_of(const std::vector<net::Header>& headers, std::string_view name) {
    return std::string(net::find_header(headers, name));
}

TEST(Cors, is_off_without_origins) {
    EXPECT_TRUE(cors_headers({}, "https://a.example").empty());
    EXPECT_TRUE(cors_preflight_headers({}, "https://a.example", "GET").empty());
}

TEST(Cors, names_an_allowed_origin_and_no_other) {
    const std::vector<std::string> allowed{"https://a.example", "http://localhost:3000"};
    const auto known = cors_headers(allowed, "http://localhost:3000");
    EXPECT_EQ(value_of(known, "Access-Control-Allow-Origin"), "http://localhost:3000");
    EXPECT_EQ(value_of(known, "Vary"), "Origin");
    EXPECT_NE(value_of(known, "Access-Control-Expose-Headers").find("X-Scan-Seq"), std::string::npos);
    for (const char* origin : {"https://b.example", "https://a.example.evil", "null", ""}) {
        const auto unknown = cors_headers(allowed, origin);
        EXPECT_EQ(value_of(unknown, "Access-Control-Allow-Origin"), "") << origin;
        EXPECT_EQ(value_of(unknown, "Vary"), "Origin") << origin;
        EXPECT_TRUE(cors_preflight_headers(allowed, origin, "GET").empty()) << origin;
    }
}

TEST(Cors, allows_any_origin_with_a_star) {
    const std::vector<std::string> allowed{"*"};
    EXPECT_EQ(value_of(cors_headers(allowed, "https://b.example"), "Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(value_of(cors_headers(allowed, "https://b.example"), "Vary"), "");
    EXPECT_EQ(
        value_of(cors_preflight_headers(allowed, "https://b.example", "GET, HEAD"), "Access-Control-Allow-Methods"),
        "GET, HEAD");
}

}  // namespace
}  // namespace scanner::api
