#include "fuzz/replay.hpp"
#include "fuzz/rule.hpp"
#include "fuzz/webhook.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, rule) {
    replay("rule", rule);
}

TEST(FuzzCorpus, webhook) {
    replay("webhook", webhook);
}

}  // namespace
}  // namespace scanner::fuzz
