#include "alerts/alert_service_fixture.hpp"
#include "alerts/delivery/webhook.hpp"
#include "alerts/webhook_receiver.hpp"

#include "scanner/storage/store.hpp"

#include <fstream>
#include <set>

namespace scanner::alerts {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::BrokenFile;
using test::hit_rule;
using test::kCalm;
using test::kHit;
using test::kSecret;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Alerts = test::AlertServiceTest;

TEST_F(Alerts, deliver_once_to_history_redis_and_a_webhook_that_fails_twice) {
    test::WebhookReceiver receiver(io_, [](std::size_t n) { return n < 2 ? 500 : 204; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return !service_->statistics().fired.empty(); });
    cycle(kHit);
    run_until([&] { return service_->statistics().delivered == 1; });
    ASSERT_THAT(receiver.requests, SizeIs(3));
    const std::string id = alert_id("hit", "BTC/USDT:USDT", test::kNow + seconds(15));
    for (const net::ServerRequest& request : receiver.requests) {
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.target, "/hook?secret=1");
        EXPECT_EQ(request.header("webhook-id"), id);
        const auto sent = core::from_unix_ms(std::stoll(std::string(request.header("webhook-timestamp"))) * 1'000);
        EXPECT_EQ(request.header("webhook-signature"),
                  webhook_signature(*webhook_key(kSecret), id, sent, request.body));
        EXPECT_EQ(request.header("content-type"), "application/json");
        EXPECT_EQ(request.body, receiver.requests[0].body);
    }
    const json body = json::parse(receiver.requests[0].body);
    EXPECT_EQ(body["rule"], "hit");
    EXPECT_EQ(body["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(body["ts"], "2026-11-22T05:24:15.000Z");
    EXPECT_EQ(body["payload"]["manipulation_score"], 72.5);
    ASSERT_THAT(publisher_.messages, SizeIs(1));
    EXPECT_EQ(publisher_.messages[0].first, "scanner.signals");
    EXPECT_EQ(publisher_.messages[0].second, receiver.requests[0].body);
    ASSERT_THAT(archive_.recorded, SizeIs(1));
    EXPECT_EQ(archive_.recorded[0].sequence, 1U);
    EXPECT_EQ(json::parse(archive_.recorded[0].payload_json), body["payload"]);
    const AlertStatistics statistics = service_->statistics();
    EXPECT_EQ(statistics.fired.at("hit"), 1U);
    EXPECT_EQ(statistics.failed_attempts, 2U);
    EXPECT_EQ(statistics.waiting, 0U);
    EXPECT_THAT(archive_.letters, IsEmpty());
}

TEST_F(Alerts, a_restart_neither_repeats_nor_forgets) {
    test::WebhookReceiver receiver(io_, [](std::size_t n) { return n < 1 ? 503 : 200; });
    options_.webhook_url = receiver.url();
    options_.backoff = {.max_attempts = 4, .base = seconds(60), .cap = seconds(60), .floor = seconds(60)};
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return receiver.requests.size() == 1 && service_->statistics().failed_attempts == 1; });
    stop();
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().delivered == 1; });
    EXPECT_THAT(receiver.requests, SizeIs(2));
    EXPECT_EQ(receiver.requests[0].header("webhook-id"), receiver.requests[1].header("webhook-id"));
    EXPECT_THAT(publisher_.messages, SizeIs(1));
    EXPECT_THAT(archive_.recorded, SizeIs(1));
    stop();
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    EXPECT_EQ(service_->statistics().fired.size(), 0U);
    EXPECT_THAT(receiver.requests, SizeIs(2));
}

TEST_F(Alerts, a_short_restart_does_not_begin_holding_anew) {
    storage::AlertRule rule = hit_rule();
    rule.expression += " for 4m";
    add_rule(rule);
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    for (int i = 0; i < 14; ++i) cycle(kHit);  // 15 s apart: held for 3 min 30 s
    stop();
    start();
    run_until([&] { return service_->statistics().states == 1; });
    cycle(kHit);
    EXPECT_THAT(service_->statistics().fired, IsEmpty());
    cycle(kHit);
    EXPECT_EQ(service_->statistics().fired.at("hit"), 1U);
}

TEST_F(Alerts, a_crash_after_the_alert_was_saved_loses_nothing) {
    // The state on disk is that from before anything was announced.
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1; });
    const std::string text = *file_->read();
    const json saved = json::parse(text);
    ASSERT_THAT(saved["waiting"], SizeIs(1));
    EXPECT_EQ(saved["waiting"][0]["announced"], false);
    stop();
    std::ofstream(folder_.file("deep/er/alerts.json")) << text;
    start();
    run_until([&] { return archive_.recorded.size() == 2; });
    EXPECT_EQ(archive_.recorded[0].time, archive_.recorded[1].time);  // the same row of the database
    EXPECT_EQ(publisher_.messages.at(0).second, publisher_.messages.at(1).second);
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    EXPECT_THAT(archive_.recorded, SizeIs(2));
}

