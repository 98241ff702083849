#include "api/answers/envelope.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <utility>

namespace scanner::api {

void write_scan_members(core::JsonWriter& json, const ranking::Ranking& ranking,
                        const std::optional<core::WallTime>& data_time) {
    json.field("ts", core::format_time(ranking.time)).field("seq", ranking.sequence);
    if (ranking.epoch != 0) json.field("epoch", ranking.epoch);
    if (ranking.settings.simulated) json.field("simulated", true);
    json.key("data_age_ms");
    if (data_time) {
        json.value(std::max<std::int64_t>(0, (ranking.time - *data_time).count()));
    } else {
        json.null();
    }
    json.field("next_scan_at", core::format_time(ranking.next_scan_at));
    write_manip_model(json, ranking);
}

std::string told_as_replay(std::string json) {
    if (!json.starts_with('{')) return json;
    json.insert(1, json == "{}" ? R"("replay":true)" : R"("replay":true,)");
    return json;
}

Rendered told_as_replay(Rendered rendered) {
    if (rendered.content_type() != kJsonType) return rendered;
    return {rendered.content_type(), told_as_replay(*rendered.body()), rendered.stamp()};
}

void write_manip_model(core::JsonWriter& json, const ranking::Ranking& ranking) {
    json.field("manip_model", core::to_string(ranking.settings.manip_model));
}

void write_next_cursor(core::JsonWriter& json, std::string_view cursor) {
    json.key("next_cursor");
    if (cursor.empty()) {
        json.null();
    } else {
        json.value(cursor);
    }
}

void write_manipulation_filters(core::JsonWriter& json, const Selection& selection) {
    number_field(json, "max_manip_score", selection.max_manip_score);
    json.key("exclude_flags");
    write_strings(json, selection.exclude_flags);
}

void write_quarantine_filter(core::JsonWriter& json, const ranking::Ranking& ranking, bool quarantine) {
    if (ranking.is_measured()) json.field("quarantine", quarantine);
}

void write_strings(core::JsonWriter& json, const std::vector<std::string>& entries) {
    json.begin_array();
    for (const std::string& entry : entries) json.value(entry);
    json.end_array();
}

void write_symbols(core::JsonWriter& json, const std::optional<std::vector<std::string>>& codes) {
    if (!codes) {
        json.null();
        return;
    }
    json.begin_array();
    for (const std::string& code : *codes) json.value(core::unified_symbol(code));
    json.end_array();
}

}  // namespace scanner::api
