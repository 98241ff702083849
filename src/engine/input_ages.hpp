#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <optional>
#include <string>

/// Decides whether a contract's inputs are current: the one place that says how old an input may be. Pure.
namespace scanner::engine {

/// How far ahead of its own clock the exchange may date something: its servers' clocks differ a little, and the answers
/// that tell its time take a moment to arrive. What lies further ahead is as wrong as what is too old.
inline constexpr std::chrono::milliseconds kAheadTolerance{5'000};
/// Index prices are recomputed every second; one that is a minute old makes a basis of two different minutes.
inline constexpr std::chrono::milliseconds kIndexLimit{60'000};
/// Open interest and funding rates move slowly, but a list of them is made on request: five minutes mean a cache.
inline constexpr std::chrono::milliseconds kOpenInterestLimit{300'000};
inline constexpr std::chrono::milliseconds kFundingLimit{300'000};
/// How old turnover and volume may be while the price comes from the tape: they are sums over a day.
inline constexpr std::chrono::milliseconds kTurnoverLimit{300'000};
/// After a settlement the exchange takes a moment before it lists the next one.
inline constexpr std::chrono::milliseconds kSettlementGrace{30'000};

/// How old candles may be, counted from the end of the last closed one. While all is well that is less than one
/// interval, since the exchange prints minutes without trades too. Two more for an exchange that is late with them, but
/// of long intervals no more than half an hour.
[[nodiscard]] std::chrono::milliseconds candle_limit(int interval_minutes);

struct InputLimits {
    std::chrono::milliseconds price{90'000};  ///< of ticker and order book
    int candle_interval_minutes = 1;
    /// No basis is made of a price and an index price that are further apart. Unlimited where both are read once a
    /// pass.
    std::optional<std::chrono::milliseconds> max_index_gap;
};

/// The two clocks at the moment of judging.
struct JudgingTime {
    core::WallTime exchange;
    core::WallTime own;
};

/// Of two times of one thing, a row's and its list's, the one that is wrong if either is: the later one where it lies
/// ahead of the exchange's clock, else the older.
[[nodiscard]] core::WallTime worse_of(core::WallTime row, core::WallTime list, core::WallTime exchange_now);

/// A list that comes for all contracts in one call and may be missing.
template <class T>
struct OptionalList {
    exchange::Bulk<T> bulk;
    std::string problem = "not read in this cycle";  ///< empty once it was read
};

struct OptionalLists {
    OptionalList<market::FundingRate> funding;
    OptionalList<market::OpenInterest> open_interest;
    OptionalList<market::IndexPrice> index;
};

/// When the price inputs were true, by our clock: the older of the book and of the newest that tells the last price,
/// ticker or tape. Empty where one of them is not there.
[[nodiscard]] std::optional<core::WallTime> price_time(const market::Inputs& inputs);

/// Judges every input of `data`, whose contract, ticker (with its time), book and candles were read: fills `inputs` and
/// `data_time`, and takes funding, open interest and index from `lists` where they are live. The reason why the
/// contract may not be published, where there is one: stale_ticker, stale_book, price_outside_book or stale_candles.
/// `traded_at`: when the tape last told a price, where there is one; a ticker that is older tells volumes alone.
[[nodiscard]] std::optional<ranking::Exclusion> judge_inputs(market::MarketData& data, const OptionalLists& lists,
                                                             const JudgingTime& now, const InputLimits& limits,
                                                             std::optional<core::WallTime> traded_at = std::nullopt);

}  // namespace scanner::engine
