#include "signals/detect/episode_log.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace scanner::signals::detect {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr core::WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};
constexpr auto kFlag = DetectorFlag::liquidity_wall;

Episode wall(core::WallTime start) {
    return {.flag = kFlag, .start = start, .probability = 0.5, .severity = 50.0};
}

TEST(EpisodeLog, two_episodes_of_a_flag_never_have_one_start) {
    EpisodeLog log;
    log.begin(wall(kNow), kNow + seconds(5));
    EXPECT_EQ(log.open(kFlag)->start, kNow);
    log.end(kFlag, EpisodePhase::over, kNow + minutes(2));
    // The same wall still stands, and is judged again.
    log.begin(wall(kNow), kNow + minutes(3));
    EXPECT_EQ(log.open(kFlag)->start, kNow + minutes(3)) << "the ledger would take it for the one before";
    log.end(kFlag, EpisodePhase::over, kNow + minutes(5));
    log.begin(wall(kNow + minutes(4)), kNow + minutes(6));
    EXPECT_EQ(log.open(kFlag)->start, kNow + minutes(4));
}

}  // namespace
}  // namespace scanner::signals::detect