TEST_F(Alerts, say_which_rules_the_scan_interval_keeps_from_firing) {
    storage::AlertRule held = hit_rule();
    held.expression += " for 30s";
    add_rule(held);
    start();
    io_.restart();
    io_.run_for(milliseconds(50));  // reads its state
    EXPECT_EQ(service_->hold_fault(seconds(30)), std::nullopt);
    EXPECT_THAT(service_->statistics().rules_that_cannot_fire, IsEmpty());
    service_->set_scan_interval(seconds(300));
    EXPECT_THAT(service_->statistics().rules_that_cannot_fire, testing::ElementsAre("hit"));
    ASSERT_TRUE(service_->hold_fault(seconds(30)));
    EXPECT_THAT(*service_->hold_fault(seconds(30)), HasSubstr("every 300 s (SCANNER_SCAN_INTERVAL_SEC)"));
    EXPECT_EQ(service_->hold_fault(seconds(0)), std::nullopt) << "without 'for' any interval will do";
    for (const RuleView& rule : service_->rules()) EXPECT_EQ(rule.cannot_fire.has_value(), rule.name == "hit");
    // And it is true: what holds in every cycle never fires.
    for (int i = 0; i < 4; ++i) {
        now_ += seconds(285);
        cycle(kHit);
    }
    EXPECT_EQ(service_->statistics().fired.count("hit"), 0U);
    service_->set_scan_interval(seconds(15));
    EXPECT_THAT(service_->statistics().rules_that_cannot_fire, IsEmpty());
}

TEST_F(Alerts, work_without_a_webhook_and_refuse_a_bad_secret) {
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return publisher_.messages.size() == 1; });
    EXPECT_FALSE(service_->has_webhook());
    EXPECT_EQ(scanner::test::run_on(io_, service_->redeliver(1)).error().code(), core::ErrorCode::conflict);
    options_.webhook_secret = "whsec_???";
    const auto refused = make_alert_service(
        io_.get_executor(), options_,
        {.documents = documents_, .archive = archive_, .file = *file_, .clock = core::system_clock()});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("SCANNER_ALERT_WEBHOOK_SECRET"));
}

TEST_F(Alerts, evaluate_what_came_before_the_state_was_read) {
    add_rule(hit_rule());
    start();
    cycle(kHit);  // the loop has not run yet
    EXPECT_THAT(archive_.recorded, IsEmpty());
    run_until([&] { return archive_.recorded.size() == 1; });
}

TEST_F(Alerts, announce_also_when_the_disk_is_full) {
    BrokenFile broken;
    add_rule(hit_rule());
    start(&broken);
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1 && broken.attempts >= 2; });
    stop();
}

TEST_F(Alerts, put_a_damaged_state_aside) {
    std::filesystem::create_directories(folder_.file("deep/er"));
    std::ofstream(folder_.file("deep/er/alerts.json")) << "{\"edges\":";
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1; });
    EXPECT_TRUE(std::filesystem::exists(folder_.file("deep/er/alerts.json.damaged")));
    EXPECT_TRUE(json::accept(*file_->read()));
}

TEST_F(Alerts, follow_the_rules_as_they_change) {
    start();
    run_until([&] { return service_->rules().size() == builtin_rules().size(); });
    for (const RuleView& rule : service_->rules()) EXPECT_FALSE(rule.enabled) << rule.name;
    cycle(kHit);
    EXPECT_EQ(service_->statistics().states, 0U);
    storage::AlertRule rule = hit_rule();
    rule.enabled = false;
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().states, 0U);
    rule.enabled = true;
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().fired.at("hit"), 1U);
    rule.cooldown = seconds(5);
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().fired.at("hit"), 1U);
    rule.expression = "manip_score >= 61";
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().fired.at("hit"), 2U);
    ASSERT_TRUE(scanner::test::run_on(io_, documents_.delete_rule("hit", std::nullopt)));
    EXPECT_EQ(service_->statistics().states, 0U);
    EXPECT_THAT(service_->statistics().fired, IsEmpty());
    run_until([&] { return archive_.recorded.size() == 2; });
}

TEST_F(Alerts, show_a_stored_rule_that_no_longer_compiles) {
    storage::AlertRule rule = hit_rule();
    rule.expression = "no_such_field > 3";
    add_rule(rule);
    rule = hit_rule();
    rule.name = "scopeless";
    rule.scope = "{\"colour\":1}";
    add_rule(rule);
    start();
    int broken = 0;
    for (const RuleView& view : service_->rules()) broken += view.error ? 1 : 0;
    EXPECT_EQ(broken, 2);
    EXPECT_EQ(service_->statistics().rules_broken, 2U);
    cycle(kHit);
    EXPECT_THAT(service_->statistics().fired, IsEmpty());
}

