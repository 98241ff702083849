#include "scanner/alerts/edges.hpp"

#include "scanner/core/random.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace scanner::alerts {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const core::WallTime kStart = *core::parse_time("2026-11-22T05:24:00Z");

/// One contract, cycle after cycle.
class Edge {
public:
    explicit Edge(AlertEdges::Rule rule, EdgeOptions options = {}) : rule_(std::move(rule)), edges_(options) {}

    /// A cycle `after` the one before.
    bool cycle(bool holds, milliseconds after = seconds(15)) {
        now_ += after;
        const AlertEdges::Observation seen{.contract_code = "BTC-USDT", .holds = holds};
        return !edges_.step(rule_, {&seen, 1}, now_, 100).empty();
    }
    /// A cycle that does not rank the contract.
    void missing(milliseconds after = seconds(15)) {
        now_ += after;
        EXPECT_THAT(edges_.step(rule_, {}, now_, 100), IsEmpty());
    }
    /// The alerts of a row of cycles: 'T' holds, 'f' does not, '.' not ranked.
    std::string cycles(std::string_view row) {
        std::string alerts;
        for (const char c : row) {
            if (c == '.') missing();
            alerts += c != '.' && cycle(c == 'T') ? '!' : '-';
        }
        return alerts;
    }
    void restart() {
        auto loaded = AlertEdges::load(edges_.save(), {});
        ASSERT_TRUE(loaded) << loaded.error().message();
        edges_ = std::move(*loaded);
    }
    AlertEdges& edges() { return edges_; }
    AlertEdges::Rule rule_;
    core::WallTime now_ = kStart;

private:
    AlertEdges edges_;
};

AlertEdges::Rule rule(milliseconds hold = seconds(0), milliseconds cooldown = seconds(0)) {
    return {.name = "r", .fingerprint = 1, .hold = hold, .cooldown = cooldown};
}

TEST(AlertEdges, fires_once_while_it_stays_true) {
    EXPECT_EQ(Edge(rule()).cycles("ffTTTTTT"), "--!-----");
    EXPECT_EQ(Edge(rule()).cycles("TTT"), "!--");
}

TEST(AlertEdges, arms_after_two_false_cycles) {
    EXPECT_EQ(Edge(rule()).cycles("TfTfTfT"), "!------");
    EXPECT_EQ(Edge(rule()).cycles("TffT"), "!--!");
    EXPECT_EQ(Edge(rule()).cycles("TffTffTffT"), "!--!--!--!");
}

TEST(AlertEdges, hold_requires_every_cycle) {
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TTTT"), "--!-");
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TTfTTT"), "-----!");
    EXPECT_EQ(Edge(rule(seconds(31))).cycles("TTTT"), "---!");
}

TEST(AlertEdges, hold_must_be_false_as_long_to_arm) {
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TTTffTTTT"), "--!------");
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TTTfffTTT"), "--!-----!");
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TTTffTffTTT"), "--!--------");
}

TEST(AlertEdges, a_cycle_without_the_contract_proves_nothing) {
    EXPECT_EQ(Edge(rule(seconds(30))).cycles("TT.TTT"), "-----!");
    EXPECT_EQ(Edge(rule()).cycles("T..T"), "!---");
    EXPECT_EQ(Edge(rule()).cycles("Tf.fT"), "!----");
    EXPECT_EQ(Edge(rule()).cycles("Tf.ffT"), "!----!");
}

TEST(AlertEdges, waits_for_the_cooldown_and_fires_late_not_never) {
    EXPECT_EQ(Edge(rule(seconds(0), seconds(60))).cycles("TffTTTTT"), "!---!---");
    EXPECT_EQ(Edge(rule(seconds(0), seconds(60))).cycles("TffTffT"), "!-----!");
    EXPECT_EQ(Edge(rule(seconds(0), seconds(90))).cycles("TffTffT"), "!-----!");
    EXPECT_EQ(Edge(rule(seconds(0), seconds(105))).cycles("TffTffT"), "!------");
}

