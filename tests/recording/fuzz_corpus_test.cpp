#include "fuzz/recording_segment.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, recording_segment) {
    replay("recording_segment", recording_segment);
}

}  // namespace
}  // namespace scanner::fuzz
