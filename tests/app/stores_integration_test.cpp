#include "app/service.hpp"
#include "support/redis_server.hpp"
#include "support/redis_user.hpp"

#include "scanner/core/clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sys/stat.h>

/// What the real program believes of its stores: nothing that it has not checked, and nothing of a stranger's.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Service;

std::string redis_of(const test::RedisServer& redis) {
    return "SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port());
}

/// Ranks a few contracts quickly into `redis`, then loses its exchange and stops.
class CachedRanking : public testing::Test {
protected:
    explicit CachedRanking(std::vector<std::string> environment = {}) {
        environment.push_back(redis_of(redis_));
        Service::Options options;
        options.interval_sec = "0.2";
        options.environment = std::move(environment);
        service_ = std::make_unique<Service>(std::move(options));
    }
    void SetUp() override {
        ASSERT_TRUE(service_->wait_until_ready()) << output();
        ASSERT_TRUE(service_->wait_until([&] { return service_->sequence() >= 3; }));
        service_->simulator().stop(SIGKILL);
        ASSERT_TRUE(service_->wait_until([&] { return failing(); })) << "nothing new can be ranked";
        ASSERT_EQ(service_->scanner().stop(SIGTERM), 0);
        text_ = test::ask_redis(redis_.port(), {"GET", "snaps:latest"}).text;
        ranking_ = json::parse(text_);
        known_ = highest_sequence();
    }

    bool failing() {
        const json details = service_->get_json("/healthz/details");
        return details.is_object() && details.value("failure_streak", 0) >= 1;
    }
    std::string output() { return service_->scanner().output(); }
    void keep(const std::string& text) { test::ask_redis(redis_.port(), {"SET", "snaps:latest", text, "PX", "90000"}); }
    std::int64_t highest_sequence() {
        const SQLite::Database file(service_->data() / "scanner.db", SQLite::OPEN_READONLY, 10'000);
        SQLite::Statement statement(file, "SELECT coalesce(max(sequence), 0), coalesce(min(sequence), 0) FROM cycles");
        statement.executeStep();
        EXPECT_GE(statement.getColumn(1).getInt64(), 0);
        return statement.getColumn(0).getInt64();
    }
    /// Starts on what is in Redis, and sees nothing of it served, kept or gone on from.
    void expect_refused(const std::string& text, const std::string& why) {
        keep(text);
        const std::size_t before = output().size();
        service_->scanner().start();
        ASSERT_TRUE(service_->wait_until([&] {
            return output().find("cached_ranking_refused", before) != std::string::npos && failing();
        })) << why
            << "\n"
            << output().substr(before);
        EXPECT_EQ(service_->status_of("/ready"), 503) << why;
        EXPECT_EQ(service_->status_of("/rankings"), 503) << why;
        std::ifstream status("/proc/" + std::to_string(service_->scanner().pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmHWM:")) {
                EXPECT_LT(std::stol(line.substr(6)), 300'000) << why << ": kB";
            }
        }
        EXPECT_EQ(service_->scanner().stop(SIGTERM), 0) << why;
        EXPECT_EQ(highest_sequence(), known_) << why;
    }
    void expect_refused_with(const char* field, const json& value) {
        json changed = ranking_;
        changed[field] = value;
        expect_refused(changed.dump(), fmt::format("{} = {}", field, value.dump()));
    }

    test::RedisServer redis_;
    std::unique_ptr<Service> service_;
    std::string text_;
    json ranking_;
    std::int64_t known_ = 0;
};

TEST_F(CachedRanking, is_served_at_once_as_it_was) {
    service_->scanner().start();
    ASSERT_TRUE(service_->wait_until_ready()) << output();
    EXPECT_EQ(service_->get_json("/rankings").at("seq"), ranking_.at("seq"));
}

TEST_F(CachedRanking, from_the_future_is_not_served) {
    const std::int64_t now = core::to_unix_ms(core::system_clock().now());
    for (const std::int64_t time :
         {now + std::int64_t{7} * 86'400'000, now + 60'000, std::numeric_limits<std::int64_t>::max()})
        expect_refused_with("time_ms", time);
}

TEST_F(CachedRanking, with_a_number_out_of_its_range_is_neither_served_nor_kept) {
    expect_refused_with("seq", -1);
    expect_refused_with("seq", std::numeric_limits<std::int64_t>::max());
    expect_refused_with("seq", (1LL << 53U) - 1);
    expect_refused_with("seq", known_ + 1'000'000'000);
    expect_refused_with("notional_usdt", -1);
    expect_refused_with("max_spread_bps", 1e18);
    expect_refused_with("requests", -5);
}

TEST_F(CachedRanking, of_a_stranger_is_neither_served_nor_kept) {
    expect_refused_with("exchange", "htx");
    expect_refused_with("installation", "another");
    json older = ranking_;
    older.erase("exchange");
    expect_refused(older.dump(), "of a version that did not say whose it is");
}

TEST_F(CachedRanking, of_any_size_and_depth_costs_no_memory) {
    expect_refused(std::string(50'000'000, 'x'), "50 MB of text");
    expect_refused(std::string(10'000'000, '['), "10 MB of nesting");
    std::string wide = "[";
    for (int i = 0; i < 3'000'000; ++i) wide += "[],";
    expect_refused(wide + "[]]", "3 million arrays");
}

/// The wall clock as a file says.
class ClockSetBack : public CachedRanking {
protected:
    ClockSetBack() : CachedRanking(environment()) {}
    static constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    static std::string file() { return "/tmp/market-scanner-faketime-" + std::to_string(::getpid()); }
    static void set(const std::string& offset) { std::ofstream(file()) << offset << "\n"; }
    static std::vector<std::string> environment() {
        set("+0");
        return {std::string("LD_PRELOAD=") + kLibrary, "FAKETIME_TIMESTAMP_FILE=" + file(), "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1"};
    }
};

TEST_F(ClockSetBack, across_a_restart_makes_no_old_ranking_young) {
    if (!std::filesystem::exists(kLibrary)) GTEST_SKIP() << "libfaketime is not installed";
    set("-1h");
    expect_refused(text_, "made an hour ahead of the clock");
    std::filesystem::remove(file());
}

TEST(SharedRedis, belongs_to_one_scanner_a_prefix) {
    const test::RedisServer redis;
    Service::Options options;
    options.environment = {redis_of(redis)};
    Service first(options);
    ASSERT_TRUE(first.wait_until_ready()) << first.scanner().output();
    const auto began = std::chrono::steady_clock::now();
    Service second(options);
    ASSERT_TRUE(second.wait_until([&] { return !second.scanner().running(); })) << second.scanner().output();
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(20));
    EXPECT_NE(second.scanner().output().find("SCANNER_REDIS_KEY_PREFIX"), std::string::npos)
        << second.scanner().output();
    options.environment.push_back("SCANNER_REDIS_KEY_PREFIX=b:");
    Service third(options);
    ASSERT_TRUE(third.wait_until_ready()) << third.scanner().output();
    ASSERT_TRUE(third.wait_until(
        [&] { return test::ask_redis(redis.port(), {"EXISTS", "b:snaps:latest", "snaps:latest"}).integer == 2; }));
    const json other = json::parse(test::ask_redis(redis.port(), {"GET", "b:snaps:latest"}).text);
    EXPECT_EQ(other.at("installation"), "b:");
    EXPECT_EQ(other.at("exchange"), third.exchange_url());
    // A crash is not felt: its lease is that of a process which is no more.
    first.scanner().stop(SIGKILL);
    first.scanner().start();
    EXPECT_TRUE(first.wait_until_ready()) << first.scanner().output();
}

TEST(PrivateFiles, are_their_owners_alone_whatever_the_umask) {
    const mode_t before = ::umask(0);
    std::string folder = "/tmp/market-scanner-umask-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::filesystem::path data = std::filesystem::path(folder) / "deep" / "data";
    Service::Options options;
    options.environment = {"SCANNER_DATA_DIR=" + data.string()};
    options.data_from_environment = true;
    {
        Service service(options);
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= 2; }));
        EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
        service.scanner().start();
        ASSERT_TRUE(service.wait_until_ready());
        ::umask(before);
        std::size_t files = 0;
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(std::filesystem::path(folder) / "deep")) {
            struct stat facts{};
            ASSERT_EQ(::stat(entry.path().c_str(), &facts), 0) << entry.path();
            EXPECT_EQ(facts.st_mode & 0777U, S_ISDIR(facts.st_mode) ? 0700U : 0600U) << entry.path();
            ++files;
        }
        EXPECT_GE(files, 6U) << "data, scanner.db, its -wal and -shm, spool, a segment";
    }
    std::filesystem::remove_all(folder);
}

