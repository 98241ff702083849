#include "engine/cycle_log.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/log.hpp"
#include "scanner/signals/numbers.hpp"

#include <string>

namespace scanner::engine {
namespace {

void append_features(core::JsonWriter& json, const signals::NumbersView& numbers) {
    json.begin_object();
    for (const signals::NumberField& field : signals::numbers_of(signals::FieldGroup::features)) {
        json.field(field.name, signals::shown(numbers, field));
    }
    json.end_object();
}

/// Contracts with a raised flag, by contract code as they stand: sorting them would cost time for no reader.
std::string manip_flagged(const ranking::Ranking& ranking) {
    core::JsonWriter json(1024);
    json.begin_array();
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        const ranking::ContractSnapshot& snapshot = ranking.contract(i);
        const signals::Manipulation& manipulation = snapshot.numbers.manipulation;
        if (manipulation.manip_flags.empty()) continue;
        json.begin_object()
            .field("symbol", snapshot.data.contract->symbol)
            .field("score", signals::known<&signals::Manipulation::manip_score>(snapshot.numbers));
        json.key("flags").begin_array();
        for (const std::string_view flag : manipulation.manip_flags) json.value(flag);
        json.end_array().key("features");
        append_features(json, ranking.numbers_view(i));
        json.end_object();
    }
    json.end_array();
    return std::move(json).take();
}

std::string excluded(const ranking::Ranking& ranking) {
    core::JsonWriter json(128);
    json.begin_object();
    for (const auto& [reason, count] : ranking.excluded_by_reason) json.field(reason, count);
    json.end_object();
    return std::move(json).take();
}

}  // namespace

void log_cycle(const ranking::Ranking& ranking) {
    if (!core::log_enabled(core::LogLevel::info)) return;
    const auto ranked = ranking.ranked.find(ranking.settings.default_profile);
    const std::string reasons = excluded(ranking);
    const std::string flagged = manip_flagged(ranking);
    core::log(core::LogLevel::info, "scan_cycle",
              {{"seq", ranking.sequence},
               {"cycle_ms", ranking.cycle_ms},
               {"symbols_scanned", ranking.contracts.size()},
               {"ranked", ranked == ranking.ranked.end() ? 0 : ranked->second.size()},
               {"excluded", core::RawJson{reasons}},
               {"manip_flagged", core::RawJson{flagged}},
               {"requests", ranking.requests}});
}

}  // namespace scanner::engine
