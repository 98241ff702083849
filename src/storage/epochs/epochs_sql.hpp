#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/storage/epochs.hpp"

#include <cstdint>

/// The statements of epochs, for either database; they throw SqlError.
namespace scanner::storage {

/// Inside of a transaction that writes: whether `author` may write in it. The epoch cannot be closed below it before
/// the transaction has ended, and what closes it sees that this was written. Every transaction of an elected scanner
/// asks, in the same transaction.
[[nodiscard]] bool accept_author(SqlSession& session, const Author& author);

/// Both run in a transaction of their own.
[[nodiscard]] EpochPlan open_epoch(SqlSession& session, const LeaseClaim& claim, std::uint64_t known,
                                   core::WallTime now);
/// False when the epoch is closed, or there is none.
[[nodiscard]] bool reserve_numbers(SqlSession& session, std::uint64_t epoch, std::uint64_t up_to);

}  // namespace scanner::storage