TEST(AlertEdges, a_restart_neither_repeats_nor_forgets) {
    for (std::size_t cut = 0; cut <= 12; ++cut) {
        for (const std::string row : {"TTTTfTffTTTT", "fTffTffTffTT", "TffTTTTfffTT"}) {
            for (const auto& [hold, cooldown] : std::map<int, int>{{0, 0}, {15, 0}, {30, 60}, {0, 90}}) {
                Edge straight(rule(seconds(hold), seconds(cooldown)));
                Edge interrupted(rule(seconds(hold), seconds(cooldown)));
                std::string alerts = interrupted.cycles(row.substr(0, cut));
                interrupted.restart();
                alerts += interrupted.cycles(row.substr(cut));
                EXPECT_EQ(alerts, straight.cycles(row)) << row << " cut at " << cut;
            }
        }
    }
}

TEST(AlertEdges, a_long_outage_does_not_repeat_but_begins_holding_anew) {
    Edge edge(rule());
    EXPECT_TRUE(edge.cycle(true));
    edge.restart();
    EXPECT_FALSE(edge.cycle(true, hours(72)));
    Edge held(rule(seconds(30)));
    EXPECT_FALSE(held.cycle(true));
    EXPECT_FALSE(held.cycle(true, minutes(5)));
    EXPECT_FALSE(held.cycle(true));
    EXPECT_TRUE(held.cycle(true));
    Edge half_armed(rule());
    EXPECT_EQ(half_armed.cycles("Tf"), "!-");
    EXPECT_FALSE(half_armed.cycle(false, minutes(5)));
    EXPECT_FALSE(half_armed.cycle(true));
}

TEST(AlertEdges, wall_time_that_steps_back_lengthens_nothing) {
    Edge edge(rule(seconds(0), minutes(10)));
    EXPECT_EQ(edge.cycles("Tff"), "!--");
    edge.now_ -= hours(5);
    EXPECT_FALSE(edge.cycle(true));
    EXPECT_FALSE(edge.cycle(true, minutes(9)));
    EXPECT_TRUE(edge.cycle(true, minutes(1)));
}

TEST(AlertEdges, another_condition_starts_afresh_another_cooldown_does_not) {
    Edge edge(rule());
    EXPECT_EQ(edge.cycles("TT"), "!-");
    edge.rule_.cooldown = seconds(5);
    EXPECT_FALSE(edge.cycle(true));
    edge.rule_.fingerprint = 2;
    EXPECT_TRUE(edge.cycle(true));
}

TEST(AlertEdges, contracts_and_rules_do_not_mix) {
    AlertEdges edges;
    const std::vector<AlertEdges::Observation> seen{{"A", true}, {"B", false}, {"C", true}};
    EXPECT_THAT(edges.step(rule(), seen, kStart, 100), ElementsAre(0, 2));
    EXPECT_THAT(edges.step(rule(), seen, kStart + seconds(15), 100), IsEmpty());
    AlertEdges::Rule other = rule();
    other.name = "other";
    EXPECT_THAT(edges.step(other, seen, kStart + seconds(15), 100), ElementsAre(0, 2));
    const std::vector<AlertEdges::Observation> later{{"A", true}, {"B", true}, {"C", true}};
    EXPECT_THAT(edges.step(rule(), later, kStart + seconds(30), 100), ElementsAre(1));
}

TEST(AlertEdges, a_burst_is_spread_over_cycles) {
    AlertEdges edges;
    const std::vector<AlertEdges::Observation> seen{{"A", true}, {"B", true}, {"C", true}};
    EXPECT_THAT(edges.step(rule(), seen, kStart, 2), ElementsAre(0, 1));
    EXPECT_THAT(edges.step(rule(), seen, kStart + seconds(15), 2), ElementsAre(2));
    EXPECT_THAT(edges.step(rule(), seen, kStart + seconds(30), 2), IsEmpty());
}

TEST(AlertEdges, remembers_only_what_matters) {
    Edge edge(rule());
    edge.cycles("fff");
    EXPECT_EQ(edge.edges().size(), 0U);
    edge.cycles("T");
    EXPECT_EQ(edge.edges().size(), 1U);
    edge.cycles("ff");
    EXPECT_EQ(edge.edges().size(), 0U);
    edge.cycles("T");
    for (int i = 0; i < 25; ++i) edge.missing(hours(1));
    EXPECT_EQ(edge.edges().size(), 0U);
    edge.cycles("T");
    edge.edges().keep_only(std::vector<std::string>{"another"});
    EXPECT_EQ(edge.edges().size(), 0U);
    EXPECT_TRUE(edge.cycle(true));
}

