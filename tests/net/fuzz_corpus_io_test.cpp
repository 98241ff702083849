#include "fuzz/replay.hpp"
#include "fuzz/websocket.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, websocket) {
    replay("websocket", websocket);
}

}  // namespace
}  // namespace scanner::fuzz
