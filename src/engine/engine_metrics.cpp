#include "scanner/engine/engine_metrics.hpp"

#include "scanner/exchange/exchange_metrics.hpp"

#include <algorithm>
#include <array>

namespace scanner::engine {
namespace {

constexpr std::array kCycleSeconds{0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 60.0, 90.0};
constexpr std::array kRequestSeconds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

}  // namespace

EngineMetrics::EngineMetrics() : cycle_seconds_(kCycleSeconds) {}

void EngineMetrics::on_cycle(const ranking::Ranking& ranking) {
    ++cycles_;
    cycle_seconds_.observe(ranking.cycle_ms / 1000.0);
}

void EngineMetrics::on_cycle_error(const core::Error&, double cycle_ms) {
    ++cycle_errors_;
    cycle_seconds_.observe(cycle_ms / 1000.0);
}

void EngineMetrics::on_exchange_request(std::string_view method, double seconds, std::optional<core::ErrorCode> error) {
    auto known = std::ranges::find(methods_, method, &Method::name);
    if (known == methods_.end())
        known = methods_.insert(known, {std::string(method), core::Histogram(kRequestSeconds)});
    known->seconds.observe(seconds);
    if (!error) return;
    const auto failed = std::ranges::find_if(
        failures_, [&](const Failures& each) { return each.method == method && each.code == *error; });
    if (failed != failures_.end()) {
        ++failed->count;
    } else {
        failures_.push_back({.method = std::string(method), .code = *error, .count = 1});
    }
}

void EngineMetrics::collect(core::MetricSink& sink) const {
    sink.counter("scanner_cycles_total", "Scan cycles that made a ranking", cycles_);
    sink.counter("scanner_cycle_errors_total", "Scan cycles that failed", cycle_errors_);
    sink.histogram("scanner_cycle_duration_seconds", "How long scan cycles take, failed ones included", cycle_seconds_);
    for (const Method& method : methods_) {
        sink.histogram("scanner_exchange_call_latency_seconds",
                       "How long the exchange takes to answer one request, each retry being one of its own; waits for "
                       "the budget and between retries are not in it",
                       method.seconds, {{"method", method.name}});
    }
    for (const Failures& failures : failures_) {
        sink.counter("scanner_exchange_call_errors_total",
                     "Requests to the exchange that failed, also those whose retry succeeded", failures.count,
                     {{"code", core::to_string(failures.code)}, {"method", failures.method}});
    }
}

void collect(core::MetricSink& sink, const HealthDetails& health) {
    exchange::collect(sink, health.exchange);
    sink.gauge("scanner_cycle_failure_streak", "Failed cycles in a row", health.failure_streak);
}

}  // namespace scanner::engine