TEST(AlertEdges, is_bounded_and_forgets_the_longest_unseen) {
    AlertEdges edges({.max_states = 10});
    std::vector<std::string> names;
    for (int i = 0; i < 30; ++i) names.push_back(fmt::format("C{:02}", i));
    for (int i = 0; i < 30; ++i) {
        const AlertEdges::Observation seen{.contract_code = names[static_cast<std::size_t>(i)], .holds = true};
        EXPECT_THAT(edges.step(rule(), {&seen, 1}, kStart + seconds(15 * i), 100), ElementsAre(0));
        EXPECT_LE(edges.size(), 10U);
    }
    const std::vector<AlertEdges::Observation> last{{"C29", true}, {"C20", true}};
    EXPECT_THAT(edges.step(rule(), last, kStart + minutes(8), 100), IsEmpty());
}

TEST(AlertEdges, says_when_there_is_something_to_save) {
    Edge edge(rule());
    edge.cycles("f");
    edge.edges().clear_changed();
    edge.cycles("f");
    EXPECT_FALSE(edge.edges().changed());
    edge.cycles("T");
    EXPECT_TRUE(edge.edges().changed());
    edge.edges().clear_changed();
    edge.cycles("T");
    EXPECT_FALSE(edge.edges().changed());
    edge.cycles("f");
    EXPECT_TRUE(edge.edges().changed());
}

TEST(AlertEdges, takes_nothing_from_damaged_text) {
    Edge edge(rule());
    edge.cycles("T");
    const std::string good = edge.edges().save();
    EXPECT_TRUE(AlertEdges::load(good, {}));
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(AlertEdges::load(good.substr(0, length), {})) << length;
    }
    for (const char* text :
         {"null", "[]", "{}", R"({"format":2,"rules":{}})", R"({"format":1,"rules":[1]})",
          R"({"format":1,"rules":{"r":{"fingerprint":"x","last_step":1,"contracts":{}}}})",
          R"({"format":1,"rules":{"r":{"fingerprint":1,"last_step":1,"contracts":{"A":{"rung":1,"seen":1}}}}})",
          // Numbers that no whole number or time can hold.
          R"({"format":1,"rules":{"r":{"fingerprint":1.5,"last_step":1,"contracts":{}}}})",
          R"({"format":1,"rules":{"r":{"fingerprint":-1,"last_step":1,"contracts":{}}}})",
          R"({"format":1,"rules":{"r":{"fingerprint":1,"last_step":1e25,"contracts":{}}}})",
          R"({"format":1,"rules":{"r":{"fingerprint":1,"last_step":-9223372036854775808,"contracts":{}}}})",
          R"({"format":1,"rules":{"r":{"fingerprint":1,"last_step":18446744073709551615,"contracts":{}}}})"}) {
        const auto loaded = AlertEdges::load(text, {});
        ASSERT_FALSE(loaded) << text;
        EXPECT_EQ(loaded.error().code(), core::ErrorCode::malformed);
    }
}

/// What the header promises, said another way: between two alerts the condition was false twice in a row (or the state
/// was forgotten), and an alert comes only after `hold` of uninterrupted truth.
TEST(AlertEdges, keeps_its_promises_over_random_histories) {
    core::Random random(5);
    for (int round = 0; round < 400; ++round) {
        const auto hold = seconds(15 * random.below(4));
        const auto cooldown = seconds(15 * random.below(8));
        Edge edge(rule(hold, cooldown));
        int false_in_a_row = 2;
        bool armed = true;
        milliseconds true_for{-15'000};
        std::optional<core::WallTime> last;
        for (int i = 0; i < 60; ++i) {
            const bool holds = random.chance(0.6);
            if (random.chance(0.1)) edge.restart();
            const bool fired = edge.cycle(holds);
            true_for = holds ? true_for + seconds(15) : milliseconds(-15'000);
            false_in_a_row = holds ? 0 : false_in_a_row + 1;
            if (false_in_a_row >= 2 && seconds(15 * (false_in_a_row - 1)) >= hold) armed = true;
            const bool due = holds && armed && true_for >= hold && (!last || edge.now_ - *last >= cooldown);
            ASSERT_EQ(fired, due) << "round " << round << " cycle " << i;
            if (fired) {
                armed = false;
                last = edge.now_;
            }
        }
    }
}

}  // namespace
}  // namespace scanner::alerts
