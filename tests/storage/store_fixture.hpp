#pragma once

#include "storage/history_samples.hpp"
#include "support/postgres_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/core/log.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace scanner::storage {

enum class DatabaseKind { sqlite, postgres };

/// One server for all tests of the program; each test has a database of its own in it.
inline test::PostgresServer& shared_postgres() {
    static test::PostgresServer server;
    return server;
}

inline std::string fresh_database(test::PostgresServer& server) {
    static int count = 0;
    const std::string name = "test" + std::to_string(++count);
    server.create_database(name);
    return server.url(name);
}

/// A store on an empty database, a loop that a test turns by hand, and a clock that it moves.
class StoreFixture : public testing::Test {
protected:
    StoreFixture() {
        core::set_log_level(core::LogLevel::off);
        char folder[] = "/tmp/market-scanner-store-XXXXXX";
        options_.data_dir = ::mkdtemp(folder);
        options_.reconnect_base = std::chrono::milliseconds(20);
        options_.reconnect_cap = std::chrono::milliseconds(100);
    }
    ~StoreFixture() override {
        drop_store();
        std::error_code ignored;
        std::filesystem::remove_all(options_.data_dir, ignored);
        core::set_log_level(level_);
    }

    void use(DatabaseKind kind, std::string url = "") {
        kind_ = kind;
        url_ = std::move(url);
        if (kind_ == DatabaseKind::postgres && url_.empty()) url_ = fresh_database(shared_postgres());
    }
    /// No farewell, as by SIGKILL. What its coroutines still hold (the lock on the spool) is free once they have ended:
    /// of a process the system sees to that, here the loop has to be turned.
    void drop_store() {
        store_.reset();
        do {
            io_.restart();
        } while (io_.poll() > 0);
    }
    void make_store() {
        drop_store();
        store_ = kind_ == DatabaseKind::sqlite ? make_sqlite_store(io_.get_executor(), clock_, options_)
                                               : make_postgres_store(io_.get_executor(), clock_, options_, url_);
    }
    void open_store() {
        make_store();
        const auto opened = await(store_->open());
        ASSERT_TRUE(opened) << opened.error().message();
    }
    void close_store() {
        await(store_->close(std::chrono::seconds(10)));
        store_.reset();
    }
    void reopen_store() {
        close_store();
        open_store();
    }

    template <class T>
    T await(boost::asio::awaitable<T> coroutine) {
        return test::run_on(io_, std::move(coroutine), kEventually);
    }
    /// For machines that have something else to do; nothing waits for so long where all is well.
    static constexpr std::chrono::milliseconds kEventually{120'000};
    bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = kEventually) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(std::chrono::milliseconds(5));
        }
        return done();
    }
    /// Records and waits until the database has it.
    void write(HistoryBatch batch) {
        history().record(std::move(batch));
        ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; })) << store_->status().last_error;
    }
    History& history() { return store_->history(); }
    DocumentStore& document_store() { return store_->document_store(); }
    AlertArchive& archive() { return store_->alert_archive(); }

    core::LogLevel level_ = core::log_level();
    boost::asio::io_context io_{1};
    core::ManualClock clock_{samples::kStart};
    StoreOptions options_;
    DatabaseKind kind_ = DatabaseKind::sqlite;
    std::string url_;
    std::unique_ptr<Store> store_;
};

/// The same test on both databases.
class EitherStore : public StoreFixture, public testing::WithParamInterface<DatabaseKind> {
protected:
    EitherStore() { use(GetParam()); }
};

inline std::string database_name(const testing::TestParamInfo<DatabaseKind>& info) {
    return info.param == DatabaseKind::sqlite ? "sqlite" : "postgres";
}

}  // namespace scanner::storage
