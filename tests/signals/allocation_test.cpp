#include "signals/random_market.hpp"

#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/score.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {
std::size_t allocations = 0;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SCANNER_OPERATOR_NEW_IS_TAKEN  // by the sanitizer's own, which cannot be replaced
#endif
#endif

#ifndef SCANNER_OPERATOR_NEW_IS_TAKEN
// The whole program's, so that an allocation anywhere beneath is seen.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif

namespace scanner::signals {
namespace {

TEST(Allocations, a_cycle_in_steady_state_makes_none) {
#ifdef SCANNER_OPERATOR_NEW_IS_TAKEN
    GTEST_SKIP() << "allocations cannot be counted under this sanitizer";
#endif
    testing::RandomMarket random(10);
    std::vector<market::MarketData> markets;
    for (int i = 0; i < 50; ++i) markets.push_back(random.proper_market());
    std::vector<ContractState> states(markets.size());
    std::vector<ContractNumbers> numbers(markets.size());
    std::vector<Edges> edges(markets.size());
    std::vector<const ContractNumbers*> pointers;
    for (const ContractNumbers& contract : numbers) pointers.push_back(&contract);
    const Weights& weights = builtin_profiles()[0].weights;

    const auto cycle = [&] {
        double sum = 0.0;
        for (std::size_t i = 0; i < markets.size(); ++i) compute_contract(markets[i], 5000, states[i], numbers[i]);
        compute_edges(pointers, edges);
        for (std::size_t i = 0; i < markets.size(); ++i)
            sum += score_contract({numbers[i], edges[i]}, weights, {}).score.value_or(0.0);
        return sum;
    };
    // The second cycle knows a "previous" and may raise more flags than the first.
    (void)cycle();
    (void)cycle();
    const std::size_t before = allocations;
    const double sum = cycle();
    EXPECT_EQ(allocations, before);
    EXPECT_NE(sum, 0.0);
}

}  // namespace
}  // namespace scanner::signals
