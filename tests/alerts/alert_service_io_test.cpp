#include "alerts/fake_state.hpp"
#include "alerts/subject.hpp"
#include "alerts/webhook.hpp"
#include "alerts/webhook_receiver.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/alert_service.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <unistd.h>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class TempFolder {
public:
    TempFolder()
        : path_(std::filesystem::temp_directory_path() / ("alerts-" + std::to_string(::getpid()) + "-XXXXXX")) {
        std::string made = path_.string();
        EXPECT_NE(::mkdtemp(made.data()), nullptr);
        path_ = made;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// A state file that a full disk would give.
class BrokenFile final : public StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::io, "no"); }
    asio::awaitable<core::Result<void>> write(std::string) override {
        ++attempts;
        co_return core::fail(core::ErrorCode::io, "the disk is full");
    }
    void set_aside() override {}
    int attempts = 0;
};

class Alerts : public testing::Test {
protected:
    void SetUp() override {
        options_.backoff = {
            .max_attempts = 4, .base = milliseconds(2), .cap = milliseconds(5), .floor = milliseconds(1)};
        options_.webhook_secret = kSecret;
        options_.webhook_allow_private = true;
        options_.save_interval = milliseconds(5);
        options_.dead_letter_retry = milliseconds(10);
        client_ = net::make_curl_client(io_.get_executor(), {});
        file_ = make_state_file(folder_.file("deep/er/alerts.json"));
    }
    void TearDown() override { stop(); }

    void start(StateFile* file = nullptr, storage::OperatorState* state = nullptr) {
        auto made = make_alert_service(io_.get_executor(), options_,
                                       {.state = state == nullptr ? state_ : *state,
                                        .publisher = &publisher_,
                                        .http = client_.get(),
                                        .file = file == nullptr ? *file_ : *file,
                                        .clock = core::system_clock(),
                                        .random = [] { return 0.5; }});
        ASSERT_TRUE(made) << made.error().message();
        service_ = std::move(*made);
        asio::co_spawn(io_, service_->run(), [this](const std::exception_ptr& thrown) {
            EXPECT_EQ(thrown, nullptr);
            ran_ = true;
        });
    }
    void stop() {
        if (service_ == nullptr) return;
        scanner::test::run_on(io_, service_->close(milliseconds(200)));
        run_until([this] { return ran_; });
        service_.reset();
        ran_ = false;
    }
    template <class Condition>
    void run_until(Condition condition) {
        io_.restart();
        const auto limit = std::chrono::steady_clock::now() + seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < limit) io_.run_one_for(milliseconds(50));
        EXPECT_TRUE(condition());
    }
    void add_rule(storage::AlertRule rule) {
        const auto put = scanner::test::run_on(io_, state_.put_rule(std::move(rule), std::nullopt));
        ASSERT_TRUE(put);
    }
    void cycle(const std::vector<test::Contract>& contracts) {
        now_ += seconds(15);
        service_->on_ranking(test::make_ranking(contracts, now_, ++sequence_));
    }

    asio::io_context io_{1};
    TempFolder folder_;
    test::FakeState state_;
    test::FakePublisher publisher_;
    AlertOptions options_;
    std::unique_ptr<net::HttpClient> client_;
    std::unique_ptr<StateFile> file_;
    std::unique_ptr<AlertService> service_;
    core::WallTime now_ = test::kNow;
    std::uint64_t sequence_ = 0;
    bool ran_ = false;
};

const std::vector<test::Contract> kHit{{.code = "BTC-USDT", .rank = 1, .manip_score = 72.5, .flags = {"scam_wick"}},
                                       {.code = "ETH-USDT", .rank = 2, .manip_score = 10.0}};
const std::vector<test::Contract> kCalm{{.code = "BTC-USDT", .rank = 1}, {.code = "ETH-USDT", .rank = 2}};

storage::AlertRule hit_rule() {
    return {.name = "hit",
            .expression = R"(manip_score >= 60 and "scam_wick" in flags)",
            .scope = "\"all\"",
            .cooldown = seconds(60),
            .enabled = true};
}

TEST_F(Alerts, deliver_once_to_history_redis_and_a_webhook_that_fails_twice) {
    test::WebhookReceiver receiver(io_, [](std::size_t n) { return n < 2 ? 500 : 204; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return !service_->statistics().rung.empty(); });
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
    ASSERT_THAT(state_.recorded, SizeIs(1));
    EXPECT_EQ(state_.recorded[0].sequence, 1U);
    EXPECT_EQ(json::parse(state_.recorded[0].payload_json), body["payload"]);
    const AlertStatistics statistics = service_->statistics();
    EXPECT_EQ(statistics.rung.at("hit"), 1U);
    EXPECT_EQ(statistics.failed_attempts, 2U);
    EXPECT_EQ(statistics.waiting, 0U);
    EXPECT_THAT(state_.letters, IsEmpty());
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
    EXPECT_THAT(state_.recorded, SizeIs(1));
    stop();
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    EXPECT_EQ(service_->statistics().rung.size(), 0U);
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
    EXPECT_THAT(service_->statistics().rung, IsEmpty());
    cycle(kHit);
    EXPECT_EQ(service_->statistics().rung.at("hit"), 1U);
}

