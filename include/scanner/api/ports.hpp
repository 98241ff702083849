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
#include <string>
#include <vector>

namespace scanner::api {

/// How a store does, for /healthz/details.
struct StoreHealth {
    std::string name;   ///< "redis", "postgres"
    std::string state;  ///< as storage::to_string has it: "ready", "embedded", "down", …
    std::size_t backlog = 0;
    std::string last_error;
    double backlog_age_sec = 0.0;  ///< of the oldest write that waits; 0 without one
    std::uint64_t dropped = 0;     ///< writes given up for good since start
};

/// What the API answers from. Everything must outlive the handler; routes of a port that is not there do not exist.
struct ApiPorts {
    const engine::EngineView& engine;
    Metrics& metrics;
    const core::Clock& clock;
    const operators::WatchlistSource* watchlists = nullptr;  ///< nullptr: there are no lists
    operators::OperatorService* operator_service = nullptr;  ///< nullptr: none of the operator's routes
    alerts::AlertService* alerts = nullptr;                  ///< nullptr: no /alerts…
    storage::AlertArchive* alert_archive = nullptr;          ///< nullptr: no /alerts…
    storage::History* history = nullptr;                     ///< nullptr: no /history…, no as_of
    Streams* streams = nullptr;                              ///< nullptr: no /stream…
    engine::Inspector* inspector = nullptr;                  ///< nullptr: only what cycles read is shown
    std::function<std::vector<StoreHealth>()> stores;        ///< called for each /healthz/details; may be empty
    /// Fees and threshold of /opportunities, asked once for each; empty: the defaults.
    std::function<signals::TradeTerms()> trade_terms;
    std::function<net::HttpServerStatistics()> server_statistics;  ///< called for each /metrics; may be empty
};

}  // namespace scanner::api
