#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

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

    friend bool operator==(const InputLimits&, const InputLimits&) = default;
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

/// What such a list has of one contract. Refers to the list.
template <class T>
struct ListRow {
    const T* value = nullptr;  ///< nullptr: the list does not have it
    core::WallTime list_time;
    std::string_view problem;  ///< why there is no list; empty where there is
};

struct ListRows {
    ListRow<market::FundingRate> funding;
    ListRow<market::OpenInterest> open_interest;
    ListRow<market::IndexPrice> index;
};

template <class T>
[[nodiscard]] ListRow<T> row_of(const OptionalList<T>& list, const std::string& code) {
    ListRow<T> row{.value = nullptr, .list_time = list.bulk.exchange_time, .problem = list.problem};
    const auto found = list.bulk.by_contract.find(code);
    if (list.problem.empty() && found != list.bulk.by_contract.end()) row.value = &found->second;
    return row;
}
[[nodiscard]] ListRows rows_of(const OptionalLists& lists, const std::string& code);

/// When the last price was told, by the exchange's clock.
struct PriceTimes {
    std::optional<core::WallTime> traded_at;  ///< by the tape, where there is one; a ticker that is older tells volumes
    std::optional<core::WallTime> priced_at;  ///< by whatever told it last; without it the ticker, or the tape if newer
};

/// For how long a judgement stays what it is while nothing is written: within these times of the exchange's clock.
class Holding {
public:
    /// Not before `time`: what is dated ahead of now is judged anew until its time has come.
    void not_before(core::WallTime time) { from_ = std::max(from_, time); }
    /// An input is live until `time`, that moment included.
    void expires_after(core::WallTime time) {
        until_ = std::min(until_, time);
        expires_after_ = std::min(expires_after_, time);
    }
    /// A note says how old something is, which reads differently after `time`.
    void reads_until(core::WallTime time) { until_ = std::min(until_, time); }

    [[nodiscard]] bool at(core::WallTime exchange_now) const { return from_ <= exchange_now && exchange_now <= until_; }
    /// When the first input becomes stale by itself; empty where none does.
    [[nodiscard]] std::optional<core::WallTime> expires_at() const {
        if (expires_after_ == core::WallTime::max()) return std::nullopt;
        return expires_after_ + std::chrono::milliseconds(1);
    }

private:
    core::WallTime from_ = core::WallTime::min();
    core::WallTime until_ = core::WallTime::max();
    core::WallTime expires_after_ = core::WallTime::max();
};

/// When the price inputs were true, by our clock: the older of the book and of the newest that tells the last price,
/// ticker or tape. Empty where one of them is not there.
[[nodiscard]] std::optional<core::WallTime> price_time(const market::Inputs& inputs);

/// Judges every input of `data`, whose contract, ticker (with its time), book and candles were read: fills `inputs` and
/// `data_time`, and takes funding, open interest and index from `rows` where they are live. The reason why the contract
/// may not be published, where there is one: stale_ticker, stale_book, price_outside_book or stale_candles. `holding`
/// is narrowed to how long all of that stays so; but for `true_at` and `data_time`, which go with the difference of the
/// two clocks.
[[nodiscard]] std::optional<ranking::Exclusion> judge_inputs(market::MarketData& data, const ListRows& rows,
                                                             const JudgingTime& now, const InputLimits& limits,
                                                             const PriceTimes& prices, Holding& holding);
/// The same once, of a contract without a tape.
[[nodiscard]] std::optional<ranking::Exclusion> judge_inputs(market::MarketData& data, const OptionalLists& lists,
                                                             const JudgingTime& now, const InputLimits& limits);

}  // namespace scanner::engine
