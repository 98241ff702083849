#include "api/history/history_queries.hpp"

#include "api/answers/item_fields.hpp"
#include "api/http/limits.hpp"
#include "api/http/negotiation.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/text.hpp"
#include "scanner/storage/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::api {
namespace {

constexpr std::size_t kPageRows = 1'000;
/// With every row's inputs, some kilobytes each.
constexpr std::int64_t kMaxRowsWithInputs = 500;
constexpr std::chrono::hours kDefaultRange{24};
constexpr std::size_t kMaxProfileName = 64;

constexpr std::string_view kTimeForm =
    "expected a time like 2026-11-22T05:24:00Z, or a date like 2026-11-22 for its midnight in UTC, got {}";

std::optional<core::WallTime> read_time(ParamReader& reader, std::string_view name) {
    const auto text = reader.text(name);
    if (!text) return std::nullopt;
    const auto time = parse_history_time(*text);
    if (!time) reader.reject(name, fmt::format(kTimeForm, in_quotes(*text)));
    return time;
}

void read_range(ParamReader& reader, const HistoryContext& context, HistoryQuery& query) {
    const auto from = read_time(reader, "from");
    const auto to = read_time(reader, "to");
    query.to = to.value_or(from && *from >= context.now ? *from + kDefaultRange : context.now);
    query.from = from.value_or(query.to - kDefaultRange);
    if (query.from > query.to) reader.reject(to ? "to" : "from", "the range ends before it begins");
}

HistoryFormat read_format(ParamReader& reader, const HistoryContext& context) {
    constexpr std::array<std::string_view, 3> kFormats{"json", "ndjson", "csv"};
    const auto given = reader.choice("format", kFormats);
    if (!given) return preferred_format(context.accept);
    if (*given == "csv") return HistoryFormat::csv;
    return *given == "ndjson" ? HistoryFormat::ndjson : HistoryFormat::json;
}

void read_page(ParamReader& reader, const HistoryContext& context, std::int64_t most, HistoryQuery& query) {
    query.format = read_format(reader, context);
    if (const auto limit = reader.integer("limit", 1, most)) query.limit = static_cast<std::size_t>(*limit);
    if (!query.limit && query.format == HistoryFormat::json)
        query.limit = std::min(kPageRows, static_cast<std::size_t>(most));
    query.cursor = reader.text("cursor").value_or("");
}

std::optional<std::string> read_symbol(ParamReader& reader) {
    const auto text = reader.text("symbol");
    if (!text) return std::nullopt;
    const auto code = core::parse_symbol(*text);
    if (code) return core::unified_symbol(*code);
    reader.reject("symbol", fmt::format("expected the name of a contract, as BTC-USDT, got {}", in_quotes(*text)));
    return std::nullopt;
}

std::optional<std::string> read_profile(ParamReader& reader) {
    auto name = reader.text("profile");
    if (!name || name->size() <= kMaxProfileName) return name;
    reader.reject("profile", fmt::format("at most {} bytes", kMaxProfileName));
    return std::nullopt;
}

std::optional<std::vector<std::string>> read_symbols(ParamReader& reader) {
    const auto given = reader.list("symbols");
    if (!given) return std::nullopt;
    if (given->empty()) reader.reject("symbols", "must list at least one contract; omit it to include all");
    std::vector<std::string> codes;
    for (const std::string& name : *given) {
        auto code = core::parse_symbol(name);
        if (code) {
            codes.push_back(std::move(*code));
        } else {
            reader.reject("symbols", fmt::format("{} is no name of a contract", in_quotes(name)));
        }
    }
    return codes;
}

void read_fields(ParamReader& reader, AsOfQuery& query) {
    const auto names = reader.list("fields");
    for (const ItemField& field : item_fields_of(nullptr)) {
        if (!names && field.in_past) query.fields.push_back(field.name);
    }
    if (!names) return;
    if (names->empty()) reader.reject("fields", "names no field; leave the parameter out to get all");
    for (const std::string& name : *names) {
        const ItemField* const field = find_item_field(name);
        if (field != nullptr && field->in_past) {
            query.fields.push_back(field->name);
        } else {
            reader.reject("fields", fmt::format("unknown field {}", in_quotes(name)));
        }
    }
}

struct MediaRange {
    std::string name;  ///< "text/csv"
    double quality = 1.0;
};

MediaRange parse_media_range(std::string_view text) {
    MediaRange range{.name = core::lower_case(take_part(text, ';'))};
    while (!text.empty()) {
        const std::string parameter = core::lower_case(take_part(text, ';'));
        if (!parameter.starts_with("q=")) continue;
        range.quality = core::parse_double(parameter.substr(2)).value_or(0.0);
    }
    return range;
}

std::optional<HistoryFormat> format_of(std::string_view media_type) {
    if (media_type == "application/x-ndjson" || media_type == "application/ndjson" ||
        media_type == "application/jsonl" || media_type == "application/x-jsonlines")
        return HistoryFormat::ndjson;
    if (media_type == "text/csv") return HistoryFormat::csv;
    if (media_type == "application/json" || media_type == "*/*" || media_type == "application/*")
        return HistoryFormat::json;
    return std::nullopt;
}

}  // namespace

