#include "simulator/market_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace scanner::simulator {
namespace {

std::vector<EpisodePlan> plans(MarketOptions options, std::int64_t seconds, std::int64_t step) {
    ScenarioPlanner planner(options, build_catalogue(options), 0);
    std::vector<EpisodePlan> all;
    for (std::int64_t at = step; at <= seconds; at += step) {
        for (auto& plan : planner.plan_until(at * kSecond)) all.push_back(plan);
    }
    return all;
}

TEST(ScenarioPlanner, keeps_the_prevalence_and_plants_as_many_twins) {
    auto options = testing::small_market(130, 3);
    options.scenarios = {"all"};
    options.prevalence = 0.01;
    constexpr std::int64_t kMonth = 30 * 86'400;
    std::map<std::string_view, int> kinds;
    double manipulated_s = 0.0;
    int manipulations = 0, twins = 0;
    for (const auto& plan : plans(options, kMonth, kMonth)) {
        ++kinds[plan.label];
        manipulated_s += plan.manipulation ? plan.duration_s : 0.0;
        ++(plan.manipulation ? manipulations : twins);
    }
    EXPECT_NEAR(manipulated_s / (130.0 * kMonth), 0.01, 0.001);
    EXPECT_NEAR(static_cast<double>(manipulations) / twins, 1.0, 0.1);
    EXPECT_EQ(kinds.size(), 9U + 12U);
}

TEST(ScenarioPlanner, does_not_depend_on_how_time_is_cut) {
    auto options = testing::small_market(20, 4);
    options.scenarios = {"pump", "funding_push"};
    options.prevalence = 0.05;
    const auto one = plans(options, 80'000, 80'000);
    const auto two = plans(options, 80'000, 16);
    ASSERT_EQ(one.size(), two.size());
    EXPECT_GT(one.size(), 20U);
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].start, two[i].start);
        EXPECT_EQ(one[i].contract, two[i].contract);
        EXPECT_EQ(one[i].seed, two[i].seed);
    }
}

TEST(ScenarioPlanner, leaves_a_contract_one_episode_at_a_time) {
    auto options = testing::small_market(5, 5);
    options.scenarios = {"all"};
    options.prevalence = 0.3;
    std::map<std::size_t, Micros> busy_until;
    for (const auto& plan : plans(options, 200'000, 200'000)) {
        EXPECT_GE(plan.start, busy_until[plan.contract]);
        busy_until[plan.contract] =
            std::max(busy_until[plan.contract], plan.start + static_cast<Micros>(plan.duration_s * 1e6));
    }
}

TEST(ScenarioPlanner, pumps_small_contracts_and_pushes_funding_until_the_settlement) {
    auto options = testing::small_market(60, 6);
    options.scenarios = {"pump", "funding_push"};
    options.prevalence = 0.02;
    const auto catalogue = build_catalogue(options);
    for (const auto& plan : plans(options, 400'000, 400'000)) {
        const auto& entry = catalogue[plan.contract];
        if (plan.kind == ScenarioKind::pump) {
            EXPECT_FALSE(entry.profile.major);
        } else {
            const auto end = plan.start + static_cast<Micros>(plan.duration_s * 1e6);
            EXPECT_LT(end % (entry.listing.contract.funding_interval_hours * 3600 * kSecond), kSecond);
        }
    }
}

TEST(ScenarioPlanner, plants_by_name_at_its_time_in_a_contract_of_its_own) {
    auto options = testing::small_market(20, 8);
    options.scenarios = {"all"};
    options.prevalence = 0.2;
    options.planted = {{.name = "wash",
                        .after = std::chrono::minutes(2),
                        .every = std::chrono::minutes(20),
                        .duration = std::chrono::minutes(5),
                        .intensity = 0.8},
                       {.name = "child_orders", .after = std::chrono::minutes(2), .every = std::chrono::minutes(20)},
                       {.name = "layering", .contract_code = "ETH-USDT", .after = std::chrono::minutes(1)},
                       {.name = "no such kind"},
                       {.name = "pump", .contract_code = "NO-SUCH"}};
    const auto one = plans(options, 7'200, 7'200);
    const auto two = plans(options, 7'200, 16);
    ASSERT_EQ(one.size(), two.size());
    const auto catalogue = build_catalogue(options);
    std::map<std::string_view, std::set<std::size_t>> places;
    std::map<std::size_t, std::set<std::string_view>> played;
    std::vector<Micros> washes;
    for (std::size_t i = 0; i < one.size(); ++i) {
        const EpisodePlan& plan = one[i];
        EXPECT_EQ(plan.seed, two[i].seed);
        EXPECT_EQ(plan.start, two[i].start);
        played[plan.contract].insert(plan.label);
        if (plan.label == "wash" && plan.intensity == 0.8 && plan.duration_s == 300.0) {
            washes.push_back(plan.start);
            places["wash"].insert(plan.contract);
        }
        if (catalogue[plan.contract].listing.contract.contract_code == "ETH-USDT") {
            EXPECT_EQ(plan.label, "layering");
            EXPECT_EQ(plan.start, 60 * kSecond);
            places["layering"].insert(plan.contract);
        }
    }
    EXPECT_THAT(washes, ::testing::ElementsAre(120 * kSecond, 1'320 * kSecond, 2'520 * kSecond, 3'720 * kSecond,
                                               4'920 * kSecond, 6'120 * kSecond));
    ASSERT_EQ(places["wash"].size(), 1U);
    EXPECT_EQ(places["layering"].size(), 1U);
    EXPECT_THAT(played[*places["wash"].begin()], ::testing::ElementsAre("wash"));
}

TEST(ScenarioPlanner, plants_nothing_that_was_not_asked_for) {
    auto options = testing::small_market(10, 7);
    options.prevalence = 0.1;
    EXPECT_TRUE(plans(options, 100'000, 100'000).empty());
    options.scenarios = {"no such kind"};
    EXPECT_TRUE(plans(options, 100'000, 100'000).empty());
    options.scenarios = {"wick"};
    for (const auto& plan : plans(options, 100'000, 100'000)) EXPECT_EQ(plan.kind, ScenarioKind::wick);
    EXPECT_EQ(scenario_kinds().size(), kScenarioKinds);
}

}  // namespace
}  // namespace scanner::simulator
