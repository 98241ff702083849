#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/episodes.hpp"
#include "scanner/storage/records.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace scanner::storage {

/// What is written together: all of it or nothing.
struct HistoryBatch {
    std::optional<CycleRecord> cycle;
    std::vector<RankingRow> rankings;
    std::vector<ContractInputs> inputs;
    std::vector<MinuteAggregate> minutes;
    std::vector<ClosedCandle> candles;
    std::vector<AlertRecord> alerts;
    std::vector<EpisodeRecord> episodes;
    Author author{};  ///< by default that of the store when it is handed over: EpochLedger::set_author
};

/// The most rows that one page can hold.
inline constexpr std::size_t kMaxPageRows = 5'000;

/// Rankings of [from, to), ascending by (time, sequence, profile, symbol).
struct RankingsQuery {
    core::WallTime from;
    core::WallTime to;
    std::optional<std::string> profile;
    std::optional<std::string> symbol;  ///< unified
    bool with_inputs = false;
    std::size_t limit = 1'000;  ///< 1..kMaxPageRows
    std::string cursor;         ///< `next` of the page before; empty for the first
};
struct RankingsPage {
    std::vector<RankingRow> rows;
    std::string next;  ///< cursor of the next page; empty on the last
};

/// The ranking of the last cycle at or before a time.
struct RankingAsOf {
    core::WallTime time;               ///< of the cycle
    std::uint64_t sequence = 0;        ///< 0 when an older service wrote it
    std::optional<CycleRecord> cycle;  ///< empty when an older service wrote it
    std::vector<RankingRow> rows;      ///< by rank, with inputs; empty when that cycle ranked nothing
};

/// Bars of one contract that begin in [from, to), ascending.
struct BarsQuery {
    std::string symbol;                ///< unified
    std::chrono::minutes interval{1};  ///< 1, 5, 15 or 60; bars begin at multiples of it since the epoch
    core::WallTime from;
    core::WallTime to;
    std::size_t limit = 1'000;  ///< 1..kMaxPageRows
    std::string cursor;
};
/// Candle and minute aggregates in one. Prices come from the closed candles of the interval; `numbers` from the minute
/// aggregates: those of its last minute, manip_score and flags over all of it. One of the two may be missing.
struct HistoryBar {
    core::WallTime time;  ///< its start
    std::optional<ClosedCandle> candle;
    std::optional<MinuteAggregate> numbers;
    int minutes = 0;  ///< how many candles went into it: fewer than the interval's where some are missing
};
struct BarsPage {
    std::vector<HistoryBar> rows;
    std::string next;
};

/// The history of rankings. Loop thread only, and never blocks it: a thread makes batches durable in the spool, and the
/// database thread writes them from there. Reading happens on the database thread, page by page, so that any range can
/// be exported with bounded memory: ask for pages until `next` is empty.
class History {
public:
    virtual ~History() = default;

    /// Takes a batch for writing and returns at once. `make` is called exactly once, on the spool thread, in the order
    /// of the calls, so that making the rows costs the loop nothing. What it refers to must be immutable, or used by
    /// makers only. Bounded: with kMaxPendingBatches, or 32 MiB of them, not on the disk yet (it is full, or hangs)
    /// the newest is dropped, counted and logged.
    virtual void record(std::function<HistoryBatch()> make) = 0;
    void record(HistoryBatch batch) {
        record([batch = std::move(batch)]() mutable { return std::move(batch); });
    }
    static constexpr std::size_t kMaxPendingBatches = 256;

    /// The highest sequence number ever recorded, as far as spool and database could tell when the store was opened;
    /// 0 when there is none. The engine continues from it.
    [[nodiscard]] virtual std::uint64_t last_sequence() const = 0;

    /// Errors of the three: invalid_input (limit, interval, range, cursor), unavailable (the database is away or its
    /// queue full), timeout.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<RankingsPage>> rankings(RankingsQuery query) = 0;
    /// Nothing when there is no cycle at or before `time`.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<RankingAsOf>>> ranking_as_of(
        core::WallTime time, std::string profile) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<BarsPage>> bars(BarsQuery query) = 0;
};

}  // namespace scanner::storage
