#pragma once

#include "engine/candle_series.hpp"
#include "engine/exchange_clock.hpp"
#include "engine/index_ring.hpp"
#include "engine/input_ages.hpp"
#include "engine/kept_reading.hpp"
#include "engine/universe.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

/// The current state of the market: sources write it, the ranking reads it, and neither knows the other. Loop thread
/// only; no I/O, and time is an argument.
namespace scanner::engine {

using market::InputSource;

/// Whether there is a newest value. Whether it is too old to use is judged when it is read (input_ages.hpp).
enum class SlotState : std::uint8_t {
    awaiting,  ///< no source has brought one yet
    live,      ///< the newest attempt brought one
    failed,    ///< the newest attempt failed: what is held is older than what was asked for
};

/// When a source brought something, by both of our clocks: the wall's for people, the steady one for comparing.
struct Receipt {
    InputSource source = InputSource::none;
    core::WallTime wall;
    core::SteadyTime steady;
};

/// The newest value of one input of one contract.
template <class T>
struct InputSlot {
    T value{};
    core::WallTime exchange_time;  ///< of the answer that brought it, by the exchange's clock
    Receipt received;              ///< of the newest attempt, failed or not
    SlotState state = SlotState::awaiting;
    core::ErrorCode error = core::ErrorCode::internal;  ///< why it failed; meaningless in another state
    std::string problem;                                ///< the same in words; empty in another state
    std::uint64_t version = 0;                          ///< grows with each of the calls below

    void take(T fresh, core::WallTime time, const Receipt& receipt) {
        value = std::move(fresh);
        touch(time, receipt);
    }
    /// The value that is held was brought or confirmed.
    void touch(core::WallTime time, const Receipt& receipt) {
        exchange_time = time;
        received = receipt;
        state = SlotState::live;
        problem.clear();
        ++version;
    }
    void fail(const core::Error& why, const Receipt& receipt) {
        received = receipt;
        state = SlotState::failed;
        error = why.code();
        problem = why.message();
        ++version;
    }
};

/// Everything that is known of one contract beside the lists that come for all. Candles are kept from read to read, so
/// that only what has closed since is asked for again.
struct ContractState {
    ContractState(std::shared_ptr<const market::Contract> of, int candle_interval_minutes, std::size_t candle_count)
        : contract(std::move(of)), candles{.value = CandleSeries(candle_interval_minutes, candle_count)} {}

    std::shared_ptr<const market::Contract> contract;
    InputSlot<market::Ticker> ticker;  ///< exchange_time is its list's; its own time may be older
    InputSlot<std::shared_ptr<const market::OrderBook>> book;
    InputSlot<CandleSeries> candles;     ///< exchange_time is what closes them
    bool candles_follow = false;         ///< none were missing: the running candle follows the ticker instead
    bool candles_ahead = false;          ///< dated ahead of the exchange's clock: all are read again
    double latency_ms = 0.0;             ///< the longest of the newest calls for it
    bool book_followed = false;          ///< a feed keeps the book: no scan asks for it
    std::string_view book_subscription;  ///< where that of the book stands, a literal; empty without a feed
    TapePrice tape;
    ranking::FlowNumbersPtr flow;  ///< of the feed; nullptr where none is followed
    IndexRing index;               ///< what the lists of the last two minutes had of it
    KeptReading reading;           ///< the last one

    /// Why nothing can be computed of it, where an input is not there: fetch_failed or malformed. Of two that failed
    /// the first.
    [[nodiscard]] std::optional<ranking::Exclusion> unread() const;
};
using ContractStatePtr = std::shared_ptr<ContractState>;

/// The state at one moment, as a ranking is computed from it.
struct MarketReading {
    std::vector<ranking::MarketDataPtr> data;    ///< of the universe, by contract code: all of it complete and live
    std::vector<ranking::FlowNumbersPtr> flow;   ///< of `data`; empty where none is followed
    std::vector<ranking::Exclusion> exclusions;  ///< every other contract of the list, with its reason
    std::optional<core::WallTime>
        next_change_at;  ///< when something of `data` becomes stale by itself, exchange's clock
};

class MarketState {
public:
    /// `candle_count` (>= 2) of `candle_interval_minutes` are kept of each contract.
    MarketState(int candle_interval_minutes, std::size_t candle_count);

    /// Other candles than before: all contracts start afresh.
    void set_candles(int interval_minutes, std::size_t count);

    /// Every contract that the exchange lists. One whose size has changed may be another of the same name and starts
    /// afresh.
    void set_contracts(Contracts listed);
    [[nodiscard]] const Contracts& contracts() const { return contracts_; }

