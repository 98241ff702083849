#include "storage/store_fixture.hpp"
#include "support/file_size_limit.hpp"

#include "scanner/storage/migration.hpp"

#include <pqxx/pqxx>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Its own server: these tests stop it.
class PostgresOutage : public StoreFixture {
protected:
    PostgresOutage() { use(DatabaseKind::postgres, fresh_database(server_)); }

    std::string ask(const std::string& statement) const {
        pqxx::connection connection(url_);
        pqxx::work work(connection);
        const pqxx::result result = work.exec(statement);
        work.commit();
        return result.empty() ? "" : result[0][0].c_str();
    }
    void record(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t i = first; i <= last; ++i)
            history().record(samples::cycle(i, kStart + milliseconds(100 * static_cast<std::int64_t>(i))));
    }
    /// The name of the database that url_ leads to.
    std::string database() const { return url_.substr(url_.rfind('/') + 1); }
    bool written() {
        return run_until([&] { return store_->status().backlog == 0; });
    }

    /// What was recorded is durable: nothing has gone into the spool for two seconds.
    bool spooled() {
        std::uint64_t bytes = 0;
        auto since = std::chrono::steady_clock::now();
        return run_until([&] {
            const auto now = std::chrono::steady_clock::now();
            if (store_->spool_bytes() != bytes) {
                bytes = store_->spool_bytes();
                since = now;
            }
            return now - since > seconds(2);
        });
    }

    test::PostgresServer server_;
};

TEST_F(PostgresOutage, loses_nothing_and_doubles_nothing) {
    open_store();
    record(1, 20);
    run_until([] { return false; }, milliseconds(30));
    server_.stop(SIGQUIT);  // amid the writing
    record(21, 60);
    ASSERT_TRUE(run_until([&] { return store_->status().state == StoreState::down; }));
    EXPECT_FALSE(store_->status().last_error.empty());
    ASSERT_TRUE(spooled());  // only what the disk has is promised to outlive what follows
    EXPECT_GE(store_->status().backlog, 40U);
    drop_store();
    open_store();
    EXPECT_EQ(history().last_sequence(), 60U) << "the spool knows";
    EXPECT_GT(store_->status().backlog_age_sec.value_or(-1.0), -1.0);
    record(61, 80);
    server_.start();
    ASSERT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(DISTINCT sequence) || ' ' || min(sequence) || ' ' || max(sequence) "
                  "FROM cycles"),
              "80 80 1 80");
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(DISTINCT (sequence, profile, symbol)) FROM rankings"), "320 320");
    EXPECT_EQ(ask("SELECT count(*) FROM ranking_inputs"), "160");
    EXPECT_EQ(ask("SELECT sum(samples) FROM bars_1m"), "160") << "each cycle counted once in its minute";
    EXPECT_EQ(store_->status().dropped, 0U);
}

TEST_F(PostgresOutage, survives_sessions_that_are_killed_amid_writing) {
    open_store();
    std::uint64_t sequence = 0;
    for (int round = 0; round < 15; ++round) {
        record(sequence + 1, sequence + 10);
        sequence += 10;
        run_until([] { return false; }, milliseconds(5 * (round % 4)));
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
            "current_database()");
    }
    ASSERT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(ask("SELECT count(*) || ' ' || max(sequence) FROM cycles"), "150 150");
    EXPECT_EQ(ask("SELECT sum(samples) FROM bars_1m"), "300");
}

TEST_F(PostgresOutage, is_not_one_when_the_disk_of_the_spool_is_full) {
    open_store();
    record(1, 3);
    ASSERT_TRUE(written());
    {
        const test::FileSizeLimit full(1);
        record(4, 40);
        run_until([] { return false; }, milliseconds(1'500));  // tries again once a second
        clock_.advance(seconds(30));
        const StoreStatus status = store_->status();
        EXPECT_EQ(status.backlog, 37U);
        EXPECT_EQ(status.state, StoreState::ready);
        EXPECT_EQ(status.backlog_age_sec, 30.0);
        EXPECT_NE(status.last_error.find("spool: "), std::string::npos) << status.last_error;
    }
    ASSERT_TRUE(written()) << "when the disk has room again, without another batch to wake it";
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(DISTINCT sequence) || ' ' || max(sequence) FROM cycles"),
              "40 40 40");
    EXPECT_EQ(store_->status().dropped, 0U);
    EXPECT_EQ(store_->status().last_error, "");
    EXPECT_EQ(store_->status().backlog_age_sec, std::nullopt);
}

TEST_F(PostgresOutage, reads_again_at_once_when_only_the_session_was_killed) {
    open_store();
    record(1, 1);
    ASSERT_TRUE(written());
    ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
        "current_database()");
    const auto ranking = await(history().ranking_as_of(kStart + seconds(10), "scalp"));
    ASSERT_TRUE(ranking) << ranking.error().message();
    EXPECT_EQ((*ranking)->sequence, 1U);
}

