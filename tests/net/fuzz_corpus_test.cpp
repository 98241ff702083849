#include "fuzz/gzip_member.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, gzip_member) {
    replay("gzip_member", gzip_member);
}

}  // namespace
}  // namespace scanner::fuzz
