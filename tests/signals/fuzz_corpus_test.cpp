#include "fuzz/contract_flow.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, contract_flow) {
    replay("contract_flow", contract_flow);
}

}  // namespace
}  // namespace scanner::fuzz
