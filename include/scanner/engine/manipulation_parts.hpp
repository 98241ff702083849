#pragma once

#include "scanner/core/error.hpp"
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
    /// Makes the detectors' state durable, as a whole. Empty: it is not kept.
    std::function<boost::asio::awaitable<core::Result<void>>(std::string)> save;
    /// What was saved last, from before a restart; empty where there is nothing.
    std::string saved;
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
    std::size_t state_bytes = 0;    ///< of the last one
    std::uint64_t trade_reads = 0;  ///< requests for trades, where no feed tells them
    bool restored = false;          ///< the state from before the start could be used
};

void collect(core::MetricSink& sink, const ManipulationStatus& status);

}  // namespace scanner::engine
