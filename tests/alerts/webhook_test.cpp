#include "alerts/webhook.hpp"

#include "alerts/crypto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::alerts {
namespace {

using Kind = WebhookOutcome::Kind;
using std::chrono::seconds;
using testing::HasSubstr;

core::Result<net::ClientResponse> answer(int status, std::vector<net::Header> headers = {}) {
    net::ClientResponse response;
    response.status = status;
    response.headers = std::move(headers);
    return response;
}

TEST(Crypto, agrees_with_the_published_vectors) {
    // RFC 4231, cases 1 and 2; FIPS 180-2.
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crypto, base64_goes_there_and_back) {
    // RFC 4648, section 10.
    const std::pair<const char*, const char*> vectors[]{{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        EXPECT_EQ(to_base64(plain), coded);
        EXPECT_EQ(from_base64(coded), plain);
    }
    EXPECT_EQ(from_base64("Zg"), "f");
    for (const char* text : {"Z", "Zg===", "Z=g=", "Zm 9", "Zm9v!", "Zm9-"}) EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Webhook, signs_as_the_specification_does) {
    // The example of the specification's own libraries.
    const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    ASSERT_TRUE(key);
    EXPECT_EQ(webhook_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", core::from_unix_ms(1'614'265'330'000),
                                R"({"test": 2432232314})"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, takes_any_other_secret_as_it_is) {
    EXPECT_EQ(*webhook_key("hunter2"), "hunter2");
    for (const char* secret : {"whsec_", "whsec_!!!", "whsec_a"}) EXPECT_FALSE(webhook_key(secret)) << secret;
}

TEST(Webhook, makes_a_request) {
    const WebhookTarget target{.url = "https://hooks.example.com/x", .key = "k", .timeout = seconds(7)};
    const auto now = core::from_unix_ms(1'614'265'330'999);
    const auto request = webhook_request(target, "alert_1", "{}", now);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, target.url);
    EXPECT_EQ(request.timeout, seconds(7));
    EXPECT_TRUE(request.public_address_only);
    EXPECT_EQ(net::find_header(request.headers, "content-type"), "application/json");
    EXPECT_EQ(net::find_header(request.headers, "webhook-id"), "alert_1");
    EXPECT_EQ(net::find_header(request.headers, "webhook-timestamp"), "1614265330");
    EXPECT_EQ(net::find_header(request.headers, "webhook-signature"), webhook_signature("k", "alert_1", now, "{}"));
    EXPECT_EQ(net::find_header(webhook_request({.url = "https://h/"}, "a", "{}", now).headers, "webhook-signature"),
              "");
}

TEST(Webhook, judges_answers) {
    for (const int status : {200, 201, 202, 204, 299}) EXPECT_EQ(webhook_outcome(answer(status)).kind, Kind::delivered);
    for (const int status : {301, 302, 307, 400, 401, 403, 404, 408, 413, 422, 425, 429, 500, 502, 503, 504}) {
        const auto outcome = webhook_outcome(answer(status));
        EXPECT_EQ(outcome.kind, Kind::retry) << status;
        EXPECT_THAT(outcome.error, HasSubstr(std::to_string(status)));
    }
    EXPECT_EQ(webhook_outcome(answer(410)).kind, Kind::give_up);
    using core::ErrorCode;
    for (const ErrorCode code :
         {ErrorCode::timeout, ErrorCode::network, ErrorCode::malformed, ErrorCode::unavailable}) {
        EXPECT_EQ(webhook_outcome(core::fail(code, "why")).kind, Kind::retry);
        EXPECT_EQ(webhook_outcome(core::fail(code, "why")).error, "why");
    }
    EXPECT_EQ(webhook_outcome(core::fail(ErrorCode::invalid_input, "private")).kind, Kind::give_up);
}

TEST(Webhook, honours_retry_after_within_reason) {
    EXPECT_EQ(webhook_outcome(answer(429, {{"Retry-After", "17"}})).retry_after, seconds(17));
    EXPECT_EQ(webhook_outcome(answer(503, {{"retry-after", "999999999999"}})).retry_after, seconds(3'600));
    for (const char* text : {"", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"}) {
        EXPECT_FALSE(webhook_outcome(answer(429, {{"Retry-After", text}})).retry_after) << text;
    }
}

}  // namespace
}  // namespace scanner::alerts
