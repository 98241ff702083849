#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/inputs.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a market is. Plain values without behaviour beyond their invariants: no wire, no I/O.
/// Prices are USDT, sizes base units (contracts x contract size), turnover USDT with both sides of a trade
/// counted.
namespace scanner::market {

using core::WallTime;

/// Whether a contract may be traded now as far as the exchange says.
enum class ContractStatus {
    delisting,
    listed,
    pending,
    suspended,
    suspending,
    in_settlement,
    delivering,
    settled,
    delivered,
    unknown
};
[[nodiscard]] std::string_view to_string(ContractStatus status) noexcept;

/// What kind of thing a contract follows: coins, or stocks, indices, metals and oil listed as swaps.
enum class AssetClass { crypto, tradfi };
[[nodiscard]] std::string_view to_string(AssetClass asset_class) noexcept;

/// One perpetual swap as the exchange describes it.
struct Contract {
    std::string contract_code;   ///< the exchange's own name, upper case: "BTC-USDT"
    std::string symbol;          ///< unified: "BTC/USDT:USDT"
    double contract_size = 0.0;  ///< base units in one contract, > 0
    double price_tick = 0.0;     ///< smallest price step in USDT, > 0
    ContractStatus status = ContractStatus::unknown;
    AssetClass asset_class = AssetClass::crypto;
    int funding_interval_hours = 8;
    std::optional<WallTime> next_funding_time;
    /// Start of the day of listing (no exchange's list tells the hour): the contract was listed within the 24 hours
    /// that follow. Empty where the exchange does not say.
    std::optional<WallTime> listed_at;
    /// What is wrong with its row of the exchange's list; empty for a sound one. Of an unreadable contract only the
    /// names are known: size and tick are 0, the status is unknown.
    std::string unreadable;
};

/// A resting price and the base units at it; both finite and > 0.
struct Level {
    double price = 0.0;
    double size = 0.0;

    friend bool operator==(const Level&, const Level&) = default;
};

/// The last trade price and best quotes of a contract, with its rolling 24 h volume.
struct Ticker {
    std::string contract_code;
    std::optional<Level> bid;  ///< empty where the side is empty or the contract suspended
    std::optional<Level> ask;
    double last = 0.0;                 ///< last trade price, > 0
    std::optional<WallTime> time;      ///< when the exchange assembled it; empty where its row does not say
    double base_volume_24h = 0.0;      ///< base units, both sides counted
    double contract_volume_24h = 0.0;  ///< the same in contracts; 0 where the exchange does not say
    double turnover_24h = 0.0;         ///< USDT, both sides counted

    friend bool operator==(const Ticker&, const Ticker&) = default;
};

/// Bids descend, asks ascend; either may be empty. Immutable once built.
struct OrderBook {
    std::vector<Level> bids;
    std::vector<Level> asks;
    WallTime exchange_time;        ///< when the exchange says the book stood like this
    std::int64_t matching_id = 0;  ///< monotone per contract; 0 where unknown
};

/// One interval of trading. `open_time` is the start of the interval.
struct Candle {
    std::int64_t open_time_ms = 0;
    double open = 0.0;
    double high = 0.0;
    double low = 0.0;
    double close = 0.0;
    double base_volume = 0.0;  ///< base units, both sides counted
};

enum class Side { buy, sell, unknown };
[[nodiscard]] std::string_view to_string(Side side) noexcept;

/// One fill. Ids of the exchange exceed 2^53 and stay integers.
struct Trade {
    std::int64_t trade_id = 0;
    double price = 0.0;
    double size = 0.0;  ///< base units, both sides counted
    Side taker_side = Side::unknown;
    WallTime time;
};

/// Funding of the coming settlement: `rate` is a fraction per interval, empty where the exchange gives none.
struct FundingRate {
    std::optional<double> rate;
    std::optional<WallTime> funding_time;
};

/// One-sided open interest.
struct OpenInterest {
    double base_amount = 0.0;  ///< base units
    double value_usdt = 0.0;
};

struct IndexPrice {
    double price = 0.0;
    WallTime time;
};

/// Everything known of one contract at one time: what `signals` turns into numbers.
/// Big parts are shared and immutable, so that the ranking can keep them without a copy.
struct MarketData {
    std::shared_ptr<const Contract> contract;
    Ticker ticker;
    std::shared_ptr<const OrderBook> order_book;
    /// Oldest first. `closed_candles` of them (from the front) are finished; at most one, the running one, follows.
    std::shared_ptr<const std::vector<Candle>> candles;
    std::size_t closed_candles = 0;
    std::optional<double> funding_rate;   ///< fraction per interval
    std::optional<double> open_interest;  ///< base units
    std::optional<double> index_price;
    Inputs inputs;                  ///< how old each of the above is; those that are stale are empty above
    WallTime data_time;             ///< local wall time at which the older of ticker and order book was true
    double fetch_latency_ms = 0.0;  ///< longest of the calls made for this contract in this cycle

    /// Whether both are the very same reading: contract, book and candles are compared by where they are.
    friend bool operator==(const MarketData&, const MarketData&) = default;
};

}  // namespace scanner::market
