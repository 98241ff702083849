#pragma once

#include "scanner/alerts/alert_types.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/metric_sink.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/storage/store_status.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// Values at the time of a /metrics request, beside the counters.
struct MetricsSample {
    engine::HealthDetails health;
    ranking::RankingPtr ranking;  ///< the newest; may be empty
    double ranking_age_sec = 0.0;
    double uptime_sec = 0.0;
    std::optional<net::HttpServerStatistics> server;
    std::optional<StreamStatistics> streams;
    std::vector<storage::NamedStatus> stores;
    std::optional<storage::HistorySize> history;
    std::optional<alerts::AlertStatistics> alerts;
};

/// Counts what HTTP answers, and writes the Prometheus text of that, of the sources and of a sample. Owned by the
/// program, given to the API. Names and meanings: docs/api.md, "Metrics". Loop thread only.
class Metrics {
public:
    /// A room that counts for itself. Called for each text; must add families that no other source has.
    using Source = std::function<void(core::MetricSink&)>;

    explicit Metrics(std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void add_source(Source source);

    /// One look into a cache ("rendered"): found or not.
    void on_cache_lookup(std::string_view cache, bool hit);
    /// One request was answered. `route` is the route table's label, never a client's text.
    void on_http_request(std::string_view route, int status, double seconds);

    /// The text exposition format, version 0.0.4.
    [[nodiscard]] std::string render(const MetricsSample& sample) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace scanner::api
