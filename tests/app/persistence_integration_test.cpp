#include "app/kept_history.hpp"
#include "app/ranking_watch.hpp"
#include "app/service.hpp"
#include "support/postgres_server.hpp"
#include "support/redis_server.hpp"
#include "support/redis_user.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

/// The real program on real stores that fail: what was ranked is in the database in the end, once; what can be served
/// from memory is. Short here; scripts/persistence-drill.sh runs the same for as long as it is told to.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::KeptHistory;
using test::RankingWatch;
using test::SeenCycle;
using test::Service;

/// A length of the drill, from the environment.
long option(const char* name, long otherwise) {
    const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return text == nullptr || *text == '\0' ? otherwise : std::strtol(text, nullptr, 10);
}

void say(const std::string& line) {
    std::cout << "[ figures  ] " << line << std::endl;
}

void sleep_until(std::chrono::steady_clock::time_point time) {
    std::this_thread::sleep_until(time);
}

Service::Options fast_service(std::vector<std::string> environment, std::vector<std::string> flags = {}) {
    // Each number is a cycle of the history's then, so that a missing one shows.
    environment.push_back(test::kPolling);
    return {.scanner = std::move(flags), .environment = std::move(environment), .interval_sec = "0.1"};
}

/// The rankings that history has, through the API: sequence and time of a cycle, and its order under the profile.
std::map<std::pair<std::uint64_t, std::string>, std::string> exported(Service& service, const std::string& profile) {
    std::map<std::pair<std::uint64_t, std::string>, std::string> cycles;
    std::map<std::pair<std::uint64_t, std::string>, std::map<int, std::string>> by_rank;
    std::string cursor;
    do {
        const std::string page = cursor.empty() ? "" : "&cursor=" + cursor;
        const auto answer = service.get(
            "/history/rankings?format=ndjson&limit=5000&from=2020-01-01&to=2100-01-01&profile=" + profile + page);
        if (!answer || answer->status != 200) {
            ADD_FAILURE() << (answer ? answer->body : answer.error().message());
            return cycles;
        }
        cursor = net::find_header(answer->headers, "X-Next-Cursor");
        std::istringstream lines(answer->body);
        for (std::string line; std::getline(lines, line);) {
            const json row = json::parse(line);
            by_rank[{row.at("seq"), row.at("ts")}][row.at("rank")] =
                row.at("symbol").get<std::string>() + ' ' + row.at("rank").dump() + ' ' + row.at("score").dump() + '\n';
        }
    } while (!cursor.empty());
    for (const auto& [cycle, rows] : by_rank) {
        for (const auto& [rank, row] : rows) cycles[cycle] += row;
    }
    return cycles;
}

/// Of the cycles that a client was shown: how many history does not have, and how many it has otherwise.
struct Comparison {
    std::size_t seen = 0;
    std::size_t missing = 0;
    std::size_t different = 0;
    std::string example;
};
Comparison compare(const std::vector<SeenCycle>& seen,
                   const std::map<std::pair<std::uint64_t, std::string>, std::string>& kept) {
    Comparison result;
    for (const SeenCycle& cycle : seen) {
        ++result.seen;
        const auto found = kept.find({cycle.sequence, cycle.time});
        if (found == kept.end()) {
            ++result.missing;
            result.example = fmt::format("{} {} is missing", cycle.sequence, cycle.time);
        } else if (found->second != cycle.items) {
            ++result.different;
            result.example =
                fmt::format("{}\nwas shown as\n{}and is kept as\n{}", cycle.sequence, cycle.items, found->second);
        }
    }
    return result;
}

bool history_caught_up(Service& service) {
    const json details = service.get_json("/healthz/details");
    if (!details.is_object()) return false;
    const json& store = details.at("stores").at("postgres");
    return store.at("backlog") == 0 && store.at("state") != "down" && store.at("state") != "connecting";
}

void expect_whole(const KeptHistory& kept) {
    EXPECT_EQ(kept.missing(), 0);
    EXPECT_EQ(kept.doubled(), 0);
    EXPECT_EQ(kept.doubled_rows, 0);
    EXPECT_EQ(kept.wrong_rows, 0);
    EXPECT_EQ(kept.wrong_minutes, 0);
    EXPECT_EQ(kept.first, 1);
}

