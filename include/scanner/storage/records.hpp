#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/storage/inputs_schema.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The rows of history, identified by natural keys, so that writing one twice changes nothing. Every double is finite,
/// which the code that makes a row ensures.
namespace scanner::storage {

/// Which epoch of an elected scanner wrote something, and the number of the newest ranking when it did. Nothing is
/// checked of epoch 0, which is that of a scanner that runs alone.
struct Author {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;

    friend auto operator<=>(const Author&, const Author&) = default;
};

/// One cycle of the engine, also one that ranked nothing. Key: (sequence, time).
struct CycleRecord {
    std::uint64_t sequence = 0;
    core::WallTime time;
    std::string default_profile;
    double cycle_ms = 0.0;
    std::uint64_t requests = 0;  ///< exchange calls, retries included
    std::uint64_t scanned = 0;   ///< contracts with complete data
    std::uint64_t ranked = 0;    ///< rows over all profiles
    bool simulated = false;      ///< the market was a simulator's
    std::string settings_json;   ///< what every score of the cycle was computed with: settings, weights by profile
    std::uint64_t epoch = 0;     ///< that of the batch, which is what counts when it is written
};

/// A minute of one contract. Key: (symbol, minute). It is recorded for one cycle, or for several consecutive ones;
/// the store merges it into what it has of the minute, so that a minute survives a restart in its middle.
struct MinuteAggregate {
    std::string symbol;     ///< unified: "BTC/USDT:USDT"
    core::WallTime minute;  ///< its start
    double close = 0.0;     ///< last price seen in it; this and the next nine are those of the minute's last cycle
    std::optional<double> atr_pct;
    double spread_bps = 0.0;
    double top5_depth_usdt = 0.0;
    std::optional<double> ret_1;
    std::optional<double> ret_15;
    std::optional<double> funding_8h_pct;
    std::optional<double> open_interest;
    std::optional<double> basis_bps;
    std::optional<double> manip_score;     ///< the minute's highest; empty where none was known
    std::vector<std::string> manip_flags;  ///< the minute's union, sorted
    int samples = 0;                       ///< cycles that went into it
    std::uint64_t first_sequence = 0;      ///< of those cycles
    std::uint64_t last_sequence = 0;
};

/// A candle that has closed. Key: (symbol, open time); 1m. One of a later cycle replaces it.
struct ClosedCandle {
    std::string symbol;
    core::WallTime open_time;
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0;
    double base_volume = 0.0;    ///< base units, both sides counted
    std::uint64_t sequence = 0;  ///< of the cycle that saw it close; 0 on rows that an older service wrote
};

/// One contract's place in one cycle's ranking under one profile. Key: (time, sequence, profile, symbol).
struct RankingRow {
    core::WallTime time;
    std::uint64_t sequence = 0;  ///< 0 on rows that an older service wrote
    std::string profile;
    std::string symbol;
    std::optional<int> rank;  ///< always set on rows of this program
    double score = 0.0;
    std::optional<double> last_price;  ///< USDT; these five are always set on rows of this program
    std::optional<double> qvol_usdt;
    std::optional<double> spread_bps;
    std::optional<double> slip_bps;
    std::optional<double> manip_score;
    /// Reading only, and only when asked for: the ContractInputs of the same cycle and contract as a JSON object; empty
    /// otherwise, and where they have left before the ranking.
    std::string inputs_json;
};

/// Every number that a contract's scores of one cycle were computed from, the same for all profiles. With the cycle's
/// settings_json it is what an audit needs. Key: (time, sequence, symbol).
struct ContractInputs {
    core::WallTime time;
    std::uint64_t sequence = 0;
    std::string symbol;
    InputsSchemaPtr schema;  ///< names the numbers; shared by the rows of a batch; never null on rows of this program
    std::vector<std::optional<double>> numbers;  ///< schema->numbers() of them
    std::string texts_json;   ///< the texts and lists of the schema that are not empty, an object by path; may be empty
    std::string inputs_json;  ///< in place of these three on rows that an older version left in the spool
};

/// A rule that matched. Key: (rule, symbol, time).
struct AlertRecord {
    std::int64_t id = 0;  ///< given by the database; 0 when recording
    std::string rule;
    std::string symbol;
    core::WallTime time;
    std::uint64_t sequence = 0;
    std::string payload_json;  ///< what was sent
    std::uint64_t epoch = 0;   ///< as CycleRecord's
};

}  // namespace scanner::storage
