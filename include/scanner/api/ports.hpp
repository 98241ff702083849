#pragma once

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/live_reads.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/recordings.hpp"
#include "scanner/api/replay_control.hpp"
#include "scanner/api/scale.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/operator/watchlist_source.hpp"
#include "scanner/signals/opportunity.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/episodes.hpp"
#include "scanner/storage/history.hpp"
#include "scanner/storage/store_status.hpp"

#include <functional>
#include <vector>

namespace scanner::api {

/// What the API answers from. Everything must outlive the handler; routes of a port that is not there do not exist.
struct ApiPorts {
    const engine::EngineView& engine;
    Metrics& metrics;
    const core::Clock& clock;
    const operators::WatchlistSource* watchlists = nullptr;  ///< nullptr: there are no lists
    operators::OperatorService* operator_service = nullptr;  ///< nullptr: none of the operator's routes
    alerts::AlertService* alerts = nullptr;                  ///< nullptr: no /alerts…
    storage::AlertArchive* alert_archive = nullptr;          ///< nullptr: no /alerts…
    storage::EpisodeLedger* episodes = nullptr;              ///< nullptr: no /manipulation…
    storage::History* history = nullptr;                     ///< nullptr: no /history…, no as_of
    Streams* streams = nullptr;                              ///< nullptr: no /stream…
    engine::Inspector* inspector = nullptr;                  ///< nullptr: only what cycles read is shown
    engine::LiveView* live = nullptr;                        ///< nullptr: no live feed is followed
    LiveReads* live_reads = nullptr;   ///< nullptr: no other process is asked for what is read live
    ReplayControl* replay = nullptr;   ///< nullptr: what is answered is live, and there is no /replay…
    Recordings* recordings = nullptr;  ///< nullptr: no /recordings…
    /// Called for each /healthz/details and /metrics; may be empty.
    std::function<std::vector<storage::NamedStatus>()> stores;
    std::function<storage::HistorySize()> history_size;  ///< the same
    /// Fees and threshold of /opportunities, asked once for each; empty: the defaults.
    std::function<signals::TradeTerms()> trade_terms;
    std::function<net::HttpServerStatistics()> server_statistics;  ///< called for each /metrics; may be empty
    std::function<ScaleStatus()> scale;  ///< called for each /healthz/details; empty: one process does everything
};

}  // namespace scanner::api
