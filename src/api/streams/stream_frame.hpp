#pragma once

#include "api/rankings/queries.hpp"

#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::api {

/// What a frame depends on beside the ranking and the query.
struct FrameContext {
    std::chrono::milliseconds snapshots_ttl{90'000};  ///< an item whose inputs were older when ranked is stale
    double manipulation_threshold = 60.0;
    bool stale = false;  ///< the ranking itself has become older than may pass for live: so is every item
    bool replay = false;
};

/// The frame of /stream/rankings and /stream/events as JSON; nothing when the ranking has no such profile. A function
/// of its arguments alone.
[[nodiscard]] std::optional<std::string> render_frame(const ranking::Ranking& ranking, const StreamQuery& query,
                                                      const FrameContext& context);

/// Mean atr_pct of what the cycle scanned, 6 decimals; nothing where none was measured.
[[nodiscard]] std::optional<double> market_gauge(const ranking::Ranking& ranking);
/// low <= 1.5 < medium <= 3 < high.
[[nodiscard]] std::string_view gauge_bucket(double market_gauge) noexcept;

/// A frame as a Server-Sent Event. `json` must hold no line break, as ours never does.
[[nodiscard]] std::string event_text(std::uint64_t id, std::string_view json);
/// The heartbeat of /stream.
[[nodiscard]] std::string heartbeat_text(std::uint64_t number);

}  // namespace scanner::api
