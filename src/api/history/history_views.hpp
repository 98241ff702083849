#pragma once

#include "api/answers/rendered.hpp"
#include "api/history/history_queries.hpp"
#include "api/http/problem.hpp"

#include "scanner/storage/history.hpp"

#include <span>
#include <string>
#include <string_view>

/// Rows of history as text. Pure.
namespace scanner::api {

inline constexpr std::string_view kNdjsonType = "application/x-ndjson";

/// A line a row, each ended by a line break; `csv_header` is the line in front of the first row.
[[nodiscard]] std::string ndjson_of(std::span<const storage::RankingRow> rows);
[[nodiscard]] std::string ndjson_of(std::span<const storage::HistoryBar> rows);
[[nodiscard]] std::string csv_of(std::span<const storage::RankingRow> rows);
[[nodiscard]] std::string csv_of(std::span<const storage::HistoryBar> rows);
[[nodiscard]] std::string csv_header(const HistoryRankingsQuery& query);
[[nodiscard]] std::string csv_header(const HistoryBarsQuery& query);

/// The line that ends an NDJSON stream which could not be finished: what happened, and where to go on.
[[nodiscard]] std::string ndjson_failure(const Problem& problem, std::string_view next_cursor);

/// One page in the query's form.
[[nodiscard]] Rendered render_page(const HistoryRankingsQuery& query, const storage::RankingsPage& page);
[[nodiscard]] Rendered render_page(const HistoryBarsQuery& query, const storage::BarsPage& page);

/// The ranking as it stood.
[[nodiscard]] Rendered render_as_of(const AsOfQuery& query, const storage::RankingAsOf& ranking);

/// The profiles that the cycle was ranked under, sorted; empty where it is not known (an older service's rows).
[[nodiscard]] std::vector<std::string> profiles_of(const storage::RankingAsOf& ranking);

}  // namespace scanner::api
