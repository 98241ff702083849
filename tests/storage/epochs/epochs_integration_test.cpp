#include "storage/history/history_sql.hpp"
#include "storage/history_samples.hpp"
#include "storage/old_database.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/store_fixture.hpp"

#include "scanner/storage/epochs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

class Epochs : public OldDatabase {
protected:
    EpochPlan open_epoch(LeaseClaim claim, std::uint64_t known = 0) {
        auto plan = await(store_->epoch_ledger().open_epoch(std::move(claim), known));
        EXPECT_TRUE(plan) << plan.error().message();
        return plan.value_or(EpochPlan());
    }
    static LeaseClaim claim(std::optional<StreamPosition> last = {}, std::string run = "r1", std::uint64_t epoch = 0) {
        return {.token = "host/1/abc", .epoch = epoch, .last = last, .run = std::move(run)};
    }
    static HistoryBatch cycle_of(std::uint64_t epoch, std::uint64_t sequence) {
        HistoryBatch batch = samples::cycle(sequence, kStart + seconds(sequence));
        batch.author = {.epoch = epoch, .sequence = sequence};
        return batch;
    }
    std::int64_t number(const std::string& statement) const {
        const auto connection = session();
        SqlTransaction transaction(*connection);
        std::int64_t found = -1;
        connection->execute(statement, {}, [&](const SqlRow& row) { found = row.is_null(0) ? -2 : row.integer(0); });
        return found;
    }
};

TEST_P(Epochs, an_epoch_ends_at_what_was_published_and_takes_no_more) {
    open_store();
    const EpochPlan first = open_epoch(claim());
    EXPECT_EQ(first.opened.epoch, 1U);
    EXPECT_EQ(first.after, 0U);
    write(cycle_of(1, 1));
    const EpochPlan second = open_epoch(claim(StreamPosition{.epoch = 1, .seq = 3}));
    EXPECT_EQ(second.opened.epoch, 2U);
    EXPECT_EQ(second.after, first.opened.reserved) << "no number is used twice";
    write(cycle_of(1, 2));
    write(cycle_of(1, 3));  // honest, and late: a spool had it
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 0U);
    EXPECT_EQ(store_->status().last_error, "");
    write(cycle_of(1, 4));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 1U);
    EXPECT_EQ(store_->status().dropped, 1U);
    EXPECT_EQ(store_->status().backlog, 0U) << "it is not tried for ever";
    EXPECT_THAT(store_->status().last_error, HasSubstr("after the end of their epoch"));
    write(cycle_of(2, second.after + 1));
    EXPECT_EQ(number("SELECT count(*) FROM cycles"), 4);
    EXPECT_EQ(number("SELECT count(*) FROM cycles WHERE epoch = 1"), 3);
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 1"), 3);
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 2"), -2) << "it is open";
    EXPECT_EQ(number("SELECT count(*) FROM rankings WHERE sequence = 4"), 0) << "all of it or nothing";
}

TEST_P(Epochs, what_a_stream_has_lost_may_have_been_published) {
    open_store();
    const EpochPlan first = open_epoch(claim());
    write(cycle_of(1, 1));
    // Another run of Redis, which knows nothing of epoch 1 and would begin with it again.
    const EpochPlan second = open_epoch(claim({}, "r2"));
    EXPECT_EQ(second.opened.epoch, 2U);
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 1"),
              static_cast<std::int64_t>(first.opened.reserved));
    write(cycle_of(1, 9));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 0U);
    EXPECT_EQ(open_epoch(claim({}, "r2", 41)).opened.epoch, 42U) << "over what either of the two has seen";
}

TEST_P(Epochs, an_epoch_is_not_closed_below_what_was_accepted) {
    open_store();
    static_cast<void>(open_epoch(claim()));
    write(cycle_of(1, 5));
    static_cast<void>(open_epoch(claim(StreamPosition{.epoch = 1, .seq = 4})));
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 1"), 5);
}

