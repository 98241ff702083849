#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace scanner::exchange::htx {

/// HTX counts requests of two classes apart, per IP address.
enum class RequestClass {
    market,      ///< /linear-swap-ex/market/*: 800 per second, no headers
    non_market,  ///< /linear-swap-api/*, /v5/*, /heartbeat/: 240 per 3 s, with ratelimit-* headers
};

/// What an answer is for. The scanner cannot do without the essential ones; each of the others may be missing, and has
/// a breaker of its own, so that its failures cost nothing else.
enum class Purpose { essential, funding, open_interest, index, trades };
inline constexpr std::size_t kPurposes = 5;

/// One GET: which method of the adapter it serves (a metric label), whose budget it spends, what for, path and query.
struct Endpoint {
    std::string_view method;
    RequestClass request_class = RequestClass::market;
    Purpose purpose = Purpose::essential;
    bool about_one_contract = false;  ///< what is odd in its answer says nothing of the other contracts
    std::string target;
};

/// Everything but RFC 3986's unreserved characters as %XX, byte by byte: four live contract codes are Chinese.
[[nodiscard]] std::string percent_encode(std::string_view text);

// Bulk: one call answers for every contract.
[[nodiscard]] Endpoint contracts_endpoint();
[[nodiscard]] Endpoint tickers_endpoint();
[[nodiscard]] Endpoint funding_endpoint();
[[nodiscard]] Endpoint open_interest_endpoint();
[[nodiscard]] Endpoint index_endpoint();
[[nodiscard]] Endpoint heartbeat_endpoint();

// What v5 offers should the two bulk calls above be switched off.
inline constexpr std::size_t kV5FundingCodesPerCall = 10;
/// `codes`: 1 to kV5FundingCodesPerCall of them.
[[nodiscard]] Endpoint v5_funding_endpoint(std::span<const std::string> codes);
[[nodiscard]] Endpoint v5_open_interest_endpoint(std::string_view code);

// One contract a call.
/// The unmerged book, up to 150 levels a side.
[[nodiscard]] Endpoint order_book_endpoint(std::string_view code);
/// `interval_minutes`: 1, 5, 15, 30, 60 or 240; `count`: 1 to 2000.
[[nodiscard]] Endpoint candles_endpoint(std::string_view code, int interval_minutes, int count);
/// `count`: 1 to 2000.
[[nodiscard]] Endpoint trades_endpoint(std::string_view code, int count);

/// HTX's name of a candle interval ("1min", "4hour"); empty for an interval that it does not have.
[[nodiscard]] std::string_view period_name(int interval_minutes);

}  // namespace scanner::exchange::htx
