#include "storage/store_fixture.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::milliseconds;
using std::chrono::seconds;

class OperatorStores : public EitherStore {
protected:
    OperatorStores() { open_store(); }

    Watchlist put(std::string name, std::vector<std::string> symbols, DocumentStore::Expected expected = {}) {
        Watchlist list;
        list.name = std::move(name);
        list.symbols = std::move(symbols);
        auto stored = await(document_store().put_watchlist(std::move(list), expected));
        EXPECT_TRUE(stored) << stored.error().message();
        return stored ? *stored : Watchlist();
    }
    template <class T>
    static core::ErrorCode code(const core::Result<T>& result) {
        return result ? core::ErrorCode::internal : result.error().code();
    }
};

TEST_P(OperatorStores, starts_empty_and_loaded) {
    const auto documents = document_store().documents();
    EXPECT_TRUE(documents->loaded);
    EXPECT_EQ(documents->settings.version, 0);
    EXPECT_EQ(documents->settings.notional, std::nullopt);
    EXPECT_TRUE(documents->watchlists.empty());
    EXPECT_TRUE(documents->presets.empty());
    EXPECT_TRUE(documents->rules.empty());
}

TEST_P(OperatorStores, keeps_settings_over_a_restart) {
    OperatorSettings settings;
    settings.liquidity_weight = 0.123456789012345;
    settings.notional = 2'500.0;
    settings.applied_profile = "it's mine";
    const auto stored = await(document_store().put_settings(settings, std::nullopt));
    ASSERT_TRUE(stored) << stored.error().message();
    EXPECT_GT(stored->version, 0);
    EXPECT_EQ(document_store().documents()->settings.version, stored->version);
    reopen_store();
    const OperatorSettings& again = document_store().documents()->settings;
    EXPECT_EQ(again.liquidity_weight, 0.123456789012345);
    EXPECT_EQ(again.momentum_weight, std::nullopt);
    EXPECT_EQ(again.notional, 2'500.0);
    EXPECT_EQ(again.applied_profile, "it's mine");
    EXPECT_EQ(again.version, stored->version);

    settings.liquidity_weight.reset();
    ASSERT_TRUE(await(document_store().put_settings(settings, again.version)));
    EXPECT_EQ(document_store().documents()->settings.liquidity_weight, std::nullopt) << "what is reset is gone";
}

TEST_P(OperatorStores, keeps_watchlists_in_the_operators_order) {
    const Watchlist majors = put("majors", {"ETH/USDT:USDT", "BTC/USDT:USDT", "ETH/USDT:USDT", "币安/USDT:USDT"});
    EXPECT_GT(majors.id, 0);
    EXPECT_EQ(majors.symbols, (std::vector<std::string>{"ETH/USDT:USDT", "BTC/USDT:USDT", "币安/USDT:USDT"}));
    put("a \"second\" one", {});
    reopen_store();
    const auto documents = document_store().documents();
    ASSERT_EQ(documents->watchlists.size(), 2U);
    EXPECT_EQ(documents->watchlists[0].name, "majors");
    EXPECT_EQ(documents->watchlists[0].id, majors.id);
    EXPECT_EQ(documents->watchlists[0].symbols, majors.symbols);
    EXPECT_EQ(documents->find_watchlist("a \"second\" one")->symbols.size(), 0U);
    EXPECT_EQ(documents->find_watchlist("third"), nullptr);

    const Watchlist replaced = put("majors", {"SOL/USDT:USDT"});
    EXPECT_EQ(replaced.id, majors.id);
    EXPECT_GT(replaced.version, majors.version);
    EXPECT_EQ(document_store().documents()->find_watchlist("majors")->symbols, replaced.symbols);
    ASSERT_TRUE(await(document_store().delete_watchlist("majors", std::nullopt)));
    EXPECT_EQ(document_store().documents()->watchlists.size(), 1U);
    EXPECT_EQ(code(await(document_store().delete_watchlist("majors", std::nullopt))), core::ErrorCode::not_found);
}

TEST_P(OperatorStores, keeps_presets_and_rules) {
    ProfilePreset preset;
    preset.name = "calm";
    preset.weights = {{"cost.spread", 2.5}, {"liq.qvol", 1e-9}};
    ASSERT_TRUE(await(document_store().put_preset(preset, 0)));
    AlertRule rule;
    rule.name = "wick";
    rule.expression = "manip_score >= 60 and \"scam_wick\" in flags";
    rule.scope = "watchlist:majors";
    rule.cooldown = seconds(300);
    rule.enabled = false;
    ASSERT_TRUE(await(document_store().put_rule(rule, 0)));
    reopen_store();
    const auto documents = document_store().documents();
    ASSERT_NE(documents->find_preset("calm"), nullptr);
    EXPECT_EQ(documents->find_preset("calm")->weights, preset.weights);
    const AlertRule* const again = documents->find_rule("wick");
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->expression, rule.expression);
    EXPECT_EQ(again->scope, rule.scope);
    EXPECT_EQ(again->cooldown, seconds(300));
    EXPECT_FALSE(again->enabled);
    rule.enabled = true;
    ASSERT_TRUE(await(document_store().put_rule(rule, again->version)));
    EXPECT_TRUE(document_store().documents()->find_rule("wick")->enabled);
    ASSERT_TRUE(await(document_store().delete_rule("wick", std::nullopt)));
    ASSERT_TRUE(await(document_store().delete_preset("calm", std::nullopt)));
    EXPECT_TRUE(document_store().documents()->rules.empty());
    EXPECT_TRUE(document_store().documents()->presets.empty());
    EXPECT_EQ(code(await(document_store().delete_preset("calm", 7))), core::ErrorCode::not_found);
}

