#pragma once

#include "scanner/core/error.hpp"
#include "scanner/storage/records.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/awaitable.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {

/// An epoch as the database keeps it.
struct EpochRow {
    std::uint64_t epoch = 0;
    std::uint64_t reserved = 0;           ///< its rankings have numbers up to this one
    std::uint64_t written = 0;            ///< the highest number of a cycle that was accepted
    std::optional<std::uint64_t> closed;  ///< nothing of a higher number is accepted; empty: it is open
    std::string run;                      ///< of the Redis server under which it began; empty without Redis

    friend auto operator<=>(const EpochRow&, const EpochRow&) = default;
};

/// What opening an epoch does.
struct EpochPlan {
    EpochRow opened;
    std::uint64_t after = 0;                                        ///< its first ranking has a number over this one
    std::vector<std::pair<std::uint64_t, std::uint64_t>> closings;  ///< epochs, and the number each is closed at
};

/// So many numbers are reserved at a time: a scanner that crashes jumps over what is left of them.
inline constexpr std::uint64_t kEpochBlock = 100'000;

/// The number at which an open epoch ends; the caller holds the lease, so that nothing of that epoch is published any
/// more. It is the last that was published, as the stream says. Where the stream is another server's, or lost it, any
/// number that was reserved may have been. Never below a cycle that was accepted.
[[nodiscard]] std::uint64_t closing_number(const EpochRow& row, const LeaseClaim& claim);
/// Pure. `rows`: every epoch that is open, and the one with the highest number. `known`: the highest number of a
/// ranking that anything else has seen.
[[nodiscard]] EpochPlan plan_epoch(std::span<const EpochRow> rows, const LeaseClaim& claim, std::uint64_t known);
/// Whether what `author` wrote may be taken in; `row`: that of its epoch, nullptr when there is none.
[[nodiscard]] bool accepts(const EpochRow* row, const Author& author);

/// Epochs in the database. Loop thread only; each call has a deadline.
class EpochLedger {
public:
    virtual ~EpochLedger() = default;
    /// Closes what is open and opens the next epoch, in one transaction; nothing was done where it fails, or an epoch
    /// was opened of which no one knows, which does no harm. Only with the lease in hand. `known`: as in plan_epoch.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<EpochPlan>> open_epoch(LeaseClaim claim,
                                                                                     std::uint64_t known) = 0;
    /// Rankings of `epoch` may have numbers up to `up_to`. conflict: it is closed.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> reserve(std::uint64_t epoch,
                                                                             std::uint64_t up_to) = 0;
    /// From now on this is the author of what is written; epoch 0 for none. A batch is stamped when it is handed over.
    virtual void set_author(Author author) = 0;
    /// Batches that were refused because their epoch was closed below them, since start.
    [[nodiscard]] virtual std::uint64_t fenced_batches() const = 0;
};

}  // namespace scanner::storage
