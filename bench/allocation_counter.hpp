#pragma once

#include <cstdint>

namespace scanner::bench {

/// Calls of `operator new` in this process since its start: a program that links allocation_counter.cpp counts them.
[[nodiscard]] std::uint64_t allocations();

}  // namespace scanner::bench
