#pragma once

#include "simulator/face/faults/faults.hpp"
#include "simulator/face/state/world.hpp"
#include "simulator/market.hpp"

#include "scanner/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What stands under /_simulator/: the only paths that say what this exchange is. Pure.
namespace scanner::simulator::face {

/// Said in /_simulator/status.
struct Status {
    std::string version;
    WallTime time;                        ///< simulated
    WallTime start;                       ///< simulated, at the first moment
    std::chrono::milliseconds uptime{0};  ///< real
    std::chrono::milliseconds lag{0};     ///< simulated time still to be played
    double speed = 1.0;
    std::uint64_t seed = 0;
    std::string market;  ///< "real", "busy"
    std::vector<std::string> scenarios;
    double prevalence = 0.0;
    std::size_t contracts = 0;         ///< active swaps
    std::uint64_t requests = 0;        ///< to the exchange's own paths
    std::uint64_t over_limit = 0;      ///< of them refused by a rate limit
    std::uint64_t faults = 0;          ///< of them befallen by a fault
    std::size_t feed_connections = 0;  ///< WebSockets
    std::size_t feed_topics = 0;       ///< that they follow, over all
    std::uint64_t feed_opened = 0;     ///< WebSockets since the start
};
[[nodiscard]] std::string status_json(const Status& status);

/// [{"kind":"slow","rate":0.1,…,"text":"slow:rate=0.1","active":true,"hits":12},…]
[[nodiscard]] std::string faults_json(const std::vector<FaultSet::State>& states);
/// Reads what POST /_simulator/faults takes: a JSON list of "KIND:option=…" texts and of objects with the same names as
/// keys ({"kind":"slow","delay":"2s","rate":0.1}); what faults_json adds is ignored. All problems in one error.
[[nodiscard]] core::Result<std::vector<FaultSpec>> parse_fault_list(std::string_view json);

/// Reads what POST /_simulator/speed takes: {"speed":2}, over 0 to 1000.
[[nodiscard]] core::Result<double> parse_speed(std::string_view json);

/// The truth about a contract's book: the one that was shown under this matching id, or the newest, with 150 levels a
/// side; when another one took its place, if one has; the newest matching id and the last trade, with their times.
/// Fails with a sentence when that book was never shown, or too long ago.
[[nodiscard]] std::expected<std::string, std::string> book_json(const World& world, std::size_t contract,
                                                                std::optional<std::int64_t> matching_id);

/// One JSON object a line.
[[nodiscard]] std::string label_lines(const std::vector<Label>& labels);
/// Unix ms or RFC 3339.
[[nodiscard]] std::optional<WallTime> parse_since(std::string_view text);

/// {"error":"…"}
[[nodiscard]] std::string control_error(std::string_view message);

}  // namespace scanner::simulator::face