TEST_P(OperatorStores, lets_only_one_of_two_writers_win) {
    const Watchlist first = put("w", {"BTC/USDT:USDT"}, 0);
    Watchlist mine = first;
    mine.symbols = {"ETH/USDT:USDT"};
    ASSERT_TRUE(await(document_store().put_watchlist(mine, first.version)));
    Watchlist theirs = first;
    theirs.symbols = {"SOL/USDT:USDT"};
    EXPECT_EQ(code(await(document_store().put_watchlist(theirs, first.version))), core::ErrorCode::conflict);
    EXPECT_EQ(code(await(document_store().put_watchlist(theirs, 0))), core::ErrorCode::conflict)
        << "there is one already";
    EXPECT_EQ(code(await(document_store().delete_watchlist("w", first.version))), core::ErrorCode::conflict);
    EXPECT_EQ(document_store().documents()->find_watchlist("w")->symbols, mine.symbols);
    ASSERT_TRUE(
        await(document_store().delete_watchlist("w", document_store().documents()->find_watchlist("w")->version)));
    EXPECT_EQ(code(await(document_store().put_watchlist(theirs, first.version))), core::ErrorCode::conflict)
        << "it is gone";
    EXPECT_GT(put("w", {}, 0).version, first.version) << "a version is never used twice";
    OperatorSettings settings;
    EXPECT_EQ(code(await(document_store().put_settings(settings, 99))), core::ErrorCode::conflict);
}

TEST_P(OperatorStores, shows_what_another_process_changed) {
    options_.refresh_interval = milliseconds(50);
    reopen_store();
    std::vector<std::size_t> seen;
    document_store().subscribe(
        [&](const OperatorDocumentsPtr& documents) { seen.push_back(documents->watchlists.size()); });
    StoreOptions other_options = options_;
    other_options.data_dir += "/other";
    if (GetParam() == DatabaseKind::sqlite) {
        // The same file, another spool.
        std::filesystem::create_directories(other_options.data_dir);
        std::filesystem::create_symlink(options_.data_dir + "/scanner.db", other_options.data_dir + "/scanner.db");
    }
    const auto other = GetParam() == DatabaseKind::sqlite
                           ? make_sqlite_store(io_.get_executor(), clock_, other_options)
                           : make_postgres_store(io_.get_executor(), clock_, other_options, url_);
    ASSERT_TRUE(await(other->open()));
    Watchlist list;
    list.name = "theirs";
    ASSERT_TRUE(await(other->document_store().put_watchlist(list, 0)));
    EXPECT_TRUE(run_until([&] { return document_store().documents()->find_watchlist("theirs") != nullptr; }));
    EXPECT_EQ(seen, (std::vector<std::size_t>{1}));
    await(other->close(seconds(5)));
}

/// Polling is too rare to be seen here: what shows was told.
class ToldChanges : public StoreFixture {
protected:
    ToldChanges() {
        use(DatabaseKind::postgres);
        options_.refresh_interval = std::chrono::hours(1);
        StoreOptions other_options = options_;
        other_options.data_dir += "/other";
        open_store();
        other_ = make_postgres_store(io_.get_executor(), clock_, other_options, url_);
        EXPECT_TRUE(await(other_->open()));
    }
    ~ToldChanges() override { await(other_->close(seconds(5))); }
    void change(const std::string& name) {
        Watchlist list;
        list.name = name;
        EXPECT_TRUE(await(other_->document_store().put_watchlist(list, 0)));
    }
    bool shows(const std::string& name) {
        return run_until([&] { return document_store().documents()->find_watchlist(name) != nullptr; });
    }

    std::unique_ptr<Store> other_;
};

TEST_F(ToldChanges, show_at_once) {
    change("one");
    EXPECT_TRUE(shows("one"));
    ASSERT_TRUE(await(other_->document_store().delete_watchlist("one", std::nullopt)));
    EXPECT_TRUE(run_until([&] { return document_store().documents()->watchlists.empty(); }));
}

