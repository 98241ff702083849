#include "fuzz/exchange_answer.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, exchange_answer) {
    replay("exchange_answer", exchange_answer);
}

}  // namespace
}  // namespace scanner::fuzz
