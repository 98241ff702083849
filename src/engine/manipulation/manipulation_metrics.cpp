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
    sink.counter("scanner_manipulation_saved_states_total", "States of contracts that were saved", status.saved_states);
    sink.counter("scanner_manipulation_saved_bytes_total", "Bytes of those, before they were packed",
                 status.saved_bytes);
    sink.gauge("scanner_manipulation_restored", "Contracts whose detectors went on from before the start",
               status.restored);
    sink.gauge("scanner_manipulation_ledger_resumed",
               "1 once what stood open in the ledger at the start is known, else 0", status.resumed ? 1 : 0);
}

}  // namespace scanner::engine
