#include "scanner/storage/epochs.hpp"

#include <algorithm>

namespace scanner::storage {

std::uint64_t closing_number(const EpochRow& row, const LeaseClaim& claim) {
    const bool stream_knows = !row.run.empty() && claim.run == row.run && claim.last && claim.last->epoch <= row.epoch;
    if (!stream_knows) return std::max(row.written, row.reserved);
    // Where the last entry is of an earlier epoch, this one published nothing.
    return std::max(row.written, claim.last->epoch == row.epoch ? claim.last->seq : 0);
}

EpochPlan plan_epoch(std::span<const EpochRow> rows, const LeaseClaim& claim, std::uint64_t known) {
    EpochPlan plan;
    plan.after = std::max(known, claim.last ? claim.last->seq : 0);
    std::uint64_t highest = claim.epoch;
    for (const EpochRow& row : rows) {
        highest = std::max(highest, row.epoch);
        plan.after = std::max({plan.after, row.reserved, row.written, row.closed.value_or(0)});
        if (!row.closed) plan.closings.emplace_back(row.epoch, closing_number(row, claim));
    }
    plan.opened = {.epoch = highest + 1, .reserved = plan.after + kEpochBlock, .run = claim.run};
    return plan;
}

bool accepts(const EpochRow* row, const Author& author) {
    if (author.epoch == 0) return true;
    return row != nullptr && (!row->closed || author.sequence <= *row->closed);
}

}  // namespace scanner::storage
