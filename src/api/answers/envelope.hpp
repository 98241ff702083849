#pragma once

#include "api/answers/rendered.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/ranking.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace scanner::api {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kCsvType = "text/csv; charset=utf-8; header=present";

/// The members that every answer made from a ranking begins with: ts, seq, `simulated` where it is true, data_age_ms
/// (of the oldest input at ts, null without inputs), next_scan_at, manip_model.
void write_scan_members(core::JsonWriter& json, const ranking::Ranking& ranking,
                        const std::optional<core::WallTime>& data_time);

/// The same answer, of a replay: where it is a JSON object its first member says so.
[[nodiscard]] Rendered told_as_replay(Rendered rendered);
[[nodiscard]] std::string told_as_replay(std::string json);

/// `manip_model`: where scores and flags of manipulation come from.
void write_manip_model(core::JsonWriter& json, const ranking::Ranking& ranking);

/// `next_cursor` of a page: where the next one begins, null on the last one.
void write_next_cursor(core::JsonWriter& json, std::string_view cursor);

/// The members of `filters` that rankings and opportunities share: max_manip_score, exclude_flags.
void write_manipulation_filters(core::JsonWriter& json, const Selection& selection);

/// The member of `filters` that both have with the measured model: quarantine.
void write_quarantine_filter(core::JsonWriter& json, const ranking::Ranking& ranking, bool quarantine);

void write_strings(core::JsonWriter& json, const std::vector<std::string>& entries);
/// Contract codes as unified symbols; null without a list.
void write_symbols(core::JsonWriter& json, const std::optional<std::vector<std::string>>& codes);

}  // namespace scanner::api
