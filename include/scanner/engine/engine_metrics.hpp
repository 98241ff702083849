#pragma once

#include "scanner/core/metric_sink.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/observer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// Counts cycles, requests to the exchange and, while a live feed is followed, how old the inputs of recorded rankings
/// are. Loop thread only.
class EngineMetrics final : public EngineObserver {
public:
    EngineMetrics();

    void on_cycle(const ranking::Ranking& ranking) override;
    void on_cycle_error(const core::Error& error, double cycle_ms) override;
    void on_exchange_request(std::string_view method, double seconds, std::optional<core::ErrorCode> error) override;

    void collect(core::MetricSink& sink) const;

private:
    /// Few and stable, so that looking through them costs less than a map would.
    struct Method {
        std::string name;
        core::Histogram seconds;
    };
    struct Failures {
        std::string method;
        core::ErrorCode code;
        std::uint64_t count;
    };

    void observe_ages(const ranking::Ranking& ranking);

    core::Histogram cycle_seconds_;
    std::vector<core::Histogram> input_ages_;  ///< of market::kInputs, and the tape's; empty before the first feed
    std::uint64_t cycles_ = 0;
    std::uint64_t cycle_errors_ = 0;
    std::vector<Method> methods_;
    std::vector<Failures> failures_;
};

/// What the engine tells of its health beside that.
void collect(core::MetricSink& sink, const HealthDetails& health);

}  // namespace scanner::engine
