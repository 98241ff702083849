#include "app/alert_receivers.hpp"
#include "app/http_user.hpp"
#include "app/service.hpp"
#include "support/postgres_server.hpp"
#include "support/raw_client.hpp"
#include "support/redis_server.hpp"
#include "support/websocket_client.hpp"

#include "scanner/core/clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

/// The whole surface of the real program, with a client of each kind, and the stores that it is used with.
namespace scanner::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::HttpUser;
using test::PostgresServer;
using test::RawClient;
using test::RedisServer;
using test::RedisSubscriber;
using test::Service;
using test::WebhookUser;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kToken = "a-token-for-this-test-alone";
constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The program on Redis and Postgres, in a market with planted pumps.
class Surface : public testing::Test {
protected:
    void SetUp() override { wait_until_ready(); }
    void wait_until_ready() {
        ASSERT_TRUE(service_.wait_until([&] { return service_.status_of("/ready") == 200; }, 120s))
            << service_.scanner().output();
    }

    void restart() {
        ASSERT_EQ(service_.scanner().stop(SIGTERM), 0) << service_.scanner().output();
        service_.scanner().start();
        wait_until_ready();
    }
    void wait_for_cycles(std::uint64_t count) {
        const std::uint64_t now = service_.sequence();
        ASSERT_TRUE(service_.wait_until([&] { return service_.sequence() >= now + count; }, 120s));
    }
    json rule(const json& body) {
        const auto answer = user_.post("/alerts/rules", body);
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.body;
    }
    /// Contracts in which the simulator planted a pump so far.
    std::set<std::string> pumped() {
        std::set<std::string> codes;
        std::istringstream lines(user_.get(service_.exchange_url() + "/_simulator/labels").text);
        for (std::string line; std::getline(lines, line);) {
            const json label = json::parse(line, nullptr, false);
            if (label.is_object() && label.at("kind") == "pump") codes.insert(label.at("contract_code"));
        }
        return codes;
    }

    RedisServer redis_;
    PostgresServer postgres_;
    WebhookUser hook_;
    Service service_{
        {.simulator = {"--contracts", "100", "--market", "busy", "--scenario", "pump", "--prevalence", "0.5"},
         .scanner = {"--min-qvol-usdt", "0", "--max-spread-bps", "10000", "--scan-top-by-qvol", "200", "--redis-url",
                     "redis://127.0.0.1:" + std::to_string(redis_.port()), "--postgres-url", postgres_.url(),
                     "--alert-webhook-url", hook_.url(), "--alert-webhook-allow-private"},
         // The measured model knows no score for a quarter of an hour; rules and frames here want one in the first
         // cycles.
         .environment = {"SCANNER_MANIP_MODEL=seed", std::string("SCANNER_API_TOKEN=") + kToken,
                         std::string("SCANNER_ALERT_WEBHOOK_SECRET=") + kSecret}}};
    HttpUser user_{service_.port(), kToken};
};

