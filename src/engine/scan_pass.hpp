#pragma once

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
    market::Ticker ticker;  ///< from when the universe is known
    std::shared_ptr<const market::OrderBook> book;
    core::WallTime book_true_at;  ///< local time at which the book stood like this
    CandleSeries::View candles;
    bool book_asked = false;
    bool candles_asked = false;
    double latency_ms = 0.0;
    std::optional<Exclusion> problem;
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
    core::WallTime exchange_now;     ///< the exchange's clock when it assembled the tickers
    core::WallTime tickers_read_at;  ///< ours, when they arrived
    exchange::Bulk<market::FundingRate> funding;
    exchange::Bulk<market::OpenInterest> open_interest;
    exchange::Bulk<market::IndexPrice> index;

    /// The slot of a contract, made when there is none.
    [[nodiscard]] std::shared_ptr<ScanSlot> slot_of(const std::shared_ptr<const market::Contract>& contract);

    /// The contracts of the pass, in the order of the result; what was read of others is not used.
    void set_universe(std::vector<Candidate> candidates);
    [[nodiscard]] const std::vector<std::shared_ptr<ScanSlot>>& universe() const { return universe_; }

    /// Every contract that was asked for, for calls that must name them.
    [[nodiscard]] std::vector<std::string> codes() const;

    void note_degraded(std::string what) { degraded_.push_back(std::move(what)); }
    /// What it means for the result that this call failed: an exclusion, or an input that is missing for all.
    void note_failure(const ScanJob& job, const core::Error& error);

    void expect_calls(std::size_t count);
    void call_ended();

    /// Moves what was read into `result`: complete contracts as data, the others as exclusions.
    void assemble(ScanResult& result);

private:
    [[nodiscard]] market::MarketData market_data(ScanSlot& slot) const;

    std::unordered_map<std::string, std::shared_ptr<ScanSlot>> slots_;
    std::vector<std::shared_ptr<ScanSlot>> universe_;
    std::vector<std::string> degraded_;
    std::function<void(std::size_t, std::size_t)> progress_;
    std::size_t calls_ended_ = 0;
    std::size_t calls_expected_ = 0;
};

}  // namespace scanner::engine
