#include "fuzz/exchange_answer.hpp"
#include "fuzz/feed_frame.hpp"
#include "fuzz/live_feed.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, exchange_answer) {
    replay("exchange_answer", exchange_answer);
}
TEST(FuzzCorpus, feed_frame) {
    replay("feed_frame", feed_frame);
}
TEST(FuzzCorpus, live_feed) {
    replay("live_feed", live_feed);
}

}  // namespace
}  // namespace scanner::fuzz
