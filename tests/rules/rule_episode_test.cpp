#include "rules/subject.hpp"

#include "scanner/rules/rule.hpp"
#include "scanner/signals/detector_verdict.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

namespace scanner::rules {
namespace {

using testing::HasSubstr;

/// A contract as the detectors see it; without a verdict as the seed model does.
class Judged {
public:
    explicit Judged(std::shared_ptr<const signals::DetectorVerdict> verdict)
        : snapshot_(test::make_snapshot(test::Contract())) {
        if (verdict != nullptr) signals::take_verdict(snapshot_.numbers, std::move(verdict));
        subject_.snapshot = &snapshot_;
        subject_.edges = &test::kEdges;
    }
    [[nodiscard]] bool holds(std::string_view text) const {
        const auto rule = Rule::compile(text);
        EXPECT_TRUE(rule) << text << '\n' << (rule ? "" : render_with_caret(rule.error()));
        return rule && rule->holds(subject_);
    }
    [[nodiscard]] const RuleSubject& subject() const { return subject_; }

private:
    ranking::ContractSnapshot snapshot_;
    RuleSubject subject_;
};

std::shared_ptr<signals::DetectorVerdict> verdict() {
    auto made = std::make_shared<signals::DetectorVerdict>();
    made->judged = true;
    made->score = 71.0;
    made->quarantined = true;
    made->flags = {"pump_ignition"};
    made->unknown_flags = {"scam_wick"};
    made->episodes = {{.id = "a", .flag = "pump_ignition", .probability = 0.25, .severity = 71.0},
                      {.id = "b", .flag = "pump_ignition", .probability = 0.85, .severity = 60.0}};
    return made;
}

TEST(RuleOfEpisodes, asks_for_the_highest_that_is_open) {
    const Judged contract(verdict());
    EXPECT_TRUE(contract.holds("episode(\"pump_ignition\").probability > 0.8"));
    EXPECT_FALSE(contract.holds("episode('pump_ignition').probability > 0.85"));
    EXPECT_TRUE(contract.holds("episode ( \"pump_ignition\" ) . severity == 71 and quarantined"));
    EXPECT_TRUE(contract.holds("2 * episode(\"pump_ignition\").probability == 1.7"));
    EXPECT_TRUE(contract.holds("episode(\"wash_trade_volume\").probability == 0")) << "known, and none is open";
    const auto rule = Rule::compile("episode(\"pump_ignition\").probability > 0.8 for 30s");
    ASSERT_TRUE(rule);
    const auto conditions = rule->explain(contract.subject());
    ASSERT_EQ(conditions.size(), 1U);
    EXPECT_EQ(conditions[0].text, "episode(\"pump_ignition\").probability > 0.8");
    EXPECT_EQ(std::get<double>(*conditions[0].left), 0.85);
}

TEST(RuleOfEpisodes, is_null_where_no_detector_can_tell) {
    const Judged contract(verdict());
    EXPECT_FALSE(contract.holds("episode(\"scam_wick\").probability >= 0"));
    EXPECT_FALSE(contract.holds("known(episode(\"scam_wick\").probability)"));
    const Judged of_seed_model(nullptr);
    EXPECT_FALSE(of_seed_model.holds("known(episode(\"pump_ignition\").probability)"));
    EXPECT_FALSE(of_seed_model.holds("quarantined"));
    EXPECT_FALSE(of_seed_model.holds("quarantined == false")) << "null compares with nothing";
    EXPECT_TRUE(of_seed_model.holds("not quarantined"));
    EXPECT_FALSE(of_seed_model.holds("known(rank_raw) or known(manip_probability)"));
    const Judged without_detectors(std::make_shared<signals::DetectorVerdict>());
    EXPECT_FALSE(without_detectors.holds("known(episode(\"pump_ignition\").probability)"));
}

TEST(RuleOfEpisodes, says_what_is_wrong) {
    const auto fault = [](std::string_view text) {
        const auto rule = Rule::compile(text);
        return rule ? std::string() : rule.error().message;
    };
    EXPECT_THAT(fault("episode(\"pump_ignitio\").probability > 1"), HasSubstr("did you mean 'pump_ignition'"));
    EXPECT_THAT(fault("episode(\"x\").probability > 1"), HasSubstr("no episodes of \"x\""));
    for (const char* const text :
         {"episode > 1", "episode(rank).probability > 1", "episode(\"scam_wick\") > 1",
          "episode(\"scam_wick\").rank > 1", "episode(\"scam_wick\").", "episode(", "episode(\"scam_wick\""}) {
        EXPECT_THAT(fault(text), HasSubstr("episode(\"pump_ignition\").probability")) << text;
    }
    EXPECT_THAT(fault("rank.raw > 1"), HasSubstr("found '.'"));
    EXPECT_THAT(fault("episode(\"scam_wick\").probability"), HasSubstr("a condition is expected"));
}

}  // namespace
}  // namespace scanner::rules
