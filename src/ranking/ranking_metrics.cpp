#include "scanner/ranking/ranking_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace scanner::ranking {
namespace {

/// The oldest of each input; none where no contract has it.
void collect_inputs(core::MetricSink& sink, const Ranking& ranking, double age_sec) {
    for (const market::Input input : market::kInputs) {
        std::optional<core::WallTime> oldest;
        for (const ContractSnapshotPtr& contract : ranking.contracts) {
            const market::InputReading& reading = contract->data.inputs[input];
            if (reading.state != market::InputState::live || !reading.true_at) continue;
            oldest = std::min(oldest.value_or(*reading.true_at), *reading.true_at);
        }
        if (!oldest) continue;
        const double at_ranking = std::chrono::duration<double>(ranking.time - *oldest).count();
        sink.gauge("scanner_input_age_seconds", "Age of the oldest input in use of the newest ranking, by input",
                   age_sec + at_ranking, {{"input", market::to_string(input)}});
    }
}

}  // namespace

void collect(core::MetricSink& sink, const Ranking& ranking, double age_sec) {
    sink.gauge("scanner_ranking_age_seconds", "Time since the newest ranking was made", age_sec);
    collect_inputs(sink, ranking, age_sec);
    sink.gauge("scanner_ranking_sequence", "Sequence number of the newest ranking", ranking.sequence);
    sink.gauge("scanner_symbols_scanned", "Contracts read in the last successful cycle", ranking.contracts.size());
    const auto ranked = ranking.ranked.find(ranking.settings.default_profile);
    sink.gauge("scanner_symbols_ranked", "Contracts ranked under the default profile in the last successful cycle",
               ranked == ranking.ranked.end() ? std::size_t{0} : ranked->second.size());
    for (const auto& [reason, count] : ranking.excluded_by_reason) {
        sink.gauge("scanner_excluded_contracts", "Contracts left out of the last successful cycle, by reason", count,
                   {{"reason", reason}});
    }
}

}  // namespace scanner::ranking
