#pragma once

#include "api/access/change_guard.hpp"
#include "api/alerts/alert_endpoints.hpp"
#include "api/history/history_endpoints.hpp"
#include "api/http/call.hpp"
#include "api/inspect/inspect_endpoint.hpp"
#include "api/manipulation/manipulation_endpoints.hpp"
#include "api/operator/operator_endpoints.hpp"
#include "api/rankings/ranking_endpoints.hpp"
#include "api/recordings/recording_endpoints.hpp"
#include "api/replay/replay_endpoints.hpp"
#include "api/status/status_endpoints.hpp"
#include "api/streams/stream_endpoints.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"

#include <vector>

namespace scanner::api {

/// What answers: the endpoints of every subject, and their routes in one table. Loop thread.
class RouteTable {
public:
    /// Everything referred to must outlive it.
    RouteTable(const ApiOptions& options, const ApiPorts& ports, ChangeGuard& guard);
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;

    /// Every route that the ports allow, in the order of preference, /openapi.json included. Refer to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();
    /// The streams' own, for WebSockets.
    [[nodiscard]] const StreamEndpoints& streams() const noexcept { return streams_; }

private:
    const ApiOptions& options_;
    HistoryEndpoints history_;
    RankedAnswers answers_;
    StatusEndpoints status_;
    RankingEndpoints rankings_;
    InspectEndpoint inspect_;
    StreamEndpoints streams_;
    OperatorEndpoints operator_;
    AlertEndpoints alerts_;
    ManipulationEndpoints manipulation_;
    RecordingEndpoints recordings_;
    ReplayEndpoints replay_;
};

}  // namespace scanner::api
