#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The file in which the detectors survive a restart: a version, when it was written, a state for each contract, and a
/// checksum over all of it. Pure.
namespace scanner::engine {

/// What is kept of one contract.
struct KeptContract {
    std::string contract_code;
    double contract_size = 0.0;                               ///< with another one it is another contract
    std::optional<core::WallTime> last_over;                  ///< of its quarantine
    std::shared_ptr<const std::vector<std::byte>> detectors;  ///< ContractDetectors::state(); never null
};

struct KeptWatch {
    core::WallTime saved_at;
    std::vector<KeptContract> contracts;
};

/// Older than this, yardsticks say nothing of today any more.
inline constexpr std::chrono::hours kStateLifetime{24};
inline constexpr std::size_t kMaxKeptContracts = 10'000;

[[nodiscard]] std::string encode_watch(const KeptWatch& watch);
/// malformed: not what encode_watch wrote, or damaged; timeout: older than kStateLifetime, or dated ahead of `now`.
/// Bytes may come from anywhere.
[[nodiscard]] core::Result<KeptWatch> decode_watch(std::string_view bytes, core::WallTime now);

}  // namespace scanner::engine