TEST_F(PostgresOutage, starts_and_serves_documents_while_the_database_is_away) {
    open_store();
    Watchlist list;
    list.name = "kept";
    ASSERT_TRUE(await(document_store().put_watchlist(list, 0)));
    server_.stop(SIGQUIT);
    const auto refused = await(document_store().put_watchlist(list, std::nullopt));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::unavailable);
    EXPECT_NE(document_store().documents()->find_watchlist("kept"), nullptr) << "served from memory";
    const auto page = await(history().ranking_as_of(kStart, "scalp"));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code(), core::ErrorCode::unavailable);
    reopen_store();
    EXPECT_FALSE(document_store().documents()->loaded);
    server_.start();
    EXPECT_TRUE(run_until([&] { return document_store().documents()->loaded; }));
    EXPECT_NE(document_store().documents()->find_watchlist("kept"), nullptr);
}

TEST_F(PostgresOutage, is_not_held_up_by_a_server_that_is_frozen) {
    options_.query_timeout = milliseconds(500);
    open_store();
    record(1, 1);
    ASSERT_TRUE(written());
    server_.pause();
    const auto began = std::chrono::steady_clock::now();
    const auto page = await(history().ranking_as_of(kStart, "scalp"));
    ASSERT_FALSE(page);
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(30));
    record(2, 5);
    EXPECT_TRUE(run_until([&] { return store_->status().state == StoreState::down; })) << "it was given up";
    server_.resume();
    EXPECT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(ask("SELECT count(*) FROM cycles"), "5");
}

TEST_F(PostgresOutage, closes_within_its_grace_when_the_server_is_frozen) {
    open_store();
    server_.pause();
    record(1, 3);
    const auto began = std::chrono::steady_clock::now();
    await(store_->close(seconds(1)));
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(30));
    server_.resume();
    open_store();
    EXPECT_TRUE(written());
    EXPECT_EQ(ask("SELECT count(*) FROM cycles"), "3");
}

