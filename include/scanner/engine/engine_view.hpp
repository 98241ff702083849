#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/snapshot.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// How the reading of one contract does. Contracts that were scanned at least once since the process started.
struct SymbolHealth {
    std::string symbol;                       ///< unified: "BTC/USDT:USDT"
    std::optional<double> latency_ms;         ///< of its last successful reading; the longest of that reading's calls
    std::optional<double> age_sec;            ///< since its data last were true; empty before the first reading
    bool is_stale = false;                    ///< its last reading is older than the snapshots' time to live
    std::optional<core::WallTime> last_seen;  ///< when its data last were true; empty before the first reading
    std::optional<signals::VolatilityBucket> volatility_bucket;  ///< empty where its history is too short to tell
};

/// What an audit said of a live book.
enum class AuditResult : std::uint8_t {
    agrees,
    moved,    ///< the two were of different moments: nothing is said
    differs,  ///< once; it is asked again
    failed,   ///< a second time without a frame in between: the book is given up
    unanswered,
};
inline constexpr std::array kAuditResults{AuditResult::agrees, AuditResult::moved, AuditResult::differs,
                                          AuditResult::failed, AuditResult::unanswered};
[[nodiscard]] std::string_view to_string(AuditResult result) noexcept;

/// How the live feed does, and what is done beside it. Counters are since start.
struct FeedHealth {
    exchange::FeedStatus status;
    std::array<std::uint64_t, kAuditResults.size()> audits{};  ///< by AuditResult
    std::uint64_t fall_backs = 0;                              ///< books read by request because theirs were not live
    std::uint64_t tapes_filled = 0;                            ///< holes closed
    std::uint64_t candles_checked = 0;                         ///< minutes of complete tapes, once they had ended
    std::uint64_t candle_mismatches = 0;                       ///< of these, not what the exchange answered
    std::size_t tapes_incomplete = 0;                          ///< contracts whose tape has a hole now
    std::uint64_t published = 0;                               ///< rankings made between the ends of scans
    std::optional<double> oldest_book_sec;                     ///< of the live books, since it was last confirmed
};

/// State of the scan loop, for health answers and metrics. A copy: it does not change under its reader.
struct HealthDetails {
    std::optional<double> last_cycle_ms;         ///< of the last finished cycle, successful or not
    std::optional<core::WallTime> last_success;  ///< when the last ranking was made by this process
    std::string last_error;                      ///< of the last failed cycle; empty when none failed yet
    int failure_streak = 0;                      ///< failed cycles in a row; 0 after a success
    std::uint64_t cycle_count = 0;               ///< cycles begun and ended since start, failed ones included
    double backoff_sec = 0.0;                    ///< added to the pause before the next cycle because of failures
    std::vector<double> recent_cycle_ms;         ///< the last few cycles, oldest first
    exchange::ExchangeStatus exchange;
    std::vector<SymbolHealth> symbols;  ///< by symbol
    std::optional<FeedHealth> feed;     ///< empty while no feed is followed
};

/// One contract that the exchange lists, and whether the last cycle scanned it.
struct UniverseEntry {
    std::shared_ptr<const market::Contract> contract;
    bool scanned = false;
    std::string reason;                         ///< why not, by a name of Exclusion::reason; empty when scanned
    std::string detail;                         ///< for a person; may be empty
    std::optional<double> turnover_24h;         ///< USDT, both sides counted; empty where the exchange gave no ticker
    std::optional<double> last_price;           ///< USDT, of the same ticker
    std::optional<core::WallTime> ticker_time;  ///< by the exchange's clock
};

/// The API's view of the engine. Loop thread only; every call is quick and never waits.
class EngineView {
public:
    virtual ~EngineView() = default;

    /// The newest ranking, however old it is; nullptr before the first one.
    [[nodiscard]] virtual ranking::RankingPtr current() const = 0;
    /// The newest one that history keeps as well, which stays for a scan interval while others are published: what
    /// clients page through. However old; nullptr before the first one. Changes together with `current` only.
    [[nodiscard]] virtual ranking::RankingPtr recorded() const = 0;
    /// The ranking of that cycle while it is among the few newest published or recorded ones; nullptr otherwise.
    [[nodiscard]] virtual ranking::RankingPtr by_sequence(std::uint64_t sequence) const = 0;

    /// The engine's idea of now: what ages are measured against.
    [[nodiscard]] virtual core::WallTime now() const = 0;
    /// SCANNER_REDIS_SNAPSHOTS_TTL_SEC: nothing older may be served as if it were live.
    [[nodiscard]] virtual std::chrono::milliseconds snapshots_ttl() const = 0;
    /// When the next cycle starts, back-off included; empty while one runs or when the loop has stopped.
    [[nodiscard]] virtual std::optional<core::WallTime> next_scan_at() const = 0;

    [[nodiscard]] virtual HealthDetails health() const = 0;
    /// Every contract that the exchange lists, by contract code. Empty before the list was first read.
    [[nodiscard]] virtual std::vector<UniverseEntry> universe() const = 0;

    /// The time since `ranking` was made; 0 for one dated ahead of now, which is not fresh.
    [[nodiscard]] std::chrono::milliseconds age(const ranking::Ranking& ranking) const {
        return std::max(std::chrono::milliseconds(0), now() - ranking.time);
    }
    /// Whether it may be served as live. A time ahead of now is as wrong as one too long ago: the age of such a
    /// ranking is unknown.
    [[nodiscard]] bool is_fresh(const ranking::Ranking& ranking) const {
        const core::WallTime at = now();
        return ranking.time <= at && at - ranking.time <= snapshots_ttl();
    }
};

}  // namespace scanner::engine
