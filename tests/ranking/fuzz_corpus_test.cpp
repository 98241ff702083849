#include "fuzz/cached_ranking.hpp"
#include "fuzz/ranking_message.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, cached_ranking) {
    replay("cached_ranking", cached_ranking);
}

TEST(FuzzCorpus, ranking_message) {
    replay("ranking_message", ranking_message);
}

}  // namespace
}  // namespace scanner::fuzz