HistoryFormat preferred_format(std::string_view accept) {
    HistoryFormat best = HistoryFormat::json;
    double best_quality = 0.0;
    while (!accept.empty()) {
        const MediaRange range = parse_media_range(take_part(accept, ','));
        const auto format = format_of(range.name);
        if (!format || range.quality <= best_quality) continue;  // of equals the first
        best = *format;
        best_quality = range.quality;
    }
    return best;
}

std::optional<core::WallTime> parse_history_time(std::string_view text) {
    std::string full(text);
    constexpr std::size_t kDateLength = std::string_view("2026-11-22").size();
    if (full.size() == kDateLength) full += "T00:00:00Z";
    // "+02:00" written in a query without escaping; a space is nowhere else behind the seconds.
    const std::size_t space = full.rfind(' ');
    if (space != std::string::npos && space > kDateLength) full[space] = '+';
    return core::parse_time(full);
}

std::expected<HistoryRankingsQuery, Problem> parse_history_rankings(const net::QueryParameters& params,
                                                                    const HistoryContext& context) {
    ParamReader reader(params, context.declared);
    HistoryRankingsQuery query;
    read_range(reader, context, query);
    query.profile = read_profile(reader);
    query.symbol = read_symbol(reader);
    query.with_inputs = reader.flag("inputs").value_or(false);
    const auto most = query.with_inputs ? kMaxRowsWithInputs : static_cast<std::int64_t>(storage::kMaxPageRows);
    read_page(reader, context, most, query);
    if (query.with_inputs && query.format == HistoryFormat::csv)
        reader.reject("inputs", "have no place in CSV; use format=ndjson");
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::expected<HistoryBarsQuery, Problem> parse_history_bars(const net::QueryParameters& params,
                                                            const HistoryContext& context) {
    ParamReader reader(params, context.declared);
    HistoryBarsQuery query;
    read_range(reader, context, query);
    query.symbol = read_symbol(reader).value_or("");
    constexpr std::array<std::string_view, 4> kIntervals{"1m", "5m", "15m", "1h"};
    constexpr std::array kMinutes{1, 5, 15, 60};
    const auto interval = reader.choice("interval", kIntervals).value_or("1m");
    const auto place = static_cast<std::size_t>(std::ranges::find(kIntervals, interval) - kIntervals.begin());
    query.interval = std::chrono::minutes(kMinutes[place]);
    read_page(reader, context, static_cast<std::int64_t>(storage::kMaxPageRows), query);
    auto errors = reader.finish();
    const bool given = std::ranges::any_of(params, [](const auto& param) { return param.name == "symbol"; });
    if (!given) errors.push_back({.in = "query", .name = "symbol", .message = "is needed: the contract, as BTC-USDT"});
    if (!errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::expected<AsOfQuery, Problem> parse_as_of(const net::QueryParameters& params, const HistoryContext& context) {
    ParamReader reader(params, context.declared);
    AsOfQuery query;
    if (const auto time = read_time(reader, "as_of")) query.time = *time;
    query.profile = read_profile(reader).value_or(std::string(context.default_profile));
    query.top = reader.integer("top", 1, kMaxTop).value_or(context.default_top);
    const auto page = reader.integer("page", 1);
    const auto page_size = reader.integer("page_size", 1, kMaxPageSize);
    query.page = page.value_or(1);
    query.symbols = read_symbols(reader);
    read_fields(reader, query);
    constexpr std::array<std::string_view, 2> kFormats{"json", "csv"};
    query.csv = reader.choice("format", kFormats) == "csv";
    query.page_size = page_size.value_or(query.csv && !page ? kMaxTop : kDefaultPageSize);  // a file is whole
    // The past is shown as it was ranked, with the limits and the notional of then.
    for (const std::string_view name : {"min_qvol", "max_spread_bps", "min_listed_days", "notional", "include_funding",
                                        "include_basis", "include_carry", "max_manip_score", "exclude_flags",
                                        "quarantine", "watchlist", "sort", "order", "seq", "explain"}) {
        if (reader.list(name)) reader.reject(name, "has no place beside as_of, which shows what was ranked then");
    }
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

}  // namespace scanner::api