TEST(Persistence, a_postgres_outage_with_a_kill_amid_it_loses_nothing) {
    const auto outage = seconds(option("SCANNER_DRILL_OUTAGE_SEC", 4));
    const auto least_cycles = static_cast<std::uint64_t>(option("SCANNER_DRILL_CYCLES", 20));
    test::PostgresServer postgres;
    test::RedisServer redis;
    Service service(fast_service({"SCANNER_POSTGRES_URL=" + postgres.url(),
                                  "SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port())}));
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    RankingWatch watch(service.port(), milliseconds(15));
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= 5; }));

    postgres.stop(SIGQUIT);
    const auto began = std::chrono::steady_clock::now();
    const auto first = service.sequence();
    const auto half_way = [&](unsigned part) {
        sleep_until(began + outage * static_cast<int>(part) / 2);
        return service.wait_until([&] { return service.sequence() >= first + least_cycles * part / 2; }, seconds(120));
    };
    ASSERT_TRUE(half_way(1)) << service.scanner().output();
    const auto killed_at = service.sequence();
    service.scanner().stop(SIGKILL);
    service.scanner().start();
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    ASSERT_TRUE(half_way(2)) << service.scanner().output();
    EXPECT_GE(service.sequence(), killed_at) << "the numbers go on";
    const auto cycles_away = service.sequence() - first;
    const auto backlog = service.get_json("/healthz/details").at("stores").at("postgres").at("backlog");
    EXPECT_GE(backlog.get<std::uint64_t>(), least_cycles / 2);
    EXPECT_EQ(service.status_of("/history/rankings"), 503);
    postgres.start();
    const auto returned = std::chrono::steady_clock::now();
    // Everything of the outage; what is ranked meanwhile keeps coming.
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }, seconds(300)))
        << service.get_json("/healthz/details").at("stores");
    const std::chrono::duration<double> caught_up = std::chrono::steady_clock::now() - returned;
    watch.stop();
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }, seconds(120)));
    const Comparison comparison = compare(watch.cycles(), exported(service, "scalp"));
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    const KeptHistory kept = test::count_postgres(postgres.url());
    say(fmt::format(
        "Postgres away {} s, {} cycles meanwhile, SIGKILL at {}; backlog {} written {:.1f} s after its return",
        outage.count(), cycles_away, killed_at, backlog.dump(), caught_up.count()));
    say(kept.text());
    say(fmt::format("of {} cycles that a client was shown {} are missing and {} differ", comparison.seen,
                    comparison.missing, comparison.different));
    expect_whole(kept);
    EXPECT_LE(comparison.missing, 1U) << "but for the one shown at the moment of the kill: " << comparison.example;
    EXPECT_EQ(comparison.different, 0U) << comparison.example;
}

TEST(Persistence, sqlite_survives_kills_at_random_moments) {
    const long kills = option("SCANNER_DRILL_KILLS", 4);
    const auto seed =
        static_cast<unsigned>(option("SCANNER_DRILL_SEED", static_cast<long>(std::random_device()() >> 1U)));
    say(fmt::format("SCANNER_DRILL_SEED={}", seed));
    std::mt19937 random(seed);
    Service service(fast_service({}));
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    RankingWatch watch(service.port(), milliseconds(10));
    std::uniform_int_distribution<int> moments(0, 2'500);
    for (long i = 0; i < kills; ++i) {
        // Counted from the first answer, or from the start of the process: then it may not even have opened its stores.
        if (i % 4 != 3) ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
        std::this_thread::sleep_for(milliseconds(moments(random)));
        service.scanner().stop(SIGKILL);
        service.scanner().start();
    }
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto last = service.sequence();
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= last + 3; }));
    watch.stop();
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }));
    const Comparison comparison = compare(watch.cycles(), exported(service, "scalp"));
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    const KeptHistory kept = test::count_sqlite(service.data() / "scanner.db");
    say(fmt::format("{} kills; {}", kills, kept.text()));
    say(fmt::format("of {} cycles that a client was shown {} are missing and {} differ", comparison.seen,
                    comparison.missing, comparison.different));
    expect_whole(kept);
    // What was shown in the milliseconds before a kill may not have reached the disk; its number is used again.
    EXPECT_LE(comparison.missing, static_cast<std::size_t>(kills)) << comparison.example;
    EXPECT_EQ(comparison.different, 0U) << comparison.example;
}

double resident_mb(Service& service) {
    const auto metrics = service.get("/metrics");
    const std::string name = "\nprocess_resident_memory_bytes ";
    const std::size_t at = metrics ? metrics->body.find(name) : std::string::npos;
    return at == std::string::npos ? 0.0 : std::strtod(metrics->body.c_str() + at + name.size(), nullptr) / 1e6;
}

