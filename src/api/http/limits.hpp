#pragma once

#include <cstddef>
#include <cstdint>

/// Limits of requests that follow what may be scanned.
namespace scanner::api {

/// As many contracts as may be scanned: the upper end of SCANNER_SCAN_TOP_BY_QVOL. The most that `top` may ask for.
inline constexpr std::int64_t kMaxTop = 2'000;
/// The most that a list of contracts may name, in a query or a watchlist.
inline constexpr std::size_t kMaxListed = static_cast<std::size_t>(kMaxTop);
inline constexpr std::int64_t kMaxPageSize = 500;
inline constexpr std::int64_t kDefaultPageSize = 25;

}  // namespace scanner::api
