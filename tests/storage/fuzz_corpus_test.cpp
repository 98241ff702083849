#include "fuzz/replay.hpp"
#include "fuzz/spool_batch.hpp"
#include "fuzz/spool_segment.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, spool_batch) {
    replay("spool_batch", spool_batch);
}

TEST(FuzzCorpus, spool_segment) {
    replay("spool_segment", spool_segment);
}

}  // namespace
}  // namespace scanner::fuzz
