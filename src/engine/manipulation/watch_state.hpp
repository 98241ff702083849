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

/// The form in which the detectors of a contract survive a restart. Pure.
namespace scanner::engine {

/// What is kept of one contract.
struct KeptContract {
    std::string contract_code;
    double contract_size = 0.0;                               ///< with another one it is another contract
    std::optional<core::WallTime> last_over;                  ///< of its quarantine
    std::shared_ptr<const std::vector<std::byte>> detectors;  ///< ContractDetectors::state(); never null
    core::WallTime saved_at;                                  ///< by our clock; not part of the bytes
};

inline constexpr std::size_t kMaxKeptContracts = 10'000;

[[nodiscard]] std::string encode_contract(const KeptContract& contract);
/// malformed: not what encode_contract wrote, or damaged, or of a version that is not known. Bytes may come from
/// anywhere.
[[nodiscard]] core::Result<KeptContract> decode_contract(std::string_view bytes, core::WallTime saved_at);

/// All contracts, as the first version of the file held them: a version, when it was written, a state for each, and a
/// checksum over all of it. Errors as above.
[[nodiscard]] core::Result<std::vector<KeptContract>> decode_first_version(std::string_view bytes);

/// Whether a state of then still says something of now: not older than storage::kDetectorStateLifetime, nor ahead.
[[nodiscard]] bool is_recent(core::WallTime saved_at, core::WallTime now);

}  // namespace scanner::engine
