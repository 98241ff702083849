#include "fuzz/replay.hpp"
#include "fuzz/settings.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, settings) {
    replay("settings", settings);
}

}  // namespace
}  // namespace scanner::fuzz
