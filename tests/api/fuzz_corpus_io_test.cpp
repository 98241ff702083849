#include "fuzz/http_request.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, http_request) {
    replay("http_request", http_request);
}

}  // namespace
}  // namespace scanner::fuzz
