#pragma once

#include "scanner/core/error.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/episodes.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::core {
class MetricSink;
}

namespace scanner::engine {

/// What an engine needs to run the detectors of manipulation. Without `record` it runs none.
struct ManipulationParts {
    /// Puts states of episodes into the ledger; returns at once.
    std::function<void(std::vector<storage::EpisodeRecord>)> record;
    /// Where the detectors' states are kept; asked as they are needed, never null. Empty: they are not kept.
    std::function<storage::DetectorStates*()> states;
    /// What stands open in the ledger; asked again, some seconds later, after an error: unavailable while the ledger
    /// may not have all that was told before the start. Empty: nothing from before the start is settled.
    std::function<boost::asio::awaitable<core::Result<std::vector<storage::Episode>>>()> open_episodes;
    /// How many reads of trades a second where no feed tells them; 0: none.
    double trade_reads_per_sec = 8.0;
};

/// How the detectors do, for metrics. A copy.
struct ManipulationStatus {
    std::size_t contracts = 0;                           ///< watched
    std::size_t quarantined = 0;                         ///< of those
    std::map<std::string_view, std::size_t> open;        ///< episodes under way, by flag
    std::map<std::string_view, std::uint64_t> episodes;  ///< that began since start, by flag
    std::map<std::string_view, std::size_t> unknown;     ///< contracts of which nothing can be said, by flag
    std::uint64_t saves = 0;                             ///< of the state
    std::uint64_t failed_saves = 0;
    std::uint64_t saved_states = 0;  ///< of contracts
    std::uint64_t saved_bytes = 0;   ///< of those, before they are packed
    std::uint64_t trade_reads = 0;   ///< requests for trades, where no feed tells them
    std::size_t restored = 0;        ///< contracts whose state from before the start was there
    bool resumed = false;            ///< what stood open in the ledger at the start was read
};

void collect(core::MetricSink& sink, const ManipulationStatus& status);

}  // namespace scanner::engine