/// An alert is of a cycle that was made when it was written, which need not have been published.
TEST_P(Epochs, what_is_no_cycle_does_not_move_the_end) {
    open_store();
    static_cast<void>(open_epoch(claim()));
    write(cycle_of(1, 4));
    HistoryBatch alert;
    alert.author = {.epoch = 1, .sequence = 5};
    alert.alerts = {{.rule = "r", .symbol = "BTC/USDT:USDT", .time = kStart, .sequence = 4, .payload_json = "{}"}};
    write(alert);
    EXPECT_EQ(number("SELECT count(*) FROM alerts"), 1);
    static_cast<void>(open_epoch(claim(StreamPosition{.epoch = 1, .seq = 4})));
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 1"), 4);
    write(cycle_of(1, 5));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 1U) << "shown by one that was cut off, and never published";
}

TEST_P(Epochs, one_that_published_nothing_ends_at_nothing) {
    open_store();
    static_cast<void>(open_epoch(claim()));
    write(cycle_of(1, 4));
    const EpochPlan second = open_epoch(claim(StreamPosition{.epoch = 1, .seq = 4}));
    static_cast<void>(open_epoch(claim(StreamPosition{.epoch = 1, .seq = 4}, "r1", 2)));
    EXPECT_EQ(number("SELECT closed FROM scanner_epochs WHERE epoch = 2"), 0);
    write(cycle_of(2, second.after + 1));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 1U);
}

TEST_P(Epochs, an_epoch_that_nobody_opened_writes_nothing) {
    open_store();
    write(cycle_of(7, 1));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 1U);
    EXPECT_EQ(number("SELECT count(*) FROM cycles"), 0);
}

TEST_P(Epochs, alerts_are_those_of_the_epoch_that_is_in_office) {
    open_store();
    static_cast<void>(open_epoch(claim()));
    store_->epoch_ledger().set_author({.epoch = 1, .sequence = 3});
    archive().record_alerts(
        {{.rule = "r", .symbol = "BTC/USDT:USDT", .time = kStart, .sequence = 3, .payload_json = "{}"}});
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; }));
    EXPECT_EQ(number("SELECT epoch FROM alerts"), 1);
    static_cast<void>(open_epoch(claim(StreamPosition{.epoch = 1, .seq = 3})));
    store_->epoch_ledger().set_author({.epoch = 1, .sequence = 4});
    archive().record_alerts(
        {{.rule = "s", .symbol = "BTC/USDT:USDT", .time = kStart, .sequence = 4, .payload_json = "{}"}});
    ASSERT_TRUE(run_until([&] { return store_->epoch_ledger().fenced_batches() == 1; }));
    EXPECT_EQ(number("SELECT count(*) FROM alerts"), 1);
    // Of the last that was published, while the next one was made already.
    archive().record_alerts(
        {{.rule = "t", .symbol = "BTC/USDT:USDT", .time = kStart, .sequence = 3, .payload_json = "{}"}});
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0 && number("SELECT count(*) FROM alerts") == 2; }));
    EXPECT_EQ(store_->epoch_ledger().fenced_batches(), 1U);
}

