#include "fuzz/replay.hpp"
#include "fuzz/symbol.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, symbol) {
    replay("symbol", symbol);
}

}  // namespace
}  // namespace scanner::fuzz
