#pragma once

#include "scanner/core/error.hpp"
#include "scanner/storage/history.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// A batch as the spool keeps it: a version, then deflated binary rows. Pure.
[[nodiscard]] std::string encode_batch(const HistoryBatch& batch);
/// malformed for anything that encode_batch did not write.
[[nodiscard]] core::Result<HistoryBatch> decode_batch(std::string_view bytes);

/// Several batches as one write.
struct MergedBatch {
    std::vector<CycleRecord> cycles;
    std::vector<RankingRow> rankings;
    std::vector<ContractInputs> inputs;
    std::vector<MinuteAggregate> minutes;
    std::vector<ClosedCandle> candles;
    std::vector<AlertRecord> alerts;
    std::vector<EpisodeRecord> episodes;
};

/// In their order. Minutes of one key become one row, just as the database would merge them, and a later candle of one
/// key replaces the earlier, as does a later state of an episode: a multi-row upsert must not meet a key twice. Pure.
[[nodiscard]] MergedBatch merge_batches(std::vector<HistoryBatch> batches);

/// What `later` adds to `into`, when both are of one minute: the newest numbers, the highest manipulation score, the
/// union of the flags. A part that is in there already adds nothing.
void merge_minute(MinuteAggregate& into, const MinuteAggregate& later);

}  // namespace scanner::storage
