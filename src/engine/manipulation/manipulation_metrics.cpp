#include "scanner/core/metric_sink.hpp"
#include "scanner/engine/manipulation_parts.hpp"

namespace scanner::engine {

void collect(core::MetricSink& sink, const ManipulationStatus& status) {
    sink.gauge("scanner_manipulation_contracts", "Contracts that the detectors watch", status.contracts);
    sink.gauge("scanner_manipulation_quarantined", "Contracts that are ranked below all others", status.quarantined);
    for (const auto& [flag, count] : status.open) {
        sink.gauge("scanner_manipulation_open_episodes", "Contracts with an episode under way, by flag", count,
                   {{"flag", flag}});
    }
    for (const auto& [flag, count] : status.unknown) {
        sink.gauge("scanner_manipulation_unknown", "Contracts of which nothing can be said, by flag", count,
                   {{"flag", flag}});
    }
    for (const auto& [flag, count] : status.episodes) {
        sink.counter("scanner_manipulation_episodes_total", "Episodes that have begun, by flag", count,
                     {{"flag", flag}});
    }
    sink.counter("scanner_manipulation_trade_reads_total", "Requests for trades that no feed tells",
                 status.trade_reads);
    sink.counter("scanner_manipulation_saves_total", "Times that the detectors' state was saved", status.saves);
    sink.counter("scanner_manipulation_failed_saves_total", "Times that it could not be saved", status.failed_saves);
    sink.gauge("scanner_manipulation_state_bytes", "Size of the detectors' state, as last saved", status.state_bytes);
}

}  // namespace scanner::engine
