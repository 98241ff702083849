#include "engine/election/election_model.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace scanner::test {
namespace {

using Kind = Action::Kind;

World after(World world, const std::vector<Action>& actions) {
    for (const Action& action : actions) {
        auto next = Walk(std::move(world)).take(action);
        EXPECT_TRUE(next) << "the start of a walk cannot be reached";
        if (!next) return {};
        world = std::move(*next);
    }
    EXPECT_EQ(world.broken, "");
    return world;
}

std::vector<Action> times(std::size_t count, Action action) {
    return std::vector<Action>(count, action);
}

std::vector<Action> in_turn(std::initializer_list<std::vector<Action>> parts) {
    std::vector<Action> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// acquire, open_epoch, install
const std::vector<Action> kElectA = times(3, {.kind = Kind::step, .who = 0});
const std::vector<Action> kPublishA{{.kind = Kind::publish, .who = 0}};
const std::vector<Action> kLateA{{.kind = Kind::publish, .who = 0, .outcome = Outcome::delayed}};
const std::vector<Action> kUnansweredA{{.kind = Kind::publish, .who = 0, .outcome = Outcome::answer_lost}};
const std::vector<Action> kElectB = times(3, {.kind = Kind::step, .who = 1});
const std::vector<Action> kLoss{{.kind = Kind::lose_redis}};
std::vector<Action> ticks(std::size_t count) {
    return times(count, {.kind = Kind::tick});
}

/// Everything that can happen in `depth` actions, each world once. How many there were.
std::size_t explore(const World& start, int depth) {
    const std::vector<Action> actions = every_action();
    std::unordered_set<std::string> seen{start.text()};
    std::vector<World> layer{start};
    for (int d = 0; d < depth; ++d) {
        std::vector<World> next;
        for (const World& world : layer) {
            for (const Action& action : actions) {
                auto made = Walk(world).take(action);
                if (!made) continue;
                EXPECT_EQ(made->broken, "") << "at depth " << d + 1 << ": " << made->text();
                if (!made->broken.empty()) return seen.size();
                if (seen.insert(made->text()).second) next.push_back(std::move(*made));
            }
        }
        layer = std::move(next);
    }
    return seen.size();
}

struct Start {
    const char* name;
    std::vector<Action> actions;
    int depth;
};

std::vector<Start> starts() {
    return {
        {"nobody is elected", {}, 9},
        {"a leader with a record in its spool", in_turn({kElectA, kPublishA}), 7},
        {"a leader with one on its way and one unanswered", in_turn({kElectA, kPublishA, kUnansweredA, kLateA}), 7},
        {"its lease has run out and the successor is there", in_turn({kElectA, kPublishA, kLateA, ticks(4), kElectB}),
         7},
        {"the lease is taken, the old one has a spool, and its last is on its way",
         in_turn({kElectA, kPublishA, kUnansweredA, kLateA, ticks(4), times(1, {.kind = Kind::step, .who = 1})}), 7},
        {"Redis lost everything under a leader", in_turn({kElectA, kPublishA, kUnansweredA, kLoss}), 7},
        {"and a successor is there", in_turn({kElectA, kPublishA, kUnansweredA, kLoss, kElectB}), 7},
    };
}

TEST(ElectionModel, everything_that_can_happen_keeps_the_promises) {
    std::size_t worlds = 0;
    for (const Start& start : starts()) {
        SCOPED_TRACE(start.name);
        const std::size_t seen = explore(after({}, start.actions), start.depth);
        EXPECT_GT(seen, 100U);
        worlds += seen;
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(worlds, 100'000U);
    RecordProperty("worlds", static_cast<int>(worlds));
}

TEST(ElectionModel, long_walks_keep_the_promises_and_elect_again_and_again) {
    std::mt19937 random(20261130);
    const std::vector<Action> actions = every_action();
    std::size_t elections = 0;
    std::size_t published = 0;
    for (int walk = 0; walk < 1'000; ++walk) {
        World world;
        for (int i = 0; i < 600; ++i) {
            // Answers come more often than not: else nobody is ever elected.
            Action action = actions[random() % actions.size()];
            if (random() % 2 == 0) action.outcome = Outcome::answered;
            if (action.kind == Kind::lose_redis && random() % 8 != 0) continue;
            auto next = Walk(world).take(action);
            if (!next) continue;
            ASSERT_EQ(next->broken, "") << "walk " << walk << ", action " << i << ": " << next->text();
            world = std::move(*next);
        }
        elections += world.elected.size();
        published += world.published.size();
    }
    EXPECT_GT(elections, 1'000U);
    EXPECT_GT(published, 1'000U);
}

/// The model can see a promise broken: where the part that keeps it is taken out.
TEST(ElectionModel, sees_a_record_that_is_refused_though_it_was_published) {
    World world = after({}, in_turn({kElectA, kPublishA}));
    world.rows.at(1).closed = 0;  // as if its successor had not read the stream
    const auto next = Walk(world).take({.kind = Kind::write, .who = 0});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->broken, "no honest record is refused");
}

TEST(ElectionModel, sees_a_cycle_that_is_taken_though_it_was_not_published) {
    World world = after({}, in_turn({kElectA, {{.kind = Kind::publish, .who = 0, .outcome = Outcome::request_lost}}}));
    EXPECT_FALSE(Walk(world).take({.kind = Kind::write, .who = 0})) << "it waits until its epoch is closed";
    world.rows.at(1).closed = 9;  // as if its successor had not read the stream
    const auto next = Walk(world).take({.kind = Kind::write, .who = 0});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->broken, "nothing is accepted that was not published");
}

TEST(ElectionModel, sees_two_leaders_of_one_epoch) {
    World world = after({}, in_turn({kElectA, ticks(4), times(2, {.kind = Kind::step, .who = 1})}));
    world.scanners[1].epoch = 1;  // as if Postgres had given it again
    const auto next = Walk(world).take({.kind = Kind::step, .who = 1});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->broken, "no epoch has two leaders");
}

TEST(ElectionModel, an_epoch_that_redis_forgot_is_not_given_again) {
    const World world = after({}, in_turn({kElectA, kPublishA, kLoss, kElectB}));
    EXPECT_EQ(world.elected, (std::map<std::uint64_t, int>{{1, 0}, {2, 1}}));
    EXPECT_EQ(world.rows.at(1).closed, world.rows.at(1).reserved) << "what it had published nobody knows";
    EXPECT_EQ(world.scanners[1].seq, world.rows.at(1).reserved);
}

TEST(ElectionModel, an_old_leader_is_closed_at_what_the_stream_says) {
    const World world = after({}, in_turn({kElectA, kPublishA, kLateA, ticks(4), kElectB}));
    EXPECT_EQ(world.rows.at(1).closed, 1U) << "the second never arrived";
    const World late = after(world, {{.kind = Kind::arrive, .who = 0}});
    EXPECT_EQ(late.published.size(), 1U) << "and cannot any more";
}

}  // namespace
}  // namespace scanner::test
