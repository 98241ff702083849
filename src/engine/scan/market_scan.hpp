#pragma once

#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/scan_options.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/step_log.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// Result of a pass, beside what it wrote.
struct ScanReport {
    std::vector<std::string> degraded;  ///< inputs missing for all: "funding: …"
};

/// The detail of the step "pass" where a step tells of each call that is given up, as it is.
inline constexpr std::string_view kGivenUpByStep = "gives up by step";

/// What a pass tells while it goes on. Called on the loop thread; empty functions are not called.
struct MarketScanEvents {
    std::function<void()> on_universe;  ///< the state holds which contracts are ranked from now on
    net::StepLog* steps = nullptr;      ///< told when a pass begins, when it gives up on calls, and when it ends
};

/// One pass over the exchange: bulk calls, universe, book and candles per contract within the budget, all of it written
/// to the market state. The contracts of the pass before (or all that are eligible, when they fit) are read beside the
/// tickers; what the tickers then leave out is not used. Books that a feed keeps are not asked for. One pass at a time,
/// on the loop thread.
class MarketScan {
public:
    virtual ~MarketScan() = default;
    /// Fails only without a contract list or tickers: a contract that cannot be read says so in the state.
    /// `progress(done, total)` follows the calls.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ScanReport>> run(
        std::function<void(std::size_t, std::size_t)> progress) = 0;
    virtual void set_options(MarketScanOptions options) = 0;
    /// The next pass reads the list of contracts anew.
    virtual void expire_contracts() = 0;
    /// What the next pass goes by beside the market state (core/checkpoint.hpp). Between passes only.
    virtual void save(core::CheckpointWriter& archive) const = 0;
    virtual void load(core::CheckpointReader& archive) = 0;
};

/// Everything passed by reference must outlive it.
[[nodiscard]] std::unique_ptr<MarketScan> make_market_scan(exchange::Exchange& exchange, const core::Clock& clock,
                                                           MarketState& state, MarketScanOptions options,
                                                           MarketScanEvents events = {});

}  // namespace scanner::engine
