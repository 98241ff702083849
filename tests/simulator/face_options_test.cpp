#include "simulator/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace scanner::simulator {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

auto parse(std::initializer_list<std::string_view> arguments) {
    return parse_options(std::vector<std::string_view>(arguments));
}

TEST(SimulatorOptions, defaults) {
    const auto options = parse({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->port, 9010);
    EXPECT_EQ(options->address, "127.0.0.1");
    EXPECT_EQ(options->contracts, 130);
    EXPECT_EQ(options->speed, 1.0);
    EXPECT_EQ(options->market, MarketKind::real);
    EXPECT_THAT(options->scenarios, ElementsAre("all"));
    EXPECT_TRUE(options->faults.empty());
}

TEST(SimulatorOptions, both_spellings_of_a_value) {
    const auto options = parse({"--port=0", "--seed", "42", "--speed=20.5", "--latency-ms", "80", "--market=busy",
                                "--contracts", "400", "--prevalence=0.1", "--over-limit=429-html", "--address=::1"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->port, 0);
    EXPECT_EQ(options->seed, 42U);
    EXPECT_EQ(options->speed, 20.5);
    EXPECT_EQ(options->latency, 80ms);
    EXPECT_EQ(options->market, MarketKind::busy);
    EXPECT_EQ(options->contracts, 400);
    EXPECT_EQ(options->over_limit, face::OverLimit::html);
    EXPECT_EQ(options->address, "::1");
}

TEST(SimulatorOptions, faults_and_scenarios_repeat) {
    const auto options = parse({"--scenario", "pump", "--scenario=wash", "--fault", "429:rate=0.1", "--fault=slow"});
    ASSERT_TRUE(options);
    EXPECT_THAT(options->scenarios, ElementsAre("pump", "wash"));
    ASSERT_EQ(options->faults.size(), 2U);
    EXPECT_EQ(options->faults[1].kind, face::FaultKind::slow);
    EXPECT_TRUE(parse({"--scenario", "none"})->scenarios.empty());
}

TEST(SimulatorOptions, what_is_planted_by_name) {
    const auto options =
        parse({"--plant", "wash:contract=BTC-USDT:after=30m:every=1h:for=8m:intensity=0.8", "--plant=child_orders"});
    ASSERT_TRUE(options);
    ASSERT_EQ(options->planted.size(), 2U);
    EXPECT_EQ(options->planted[0].contract_code, "BTC-USDT");
    EXPECT_EQ(options->planted[0].after, 30min);
    EXPECT_EQ(options->planted[0].every, 1h);
    EXPECT_EQ(options->planted[0].duration, 8min);
    EXPECT_EQ(options->planted[0].intensity, 0.8);
    EXPECT_EQ(options->planted[1].name, "child_orders");
    EXPECT_EQ(options->planted[1].after, 10min);
    EXPECT_FALSE(options->planted[1].every || options->planted[1].duration || options->planted[1].intensity);
    const auto demo = parse({"--plant", "demo", "--plant", "wick"});
    ASSERT_TRUE(demo);
    EXPECT_EQ(demo->planted.size(), 7U);
    for (const std::string_view wrong :
         {"", "flood", "wash:", "wash:after", "wash:after=soon", "wash:every=0s", "wash:for=0s", "wash:intensity=1",
          "wash:intensity=nan", "wash:contract=", "wash:rate=0.5", "wash:after=1m:"}) {
        const auto refused = parse({"--plant", wrong});
        ASSERT_FALSE(refused) << wrong;
        EXPECT_THAT(refused.error(), ElementsAre(HasSubstr("--plant"))) << wrong;
    }
}

TEST(SimulatorOptions, all_problems_are_reported_at_once) {
    const auto options =
        parse({"--port", "99999", "--speed=0", "--market", "bear", "--scenario", "flood", "--scenario", "all",
               "--fault", "slow:delay=soon", "--wat", "--help=yes", "--over-limit", "403", "--contracts"});
    ASSERT_FALSE(options);
    EXPECT_THAT(options.error(), ::testing::UnorderedElementsAre(
                                     HasSubstr(R"(--port is "99999": expected a whole number from 0 to 65535)"),
                                     HasSubstr("--speed is \"0\""), HasSubstr("--market is \"bear\""),
                                     HasSubstr("--scenario is \"flood\""),
                                     HasSubstr("--scenario all cannot be combined"), HasSubstr("delay=soon"),
                                     HasSubstr("unknown argument \"--wat\""), HasSubstr("--help takes no value"),
                                     HasSubstr("--over-limit is \"403\""), HasSubstr("--contracts needs a value")));
}

TEST(SimulatorOptions, help_names_every_flag_scenario_and_fault) {
    const std::string help = help_text();
    for (const std::string_view part :
         {"--port", "--address", "--contracts", "--seed", "--speed", "--latency-ms", "--market", "--scenario",
          "--prevalence", "--over-limit", "--fault", "--help", "layering", "funding_push", "Examples"}) {
        EXPECT_THAT(help, HasSubstr(std::string(part)));
    }
    for (const face::FaultInfo& info : face::fault_infos()) EXPECT_THAT(help, HasSubstr(std::string(info.name)));
}

}  // namespace
}  // namespace scanner::simulator
