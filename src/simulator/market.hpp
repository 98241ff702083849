#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A market of order-driven agents, deterministic for a seed. It knows no wire: the HTX-shaped face is elsewhere.
namespace scanner::simulator {

using core::WallTime;

enum class MarketKind {
    real,  ///< HTX-like: a few deep contracts, a long thin tail
    busy,  ///< about half of the contracts above 20 M USDT turnover and under 8 bps, so that a first look is full
};

/// A scenario at a known time and place, again and again; its contract is left alone otherwise.
struct PlantedScenario {
    std::string name;           ///< a kind ("wash"), or one of its twins ("child_orders")
    std::string contract_code;  ///< empty: one that suits the kind and that no other plant has
    std::chrono::milliseconds after{std::chrono::minutes(10)};  ///< simulated time from the start to the first
    std::optional<std::chrono::milliseconds> every;             ///< from one start to the next; empty: once
    std::optional<std::chrono::milliseconds> duration;          ///< empty: drawn
    /// Empty: drawn. docs/simulator.md has what it measures; a share of wash and vacuum is at most 0.95.
    std::optional<double> intensity;
};

struct MarketOptions {
    int contracts = 130;  ///< active swaps, 1..400
    std::uint64_t seed = 1;
    MarketKind kind = MarketKind::real;
    WallTime start;                        ///< simulated time of the first moment; history before it is generated
    std::vector<std::string> scenarios;    ///< kinds to plant ("layering", "pump", …), "all"; empty: none
    double prevalence = 0.005;             ///< share of contract-seconds inside a planted scenario
    std::vector<PlantedScenario> planted;  ///< beside those; names and contracts that are unknown are ignored
};

/// What does not change about a contract. Swaps only; ghosts, suspended ones and dated futures are marked.
struct SimulatedContract {
    market::Contract contract;
    std::string create_date;                 ///< "20201021"
    std::vector<std::string> labels;         ///< as HTX prints them: hot, new, common, tradfi, stock, …
    std::vector<std::string> tradfi_labels;  ///< Stocks, Indices, Metals, Commodities
    bool delisted_ghost = false;             ///< only lives on in index and open interest answers, frozen
    bool dated_future = false;               ///< "BTC-USDT-261225": business_type "futures"
};

/// A level of the simulated book: integers, so that a book never has a rounding opinion.
struct BookLevel {
    std::int64_t price_ticks = 0;
    std::int64_t contracts = 0;
};
struct BookState {
    std::vector<BookLevel> bids;  ///< best first, at most 150
    std::vector<BookLevel> asks;
    std::int64_t matching_id = 0;
    WallTime time;
};

/// One fill. `doubled_contracts` counts both sides, always even, as HTX prints it.
struct SimulatedTrade {
    std::int64_t match_id = 0;  ///< about 1e14; a trade id is match_id * 10000 + fill_index
    int fill_index = 0;
    std::int64_t price_ticks = 0;
    std::int64_t doubled_contracts = 0;
    market::Side taker_side = market::Side::unknown;
    WallTime time;
    bool liquidation = false;  ///< the taker was the exchange, closing a position by force
};

struct SimulatedCandle {
    std::int64_t open_time_sec = 0;
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0;
    std::int64_t doubled_contracts = 0;  ///< even
    double doubled_turnover_usdt = 0.0;
    std::int64_t doubled_count = 0;
};

/// Rolling 24 h volume; open/high/low since 16:00 UTC, as HTX has them.
struct TickerState {
    std::optional<BookLevel> bid, ask;
    double open = 0.0, high = 0.0, low = 0.0, last = 0.0;
    std::int64_t doubled_contracts_24h = 0;
    double doubled_turnover_24h = 0.0;
    std::int64_t doubled_count_24h = 0;
};

struct FundingState {
    double rate = 0.0;  ///< of the coming settlement, moving
    WallTime funding_time;
};
struct FundingPoint {
    WallTime funding_time;
    double rate = 0.0;
};

/// The truth about one contract-second inside a planted scenario or its benign twin (docs/simulator.md).
struct Label {
    WallTime time;
    std::string contract_code;
    std::string kind;  ///< "pump", or its twin's own name
    bool manipulation = false;
    std::string phase;
    double intensity = 0.0;
    std::uint64_t episode = 0;
};

/// Single-threaded. Indexes are into `contracts()` and stable for the life of the market.
class SimulatedMarket {
public:
    virtual ~SimulatedMarket() = default;
    /// Plays everything up to `to` (simulated time); never backwards. Long jumps are played in full.
    virtual void advance(WallTime to) = 0;
    [[nodiscard]] virtual WallTime now() const = 0;
    [[nodiscard]] virtual const std::vector<SimulatedContract>& contracts() const = 0;
    [[nodiscard]] virtual BookState book(std::size_t contract, std::size_t levels) const = 0;
    /// The matching id of `book`: another one whenever anything in the book may be different.
    [[nodiscard]] virtual std::int64_t matching_id(std::size_t contract) const = 0;
    [[nodiscard]] virtual TickerState ticker(std::size_t contract) const = 0;
    /// The newest `count` one-minute candles before or at now, oldest first, flat minutes included, the running one
    /// last.
    [[nodiscard]] virtual std::vector<SimulatedCandle> minute_candles(std::size_t contract,
                                                                      std::size_t count) const = 0;
    /// Oldest first, at most `count` of the newest (2000 are kept).
    [[nodiscard]] virtual std::vector<SimulatedTrade> trades(std::size_t contract, std::size_t count) const = 0;
    /// How many fills there were ever, those that are not kept any more among them.
    [[nodiscard]] virtual std::uint64_t fill_count(std::size_t contract) const = 0;
    [[nodiscard]] virtual double index_price(std::size_t contract) const = 0;
    [[nodiscard]] virtual double mark_price(std::size_t contract) const = 0;
    [[nodiscard]] virtual FundingState funding(std::size_t contract) const = 0;
    /// Newest first.
    [[nodiscard]] virtual std::vector<FundingPoint> funding_history(std::size_t contract, std::size_t count) const = 0;
    /// One-sided, in contracts.
    [[nodiscard]] virtual std::int64_t open_interest_contracts(std::size_t contract) const = 0;
    /// Labels of simulated time in (after, now()], oldest first. The last hour is kept.
    [[nodiscard]] virtual std::vector<Label> labels(WallTime after) const = 0;
};

/// A price in ticks as the decimal it is: 848669 ticks of 0.1 are 84866.9, where a plain product has rounding noise.
[[nodiscard]] double price_from_ticks(std::int64_t ticks, double price_tick);

/// The names that `MarketOptions::scenarios` understands besides "all"; others are ignored.
[[nodiscard]] std::vector<std::string> scenario_kinds();
/// The names of the benign twins of all kinds.
[[nodiscard]] std::vector<std::string> scenario_twins();

[[nodiscard]] std::unique_ptr<SimulatedMarket> make_market(const MarketOptions& options);

}  // namespace scanner::simulator