/// What is logged, by event.
class LogCounter final : public core::LogSink {
public:
    void write(const core::LogRecord& record) override {
        const std::scoped_lock guard(mutex_);
        ++counts_[std::string(record.event)];
    }
    int count(const std::string& event) {
        const std::scoped_lock guard(mutex_);
        return counts_[event];
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> counts_;
};

TEST_F(PostgresOutage, is_one_when_the_database_takes_no_writes) {
    open_store();
    record(1, 3);
    ASSERT_TRUE(written());
    const auto log = std::make_shared<LogCounter>();
    const auto sink = core::set_log_sink(log);
    core::set_log_level(core::LogLevel::info);
    ask("ALTER DATABASE " + database() + " SET default_transaction_read_only = on");
    ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
        "current_database()");
    record(4, 6);
    ASSERT_TRUE(run_until([&] { return store_->status().last_error.find("read_only") != std::string::npos; }))
        << store_->status().last_error;
    bool up = false;
    run_until(
        [&] {
            up = up || store_->status().state == StoreState::ready;
            return false;
        },
        seconds(3));
    EXPECT_FALSE(up) << "down until a write works";
    EXPECT_LE(log->count("database_lost"), 2);
    EXPECT_EQ(log->count("database_lost_over"), 0);
    Watchlist list;
    list.name = "refused";
    const auto refused = await(document_store().put_watchlist(list, 0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::unavailable);
    {
        pqxx::connection connection(url_ + "?options=-cdefault_transaction_read_only%3Doff");
        pqxx::work work(connection);
        work.exec("ALTER DATABASE " + database() + " RESET default_transaction_read_only");
        work.commit();
    }
    ASSERT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(store_->status().state, StoreState::ready);
    EXPECT_EQ(store_->status().last_error, "");
    EXPECT_EQ(log->count("database_lost_over"), 1);
    core::set_log_sink(sink);
    core::set_log_level(core::LogLevel::off);
    EXPECT_EQ(ask("SELECT count(*) FROM cycles"), "6");
}

TEST_F(PostgresOutage, is_one_when_only_writes_fail) {
    open_store();
    record(1, 1);
    ASSERT_TRUE(written());
    ask("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left' "
        "USING "
        "ERRCODE = '53100'; END $$");
    ask("CREATE TRIGGER full_disk BEFORE INSERT ON cycles FOR EACH ROW EXECUTE FUNCTION full_disk()");
    record(2, 4);
    ASSERT_TRUE(run_until([&] { return store_->status().state == StoreState::down; }));
    bool up = false;
    const auto began = std::chrono::steady_clock::now();
    run_until(
        [&] {
            up = up || store_->status().state == StoreState::ready;
            return false;
        },
        seconds(2));
    EXPECT_FALSE(up) << "a new connection is not a write that worked";
    EXPECT_NE(store_->status().last_error.find("no space left"), std::string::npos) << store_->status().last_error;
    EXPECT_GE(std::chrono::steady_clock::now() - began, seconds(2));
    ask("DROP TRIGGER full_disk ON cycles");
    ASSERT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(store_->status().state, StoreState::ready);
    EXPECT_EQ(ask("SELECT count(*) FROM cycles"), "4");
}

TEST_F(PostgresOutage, says_what_the_database_refuses_for_good) {
    open_store();
    ask("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one' USING "
        "ERRCODE "
        "= '23514'; END $$");
    ask("CREATE TRIGGER no BEFORE INSERT ON cycles FOR EACH ROW WHEN (NEW.sequence = 2) EXECUTE FUNCTION no()");
    record(1, 3);
    ASSERT_TRUE(written());
    EXPECT_EQ(store_->status().dropped, 1U);
    EXPECT_NE(store_->status().last_error.find("not this one"), std::string::npos) << store_->status().last_error;
    EXPECT_EQ(store_->status().state, StoreState::ready) << "the others are written";
    ask("DROP TRIGGER no ON cycles");
    ask("CREATE TRIGGER no BEFORE INSERT ON cycles FOR EACH ROW EXECUTE FUNCTION no()");
    record(4, 4);
    ASSERT_TRUE(written());
    EXPECT_EQ(store_->status().state, StoreState::down) << "of the last write nothing was taken";
    ask("CREATE TRIGGER no BEFORE INSERT ON watchlists FOR EACH ROW EXECUTE FUNCTION no()");
    Watchlist list;
    list.name = "refused";
    const auto refused = await(document_store().put_watchlist(list, 0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::invalid_input);
    EXPECT_EQ(refused.error().message().find("not this one"), std::string::npos) << "that is for the log";
}

TEST_F(PostgresOutage, needs_a_database_that_holds_every_name) {
    {
        pqxx::connection connection(url_);
        pqxx::nontransaction alone(connection);  // as a database has to be made
        alone.exec("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
        alone.exec("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'");
    }
    const auto migrated = migrate_postgres(server_.url("latin"));
    ASSERT_FALSE(migrated);
    EXPECT_EQ(migrated.error().code(), core::ErrorCode::unavailable);
    EXPECT_NE(migrated.error().message().find("ENCODING 'UTF8'"), std::string::npos) << migrated.error().message();
    url_ = server_.url("latin");
    open_store();
    record(1, 2);
    ASSERT_TRUE(run_until([&] { return store_->status().last_error.find("LATIN1") != std::string::npos; }));
    EXPECT_NE(store_->status().state, StoreState::ready) << "down, or trying again";
    ASSERT_TRUE(spooled());
    EXPECT_EQ(store_->status().backlog, 2U) << "kept for a database that takes it";
    close_store();
    url_ = server_.url("plain");
    open_store();
    Watchlist list;
    list.name = "\u9f99";
    EXPECT_TRUE(await(document_store().put_watchlist(list, 0))) << "bytes are bytes to it";
    EXPECT_TRUE(written()) << store_->status().last_error;
}

TEST_F(PostgresOutage, does_not_continue_from_a_forged_number) {
    open_store();
    record(1, 3);
    ASSERT_TRUE(written());
    ask("INSERT INTO cycles (sequence, ts) VALUES (9223372036854775807, now()), (-5, now())");
    ask("UPDATE spool_progress SET position = -1");
    reopen_store();
    EXPECT_EQ(history().last_sequence(), 3U);
    record(4, 5);
    ASSERT_TRUE(written()) << store_->status().last_error;
    EXPECT_EQ(ask("SELECT count(*) FROM cycles WHERE sequence BETWEEN 1 AND 5"), "5");
}

}  // namespace
}  // namespace scanner::storage
