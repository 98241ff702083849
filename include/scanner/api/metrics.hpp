#pragma once

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/storage/store_status.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// What is true when /metrics is asked for, beside what was counted.
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

/// Counts, and writes the Prometheus text. Owned by the program, given to the engine as its observer and to the API.
/// Names and meanings: docs/api.md, "Metrics". Loop thread only.
class Metrics final : public engine::EngineObserver {
public:
    explicit Metrics(std::string_view version);
    ~Metrics() override;
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void on_cycle(const ranking::Ranking& ranking) override;
    void on_cycle_error(const core::Error& error, double cycle_ms) override;
    void on_exchange_call(std::string_view method, double seconds, std::optional<core::ErrorCode> error) override;

    /// One look into a cache of the API ("rendered"): found or not.
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
