#include "alerts/delivery/webhook.hpp"

#include "alerts/delivery/crypto.hpp"

#include "scanner/core/hex.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::alerts {
namespace {

using core::WebhookFormat;
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
    EXPECT_EQ(core::to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(core::to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(core::to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crypto, base64_round_trips) {
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

const core::WallTime kSent = core::from_unix_ms(1'614'265'330'999);
const Alert kAlert{
    .rule = "r", .symbol = "BTC/USDT:USDT", .time = kSent, .sequence = 1, .payload_json = R"({"rank":1})"};

WebhookTarget target_of(const std::string& url, WebhookFormat format = WebhookFormat::automatic,
                        const std::string& secret = "") {
    auto target = make_webhook_target({.webhook_url = url, .webhook_secret = secret, .webhook_format = format});
    EXPECT_TRUE(target) << target.error().message();
    return target ? *target : WebhookTarget();
}

TEST(Webhook, makes_a_request) {
    WebhookTarget target = target_of("https://hooks.example.com/x", WebhookFormat::automatic, "k");
    target.timeout = seconds(7);
    const auto request = webhook_request(target, kAlert, kSent);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, target.url);
    EXPECT_EQ(request.body, render_message(kAlert));
    EXPECT_EQ(request.timeout, seconds(7));
    EXPECT_TRUE(request.public_address_only);
    EXPECT_EQ(net::find_header(request.headers, "content-type"), "application/json");
    const std::string id = alert_id("r", "BTC/USDT:USDT", kSent);
    EXPECT_EQ(net::find_header(request.headers, "webhook-id"), id);
    EXPECT_EQ(net::find_header(request.headers, "webhook-timestamp"), "1614265330");
    EXPECT_EQ(net::find_header(request.headers, "webhook-signature"), webhook_signature("k", id, kSent, request.body));
    EXPECT_EQ(net::find_header(webhook_request(target_of("https://h/"), kAlert, kSent).headers, "webhook-signature"),
              "");
}

TEST(Webhook, speaks_to_a_chat_as_it_wants) {
    const auto discord = webhook_request(target_of("https://discord.com/api/webhooks/1/abc", {}, "k"), kAlert, kSent);
    EXPECT_THAT(discord.body, HasSubstr(R"("content":"r: BTC/USDT:USDT)"));
    EXPECT_EQ(discord.headers.size(), 1U) << "no signature: a chat does not look at one";
    const auto telegram =
        webhook_request(target_of("https://api.telegram.org/bot1:A/sendMessage?chat_id=%40mine"), kAlert, kSent);
    EXPECT_THAT(telegram.body, HasSubstr(R"("chat_id":"@mine")"));
    EXPECT_EQ(telegram.url, "https://api.telegram.org/bot1:A/sendMessage?chat_id=%40mine");
    EXPECT_THAT(webhook_request(target_of("https://h/x", WebhookFormat::slack), kAlert, kSent).body,
                HasSubstr(R"("text":"r: BTC)"));
    EXPECT_THAT(
        webhook_request(target_of("https://discord.com/api/webhooks/1/abc", WebhookFormat::standard), kAlert, kSent)
            .body,
        HasSubstr(R"("id":"alert_)"));
    const auto chatless = make_webhook_target({.webhook_url = "https://api.telegram.org/bot1:A/sendMessage?chat=1"});
    ASSERT_FALSE(chatless);
    EXPECT_THAT(chatless.error().message(), HasSubstr("SCANNER_ALERT_WEBHOOK_URL"));
    EXPECT_THAT(chatless.error().message(), HasSubstr("chat_id"));
}

TEST(Webhook, recognises_chats_by_their_addresses) {
    using enum WebhookFormat;
    const std::pair<const char*, WebhookFormat> addresses[]{
        {"https://discord.com/api/webhooks/123/abc", discord},
        {"https://ptb.discord.com/api/v10/webhooks/123/abc?wait=true&thread_id=4", discord},
        {"http://127.0.0.1:8080/api/webhooks/1/abc", discord},
        {"https://user:pw@relay.example/api/webhooks/1/abc/", discord},
        {"https://discord.com/api/webhooks/123/abc/slack", slack},
        {"https://discord.com/api/webhooks/123/abc/github", standard},
        {"https://discord.com/api/webhooks/abc/123", standard},
        {"https://discord.com/api/webhooks/123", standard},
        {"https://h/x?next=/api/webhooks/1/abc", standard},
        {"https://h/x/api/webhooks/1/abc", standard},
        {"https://hooks.slack.com/services/T0/B0/xyz", slack},
        {"https://HOOKS.SLACK.COM/services/anything", slack},
        {"http://127.0.0.1:9/services/T0/B0/xyz", slack},
        {"https://hooks.slack.com.example.org/services/list", standard},
        {"https://h/services/a/b/c", standard},
        {"https://h/services/Trading/Bots/hook", standard},
        {"https://hooks.slack.com@h/services/list", standard},
        {"https://hooks.slack.com/workflows/T0/B0/x", standard},
        {"https://api.telegram.org/bot1:Ab-_/sendMessage?chat_id=1", telegram},
        {"http://127.0.0.1:1/bot1:A/sendMessage", telegram},
        {"https://api.telegram.org/bot1:A/sendPhoto?chat_id=1", standard},
        {"https://api.telegram.org/bots/sendMessage", standard},
        {"https://api.telegram.org/bot:A/sendMessage", standard},
        {"https://h/hook", standard},
        {"no address", standard},
    };
    for (const auto& [url, format] : addresses) EXPECT_EQ(recognised_format(url), format) << url;
}

WebhookOutcome judge(const core::Result<net::ClientResponse>& given, const std::string& url = "https://h/x") {
    return webhook_outcome(given, target_of(url), kSent);
}

TEST(Webhook, judges_answers) {
    for (const int status : {200, 201, 202, 204, 299}) EXPECT_EQ(judge(answer(status)).kind, Kind::delivered);
    for (const int status : {301, 302, 307, 408, 425, 429, 500, 502, 503, 504, 599}) {
        const auto outcome = judge(answer(status));
        EXPECT_EQ(outcome.kind, Kind::retry) << status;
        EXPECT_THAT(outcome.error, HasSubstr(std::to_string(status)));
    }
    for (const int status : {400, 401, 403, 404, 405, 407, 410, 413, 415, 422, 451, 499}) {
        const auto outcome = judge(answer(status));
        EXPECT_EQ(outcome.kind, Kind::give_up) << status;
        EXPECT_EQ(outcome.reason, "HTTP " + std::to_string(status));
    }
    using core::ErrorCode;
    for (const ErrorCode code :
         {ErrorCode::timeout, ErrorCode::network, ErrorCode::malformed, ErrorCode::unavailable}) {
        EXPECT_EQ(judge(core::fail(code, "why")).kind, Kind::retry);
        EXPECT_EQ(judge(core::fail(code, "why")).error, "why");
        EXPECT_EQ(judge(core::fail(code, "why")).reason, core::to_string(code));
    }
    EXPECT_EQ(judge(core::fail(ErrorCode::invalid_input, "private")).kind, Kind::give_up);
}

TEST(Webhook, quotes_the_receivers_refusal) {
    auto refused = answer(400);
    refused->body = R"({"message": "Cannot send an empty message", "code": 50006})";
    EXPECT_EQ(judge(refused).error, R"(HTTP 400: {"message": "Cannot send an empty message", "code": 50006})");
    refused->body = "no such hook: s3cret-path";
    EXPECT_EQ(judge(refused, "https://h/s3cret-path").error, "HTTP 400: no such hook: ***");
    auto busy = answer(503);
    busy->body = "busy\u009B31m";
    EXPECT_EQ(judge(busy).error, "HTTP 503: busy\\u009b31m");
    EXPECT_EQ(judge(busy).reason, "HTTP 503");
}

TEST(Webhook, honours_retry_after_within_reason) {
    using std::chrono::milliseconds;
    EXPECT_EQ(judge(answer(429, {{"Retry-After", "17"}})).retry_after, seconds(17));
    EXPECT_EQ(judge(answer(429, {{"Retry-After", "2.5"}})).retry_after, milliseconds(2'500));
    EXPECT_EQ(judge(answer(503, {{"Retry-After", "Thu, 25 Feb 2021 15:02:20 GMT"}})).retry_after, milliseconds(9'001));
    EXPECT_EQ(judge(answer(503, {{"retry-after", "999999999"}})).retry_after, seconds(3'600));
    EXPECT_EQ(judge(answer(503, {{"retry-after", "Fri, 31 Dec 2100 00:00:00 GMT"}})).retry_after, seconds(3'600));
    auto telegram = answer(429, {{"Retry-After", "1"}});
    telegram->body = R"({"ok":false,"parameters":{"retry_after":6}})";
    EXPECT_EQ(judge(telegram).retry_after, seconds(6)) << "the longer one";
    for (const char* text : {"", "-1", "soon", "99999999999999999999"}) {
        EXPECT_FALSE(judge(answer(429, {{"Retry-After", text}})).retry_after) << text;
    }
}

}  // namespace
}  // namespace scanner::alerts
