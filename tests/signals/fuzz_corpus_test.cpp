#include "fuzz/contract_detectors.hpp"
#include "fuzz/contract_flow.hpp"
#include "fuzz/replay.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, contract_flow) {
    replay("contract_flow", contract_flow);
}

TEST(FuzzCorpus, contract_detectors) {
    replay("contract_detectors", contract_detectors);
}

}  // namespace
}  // namespace scanner::fuzz