TEST_F(ToldChanges, are_not_missed_while_the_connection_is_renewed) {
    change("before");
    ASSERT_TRUE(shows("before"));
    shared_postgres().run_sql(url_,
                              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                              "AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')");
    change("meanwhile");
    EXPECT_TRUE(shows("meanwhile"));
    change("after");
    EXPECT_TRUE(shows("after"));
}

TEST_P(OperatorStores, refuses_what_cannot_be_stored) {
    EXPECT_EQ(code(await(document_store().put_watchlist(Watchlist(), std::nullopt))), core::ErrorCode::invalid_input);
    Watchlist list;
    list.name = std::string("a\0b", 3);
    EXPECT_EQ(code(await(document_store().put_watchlist(list, std::nullopt))), core::ErrorCode::invalid_input);
    OperatorSettings settings;
    settings.notional = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(code(await(document_store().put_settings(settings, std::nullopt))), core::ErrorCode::invalid_input);
    ProfilePreset preset;
    preset.name = "x";
    preset.weights["liq.qvol"] = std::numeric_limits<double>::infinity();
    EXPECT_EQ(code(await(document_store().put_preset(preset, std::nullopt))), core::ErrorCode::invalid_input);
}

TEST_P(OperatorStores, keeps_alerts_once_each_and_pages_through_them) {
    std::vector<AlertRecord> alerts;
    for (int i = 0; i < 25; ++i) {
        alerts.push_back({.rule = i % 2 == 0 ? "even" : "odd",
                          .symbol = i % 5 == 0 ? "ETH/USDT:USDT" : "BTC/USDT:USDT",
                          .time = kStart + seconds(i / 3),
                          .sequence = static_cast<std::uint64_t>(i) + 1,
                          .payload_json = R"({"i":)" + std::to_string(i) + R"(,"s":"it's"})"});
    }
    archive().record_alerts(alerts);
    archive().record_alerts(alerts);  // a replay
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; }));
    AlertsQuery query;
    query.limit = 4;
    std::vector<std::pair<core::WallTime, std::int64_t>> seen;
    do {
        const auto page = await(archive().alerts(query));
        ASSERT_TRUE(page) << page.error().message();
        for (const AlertRecord& alert : page->rows) seen.emplace_back(alert.time, alert.id);
        query.cursor = page->next;
    } while (!query.cursor.empty());
    // Of three in a second two may be of one rule and contract: those are one alert.
    std::set<std::tuple<std::string, std::string, core::WallTime>> keys;
    for (const AlertRecord& alert : alerts) keys.emplace(alert.rule, alert.symbol, alert.time);
    EXPECT_EQ(seen.size(), keys.size());
    EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater()));
    AlertsQuery odd_eth;
    odd_eth.rule = "odd";
    odd_eth.symbol = "ETH/USDT:USDT";
    odd_eth.from = kStart + seconds(1);
    odd_eth.to = kStart + seconds(8);
    const auto page = await(archive().alerts(odd_eth));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->rows.size(), 2U);  // 5 and 15
    EXPECT_EQ(page->rows[0].sequence, 16U);
    EXPECT_EQ(nlohmann::json::parse(page->rows[1].payload_json)["i"], 5);
}

TEST_P(OperatorStores, keeps_dead_letters_until_they_are_deleted) {
    DeadLetter letter;
    letter.time = kStart;
    letter.rule = "wick";
    letter.symbol = "BTC/USDT:USDT";
    letter.destination = "webhook";
    letter.payload_json = R"({"a":1})";
    letter.attempts = 6;
    letter.last_error = "HTTP 500";
    const auto first = await(archive().add_dead_letter(letter));
    ASSERT_TRUE(first) << first.error().message();
    letter.time += seconds(1);
    const auto second = await(archive().add_dead_letter(letter));
    ASSERT_TRUE(second);
    const auto letters = await(archive().dead_letters(10));
    ASSERT_TRUE(letters);
    ASSERT_EQ(letters->size(), 2U);
    EXPECT_EQ((*letters)[0].id, second->id);
    EXPECT_EQ((*letters)[1].attempts, 6);
    EXPECT_EQ((*letters)[1].last_error, "HTTP 500");
    EXPECT_EQ((*letters)[1].destination, "webhook");
    EXPECT_EQ(nlohmann::json::parse((*letters)[1].payload_json)["a"], 1);
    ASSERT_TRUE(await(archive().delete_dead_letter(first->id)));
    EXPECT_EQ(code(await(archive().delete_dead_letter(first->id))), core::ErrorCode::not_found);
    EXPECT_EQ(await(archive().dead_letters(10))->size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Databases, OperatorStores, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