TEST_F(Alerts, look_only_where_their_scope_says) {
    storage::AlertRule rule{
        .name = "listed", .expression = "rank >= 1", .scope = R"({"watchlist":"mine"})", .enabled = true};
    add_rule(rule);
    rule = {.name = "chosen",
            .expression = "rank >= 1",
            .scope = R"({"symbols":["eth"],"profile":"swing"})",
            .enabled = true};
    add_rule(rule);
    rule = {.name = "nowhere", .expression = "rank >= 1", .scope = R"({"profile":"gone"})", .enabled = true};
    add_rule(rule);
    start();
    run_until([&] { return service_->statistics().rules_enabled == 3; });
    cycle(kCalm);
    run_until([&] { return archive_.recorded.size() == 1; });
    EXPECT_EQ(archive_.recorded[0].rule, "chosen");
    EXPECT_EQ(archive_.recorded[0].symbol, "ETH/USDT:USDT");
    EXPECT_EQ(json::parse(archive_.recorded[0].payload_json)["profile"], "swing");
    documents_.change([](storage::OperatorDocuments& next) {
        next.watchlists.push_back({.id = 9, .name = "mine", .symbols = {"BTC/USDT:USDT", "?"}, .version = 1'000});
    });
    cycle(kCalm);
    run_until([&] { return archive_.recorded.size() == 2; });
    EXPECT_EQ(archive_.recorded[1].rule, "listed");
    EXPECT_EQ(archive_.recorded[1].symbol, "BTC/USDT:USDT");
}

TEST_F(Alerts, spread_a_flood_over_cycles) {
    options_.max_alerts_per_cycle = 1;
    add_rule({.name = "any", .expression = "rank >= 1", .scope = "all", .enabled = true});
    start();
    run_until([&] { return service_->statistics().rules_enabled == 1; });
    for (const std::size_t count : {1U, 2U, 2U}) {
        cycle(kCalm);
        run_until([&] { return archive_.recorded.size() == count; });
    }
}

TEST_F(Alerts, count_a_flood_over_the_rankings_of_an_interval) {
    options_.max_alerts_per_cycle = 1;
    options_.live = true;
    options_.scan_interval = std::chrono::hours(1);
    add_rule({.name = "any", .expression = "rank >= 1", .scope = "all", .enabled = true});
    start();
    run_until([&] { return service_->statistics().rules_enabled == 1; });
    for (int i = 0; i < 3; ++i) cycle(kCalm);
    run_until([&] { return archive_.recorded.size() == 1; });
    EXPECT_EQ(service_->statistics().fired.at("any"), 1U);
}

TEST_F(Alerts, forget_nothing_while_the_database_was_never_read) {
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1; });
    stop();
    const auto rules = documents_.documents()->rules;
    documents_.change([](storage::OperatorDocuments& next) {
        next.loaded = false;
        next.rules.clear();
    });
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    documents_.change([&](storage::OperatorDocuments& next) {
        next.loaded = true;
        next.rules = rules;
    });
    cycle(kHit);
    EXPECT_THAT(service_->statistics().fired, IsEmpty());
}

TEST_F(Alerts, live_on_a_real_database) {
    storage::StoreOptions options;
    options.data_dir = folder_.file("data");
    const auto store = storage::make_sqlite_store(io_.get_executor(), core::system_clock(), options);
    ASSERT_TRUE(scanner::test::run_on(io_, store->open()));
    storage::AlertArchive& archive = store->alert_archive();
    bool healthy = false;
    test::WebhookReceiver receiver(io_, [&](std::size_t) { return healthy ? 200 : 410; });
    options_.webhook_url = receiver.url();
    start(nullptr, store.get());
    storage::AlertRule rule = hit_rule();
    ASSERT_TRUE(scanner::test::run_on(io_, store->document_store().put_rule(rule, 0)));
    cycle(kHit);
    run_until([&] { return service_->statistics().dead_letters == 1; });
    std::vector<storage::DeadLetter> letters;
    for (int i = 0; i < 200 && letters.empty(); ++i) {
        letters = *scanner::test::run_on(io_, archive.dead_letters(10));
        io_.restart();
        io_.run_one_for(milliseconds(10));
    }
    ASSERT_THAT(letters, SizeIs(1));
    healthy = true;
    ASSERT_TRUE(scanner::test::run_on(io_, service_->redeliver(letters[0].id)));
    run_until([&] { return service_->statistics().delivered == 1; });
    EXPECT_EQ(receiver.requests[0].body, receiver.requests[1].body);
    EXPECT_EQ(receiver.requests[0].header("webhook-id"), receiver.requests[1].header("webhook-id"));
    EXPECT_THAT(*scanner::test::run_on(io_, archive.dead_letters(10)), IsEmpty());
    std::vector<storage::AlertRecord> rows;
    for (int i = 0; i < 200 && rows.empty(); ++i) {
        rows = scanner::test::run_on(io_, archive.alerts({}))->rows;
        io_.restart();
        io_.run_one_for(milliseconds(10));
    }
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].rule, "hit");
    stop();
    scanner::test::run_on(io_, store->close(seconds(1)));
}

}  // namespace
}  // namespace scanner::alerts
