#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/api/ports.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/exchange/exchange_description.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The answer of /symbols: every contract that the exchange lists. `ranking` is the newest, for its time and number.
[[nodiscard]] Rendered render_symbols(const std::vector<engine::UniverseEntry>& universe,
                                      const ranking::Ranking* ranking);

/// The answer of /exchange.
[[nodiscard]] std::string exchange_json(const exchange::ExchangeDescription& exchange);

/// What /healthz/details shows.
struct HealthReport {
    engine::HealthDetails health;
    ranking::RankingPtr ranking;  ///< the newest; may be empty
    bool fresh = false;
    std::chrono::milliseconds ranking_age{0};
    std::optional<core::WallTime> next_scan_at;
    std::chrono::milliseconds scan_interval{0};  ///< from the beginning of a scan to the next, as it is set
    bool feed_required = false;                  ///< SCANNER_FEED=required
    std::optional<std::vector<storage::NamedStatus>> stores;
    std::optional<storage::HistorySize> history;
    std::optional<StreamStatistics> streams;
    std::optional<alerts::AlertStatistics> alerts;
    bool replay = false;               ///< what is shown is of a recording
    std::optional<ScaleStatus> scale;  ///< empty: one process does everything
    std::string_view version;
    double uptime_sec = 0.0;
};
[[nodiscard]] Rendered render_health(const HealthReport& report);

}  // namespace scanner::api
