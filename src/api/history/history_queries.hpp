#pragma once

#include "api/http/param_reader.hpp"
#include "api/http/problem.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/request_target.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The forms that history comes in.
enum class HistoryFormat { json, ndjson, csv };

/// What a request to a history route asks for. Every text is as the store knows it.
struct HistoryQuery {
    core::WallTime from;
    core::WallTime to;  ///< exclusive
    HistoryFormat format = HistoryFormat::json;
    /// Rows of one page. Nothing: everything at once, as a stream; never so for json.
    std::optional<std::size_t> limit;
    std::string cursor;  ///< where the page before ended; empty for the first
};
struct HistoryRankingsQuery : HistoryQuery {
    std::optional<std::string> profile;
    std::optional<std::string> symbol;  ///< unified
    bool with_inputs = false;
};
struct HistoryBarsQuery : HistoryQuery {
    std::string symbol;  ///< unified
    std::chrono::minutes interval{1};
};

/// /rankings?as_of=…
struct AsOfQuery {
    core::WallTime time;
    std::string profile;
    std::int64_t top = 0;
    std::int64_t page = 1;
    std::int64_t page_size = 25;
    std::optional<std::vector<std::string>> symbols;  ///< contract codes
    std::vector<std::string_view> fields;             ///< names of item fields, in the order to show them
    bool csv = false;
};

/// What a query is checked against.
struct HistoryContext {
    core::WallTime now;
    std::string_view accept;  ///< the request's; `format` has precedence
    std::string_view default_profile = "scalp";
    int default_top = 12;
    ParamLog* declared = nullptr;  ///< records every parameter that the query may have
};

/// The form that an Accept header prefers, by its q-values; json where it is empty or prefers none of ours. Pure.
[[nodiscard]] HistoryFormat preferred_format(std::string_view accept);

/// RFC 3339, or a date alone for its midnight in UTC. A '+' that a query turned into a space is understood.
[[nodiscard]] std::optional<core::WallTime> parse_history_time(std::string_view text);

/// 422 with everything that is wrong. Pure.
[[nodiscard]] std::expected<HistoryRankingsQuery, Problem> parse_history_rankings(const net::QueryParameters& params,
                                                                                  const HistoryContext& context);
[[nodiscard]] std::expected<HistoryBarsQuery, Problem> parse_history_bars(const net::QueryParameters& params,
                                                                          const HistoryContext& context);
[[nodiscard]] std::expected<AsOfQuery, Problem> parse_as_of(const net::QueryParameters& params,
                                                            const HistoryContext& context);

}  // namespace scanner::api
