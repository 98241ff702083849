#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {

struct InspectorOptions {
    int candle_interval_minutes = 1;  ///< as the cycle's, so that its numbers can be compared
    std::size_t candle_count = 200;
    int trade_count = 50;
    std::size_t concurrency = 4;                      ///< readings under way at a time
    std::size_t max_waiting = 64;                     ///< readings in line behind them; more are refused as unavailable
    std::size_t max_kept = 256;                       ///< outcomes remembered, of each kind
    std::chrono::milliseconds max_price_age{90'000};  ///< the limit of ticker and order book, as the cycle's
    std::chrono::milliseconds contract_deadline{5'000};
    std::chrono::milliseconds trades_deadline{2'000};  ///< an answer that has the rest already waits no longer
    std::chrono::milliseconds contract_ttl{5'000};
    std::chrono::milliseconds trades_ttl{3'000};
    std::chrono::milliseconds bulk_ttl{15'000};    ///< of funding, open interest and index prices
    std::chrono::milliseconds failure_ttl{1'000};  ///< how long a failure answers the same question
};

/// The last trades of one contract. Immutable and shared.
struct RecentTrades {
    std::uint64_t number = 0;  ///< of the reading; no two have the same
    core::WallTime read_at;
    std::vector<market::Trade> trades;  ///< oldest first
};
using RecentTradesPtr = std::shared_ptr<const RecentTrades>;

/// A contract outside of the scan, read and computed by itself. Immutable and shared.
struct ContractReading {
    std::uint64_t number = 0;  ///< of the reading; no two have the same
    core::WallTime read_at;
    ranking::RankingPtr ranking;  ///< the cycle it is compared with: settings, weights, and the others for its edges
    /// What a cycle would have computed, had it read this contract: the numbers that look back to the previous cycle
    /// (depth decay, manipulation's deltas) are those of a first cycle.
    ranking::ContractSnapshot snapshot;
    signals::Edges edges;       ///< as it would have stood in that ranking
    signals::FlowNumbers flow;  ///< of the feed, where it follows the contract while somebody looks; else empty
};
using ContractReadingPtr = std::shared_ptr<const ContractReading>;

/// Reads on demand what cycles do not: trades, and contracts outside the scan. Every call counts against the
/// exchange's budget; callers that ask for the same while it is being read, or within a few seconds, share one
/// reading, which continues when the first of them has left. Loop thread only.
class Inspector {
public:
    virtual ~Inspector() = default;
    /// Fails as the exchange does; timeout after the deadline; unavailable when too much is being read.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<RecentTradesPtr>> trades(
        std::shared_ptr<const market::Contract> contract) = 0;
    /// Book and candles must come, funding, open interest and index price may fail. Every input is judged as in a cycle
    /// (engine/input_ages.hpp); what would keep the contract out of one is given with its age and a note, but nothing
    /// is computed from stale candles. Also unavailable while there is no ranking to compare with. `entry` must have a
    /// turnover: of the others the exchange shows no market.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ContractReadingPtr>> contract(UniverseEntry entry) = 0;
    /// Ends readings under way and refuses new ones: both cancelled. timeout when some have not ended within `grace`.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> stop(std::chrono::milliseconds grace) = 0;
};

/// Everything passed must outlive the inspector and its readings: `stop` it first. With `live` a contract that is
/// followed while somebody looks is not asked for its book, and has the numbers of the feed.
[[nodiscard]] std::unique_ptr<Inspector> make_inspector(boost::asio::any_io_executor executor,
                                                        exchange::Exchange& exchange, const EngineView& engine,
                                                        const core::Clock& clock, InspectorOptions options,
                                                        LiveView* live = nullptr);

}  // namespace scanner::engine
