#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/storage/epochs.hpp"

#include <cstdint>

/// The statements of epochs, for either database; they throw SqlError.
namespace scanner::storage {

/// Inside of a transaction that writes history: whether `author` may write in it. The epoch cannot be closed before the
/// transaction has ended. `cycle`: what is written is the cycle of that number, and what closes the epoch sees that it
/// is there. Every transaction of an elected scanner asks, in the same transaction.
[[nodiscard]] bool accept_author(SqlSession& session, const Author& author, bool cycle);
/// The same for what the next term goes on from: whether it is the author's term, and stays so until the transaction
/// has ended. Unlike history, a state of a term that is over is worth nothing, however honest: it would take the place
/// of a newer one.
[[nodiscard]] bool is_in_office(SqlSession& session, const Author& author);

/// Both run in a transaction of their own.
[[nodiscard]] EpochPlan open_epoch(SqlSession& session, const LeaseClaim& claim, std::uint64_t known,
                                   core::WallTime now);
/// False when the epoch is closed, or there is none.
[[nodiscard]] bool reserve_numbers(SqlSession& session, std::uint64_t epoch, std::uint64_t up_to);

}  // namespace scanner::storage
