#pragma once

#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/market/market.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

/// What a pass has requested for one contract. Made before the tickers for contracts that are likely to be needed.
struct ScanSlot {
    ContractStatePtr state;
    bool book_asked = false;
    bool candles_asked = false;
    double latency_ms = 0.0;  ///< the longest call of this pass
};

enum class ScanCall { funding, open_interest, index, book, candles };

/// One call of a pass; `slot` for books and candles only.
struct ScanJob {
    ScanCall call = ScanCall::book;
    std::shared_ptr<ScanSlot> slot;
};

/// One pass over the exchange, as far as it concerns nothing but itself; shared by its jobs, on the loop thread. What
/// it reads goes to `state`, which must outlive it.
class ScanPass {
public:
    ScanPass(MarketState& state, std::function<void(std::size_t, std::size_t)> progress)
        : state_(state), progress_(std::move(progress)) {}

    bool hopeless = false;  ///< no tickers: what has not begun need not begin
    bool bulk_asked = false;
    core::WallTime exchange_now;  ///< the exchange's clock when the tickers came, as far as it was known then

    /// The slot of a contract, made when there is none or when the contract has started afresh since.
    [[nodiscard]] std::shared_ptr<ScanSlot> slot_of(const std::shared_ptr<const market::Contract>& contract);

    /// Every contract that was asked for, for calls that must name them.
    [[nodiscard]] std::vector<std::string> codes() const;

    void note_degraded(std::string what) { degraded_.push_back(std::move(what)); }
    /// What it means for the state that this call failed: an input that is missing for one contract, or for all.
    void note_failure(const ScanJob& job, const core::Error& error, const Receipt& receipt);
    [[nodiscard]] std::vector<std::string> take_degraded() { return std::move(degraded_); }

    void expect_calls(std::size_t count);
    void call_ended();

private:
    void fail_list(ScanCall call, const std::string& why);

    MarketState& state_;
    std::unordered_map<std::string, std::shared_ptr<ScanSlot>> slots_;
    std::vector<std::string> degraded_;
    std::function<void(std::size_t, std::size_t)> progress_;
    std::size_t calls_ended_ = 0;
    std::size_t calls_expected_ = 0;
};

}  // namespace scanner::engine