TEST_F(Alerts, a_crash_after_the_ring_was_saved_loses_nothing) {
    // The state on disk is that from before anything was announced.
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return state_.recorded.size() == 1; });
    const std::string text = *file_->read();
    const json saved = json::parse(text);
    ASSERT_THAT(saved["waiting"], SizeIs(1));
    EXPECT_EQ(saved["waiting"][0]["announced"], false);
    stop();
    std::ofstream(folder_.file("deep/er/alerts.json")) << text;
    start();
    run_until([&] { return state_.recorded.size() == 2; });
    EXPECT_EQ(state_.recorded[0].time, state_.recorded[1].time);  // the same row of the database
    EXPECT_EQ(publisher_.messages.at(0).second, publisher_.messages.at(1).second);
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    EXPECT_THAT(state_.recorded, SizeIs(2));
}

TEST_F(Alerts, give_up_into_the_dead_letters_and_deliver_from_there) {
    bool healthy = false;
    test::WebhookReceiver receiver(io_, [&](std::size_t) { return healthy ? 200 : 502; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return state_.letters.size() == 1; });
    EXPECT_THAT(receiver.requests, SizeIs(4));
    EXPECT_EQ(state_.letters[0].attempts, 4);
    EXPECT_EQ(state_.letters[0].last_error, "HTTP 502");
    EXPECT_EQ(state_.letters[0].destination, "webhook");
    EXPECT_EQ(scanner::test::run_on(io_, service_->redeliver(999)).error().code(), core::ErrorCode::not_found);
    healthy = true;
    ASSERT_TRUE(scanner::test::run_on(io_, service_->redeliver(state_.letters[0].id)));
    run_until([&] { return service_->statistics().delivered == 1; });
    EXPECT_THAT(state_.letters, IsEmpty());
    EXPECT_EQ(receiver.requests.back().body, receiver.requests.front().body);
    EXPECT_EQ(receiver.requests.back().header("webhook-id"), receiver.requests.front().header("webhook-id"));
}

TEST_F(Alerts, keep_dead_letters_until_the_database_takes_them) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 410; });
    options_.webhook_url = receiver.url();
    add_rule(hit_rule());
    state_.failure = core::Error(core::ErrorCode::unavailable, "the database is away");
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().dead_letters == 1; });
    stop();
    start();
    state_.failure.reset();
    run_until([&] { return state_.letters.size() == 1; });
    EXPECT_EQ(state_.letters[0].attempts, 1);
    EXPECT_THAT(receiver.requests, SizeIs(1));
}

TEST_F(Alerts, post_to_public_addresses_only_unless_told_otherwise) {
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 200; });
    options_.webhook_url = receiver.url();
    options_.webhook_allow_private = false;
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return state_.letters.size() == 1; });
    EXPECT_THAT(receiver.requests, IsEmpty());
    EXPECT_THAT(state_.letters[0].last_error, HasSubstr("no public address"));
    EXPECT_THAT(state_.letters[0].last_error, testing::Not(HasSubstr("secret=1")));
}

TEST_F(Alerts, work_without_a_webhook_and_refuse_a_bad_secret) {
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return publisher_.messages.size() == 1; });
    EXPECT_FALSE(service_->has_webhook());
    EXPECT_EQ(scanner::test::run_on(io_, service_->redeliver(1)).error().code(), core::ErrorCode::conflict);
    options_.webhook_secret = "whsec_???";
    const auto refused = make_alert_service(io_.get_executor(), options_,
                                            {.state = state_, .file = *file_, .clock = core::system_clock()});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("SCANNER_ALERT_WEBHOOK_SECRET"));
}

TEST_F(Alerts, evaluate_what_came_before_the_state_was_read) {
    add_rule(hit_rule());
    start();
    cycle(kHit);  // the loop has not run yet
    EXPECT_THAT(state_.recorded, IsEmpty());
    run_until([&] { return state_.recorded.size() == 1; });
}

TEST_F(Alerts, announce_also_when_the_disk_is_full) {
    BrokenFile broken;
    add_rule(hit_rule());
    start(&broken);
    cycle(kHit);
    run_until([&] { return state_.recorded.size() == 1 && broken.attempts >= 2; });
    stop();
}

