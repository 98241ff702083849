#pragma once

#include "scanner/ranking/ranking.hpp"

#include <cstdint>

namespace scanner::app {

/// What a recorded ranking comes to: a hash of all that its stored form holds, but for what measures the process that
/// made it: cycle_ms, requests, fetch_latency_ms. A few milliseconds of work for a few hundred contracts. Any thread.
[[nodiscard]] std::uint64_t digest_of(const ranking::Ranking& ranking);

}  // namespace scanner::app