TEST_F(Surface, every_route_answers_a_plain_http_client) {
    ASSERT_EQ(user_.post("/watchlists", {{"name", "majors"}, {"symbols", {"btc", "eth"}}}).status, 200);
    ASSERT_EQ(user_.post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -2}}}}).status, 200);
    for (const char* target : {"/rankings",
                               "/rankings?top=200&page=2&sort=ret_1&order=asc&fields=symbol,ret_1&explain=1",
                               "/rankings?watchlist=majors",
                               "/rankings?symbols=btc,ETH-USDT&notional=100000",
                               "/rankings?format=csv",
                               "/opportunities?top=5",
                               "/symbol/BTC%2FUSDT:USDT/inspect",
                               "/symbols/btc/inspect?mode=card",
                               "/symbol/BTC/USDT:USDT/inspect",
                               "/symbols",
                               "/settings",
                               "/watchlists",
                               "/watchlists/majors",
                               "/profiles",
                               "/profiles/calm",
                               "/profiles/scalp",
                               "/alerts",
                               "/alerts/rules",
                               "/alerts/dead-letters",
                               "/health",
                               "/ready",
                               "/healthz/details",
                               "/metrics"}) {
        const auto answer = user_.get(target);
        EXPECT_EQ(answer.status, 200) << target << ": " << answer.text;
        EXPECT_FALSE(answer.etag.empty()) << target;
        if (std::string_view(target) == "/metrics" || std::string_view(target).ends_with("csv")) continue;
        EXPECT_FALSE(answer.body.is_discarded()) << target << ": " << answer.text;
    }
    EXPECT_TRUE(service_.wait_until([&] { return user_.get("/rankings?profile=calm").status == 200; }, 120s))
        << "cycles rank under the operator's profiles too";
    EXPECT_EQ(user_.get("/nothing").status, 404);
    HttpUser stranger(service_.port());
    EXPECT_EQ(stranger.post("/settings", {{"notional", 1}}).status, 401);
    EXPECT_EQ(HttpUser(service_.port(), "wrong").post("/settings", {{"notional", 1}}).status, 403);
    EXPECT_EQ(stranger.get("/settings").status, 200);
    EXPECT_EQ(user_.remove("/watchlists/majors").status, 200);
    EXPECT_EQ(user_.get("/watchlists/majors").status, 404);
}

