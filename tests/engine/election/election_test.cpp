#include "scanner/engine/election.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using Kind = ElectionStep::Kind;

constexpr milliseconds kLease{2'000};

core::SteadyTime at(int ms) {
    return core::SteadyTime() + std::chrono::hours(1) + milliseconds(ms);
}

Election elected() {
    Election election(kLease, at(0));
    election.acquired(true, at(0), at(10));
    election.opened(at(30));
    election.installed(at(30), at(40));
    return election;
}

TEST(Election, takes_the_lease_then_an_epoch_then_installs_it) {
    Election election(kLease, at(0));
    EXPECT_EQ(election.next(at(0)).kind, Kind::acquire);
    EXPECT_FALSE(election.may_publish(at(0)));
    election.acquired(true, at(0), at(10));
    EXPECT_EQ(election.state(), ElectionState::candidate);
    EXPECT_EQ(election.next(at(10)).kind, Kind::open_epoch);
    election.opened(at(30));
    EXPECT_EQ(election.next(at(30)).kind, Kind::install);
    EXPECT_FALSE(election.may_publish(at(30)));
    election.installed(at(30), at(40));
    EXPECT_TRUE(election.may_publish(at(40)));
    EXPECT_EQ(election.until(), at(30 + 1'500)) << "three quarters, from when it was asked for";
}

TEST(Election, asks_again_while_somebody_else_has_it) {
    Election election(kLease, at(0));
    election.acquired(false, at(0), at(10));
    EXPECT_EQ(election.state(), ElectionState::waiting);
    EXPECT_EQ(election.next(at(10)).at, at(510));
}

TEST(Election, renews_at_a_third_and_goes_on_over_a_renewal_that_is_lost) {
    Election election = elected();
    ElectionStep step = election.next(at(40));
    EXPECT_EQ(step.kind, Kind::renew);
    EXPECT_EQ(step.at, at(30 + 666));
    election.failed(at(1'000));
    step = election.next(at(1'000));
    EXPECT_EQ(step.at, at(1'200));
    election.renewed(at(1'200), at(1'210));
    EXPECT_TRUE(election.may_publish(at(2'699)));
    EXPECT_FALSE(election.may_publish(at(2'700)));
}

TEST(Election, stops_by_its_own_clock_before_the_lease_ends) {
    Election election = elected();
    election.failed(at(1'300));
    EXPECT_EQ(election.next(at(1'300)).at, at(1'500)) << "no later than its end";
    EXPECT_TRUE(election.may_publish(at(1'529)));
    EXPECT_FALSE(election.may_publish(at(1'530))) << "even if nothing has asked for the next step";
    EXPECT_EQ(election.next(at(1'530)).kind, Kind::step_down);
    EXPECT_EQ(election.state(), ElectionState::fenced);
    election.renewed(at(1'400), at(1'531));
    EXPECT_EQ(election.state(), ElectionState::fenced) << "an answer that comes too late revives nothing";
    election.stepped_down(at(1'600));
    EXPECT_EQ(election.state(), ElectionState::waiting);
}

TEST(Election, wakes_up_fenced) {
    Election election = elected();
    EXPECT_FALSE(election.may_publish(at(30'000)));
    election.renewed(at(600), at(30'000));
    EXPECT_FALSE(election.may_publish(at(30'000))) << "the answer had waited in the socket";
    EXPECT_EQ(election.state(), ElectionState::fenced);
}

TEST(Election, a_refusal_fences_at_once) {
    Election election = elected();
    election.refused(at(100));
    EXPECT_FALSE(election.may_publish(at(100)));
    EXPECT_EQ(election.next(at(100)).kind, Kind::step_down);
}

TEST(Election, a_candidate_that_cannot_open_an_epoch_lets_the_others_try) {
    Election election(kLease, at(0));
    election.acquired(true, at(0), at(10));
    election.failed(at(700));
    EXPECT_EQ(election.state(), ElectionState::waiting);
    EXPECT_EQ(election.next(at(700)).at, at(2'700)) << "the lease has run out by then";
}

TEST(Election, a_candidate_whose_lease_has_run_out_is_not_elected) {
    Election election(kLease, at(0));
    election.acquired(true, at(0), at(10));
    election.opened(at(1'499));
    election.installed(at(1'499), at(1'501));
    EXPECT_EQ(election.state(), ElectionState::waiting);
}

}  // namespace
}  // namespace scanner::engine
