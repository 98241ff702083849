#include "alerts/alert_service_fixture.hpp"
#include "alerts/webhook_receiver.hpp"

#include <chrono>

/// What becomes of an alert that a webhook does not take at once.
namespace scanner::alerts {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::hit_rule;
using test::kHit;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using WebhookDeliveries = test::AlertServiceTest;

TEST_F(WebhookDeliveries, give_up_into_the_dead_letters_and_deliver_from_there) {
    bool healthy = false;
    test::WebhookReceiver receiver(io_, [&](std::size_t) { return healthy ? 200 : 502; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_THAT(receiver.requests, SizeIs(4));
    EXPECT_EQ(archive_.letters[0].attempts, 4);
    EXPECT_EQ(archive_.letters[0].last_error, "HTTP 502");
    EXPECT_EQ(archive_.letters[0].destination, "webhook");
    EXPECT_EQ(scanner::test::run_on(io_, service_->redeliver(999)).error().code(), core::ErrorCode::not_found);
    healthy = true;
    ASSERT_TRUE(scanner::test::run_on(io_, service_->redeliver(archive_.letters[0].id)));
    run_until([&] { return service_->statistics().delivered == 1; });
    EXPECT_THAT(archive_.letters, IsEmpty());
    EXPECT_EQ(receiver.requests.back().body, receiver.requests.front().body);
    EXPECT_EQ(receiver.requests.back().header("webhook-id"), receiver.requests.front().header("webhook-id"));
}

TEST_F(WebhookDeliveries, keep_dead_letters_until_the_database_takes_them) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 410; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    archive_.failure = core::Error(core::ErrorCode::unavailable, "the database is away");
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().dead_letters == 1; });
    stop();
    start();
    archive_.failure.reset();
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_EQ(archive_.letters[0].attempts, 1);
    EXPECT_THAT(receiver.requests, SizeIs(1));
}

TEST_F(WebhookDeliveries, a_refusal_is_final_and_quotes_the_receiver) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 400; });
    receiver.body = R"({"message": "Cannot send an empty message to /hook?secret=1", "code": 50006})";
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_THAT(receiver.requests, SizeIs(1));
    EXPECT_EQ(archive_.letters[0].attempts, 1);
    EXPECT_EQ(archive_.letters[0].last_error,
              R"(HTTP 400: {"message": "Cannot send an empty message to ***", "code": 50006})");
    EXPECT_EQ(service_->statistics().last_error, archive_.letters[0].last_error);
}

TEST_F(WebhookDeliveries, reach_a_chat_in_its_own_form_and_a_dead_letter_too_after_the_form_was_changed) {
    test::WebhookReceiver receiver(io_, [](std::size_t n) { return n == 0 ? 400 : 204; });
    options_.webhook_url = receiver.url("/api/webhooks/1/abc");
    options_.webhook_format = core::WebhookFormat::standard;
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_TRUE(json::parse(receiver.requests[0].body).contains("payload"));
    stop();
    options_.webhook_format = core::WebhookFormat::automatic;
    start();
    EXPECT_EQ(service_->statistics().webhook_format, core::WebhookFormat::discord);
    ASSERT_TRUE(scanner::test::run_on(io_, service_->redeliver(archive_.letters[0].id)));
    run_until([&] { return service_->statistics().delivered == 1; });
    const json message = json::parse(receiver.requests.back().body);
    EXPECT_THAT(message.at("content").get<std::string>(), HasSubstr("hit: BTC/USDT:USDT"));
    EXPECT_THAT(message.at("content").get<std::string>(), HasSubstr("72.5"));
    EXPECT_EQ(receiver.requests.back().header("webhook-signature"), "");
}

TEST_F(WebhookDeliveries, come_to_a_receiver_that_wants_time_no_sooner_than_it_says) {
    std::vector<std::chrono::steady_clock::time_point> times;
    test::WebhookReceiver receiver(io_, [&](std::size_t n) {
        times.push_back(std::chrono::steady_clock::now());
        return n == 0 ? 429 : 204;
    });
    receiver.headers = {{"Retry-After", "0.4"}};
    options_.webhook_url = receiver.url();
    options_.webhook_concurrency = 1;
    storage::AlertRule both = hit_rule();
    both.expression = "rank >= 1";
    add_rule(both);
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().delivered == 2; });
    ASSERT_THAT(times, SizeIs(3));
    EXPECT_GE(times[1] - times[0], milliseconds(400));
}

TEST_F(WebhookDeliveries, use_the_credentials_of_the_address_and_show_none_of_them) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 401; });
    receiver.body = "hello user, pa-ss-word is wrong";
    std::string url = receiver.url("/hook");
    options_.webhook_url = "http://user:pa-ss-word@" + url.substr(url.find("127."));
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_EQ(receiver.requests[0].header("authorization"), "Basic dXNlcjpwYS1zcy13b3Jk");
    EXPECT_EQ(archive_.letters[0].last_error, "HTTP 401: hello user, *** is wrong");
}

TEST_F(WebhookDeliveries, post_only_to_public_addresses_by_default) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 200; });
    options_.webhook_url = receiver.url();
    options_.webhook_allow_private = false;
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.letters.size() == 1; });
    EXPECT_THAT(receiver.requests, IsEmpty());
    EXPECT_THAT(archive_.letters[0].last_error, HasSubstr("no public address"));
    EXPECT_THAT(archive_.letters[0].last_error, testing::Not(HasSubstr("secret=1")));
}

}  // namespace
}  // namespace scanner::alerts
