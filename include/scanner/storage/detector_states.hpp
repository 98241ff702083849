#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

/// What the detectors of manipulation know, kept over restarts and fail-overs: in a file, or in Postgres where another
/// host must be able to go on.
namespace scanner::storage {

/// Of one contract. The bytes are the detectors' own; empty: there is nothing to go on from any more.
struct DetectorState {
    std::string
        contract_code;        ///< empty: the bytes are those of all contracts, as a file of the first version has them
    core::WallTime saved_at;  ///< by our clock
    std::string bytes;
};

/// Older than this a state says nothing of today any more, and is neither kept nor given back.
inline constexpr std::chrono::hours kDetectorStateLifetime{24};

/// Loop thread only; one write at a time.
class DetectorStates {
public:
    virtual ~DetectorStates() = default;
    /// The newest of each contract, but those that are empty. What is damaged is left out. Errors: io, unavailable,
    /// timeout.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<DetectorState>>> read() = 0;
    /// Takes the place of what was kept of these contracts. Durable when it returns; after an error some may be.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(std::vector<DetectorState> changed) = 0;
};

/// In the file at `path`, whose folder is made when missing: what changed is added at its end, and now and then the
/// whole is written anew. A thread of its own waits for the disk; destroying it waits for a write that is under way.
/// `clock` must outlive it.
[[nodiscard]] std::unique_ptr<DetectorStates> make_detector_file(std::string path, const core::Clock& clock);

}  // namespace scanner::storage
