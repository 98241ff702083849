#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/storage/store_options.hpp"

#include <cstdint>
#include <optional>

namespace scanner::storage {

/// What one look at what is too old or too much did.
struct Pruned {
    bool more = false;                             ///< there may be more to remove: look again soon
    std::optional<std::uint64_t> bytes;            ///< of history, where it was measured
    std::optional<core::WallTime> removed_before;  ///< everything older was removed for the bound, or is being removed
    bool over = false;                             ///< above the bound, and only the newest day is left
};

/// Deletes a small batch (or a partition) of each table of what is older than its retention. When nothing more is, and
/// history takes more than `history_max_bytes`, the oldest day or partition of all tables goes, in small batches; never
/// anything of the day of `now`. Transactions of its own; throws SqlError.
[[nodiscard]] Pruned prune_history(SqlSession& session, const StoreOptions& options, core::WallTime now);

}  // namespace scanner::storage