TEST_P(Epochs, numbers_are_reserved_while_it_is_open) {
    open_store();
    const EpochPlan first = open_epoch(claim());
    EXPECT_TRUE(await(store_->epoch_ledger().reserve(1, 500'000)));
    EXPECT_EQ(open_epoch(claim()).after, 500'000U);
    const auto refused = await(store_->epoch_ledger().reserve(1, 600'000));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::conflict);
}

TEST_P(Epochs, a_database_of_before_gets_them_and_keeps_its_rows) {
    {
        make_store();
        drop_store();
    }
    const auto connection = session();
    static_cast<void>(migrate(*connection, *dialect(), kStart, 5));
    std::vector<HistoryBatch> batches;
    batches.push_back(samples::cycle(1, kStart));
    EXPECT_EQ(write_history(*connection, std::move(batches), {.spool_id = "old", .number = 1}, kStart), 0U);
    const auto report = migrate(*connection, *dialect(), kStart);
    EXPECT_EQ(report.from_version, 5);
    EXPECT_EQ(report.to_version, kSchemaVersion);
    EXPECT_THAT(report.steps, Contains("added cycles.epoch"));
    EXPECT_THAT(report.steps, Contains("added alerts.epoch"));
    open_store();
    EXPECT_EQ(number("SELECT epoch FROM cycles WHERE sequence = 1"), -2);
    EXPECT_EQ(open_epoch(claim()).after, 1U) << "numbers go on from history";
    write(cycle_of(1, 2));
    write(samples::cycle(3, kStart + seconds(60)));  // of role all
    EXPECT_EQ(number("SELECT count(*) FROM cycles"), 3);
}

INSTANTIATE_TEST_SUITE_P(Both, Epochs, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres), database_name);

class EpochsOfTwo : public StoreFixture {
protected:
    [[nodiscard]] std::unique_ptr<SqlSession> session() const {
        return open_postgres_session(url_, std::chrono::milliseconds(10'000));
    }
};

TEST_F(EpochsOfTwo, never_open_the_same_one) {
    use(DatabaseKind::postgres);
    open_store();
    StoreOptions options = options_;
    options.data_dir += "/other";
    const auto other = make_postgres_store(io_.get_executor(), clock_, options, url_);
    ASSERT_TRUE(await(other->open()));
    std::set<std::uint64_t> epochs;
    int done = 0;
    for (int i = 0; i < 20; ++i) {
        for (Store* store : {store_.get(), other.get()}) {
            boost::asio::co_spawn(
                io_, store->epoch_ledger().open_epoch({.token = "t", .epoch = 0, .last = {}, .run = "r"}, 0),
                [&](const std::exception_ptr&, const core::Result<EpochPlan>& plan) {
                    ++done;
                    // One that lost the race may fail; what is given is given once.
                    if (plan) EXPECT_TRUE(epochs.insert(plan->opened.epoch).second) << plan->opened.epoch;
                });
        }
        ASSERT_TRUE(run_until([&] { return done == 2 * (i + 1); }));
    }
    EXPECT_GE(epochs.size(), 20U);
    await(other->close(seconds(5)));
}

TEST_F(EpochsOfTwo, elect_one_by_the_lock_of_its_session) {
    use(DatabaseKind::postgres);
    open_store();
    StoreOptions options = options_;
    options.data_dir += "/other";
    const auto other = make_postgres_store(io_.get_executor(), clock_, options, url_);
    ASSERT_TRUE(await(other->open()));
    const auto elected = [&](const std::shared_ptr<ScannerLease>& lease) {
        const auto claim = await(lease->acquire("token"));
        return claim && *claim;
    };
    const auto first = store_->advisory_lease(milliseconds(600));
    const auto second = other->advisory_lease(milliseconds(600));
    EXPECT_FALSE(elected(first)) << "the one before may not have noticed its end yet";
    ASSERT_TRUE(run_until([&] { return elected(first); }));
    EXPECT_TRUE(await(first->install("token", 1)));
    EXPECT_TRUE(await(first->renew("token")));
    EXPECT_FALSE(elected(second));
    EXPECT_EQ(await(second->renew("token")).error().code(), core::ErrorCode::conflict);
    // A session that the server ends takes the lock with it.
    {
        const auto killer = session();
        SqlTransaction transaction(*killer);
        killer->execute(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND "
            "granted AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = "
            "current_database())) AS ended");
    }
    ASSERT_TRUE(run_until([&] {
        const auto renewed = await(first->renew("token"));
        return !renewed && renewed.error().code() == core::ErrorCode::conflict;
    }));
    ASSERT_TRUE(run_until([&] { return elected(second) || elected(first); }));
    EXPECT_TRUE(await(second->release("token")));
    EXPECT_TRUE(await(first->release("token")));
    ASSERT_TRUE(run_until([&] { return elected(first); }));
    await(other->close(seconds(5)));
}

}  // namespace
}  // namespace scanner::storage
