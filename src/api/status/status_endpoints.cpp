#include "api/status/status_endpoints.hpp"

#include "api/answers/envelope.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/status/fields_view.hpp"
#include "api/status/scale_metrics.hpp"
#include "api/status/status_views.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace scanner::api {

StatusEndpoints::StatusEndpoints(const ApiOptions& options, const ApiPorts& ports, RankedAnswers& answers)
    : options_(options),
      ports_(ports),
      answers_(answers),
      started_(ports.clock.steady_now()),
      alive_(std::make_shared<Rendered>(std::string(kJsonType), R"({"status":"ok"})", std::nullopt)),
      fields_(std::make_shared<Rendered>(std::string(kJsonType), fields_json(), std::nullopt)),
      exchange_(std::make_shared<Rendered>(std::string(kJsonType), exchange_json(options.exchange), std::nullopt)) {
    if (ports.scale) {
        ports.metrics.add_source([scale = ports.scale](core::MetricSink& sink) { collect(sink, scale()); });
    }
}

std::vector<ApiRoute> StatusEndpoints::routes() {
    std::vector<ApiRoute> routes;
    const auto get = [&](std::string_view path, Outcome (StatusEndpoints::*answer)(const Call&)) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, answer),
                          .access = Access::open});
    };
    get("/health", &StatusEndpoints::health);
    get("/ready", &StatusEndpoints::ready);
    get("/healthz/details", &StatusEndpoints::health_details);
    get("/symbols", &StatusEndpoints::symbols);
    get("/fields", &StatusEndpoints::fields);
    get("/exchange", &StatusEndpoints::exchange);
    if (options_.metrics_enabled) get("/metrics", &StatusEndpoints::metrics);
    return routes;
}

Outcome StatusEndpoints::health(const Call& /*call*/) {
    return alive_;
}

Outcome StatusEndpoints::fields(const Call& /*call*/) {
    return fields_;
}

Outcome StatusEndpoints::exchange(const Call& /*call*/) {
    return exchange_;
}

Outcome StatusEndpoints::ready(const Call& /*call*/) {
    auto ranking = answers_.fresh_ranking();
    if (!ranking) return std::unexpected(std::move(ranking.error()));
    return answers_.cached(**ranking, "ready", "", [&ranking] {
        return Rendered(std::string(kJsonType), fmt::format(R"({{"status":"ready","seq":{}}})", (*ranking)->sequence),
                        stamp_of(**ranking, std::nullopt));
    });
}

Outcome StatusEndpoints::health_details(const Call& /*call*/) {
    HealthReport report{.health = ports_.engine.health(),
                        .ranking = ports_.engine.current(),
                        .next_scan_at = ports_.engine.next_scan_at(),
                        .scan_interval = options_.scan_interval,
                        .feed_required = options_.feed_required,
                        .replay = ports_.replay != nullptr,
                        .version = options_.version,
                        .uptime_sec = uptime_sec()};
    if (report.ranking != nullptr) {
        report.fresh = ports_.engine.is_fresh(*report.ranking);
        report.ranking_age = ports_.engine.age(*report.ranking);
    }
    if (ports_.stores) report.stores = ports_.stores();
    if (ports_.history_size) report.history = ports_.history_size();
    if (ports_.streams != nullptr) report.streams = ports_.streams->statistics();
    if (ports_.alerts != nullptr) report.alerts = ports_.alerts->statistics();
    if (ports_.scale) report.scale = ports_.scale();
    return std::make_shared<Rendered>(render_health(report));
}

Outcome StatusEndpoints::symbols(const Call& /*call*/) {
    const auto universe = ports_.engine.universe();
    if (universe.empty()) {
        return std::unexpected(
            not_ready("The exchange's list of contracts has not been read yet.", retry_after_sec(ports_.engine)));
    }
    return answers_.cached_by_etag(render_symbols(universe, ports_.engine.current().get()));
}

Outcome StatusEndpoints::metrics(const Call& /*call*/) {
    MetricsSample sample{
        .health = ports_.engine.health(), .ranking = ports_.engine.current(), .uptime_sec = uptime_sec()};
    if (sample.ranking != nullptr) {
        sample.ranking_age_sec = std::chrono::duration<double>(ports_.engine.age(*sample.ranking)).count();
    }
    if (ports_.server_statistics) sample.server = ports_.server_statistics();
    if (ports_.streams != nullptr) sample.streams = ports_.streams->statistics();
    if (ports_.stores) sample.stores = ports_.stores();
    if (ports_.history_size) sample.history = ports_.history_size();
    if (ports_.alerts != nullptr) sample.alerts = ports_.alerts->statistics();
    return std::make_shared<Rendered>("text/plain; version=0.0.4; charset=utf-8", ports_.metrics.render(sample),
                                      std::nullopt);
}

double StatusEndpoints::uptime_sec() const {
    return std::chrono::duration<double>(ports_.clock.steady_now() - started_).count();
}

}  // namespace scanner::api
