#include "app/service.hpp"
#include "support/redis_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

/// One cycle as a command of its own, beside the daemon and in its place.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::ChildProcess;
using test::Service;

std::string collect_once(const std::string& exchange_url, const std::string& data,
                         const std::vector<std::string>& flags = {}) {
    std::vector<std::string> arguments{SCANNER_BIN_DIR "/market-scanner",
                                       "collect-once",
                                       "--env-file",
                                       "/dev/null",
                                       "--log-level",
                                       "error",
                                       "--exchange-url",
                                       exchange_url,
                                       "--data-dir",
                                       data};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    ChildProcess command(std::move(arguments));
    while (command.running()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return command.output();
}

std::set<std::string> members(const json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
}

TEST(CollectOnce, prints_one_cycle_beside_a_daemon_and_leaves_its_stores_alone) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready());
    const std::string table = collect_once(service.exchange_url(), service.data().string());
    EXPECT_NE(table.find("SIMULATED"), std::string::npos) << table;
    EXPECT_NE(table.find("BTC/USDT:USDT"), std::string::npos) << table;
    EXPECT_NE(table.find("not stored"), std::string::npos) << table;
    const std::string nothing = collect_once("http://127.0.0.1:1", service.data().string());
    EXPECT_NE(nothing.find("nothing ranked"), std::string::npos) << nothing;
}

TEST(CollectOnce, warms_the_stores_for_the_daemon_that_starts_next) {
    test::RedisServer redis;
    const std::string redis_url = "redis://127.0.0.1:" + std::to_string(redis.port());
    // A command that runs once has no feed, nor the numbers that need one.
    Service service({.scanner = {"--redis-url", redis_url}, .environment = {test::kPolling}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto item = service.get_json("/rankings?top=1").at("items").at(0);
    ASSERT_EQ(service.post("/settings", {{"notional", 7'000}})->status, 200);
    ASSERT_EQ(service.post("/profiles", {{"name", "mine"}, {"weights", {{"liq.qvol", 9.0}}}})->status, 200);
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    redis.stop(SIGKILL);  // and with it what the daemon left
    redis.start();

    const std::string printed =
        collect_once(service.exchange_url(), service.data().string(), {"--json", "--redis-url", redis_url});
    const json cycle = json::parse(printed, nullptr, false);
    ASSERT_TRUE(cycle.is_object()) << printed;
    ASSERT_FALSE(cycle.at("items").empty());
    for (const json& each : cycle.at("items")) EXPECT_EQ(members(each), members(item)) << each.at("symbol");
    EXPECT_EQ(cycle.at("notional_usdt"), 7'000) << "as the operator set it";

    service.set_faults({"5xx:rate=1"});  // there is nothing but what the stores have
    service.scanner().start();
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const json rankings = service.get_json("/rankings?top=200");
    EXPECT_EQ(rankings.at("items").at(0).at("symbol"), cycle.at("items").at(0).at("symbol"));
    EXPECT_EQ(rankings.at("ts"), cycle.at("ts"));
    const json mine = service.get_json("/rankings?top=200&profile=mine");
    EXPECT_EQ(mine.at("ts"), cycle.at("ts"));
    EXPECT_EQ(mine.at("items").size(), rankings.at("items").size()) << "ranked under the operator's profile as well";
    ASSERT_TRUE(service.wait_until([&] {
        const json past = service.get_json("/history/rankings?limit=1&from=" + cycle.at("ts").get<std::string>());
        return past.contains("items") && past.at("items").size() == 1;
    })) << "the cycle is in history";
}

}  // namespace
}  // namespace scanner::app
