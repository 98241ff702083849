#pragma once

#include "engine/exchange_clock.hpp"
#include "engine/input_ages.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/candle_series.hpp"
#include "scanner/engine/market_scan.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

/// What a pass knows of one contract so far. Made before the tickers for contracts that will be wanted anyway.
struct ScanSlot {
    std::shared_ptr<const market::Contract> contract;
    market::Ticker ticker;  ///< from when the universe is known; with its time
    std::shared_ptr<const market::OrderBook> book;
    std::shared_ptr<CandleSeries> series;             ///< its candles, from when the universe is known
    std::optional<core::WallTime> candles_read_at;    ///< the exchange's time in the answer with the newest of them
    std::optional<core::WallTime> candles_follow_at;  ///< or its time when none were missing
    bool book_asked = false;
    bool candles_asked = false;
    double latency_ms = 0.0;
    std::optional<ranking::Exclusion> problem;
};

enum class ScanCall { funding, open_interest, index, book, candles };

/// One call of a pass; `slot` for books and candles only.
struct ScanJob {
    ScanCall call = ScanCall::book;
    std::shared_ptr<ScanSlot> slot;
};

/// One pass over the exchange; shared by its jobs, on the loop thread.
class ScanPass {
public:
    explicit ScanPass(std::function<void(std::size_t, std::size_t)> progress) : progress_(std::move(progress)) {}

    bool tickers_read = false;  ///< from when the universe is known
    bool hopeless = false;      ///< no tickers: what has not begun need not begin
    bool bulk_asked = false;
    core::WallTime exchange_now;  ///< the exchange's clock when the tickers came, as far as it was known then
    OptionalLists lists;

    /// The slot of a contract, made when there is none or when the contract's size has changed since.
    [[nodiscard]] std::shared_ptr<ScanSlot> slot_of(const std::shared_ptr<const market::Contract>& contract);

    /// The contracts of the pass, in the order of the result; what was read of others is not used. `assembled`: the
    /// time of the list of tickers.
    void set_universe(std::vector<Candidate> candidates, core::WallTime assembled);
    [[nodiscard]] const std::vector<std::shared_ptr<ScanSlot>>& universe() const { return universe_; }

    /// Every contract that was asked for, for calls that must name them.
    [[nodiscard]] std::vector<std::string> codes() const;

    void note_degraded(std::string what) { degraded_.push_back(std::move(what)); }
    /// What it means for the result that this call failed: an exclusion, or an input that is missing for all.
    void note_failure(const ScanJob& job, const core::Error& error);

    void expect_calls(std::size_t count);
    void call_ended();

    /// Moves what was read into `result`: complete contracts whose inputs are live as data, the others as exclusions.
    void assemble(ScanResult& result, const JudgingTime& now, const InputLimits& limits);

private:
    /// `candles_at`: the exchange's time by which candles are closed.
    [[nodiscard]] static market::MarketData market_data(ScanSlot& slot, core::WallTime candles_at);
    [[nodiscard]] std::string* problem_of(ScanCall call);

    std::unordered_map<std::string, std::shared_ptr<ScanSlot>> slots_;
    std::vector<std::shared_ptr<ScanSlot>> universe_;
    core::WallTime tickers_assembled_;
    std::vector<std::string> degraded_;
    std::function<void(std::size_t, std::size_t)> progress_;
    std::size_t calls_ended_ = 0;
    std::size_t calls_expected_ = 0;
};

}  // namespace scanner::engine
