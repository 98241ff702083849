#include "simulator/face/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(FaceControl, faults_are_read_as_texts_and_as_objects) {
    const auto faults = parse_fault_list(
        R"(["429:rate=0.1",{"kind":"slow","delay":"2s","rate":0.5,"contract":null},{"kind":"slow","delay":3}])");
    ASSERT_TRUE(faults) << faults.error().message();
    ASSERT_EQ(faults->size(), 3U);
    EXPECT_EQ((*faults)[0].kind, FaultKind::http_429);
    EXPECT_EQ((*faults)[1].delay, 2s);
    EXPECT_EQ((*faults)[1].rate, 0.5);
    EXPECT_EQ((*faults)[2].delay, 3s);
    EXPECT_TRUE(parse_fault_list("[]")->empty());
}

TEST(FaceControl, what_is_listed_can_be_posted_back) {
    const FaultSpec spec = *parse_fault("clock-skew:offset=-3s:rate=0.2:on=5s:off=1s:after=2s:path=depth");
    const auto again = parse_fault_list(faults_json({{.fault = spec, .on = true, .hits = 4}}));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(*again, std::vector<FaultSpec>{spec});
}

TEST(FaceControl, bad_lists_are_refused_with_every_problem) {
    EXPECT_FALSE(parse_fault_list("nonsense"));
    EXPECT_FALSE(parse_fault_list(R"({"kind":"slow"})"));
    const auto bad = parse_fault_list(R"(["wat",{"kind":"slow","rate":7},{"kind":"slow","rate":[1]},5])");
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message(), HasSubstr("\"wat\""));
    EXPECT_THAT(bad.error().message(), HasSubstr("rate=7"));
    EXPECT_THAT(bad.error().message(), HasSubstr("with a \"kind\""));
}

TEST(FaceControl, labels_are_one_object_a_line) {
    const Label label{.time = core::from_unix_ms(1'789'336'870'000),
                      .contract_code = "BTC-USDT",
                      .kind = "pump",
                      .manipulation = true,
                      .phase = "rise",
                      .intensity = 0.25,
                      .episode = 7};
    const std::string lines = label_lines({label, label});
    EXPECT_EQ(lines.substr(0, lines.find('\n')),
              R"({"time":"2026-09-13T22:01:10.000Z","ts":1789336870000,"contract_code":"BTC-USDT","kind":"pump",)"
              R"("manipulation":true,"phase":"rise","intensity":0.25,"episode":7})");
    EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
    EXPECT_EQ(label_lines({}), "");
}

TEST(FaceControl, since_is_milliseconds_or_a_time) {
    EXPECT_EQ(parse_since("1789336870000"), core::from_unix_ms(1'789'336'870'000));
    EXPECT_EQ(parse_since("2026-09-13T22:01:10Z"), core::from_unix_ms(1'789'336'870'000));
    EXPECT_EQ(parse_since("yesterday"), std::nullopt);
}

TEST(FaceControl, the_status_says_that_all_of_it_is_simulated) {
    const auto status = nlohmann::json::parse(status_json({.market = "busy", .scenarios = {"pump"}, .requests = 3}));
    EXPECT_EQ(status.at("simulated"), true);
    EXPECT_EQ(status.at("market"), "busy");
    EXPECT_EQ(status.at("scenarios")[0], "pump");
    EXPECT_EQ(status.at("requests"), 3);
}

}  // namespace
}  // namespace scanner::simulator::face
