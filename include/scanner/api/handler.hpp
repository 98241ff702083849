#pragma once

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/operator/watchlist_source.hpp"
#include "scanner/signals/opportunity.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/history.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::api {

/// How a store does, for /healthz/details.
struct StoreHealth {
    std::string name;   ///< "redis", "postgres"
    std::string state;  ///< "ok", "embedded", "down", …
    std::size_t backlog = 0;
    std::string last_error;
    double backlog_age_sec = 0.0;  ///< of the oldest write that waits; 0 without one
    std::uint64_t dropped = 0;     ///< writes given up for good since start
};

struct ApiOptions {
    std::string version;
    int default_top = 12;                     ///< SCANNER_TOPN_DEFAULT
    bool metrics_enabled = true;              ///< SCANNER_METRICS_ENABLED: /metrics is 404 without
    std::string api_token;                    ///< SCANNER_API_TOKEN; empty: none is asked for
    std::string base_path;                    ///< SCANNER_BASE_PATH: addresses in answers begin with it
    std::vector<std::string> cors_origins;    ///< SCANNER_CORS_ORIGINS: as browsers send them, or a single "*"
    std::vector<std::string> allowed_hosts;   ///< SCANNER_ALLOWED_HOSTS: host names that the operator vouches for
    std::size_t rendered_entries = 512;       ///< answers kept for the next reader
    std::size_t rendered_bytes = 32U << 20U;  ///< and their size at most
    const operators::WatchlistSource* watchlists = nullptr;  ///< must outlive the handler; nullptr: there are no lists
    std::function<std::vector<StoreHealth>()> stores;        ///< called for each /healthz/details; may be empty
    Streams* streams = nullptr;              ///< must outlive the handler; nullptr: /stream… is not there
    engine::Inspector* inspector = nullptr;  ///< must outlive the handler; nullptr: only what cycles read is shown
    operators::OperatorService* operator_service =
        nullptr;                             ///< must outlive the handler; nullptr: none of the operator's routes
    alerts::AlertService* alerts = nullptr;  ///< must outlive the handler; nullptr: /alerts… is not there
    storage::AlertArchive* alert_archive = nullptr;  ///< must outlive the handler; nullptr: /alerts… is not there
    storage::History* history = nullptr;             ///< must outlive the handler; nullptr: no /history…, no as_of
    /// Fees and threshold of /opportunities, asked once for each; empty: the defaults.
    std::function<signals::TradeTerms()> trade_terms;
    /// Called for each /metrics; may be empty.
    std::function<net::HttpServerStatistics()> server_statistics;
};

/// Answers HTTP from what the engine has in memory: requests in, views out. Nothing here computes a cycle; only
/// inspections wait, for what the inspector reads.
/// Everything passed by reference must outlive it. Loop thread only.
[[nodiscard]] std::unique_ptr<net::RequestHandler> make_api_handler(ApiOptions options,
                                                                    const engine::EngineView& engine, Metrics& metrics,
                                                                    const core::Clock& clock);

}  // namespace scanner::api
