#pragma once

#include "exchange/rest/request.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace scanner::exchange::htx {

using rest::Request;

// HTX counts requests of two classes apart, per IP address.
inline constexpr rest::Budget kMarketBudget{0};  ///< /linear-swap-ex/market/*: 800 per second, no headers
inline constexpr rest::Budget kOtherBudget{1};   ///< the rest: 240 per 3 s, with ratelimit-* headers

inline constexpr rest::Purpose kFunding{1};
inline constexpr rest::Purpose kOpenInterest{2};
inline constexpr rest::Purpose kIndex{3};
inline constexpr rest::Purpose kTrades{4};
inline constexpr std::size_t kPurposes = 5;  ///< the essential one included

// Bulk: one call answers for every contract.
[[nodiscard]] Request contracts_endpoint();
[[nodiscard]] Request tickers_endpoint();
[[nodiscard]] Request funding_endpoint();
[[nodiscard]] Request open_interest_endpoint();
[[nodiscard]] Request index_endpoint();
[[nodiscard]] Request heartbeat_endpoint();

// What v5 offers should the two bulk calls above be switched off.
inline constexpr std::size_t kV5FundingCodesPerCall = 10;
/// `codes`: 1 to kV5FundingCodesPerCall of them.
[[nodiscard]] Request v5_funding_endpoint(std::span<const std::string> codes);
[[nodiscard]] Request v5_open_interest_endpoint(std::string_view code);

// One contract a call.
/// The unmerged book, up to 150 levels a side.
[[nodiscard]] Request order_book_endpoint(std::string_view code);
/// `interval_minutes`: 1, 5, 15, 30, 60 or 240; `count`: 1 to 2000.
[[nodiscard]] Request candles_endpoint(std::string_view code, int interval_minutes, int count);
/// `count`: 1 to 2000.
[[nodiscard]] Request trades_endpoint(std::string_view code, int count);

/// HTX's name of a candle interval ("1min", "4hour"); empty for an interval that it does not have.
[[nodiscard]] std::string_view period_name(int interval_minutes);

}  // namespace scanner::exchange::htx
