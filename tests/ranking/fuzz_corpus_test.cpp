#include "fuzz/cached_ranking.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, cached_ranking) {
    replay("cached_ranking", cached_ranking);
}

}  // namespace
}  // namespace scanner::fuzz
