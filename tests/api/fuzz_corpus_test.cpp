#include "fuzz/operator_body.hpp"
#include "fuzz/query.hpp"
#include "fuzz/replay.hpp"
#include "fuzz/request_headers.hpp"

#include <gtest/gtest.h>

namespace scanner::fuzz {
namespace {

TEST(FuzzCorpus, query) {
    replay("query", query);
}

TEST(FuzzCorpus, request_headers) {
    replay("request_headers", request_headers);
}

TEST(FuzzCorpus, operator_body) {
    replay("operator_body", operator_body);
}

}  // namespace
}  // namespace scanner::fuzz
