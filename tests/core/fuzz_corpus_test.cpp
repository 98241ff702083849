#include "fuzz/replay.hpp"
#include "fuzz/settings.hpp"
#include "fuzz/symbol.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, symbol) {
    replay("symbol", symbol);
}

TEST(FuzzCorpus, settings) {
    replay("settings", settings);
}

}  // namespace
}  // namespace scanner::fuzz