    /// The state of a contract, made when there is none. A writer keeps the pointer while it waits for an answer: if
    /// the contract starts afresh in the meantime, the answer is written to a state that is no longer read.
    [[nodiscard]] ContractStatePtr at(const std::shared_ptr<const market::Contract>& contract);
    /// The same where there is one; else nullptr.
    [[nodiscard]] ContractStatePtr find(const std::string& contract_code) const;

    /// Which contracts are ranked, with their tickers, and the tickers of all. Contracts outside are forgotten.
    void set_universe(Universe universe, exchange::Bulk<market::Ticker> tickers, const Receipt& receipt);
    [[nodiscard]] const std::vector<ContractStatePtr>& universe() const { return universe_; }
    /// By contract code, with their time.
    [[nodiscard]] const std::unordered_map<std::string, market::Ticker>& tickers() const { return tickers_; }

    /// Grows with each change of what `contracts`, `tickers` and the universe say.
    [[nodiscard]] std::uint64_t listing() const { return listing_; }

    /// Funding, open interest and index prices, each of them for all contracts.
    [[nodiscard]] const OptionalLists& lists() const { return lists_; }
    void take(exchange::Bulk<market::FundingRate> rates);
    void take(exchange::Bulk<market::OpenInterest> amounts);
    void take(exchange::Bulk<market::IndexPrice> prices);
    /// A list could not be read: what is held of it is not used until it was.
    void fail_funding(std::string why);
    void fail_open_interest(std::string why);
    void fail_index(std::string why);
    /// The rate of one contract, in the list that is held: it is the list's time that says how old its rates are.
    /// Whether it was there and another.
    bool change_funding(const std::string& contract_code, const market::FundingRate& rate);
    [[nodiscard]] ExchangeClock& exchange_clock() { return exchange_clock_; }

    /// What fetching candles has said of those that the tape told.
    void note_checked(const CandleSeries::Checked& checked) {
        candles_checked_.candles += checked.candles;
        candles_checked_.mismatches += checked.mismatches;
    }
    /// All that was noted.
    [[nodiscard]] const CandleSeries::Checked& candles_checked() const { return candles_checked_; }

    /// Forgets the candles that a reading found ahead of the exchange's clock, so that a source asks for all again.
    void drop_candles_ahead();

    /// What can be ranked now, each input judged by its age. Reading again without a write in between brings the same
    /// objects, until something in them has become stale: what a contract was read of is compared with what there is,
    /// and nothing is read or judged again that would bring the same. `own` and `steady`: our two clocks.
    [[nodiscard]] MarketReading read(core::WallTime own, core::SteadyTime steady, const InputLimits& limits);
    /// Has the next `read` read and judge everything anew, which brings the same.
    void forget_readings();

    /// Everything (core/checkpoint.hpp); readings are forgotten before.
    void save(core::CheckpointWriter& archive);
    /// Goes on from there, with the same candles.
    void load(core::CheckpointReader& archive);

private:
    /// A contract's data before it is judged, and what was noted on the way.
    struct Assembled {
        market::MarketData data;
        core::WallTime candles_at;                ///< what closes them
        std::optional<core::WallTime> priced_at;  ///< PriceTimes::priced_at
    };

    [[nodiscard]] static Assembled assemble(const ContractState& state, core::WallTime exchange_now, Holding& holding);
    /// The lists' rows of a contract whose price was told at `priced_at`.
    [[nodiscard]] ListRows rows(const ContractState& state, const InputLimits& limits,
                                const std::optional<core::WallTime>& priced_at) const;
    /// Brings `state.reading` up to now.
    void renew(ContractState& state, const JudgingTime& now, const InputLimits& limits) const;
    void read_anew(ContractState& state, const JudgingTime& now, const InputLimits& limits, ReadingKey key) const;

    int candle_interval_minutes_;
    std::size_t candle_count_;
    Contracts contracts_;
    std::unordered_map<std::string, ContractStatePtr> states_;  ///< by contract code
    std::vector<ContractStatePtr> universe_;                    ///< by turnover
    std::vector<std::size_t> places_;                           ///< of each of universe_ in the order of the codes
    std::vector<ranking::Exclusion> left_out_;                  ///< listed contracts outside the universe
    std::unordered_map<std::string, market::Ticker> tickers_;
    OptionalLists lists_;
    ListVersions versions_;
    InputLimits limits_;  ///< of the last reading
    std::uint64_t listing_ = 0;
    CandleSeries::Checked candles_checked_;
    ExchangeClock exchange_clock_;

    static void persist_rest(auto& self, auto& archive);
};

}  // namespace scanner::engine