TEST_F(Surface, streams_reach_websockets_and_event_sources) {
    const auto websocket =
        test::connect_websocket({.port = service_.port(), .target = "/stream/rankings?top=3&symbols=btc,eth,sol"});
    ASSERT_TRUE(websocket) << websocket.error().message();
    std::uint64_t last = 0;
    for (int i = 0; i < 3; ++i) {
        const auto message = (*websocket)->read(30s);
        ASSERT_TRUE(message) << message.error().message();
        const json frame = json::parse(message->data);
        EXPECT_EQ(frame.at("items").size(), 3U);
        if (last != 0) EXPECT_EQ(frame.at("seq"), last + 1);
        last = frame.at("seq");
    }
    const auto heartbeat = test::connect_websocket({.port = service_.port(), .target = "/stream"});
    ASSERT_TRUE(heartbeat);
    const auto beat = (*heartbeat)->read(30s);
    ASSERT_TRUE(beat) << beat.error().message();
    EXPECT_EQ(json::parse(beat->data).at("type"), "heartbeat");

    RawClient events(service_.port());
    events.send("GET /stream/events?top=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
    EXPECT_THAT(events.read_until("\r\n\r\n", 30s), HasSubstr("text/event-stream"));
    const std::string first = events.read_until("\n\n", 30s);
    EXPECT_THAT(first + events.read_until("\n\n", 30s), HasSubstr("event: ranking"));

    // From which manip_score on items are marked is the operator's to say, and takes effect with the next frame.
    ASSERT_EQ(user_.post("/settings", {{"manipulation_threshold", 0}}).status, 200);
    const auto all_marked = [&] {
        const auto message = (*websocket)->read(30s);
        if (!message) return false;
        const json items = json::parse(message->data).at("items");
        return std::ranges::all_of(items, [](const json& item) { return item.at("manipulation_threshold_exceeded"); });
    };
    EXPECT_TRUE(service_.wait_until(all_marked));
}

TEST_F(Surface, alerts_reach_redis_and_the_webhook_once_whatever_happens) {
    const std::string key = *alerts::from_base64(std::string_view(kSecret).substr(6));
    const RedisSubscriber redis(redis_.port(), "scanner.signals");
    hook_.refuse("unwanted");
    // A condition that stays true fires once; a pump when it comes.
    rule(
        {{"name", "always"}, {"expression", "last_price > 0"}, {"scope", {{"symbols", {"btc"}}}}, {"cooldown_sec", 0}});
    rule({{"name", "unwanted"}, {"expression", "rank >= 1"}, {"scope", {{"symbols", {"eth"}}}}});
    rule({{"name", "pumped"}, {"expression", "ret_15 >= 1.5 and manip_score >= 60 for 1s"}});
    const json tried = user_.post("/alerts/rules:test", {{"name", "always"}}).body;
    EXPECT_EQ(tried.at("matched"), 1) << tried;

    // The webhook fails twice, then takes it: three attempts of one alert, each signed.
    ASSERT_TRUE(service_.wait_until([&] { return hook_.taken("always") == 1; }, 90s)) << service_.scanner().output();
    const auto attempts = hook_.attempts("always");
    ASSERT_THAT(attempts, SizeIs(3));
    for (const WebhookUser::Attempt& attempt : attempts) {
        EXPECT_TRUE(test::is_signed_with(key, attempt.request)) << attempt.request.body;
        EXPECT_FALSE(test::is_signed_with("another key", attempt.request));
        EXPECT_EQ(attempt.id(), attempts.front().id());
        EXPECT_EQ(attempt.body, attempts.front().body);
        const auto sent = std::stoll(std::string(attempt.request.header("webhook-timestamp")));
        EXPECT_LT(std::abs(sent - core::to_unix_ms(core::system_clock().now()) / 1000), 600);
    }
    const auto published = redis.messages("always");
    ASSERT_THAT(published, SizeIs(1));
    EXPECT_EQ(published[0], attempts[0].body) << "the same message everywhere";
    EXPECT_EQ(published[0].at("symbol"), "BTC/USDT:USDT");
    EXPECT_EQ(published[0].at("payload").at("contract_code"), "BTC-USDT");
    EXPECT_EQ(published[0].at("payload").at("simulated"), true);

    // What the receiver wants no more of is a dead letter.
    const auto letters = [&] { return user_.get("/alerts/dead-letters").body.value("items", json::array()); };
    ASSERT_TRUE(service_.wait_until([&] { return letters().size() == 1; }, 60s));
    const json letter = letters()[0];
    EXPECT_EQ(letter.at("rule"), "unwanted");
    EXPECT_THAT(letter.at("last_error").get<std::string>(), HasSubstr("410"));

    // A planted pump fires.
    const auto pump_rang = [&] {
        const auto pumps = pumped();
        return std::ranges::any_of(redis.messages("pumped"), [&](const json& message) {
            return pumps.contains(message.at("payload").at("contract_code"));
        });
    };
    ASSERT_TRUE(service_.wait_until(pump_rang, 300s)) << json(redis.messages());
    ASSERT_TRUE(service_.wait_until([&] { return hook_.taken("pumped") > 0; }, 90s));
    const json history = user_.get("/alerts?rule=pumped").body;
    ASSERT_FALSE(history.at("items").empty()) << "kept in Postgres";
    EXPECT_GE(history.at("items")[0].at("payload").at("ret_15").get<double>(), 1.5);
    EXPECT_THAT(user_.get("/metrics").text, HasSubstr("scanner_alerts_total{rule=\"always\"} 1\n"));

    // A restart neither repeats nor forgets.
    const json rules = user_.get("/alerts/rules").body;
    restart();
    wait_for_cycles(4);
    EXPECT_EQ(user_.get("/alerts/rules").body, rules);
    EXPECT_THAT(redis.messages("always"), SizeIs(1)) << service_.scanner().output();
    EXPECT_EQ(hook_.taken("always"), 1);
    std::set<std::string> ids;
    for (const json& message : redis.messages()) EXPECT_TRUE(ids.insert(message.at("id")).second) << message;
    EXPECT_EQ(user_.get("/alerts?rule=always").body.at("items").size(), 1U);

    // The receiver thought better of it.
    hook_.refuse("");
    const std::string redeliver = "/alerts/dead-letters/" + letter.at("id").dump() + "/redeliver";
    EXPECT_EQ(HttpUser(service_.port()).post(redeliver, nullptr).status, 401);
    EXPECT_EQ(user_.post(redeliver, nullptr).status, 200);
    EXPECT_EQ(user_.post(redeliver, nullptr).status, 404) << "it is on its way";
    ASSERT_TRUE(service_.wait_until([&] { return hook_.taken("unwanted") == 1; }, 90s));
    const auto again = hook_.attempts("unwanted").back();
    EXPECT_EQ(json(again.id()), letter.at("alert_id")) << "receivers know what they have seen";
    EXPECT_TRUE(test::is_signed_with(key, again.request));
    EXPECT_THAT(letters(), IsEmpty());
}

/// Without Redis and Postgres: everything is in the data folder.
class Embedded : public testing::Test {
protected:
    void begin(std::vector<std::string> flags = {}) {
        service_ = std::make_unique<Service>(Service::Options{.scanner = std::move(flags)});
        ASSERT_TRUE(service_->wait_until_ready()) << service_->scanner().output();
        user_ = std::make_unique<HttpUser>(service_->port());
    }
    std::unique_ptr<Service> service_;
    std::unique_ptr<HttpUser> user_;
};

TEST_F(Embedded, settings_take_effect_with_the_next_ranking_and_survive_a_restart) {
    begin();
    const std::uint64_t before = service_->sequence();
    ASSERT_EQ(user_->post("/settings", {{"notional", 12'345}, {"liquidity_weight", 7.5}}).status, 200);
    const auto notional = [&] { return user_->get("/rankings").body.at("filters").at("notional"); };
    ASSERT_TRUE(service_->wait_until([&] { return notional() == 12'345; })) << service_->scanner().output();
    EXPECT_LE(service_->sequence(), before + 20) << "without a restart";
    ASSERT_EQ(user_->post("/profiles", {{"name", "calm"}, {"weights", {{"vol.atr", -2}}}}).status, 200);
    ASSERT_EQ(user_->post("/profiles/apply?name=calm", nullptr).status, 200);
    ASSERT_EQ(user_->post("/settings", {{"momentum_weight", 1.25}}).status, 200);
    ASSERT_EQ(user_->post("/watchlists", {{"name", "majors"}, {"symbols", {"eth", "btc"}}}).status, 200);
    const auto settings = user_->get("/settings");

    ASSERT_EQ(service_->scanner().stop(SIGTERM), 0);
    service_->scanner().start();
    ASSERT_TRUE(service_->wait_until_ready());
    const auto after = user_->get("/settings");
    EXPECT_EQ(after.body, settings.body);
    EXPECT_EQ(after.etag, settings.etag);
    EXPECT_EQ(after.body.at("applied_profile"), "calm");
    EXPECT_EQ(after.body.at("weights").at("momentum"), 1.25);
    EXPECT_TRUE(service_->wait_until([&] { return notional() == 12'345; }));
    EXPECT_EQ(user_->get("/profiles/calm").body.at("weights").at("vol.atr"), -2);
    EXPECT_NE(service_->scanner().output().find("\"event\":\"operator_change\""), std::string::npos);
}

TEST_F(Embedded, concurrent_writers_lose_nothing_of_each_other) {
    begin();
    const std::string seen = user_->get("/settings").etag;
    const auto one = user_->post("/settings", {{"notional", 1'000}}, {{"If-Match", seen}});
    const auto two = user_->post("/settings", {{"notional", 2'000}}, {{"If-Match", seen}});
    EXPECT_EQ(one.status, 200) << one.text;
    EXPECT_EQ(two.status, 412) << two.text;
    EXPECT_EQ(user_->get("/settings").body.at("notional"), 1'000);

    // Each reads, adds one, and writes, as often as it takes.
    constexpr int kAdditions = 15;
    std::atomic<int> refused = 0;
    std::atomic<int> added = 0;
    const auto add = [&] {
        HttpUser user(service_->port());
        for (int i = 0; i < kAdditions; ++i) {
            for (int attempt = 0; attempt < 1'000; ++attempt) {
                const auto now = user.get("/settings");
                if (now.status != 200) continue;
                const double next = now.body.at("notional").get<double>() + 1;
                const auto answer = user.post("/settings", {{"notional", next}}, {{"If-Match", now.etag}});
                if (answer.status == 200) {
                    ++added;
                    break;
                }
                ++refused;
                if (answer.status != 412) return;
            }
        }
    };
    std::thread first(add);
    std::thread second(add);
    first.join();
    second.join();
    EXPECT_EQ(added, 2 * kAdditions);
    EXPECT_EQ(user_->get("/settings").body.at("notional"), 1'000 + added) << refused << " were told to read again";
}

TEST_F(Embedded, a_webhook_in_the_own_network_is_refused_unless_allowed) {
    WebhookUser hook;
    begin({"--alert-webhook-url", hook.url()});
    ASSERT_EQ(
        user_->post("/alerts/rules", {{"name", "x"}, {"expression", "rank >= 1"}, {"scope", {{"symbols", {"btc"}}}}})
            .status,
        200);
    json letters;
    ASSERT_TRUE(service_->wait_until(
        [&] {
            letters = user_->get("/alerts/dead-letters").body.value("items", json::array());
            return !letters.empty();
        },
        60s))
        << service_->scanner().output();
    EXPECT_EQ(letters[0].at("attempts"), 1);
    EXPECT_EQ(letters[0].at("last_error").get<std::string>().find("key=1"), std::string::npos);
    EXPECT_THAT(hook.attempts(), IsEmpty());
    EXPECT_THAT(user_->get("/alerts").body.at("items"), SizeIs(1)) << "it fired all the same";
}

TEST_F(Embedded, a_chat_gets_its_own_form_by_its_address_alone) {
    WebhookUser hook;
    begin({"--alert-webhook-url", hook.url("/api/webhooks/1/abc"), "--alert-webhook-allow-private"});
    ASSERT_EQ(user_
                  ->post("/alerts/rules",
                         {{"name", "@everyone"}, {"expression", "rank >= 1"}, {"scope", {{"symbols", {"btc"}}}}})
                  .status,
              200);
    ASSERT_TRUE(service_->wait_until([&] { return hook.taken("") == 1; }, 60s)) << service_->scanner().output();
    const json message = hook.attempts().back().body;
    EXPECT_THAT(message.at("content").get<std::string>(),
                HasSubstr("\\@everyone: BTC/USDT:USDT \\(simulated exchange\\)"));
    EXPECT_EQ(message.at("allowed_mentions").at("parse"), json::array());
    const auto health = [&] { return user_->get("/healthz/details").body.at("alerts"); };
    EXPECT_EQ(health().at("webhook_format"), "discord");
    EXPECT_TRUE(service_->wait_until([&] { return health().at("delivered") == 1; })) << health();
    EXPECT_EQ(service_->scanner().output().find("/abc"), std::string::npos);
}

TEST(AlertSettings, a_telegram_address_without_a_chat_is_an_error_at_the_start) {
    test::ChildProcess scanner({SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", "/dev/null", "--http-port",
                                "0", "--data-dir", "/tmp/market-scanner-never-made"},
                               {"SCANNER_ALERT_WEBHOOK_URL=https://api.telegram.org/bot1:hush-hush/sendMessage"});
    EXPECT_TRUE(scanner.wait_for_output("chat_id", 20s)) << scanner.output();
    EXPECT_EQ(scanner.stop(0), 1);
    EXPECT_EQ(scanner.output().find("hush"), std::string::npos);
}

TEST(AlertSettings, a_secret_that_cannot_be_used_is_an_error_at_the_start) {
    test::ChildProcess scanner(
        {SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", "/dev/null", "--http-port", "0", "--data-dir",
         "/tmp/market-scanner-never-made"},
        {"SCANNER_ALERT_WEBHOOK_SECRET=whsec_not!base64", "SCANNER_ALERT_WEBHOOK_URL=https://hooks.example.com/x"});
    EXPECT_TRUE(scanner.wait_for_output("SCANNER_ALERT_WEBHOOK_SECRET", 20s)) << scanner.output();
    EXPECT_EQ(scanner.stop(0), 1);
    EXPECT_FALSE(std::filesystem::exists("/tmp/market-scanner-never-made"));
}

}  // namespace
}  // namespace scanner::app