TEST(LockedDatabase, is_waited_for_at_the_start) {
    std::string folder = "/tmp/market-scanner-locked-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    SQLite::Database other(folder + "/scanner.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("BEGIN EXCLUSIVE");
    Service::Options options;
    options.environment = {"SCANNER_DATA_DIR=" + folder};
    options.data_from_environment = true;
    {
        Service service(options);
        ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        const auto store = [&] { return service.get_json("/healthz/details").at("stores").at("postgres"); };
        EXPECT_NE(store().at("state"), "embedded");
        EXPECT_NE(store().at("last_error").dump().find("locked"), std::string::npos) << store();
        other.exec("ROLLBACK");
        ASSERT_TRUE(service.wait_until([&] { return store().at("state") == "embedded" && store().at("backlog") == 0; }))
            << store();
        EXPECT_EQ(store().at("last_error"), nullptr);
        EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
        SQLite::Statement first(other, "SELECT min(sequence), count(*) > 0 FROM cycles");
        ASSERT_TRUE(first.executeStep());
        EXPECT_EQ(first.getColumn(0).getInt64(), 1) << "what waited was written too";
    }
    std::filesystem::remove_all(folder);
}

TEST(EnvFile, that_any_user_may_read_is_warned_of_when_it_holds_secrets) {
    std::string folder = "/tmp/market-scanner-env-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string file = folder + "/settings.env";
    std::ofstream(file) << "SCANNER_API_TOKEN=0123456789abcdef0123456789abcdef\n";
    const auto warned = [&](mode_t mode) {
        ::chmod(file.c_str(), mode);
        test::ChildProcess scanner({SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", file, "--http-port", "0",
                                    "--data-dir", folder + "/data", "--exchange-url", "http://127.0.0.1:1"});
        EXPECT_TRUE(scanner.wait_for_output("listening", seconds(30))) << scanner.output();
        return scanner.output().find("chmod 600") != std::string::npos;
    };
    EXPECT_TRUE(warned(0644));
    EXPECT_TRUE(warned(0666));
    EXPECT_FALSE(warned(0600));
    EXPECT_FALSE(warned(0640)) << "a group is chosen on purpose";
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace scanner::app
