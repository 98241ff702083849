#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/engine/election.hpp"
#include "scanner/storage/epochs.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace scanner::engine {

struct ElectionLoopOptions {
    std::chrono::milliseconds lease{2'000};
    std::string instance;  ///< who this is, for people: "host/pid"
};

/// What a term is begun and ended with. All are called on the loop thread.
struct ElectionEvents {
    /// Elected: rankings over `after` may be made and published in this name.
    std::function<void(const storage::Leadership& leadership, std::uint64_t after)> begin;
    /// Not any more: returns when nothing is scanned and nothing is published in its name.
    std::function<boost::asio::awaitable<void>()> end;
    /// The highest number of a ranking that this process has shown, its own or another's.
    std::function<std::uint64_t()> shown;
};

struct ElectionStatus {
    ElectionState state = ElectionState::waiting;
    std::uint64_t epoch = 0;    ///< of this process' term; 0 while it is not elected
    std::string leader;         ///< whose the lease is, as its instance; empty while no one is known to be
    std::string problem;        ///< why the last step failed; empty when it did not
    std::uint64_t terms = 0;    ///< that this process has begun since its start
    std::uint64_t refused = 0;  ///< terms that ended because somebody else had the lease, or it had run out
};

/// Drives an Election: asks Redis (or the database) for the lease and the database for epochs, renews, and tells the
/// rest of the process when a term begins and ends. Numbers are reserved in the database ahead of their use. Loop
/// thread only.
class ElectionLoop {
public:
    virtual ~ElectionLoop() = default;
    /// Until stopped; a term that is under way is ended and the lease given back. Run it once.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    virtual void stop() = 0;
    /// Publishing was refused.
    virtual void fenced() = 0;
    /// Whether a ranking may be made now, in this process' name.
    [[nodiscard]] virtual bool may_publish() const = 0;
    [[nodiscard]] virtual ElectionStatus status() const = 0;
};

/// `epochs` and `clock` must outlive it.
[[nodiscard]] std::unique_ptr<ElectionLoop> make_election_loop(boost::asio::any_io_executor executor,
                                                               std::shared_ptr<storage::ScannerLease> lease,
                                                               storage::EpochLedger& epochs, const core::Clock& clock,
                                                               ElectionLoopOptions options, ElectionEvents events);

}  // namespace scanner::engine