TEST_F(Alerts, put_a_damaged_state_aside) {
    std::filesystem::create_directories(folder_.file("deep/er"));
    std::ofstream(folder_.file("deep/er/alerts.json")) << "{\"edges\":";
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return state_.recorded.size() == 1; });
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
    EXPECT_EQ(service_->statistics().rung.at("hit"), 1U);
    rule.cooldown = seconds(5);
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().rung.at("hit"), 1U);
    rule.expression = "manip_score >= 61";
    add_rule(rule);
    cycle(kHit);
    EXPECT_EQ(service_->statistics().rung.at("hit"), 2U);
    ASSERT_TRUE(scanner::test::run_on(io_, state_.delete_rule("hit", std::nullopt)));
    EXPECT_EQ(service_->statistics().states, 0U);
    EXPECT_THAT(service_->statistics().rung, IsEmpty());
    run_until([&] { return state_.recorded.size() == 2; });
}

TEST_F(Alerts, show_a_stored_rule_that_means_nothing_any_more) {
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
    EXPECT_THAT(service_->statistics().rung, IsEmpty());
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
    run_until([&] { return state_.recorded.size() == 1; });
    EXPECT_EQ(state_.recorded[0].rule, "chosen");
    EXPECT_EQ(state_.recorded[0].symbol, "ETH/USDT:USDT");
    EXPECT_EQ(json::parse(state_.recorded[0].payload_json)["profile"], "swing");
    state_.change([](storage::OperatorDocuments& next) {
        next.watchlists.push_back({.id = 9, .name = "mine", .symbols = {"BTC/USDT:USDT", "?"}, .version = 1'000});
    });
    cycle(kCalm);
    run_until([&] { return state_.recorded.size() == 2; });
    EXPECT_EQ(state_.recorded[1].rule, "listed");
    EXPECT_EQ(state_.recorded[1].symbol, "BTC/USDT:USDT");
}

TEST_F(Alerts, spread_a_flood_over_cycles) {
    options_.most_rings_a_cycle = 1;
    add_rule({.name = "any", .expression = "rank >= 1", .scope = "all", .enabled = true});
    start();
    run_until([&] { return service_->statistics().rules_enabled == 1; });
    for (const std::size_t rung : {1U, 2U, 2U}) {
        cycle(kCalm);
        run_until([&] { return state_.recorded.size() == rung; });
    }
}

TEST_F(Alerts, forget_nothing_while_the_database_was_never_read) {
    add_rule(hit_rule());
    start();
    cycle(kHit);
    run_until([&] { return state_.recorded.size() == 1; });
    stop();
    const auto rules = state_.documents()->rules;
    state_.change([](storage::OperatorDocuments& next) {
        next.loaded = false;
        next.rules.clear();
    });
    start();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    state_.change([&](storage::OperatorDocuments& next) {
        next.loaded = true;
        next.rules = rules;
    });
    cycle(kHit);
    EXPECT_THAT(service_->statistics().rung, IsEmpty());
}

TEST_F(Alerts, live_on_a_real_database) {
    storage::StoreOptions options;
    options.data_dir = folder_.file("data");
    const auto store = storage::make_sqlite_store(io_.get_executor(), core::system_clock(), options);
    ASSERT_TRUE(scanner::test::run_on(io_, store->open()));
    storage::OperatorState& state = store->operator_state();
    bool healthy = false;
    test::WebhookReceiver receiver(io_, [&](std::size_t) { return healthy ? 200 : 410; });
    options_.webhook_url = receiver.url();
    start(nullptr, &state);
    storage::AlertRule rule = hit_rule();
    ASSERT_TRUE(scanner::test::run_on(io_, state.put_rule(rule, 0)));
    cycle(kHit);
    run_until([&] { return service_->statistics().dead_letters == 1; });
    std::vector<storage::DeadLetter> letters;
    for (int i = 0; i < 200 && letters.empty(); ++i) {
        letters = *scanner::test::run_on(io_, state.dead_letters(10));
        io_.restart();
        io_.run_one_for(milliseconds(10));
    }
    ASSERT_THAT(letters, SizeIs(1));
    healthy = true;
    ASSERT_TRUE(scanner::test::run_on(io_, service_->redeliver(letters[0].id)));
    run_until([&] { return service_->statistics().delivered == 1; });
    EXPECT_EQ(receiver.requests[0].body, receiver.requests[1].body);
    EXPECT_EQ(receiver.requests[0].header("webhook-id"), receiver.requests[1].header("webhook-id"));
    EXPECT_THAT(*scanner::test::run_on(io_, state.dead_letters(10)), IsEmpty());
    std::vector<storage::AlertRecord> rows;
    for (int i = 0; i < 200 && rows.empty(); ++i) {
        rows = scanner::test::run_on(io_, state.alerts({}))->rows;
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
