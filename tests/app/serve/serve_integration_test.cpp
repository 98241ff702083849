#include "app/service.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

/// The daemon as a process: starting, stopping, reloading, and its commands.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::ChildProcess;
using test::PostgresServer;
using test::Service;

TEST(Serve, ranks_a_simulated_market_and_says_that_it_is_one) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const json rankings = service.get_json("/rankings?top=5");
    EXPECT_EQ(rankings.at("simulated"), true);
    ASSERT_EQ(rankings.at("items").size(), 5U);
    double score = rankings.at("items")[0].at("score");
    for (const json& item : rankings.at("items")) {
        EXPECT_LE(item.at("score").get<double>(), score);
        score = item.at("score");
    }
    const auto metrics = service.get("/metrics");
    ASSERT_TRUE(metrics);
    for (const char* name : {"scanner_cycle_duration_seconds", "scanner_symbols_scanned", "scanner_symbols_ranked",
                             "scanner_cycle_errors_total", "scanner_exchange_call_latency_seconds"}) {
        EXPECT_NE(metrics->body.find(name), std::string::npos) << name;
    }
}

TEST(Serve, stops_in_order_on_a_signal) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready());
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
    EXPECT_NE(service.scanner().output().find("\"event\":\"stopped\""), std::string::npos);
}

TEST(Serve, a_second_signal_does_not_wait_for_the_stores) {
    PostgresServer postgres;
    Service service({.scanner = {"--postgres-url", postgres.url()}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    postgres.pause();
    const std::uint64_t sequence = service.sequence();
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= sequence + 2; }));
    service.scanner().signal(SIGTERM);
    ASSERT_TRUE(service.scanner().wait_for_output("\"event\":\"stopping\"", std::chrono::seconds(20)));
    EXPECT_EQ(service.scanner().stop(SIGINT), 3) << service.scanner().output();
}

/// Without Redis and Postgres nothing else tells two scanners from each other.
TEST(Serve, a_second_one_on_the_same_data_folder_is_refused) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready());
    ChildProcess second({SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", "/dev/null", "--http-port", "0",
                         "--exchange-url", "http://127.0.0.1:1", "--data-dir", service.data()});
    EXPECT_TRUE(second.wait_for_output("SCANNER_DATA_DIR", std::chrono::seconds(60))) << second.output();
    EXPECT_EQ(second.stop(0), 1) << second.output();
    EXPECT_EQ(service.status_of("/ready"), 200) << "the first one goes on";
}

TEST(Serve, all_wrong_settings_are_named_at_once_and_the_exit_code_is_2) {
    ChildProcess scanner({SCANNER_BIN_DIR "/market-scanner", "serve", "--env-file", "/dev/null"},
                         {"SCANNER_HTTP_PORT=99999", "SCANNER_SCAN_INTERVAL_SEC=soon", "SCANNER_EXCHANGE=binance"});
    EXPECT_TRUE(scanner.wait_for_output("SCANNER_EXCHANGE", std::chrono::seconds(10)));
    EXPECT_EQ(scanner.stop(0), 2);
    for (const char* name : {"SCANNER_HTTP_PORT", "SCANNER_SCAN_INTERVAL_SEC", "binance"}) {
        EXPECT_NE(scanner.output().find(name), std::string::npos) << name << ": " << scanner.output();
    }
}

TEST(Serve, rereads_what_can_change_on_hangup) {
    const std::string env_file = "/tmp/market-scanner-" + std::to_string(::getpid()) + ".env";
    std::ofstream(env_file) << "SCANNER_MIN_QVOL_USDT=20000000\n";
    Service service({.scanner = {"--env-file", env_file}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    EXPECT_EQ(service.get_json("/rankings").at("filters").at("min_qvol"), 20'000'000);
    std::ofstream(env_file) << "SCANNER_MIN_QVOL_USDT=1000\n";
    service.scanner().signal(SIGHUP);
    EXPECT_TRUE(service.wait_until([&] { return service.get_json("/rankings").at("filters").at("min_qvol") == 1000; }))
        << service.scanner().output();
    std::filesystem::remove(env_file);
}

}  // namespace
}  // namespace scanner::app