TEST(Persistence, stores_that_come_and_go_are_not_felt_by_readers) {
    const auto length = seconds(option("SCANNER_DRILL_FLAP_SEC", 10));
    const bool strict = option("SCANNER_DRILL_STRICT", 0) != 0;
    test::PostgresServer postgres;
    test::RedisServer redis;
    Service service(fast_service({"SCANNER_POSTGRES_URL=" + postgres.url(),
                                  "SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port())}));
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= 10; }));
    RankingWatch watch(service.port(), milliseconds(5));
    std::this_thread::sleep_for(length / 2);  // warm
    static_cast<void>(watch.take_answers());
    std::this_thread::sleep_for(length);
    const RankingWatch::Answers calm = watch.take_answers();
    const double memory_before = resident_mb(service);
    const auto end = std::chrono::steady_clock::now() + length;
    int flaps = 0;
    while (std::chrono::steady_clock::now() < end) {
        redis.stop(SIGKILL);
        std::this_thread::sleep_for(milliseconds(1'000));
        postgres.stop(SIGQUIT);
        std::this_thread::sleep_for(milliseconds(1'000));
        redis.start();
        std::this_thread::sleep_for(milliseconds(1'000));
        postgres.start();
        std::this_thread::sleep_for(milliseconds(1'000));
        ++flaps;
    }
    const RankingWatch::Answers flapping = watch.take_answers();
    const double memory_after = resident_mb(service);
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }, seconds(120)))
        << service.get_json("/healthz/details").at("stores");
    EXPECT_TRUE(service.wait_until([&] {
        return service.get_json("/healthz/details").at("stores").at("redis").at("state") == "ready";
    })) << service.get_json("/healthz/details").at("stores");
    watch.stop();
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }, seconds(120)));
    const Comparison comparison = compare(watch.cycles(), exported(service, "scalp"));
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    const KeptHistory kept = test::count_postgres(postgres.url());
    say(fmt::format("{} flaps of both stores in {} s", flaps, length.count()));
    for (const auto& [name, answers] : {std::pair("calm", &calm), std::pair("flapping", &flapping)}) {
        say(fmt::format("/rankings {}: {} answers, {} failed, p50 {:.2f} ms, p99 {:.2f} ms, most {:.2f} ms", name,
                        answers->ms.size(), answers->failed, answers->quantile(0.5), answers->quantile(0.99),
                        answers->quantile(1.0)));
    }
    say(fmt::format("resident {:.1f} MB before, {:.1f} MB after", memory_before, memory_after));
    say(kept.text());
    EXPECT_EQ(calm.failed, 0U) << calm.last_failure;
    EXPECT_EQ(flapping.failed, 0U) << flapping.last_failure;
    expect_whole(kept);
    EXPECT_EQ(comparison.missing, 0U) << comparison.example;
    EXPECT_EQ(comparison.different, 0U) << comparison.example;
    if (strict) {  // measured; means nothing on a busy machine or with sanitizers
        EXPECT_LT(memory_after, memory_before + 8.0);
        EXPECT_LE(flapping.quantile(0.99), 2.0 * calm.quantile(0.99));
    }
}

/// Role `all` never waits for Redis.
TEST(Persistence, a_redis_outage_is_not_felt_by_readers) {
    const auto outage = seconds(option("SCANNER_DRILL_OUTAGE_SEC", 3));
    test::RedisServer redis;
    Service service(fast_service({"SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port())}));
    const auto state = [&] { return service.get_json("/healthz/details").at("stores").at("redis").at("state"); };
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= 10 && state() == "ready"; }));
    RankingWatch watch(service.port(), milliseconds(5));
    redis.stop(SIGKILL);
    const auto began = std::chrono::steady_clock::now();
    const auto first = service.sequence();
    ASSERT_TRUE(service.wait_until([&] { return state() == "down" || state() == "connecting"; }));
    sleep_until(began + outage);
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= first + 10; })) << service.scanner().output();
    const auto away = watch.take_answers();
    const auto cycles_away = service.sequence() - first;
    EXPECT_EQ(service.status_of("/ready"), 200);
    redis.start();
    ASSERT_TRUE(service.wait_until([&] { return state() == "ready"; })) << service.scanner().output();
    ASSERT_TRUE(service.wait_until([&] {
        return test::ask_redis(redis.port(), {"EXISTS", "snaps:latest", "rank:scalp"}).integer == 2;
    })) << "what is ranked is there again";
    watch.stop();
    ASSERT_TRUE(service.wait_until([&] { return history_caught_up(service); }, seconds(120)));
    const Comparison comparison = compare(watch.cycles(), exported(service, "scalp"));
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    const KeptHistory kept = test::count_sqlite(service.data() / "scanner.db");
    say(fmt::format(
        "Redis away {} s, {} cycles meanwhile; /rankings: {} answers, {} failed, p50 {:.2f} ms, p99 {:.2f} ms",
        outage.count(), cycles_away, away.ms.size(), away.failed, away.quantile(0.5), away.quantile(0.99)));
    say(kept.text());
    EXPECT_GT(away.ms.size(), 0U);
    EXPECT_EQ(away.failed, 0U) << away.last_failure;
    expect_whole(kept);
    EXPECT_EQ(comparison.missing, 0U) << comparison.example;
    EXPECT_EQ(comparison.different, 0U) << comparison.example;
}

TEST(Persistence, a_restart_within_the_time_to_live_serves_at_once) {
    test::RedisServer redis;
    Service service(fast_service({"SCANNER_REDIS_URL=redis://127.0.0.1:" + std::to_string(redis.port())}));
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    ASSERT_TRUE(service.wait_until([&] { return service.sequence() >= 5; }));
    service.simulator().stop(SIGKILL);
    ASSERT_TRUE(service.wait_until([&] { return service.get_json("/healthz/details").at("failure_streak") >= 1; }))
        << "nothing new can be ranked";
    const auto before = service.get_json("/rankings");
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    service.scanner().start();
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto after = service.get_json("/rankings");
    EXPECT_EQ(after.at("seq"), before.at("seq"));
    EXPECT_EQ(after.at("items"), before.at("items"));
}

}  // namespace
}  // namespace scanner::app
