#include "api/history/history_views.hpp"

#include "api/answers/envelope.hpp"
#include "api/answers/item_fields.hpp"
#include "api/answers/number_text.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

/// Where the cells of a row go: a JSON object.
class JsonRow {
public:
    /// With room for this many bytes.
    explicit JsonRow(std::size_t reserve) : json_(reserve) {}
    void text(std::string_view name, std::string_view value) { json_.field(name, value); }
    void number(std::string_view name, const std::optional<double>& value) {
        json_.key(name);
        if (value) {
            const ItemField* const field = find_item_field(name);
            json_.raw(NumberText(*value, field == nullptr ? signals::all_digits() : field->digits).view());
        } else {
            json_.null();
        }
    }
    void integer(std::string_view name, const std::optional<std::int64_t>& value) { json_.field(name, value); }
    void texts(std::string_view name, const std::vector<std::string>* values) {
        json_.key(name);
        if (values == nullptr) {
            json_.null();
        } else {
            write_strings(json_, *values);
        }
    }

    core::JsonWriter& json() { return json_; }
    void begin() { json_.begin_object(); }
    void end() { json_.end_object(); }

private:
    core::JsonWriter json_;
};

/// The same as a line of CSV.
class CsvRow {
public:
    explicit CsvRow(std::string& out) : out_(out) {}
    void text(std::string_view /*name*/, std::string_view value) { cell(value); }
    void number(std::string_view name, const std::optional<double>& value) {
        cell(value ? rounded_as(name, *value) : FieldValue());
    }
    void integer(std::string_view /*name*/, const std::optional<std::int64_t>& value) {
        cell(value ? FieldValue(*value) : FieldValue());
    }
    void texts(std::string_view /*name*/, const std::vector<std::string>* values) {
        const std::vector<std::string_view> views(values == nullptr
                                                      ? std::vector<std::string_view>()
                                                      : std::vector<std::string_view>(values->begin(), values->end()));
        cell(std::span<const std::string_view>(views));
    }
    void end() {
        out_ += "\r\n";
        first_ = true;
    }

private:
    void cell(const FieldValue& value) {
        if (!std::exchange(first_, false)) out_ += ',';
        append_csv(out_, value);
    }
    std::string& out_;
    bool first_ = true;
};

/// The names alone.
class CsvNames {
public:
    void text(std::string_view name, std::string_view /*value*/) { add(name); }
    void number(std::string_view name, const std::optional<double>& /*value*/) { add(name); }
    void integer(std::string_view name, const std::optional<std::int64_t>& /*value*/) { add(name); }
    void texts(std::string_view name, const std::vector<std::string>* /*values*/) { add(name); }
    [[nodiscard]] std::string line() const { return line_ + "\r\n"; }

private:
    void add(std::string_view name) {
        if (!line_.empty()) line_ += ',';
        line_ += name;
    }
    std::string line_;
};

std::optional<std::int64_t> sequence_of(std::uint64_t sequence) {
    if (sequence == 0) return std::nullopt;  // an older service's
    return static_cast<std::int64_t>(sequence);
}

std::string code_of(const std::string& symbol) {
    return core::parse_symbol(symbol).value_or(symbol);
}

template <class Row>
void write_cells(Row& out, const storage::RankingRow& row) {
    out.text("ts", core::format_time(row.time));
    out.integer("seq", sequence_of(row.sequence));
    out.text("profile", row.profile);
    out.text("symbol", row.symbol);
    out.text("contract_code", code_of(row.symbol));
    out.integer("rank", row.rank);
    out.number("score", row.score);
    out.number("last_price", row.last_price);
    out.number("qvol_usdt", row.qvol_usdt);
    out.number("spread_bps", row.spread_bps);
    out.number("slip_bps", row.slip_bps);
    out.number("manip_score", row.manip_score);
}

template <class Row>
void write_cells(Row& out, const storage::HistoryBar& bar) {
    const storage::ClosedCandle* const candle = bar.candle ? &*bar.candle : nullptr;
    const storage::MinuteAggregate* const numbers = bar.numbers ? &*bar.numbers : nullptr;
    const auto price = [&](double storage::ClosedCandle::* member) {
        return candle == nullptr ? std::nullopt : std::optional(candle->*member);
    };
    const auto number = [&](double storage::MinuteAggregate::* member) {
        return numbers == nullptr ? std::nullopt : std::optional(numbers->*member);
    };
    const auto maybe = [&](std::optional<double> storage::MinuteAggregate::* member) {
        return numbers == nullptr ? std::nullopt : numbers->*member;
    };
    out.text("ts", core::format_time(bar.time));
    out.number("open", price(&storage::ClosedCandle::open));
    out.number("high", price(&storage::ClosedCandle::high));
    out.number("low", price(&storage::ClosedCandle::low));
    out.number("close", price(&storage::ClosedCandle::close));
    out.number("volume", price(&storage::ClosedCandle::base_volume));
    out.integer("minutes", bar.minutes);
    out.number("last_price", number(&storage::MinuteAggregate::close));
    out.number("atr_pct", maybe(&storage::MinuteAggregate::atr_pct));
    out.number("spread_bps", number(&storage::MinuteAggregate::spread_bps));
    out.number("top5_depth_usdt", number(&storage::MinuteAggregate::top5_depth_usdt));
    out.number("ret_1", maybe(&storage::MinuteAggregate::ret_1));
    out.number("ret_15", maybe(&storage::MinuteAggregate::ret_15));
    out.number("funding_8h_pct", maybe(&storage::MinuteAggregate::funding_8h_pct));
    out.number("open_interest", maybe(&storage::MinuteAggregate::open_interest));
    out.number("basis_bps", maybe(&storage::MinuteAggregate::basis_bps));
    out.number("manip_score", maybe(&storage::MinuteAggregate::manip_score));
    out.texts("manip_flags", numbers == nullptr ? nullptr : &numbers->manip_flags);
    out.integer("samples", numbers == nullptr ? std::nullopt : std::optional<std::int64_t>(numbers->samples));
    out.integer("first_seq", numbers == nullptr ? std::nullopt : sequence_of(numbers->first_sequence));
    out.integer("last_seq", numbers == nullptr ? std::nullopt : sequence_of(numbers->last_sequence));
}

void write_object(JsonRow& out, const storage::RankingRow& row) {
    out.begin();
    write_cells(out, row);
    if (!row.inputs_json.empty()) out.json().key("inputs").raw(row.inputs_json);
    out.end();
}
void write_object(JsonRow& out, const storage::HistoryBar& bar) {
    out.begin();
    write_cells(out, bar);
    out.end();
}

/// Mostly a bit more than what it takes as JSON.
std::size_t usual_bytes(const storage::RankingRow& row) {
    return 384 + row.inputs_json.size();
}
std::size_t usual_bytes(const storage::HistoryBar& /*bar*/) {
    return 640;
}

template <class Rows>
std::size_t usual_bytes_of(const Rows& rows) {
    std::size_t bytes = 256;
    for (const auto& row : rows) bytes += usual_bytes(row);
    return bytes;
}

template <class T>
std::string ndjson_lines(std::span<const T> rows) {
    std::string lines;
    lines.reserve(usual_bytes_of(rows));
    for (const T& row : rows) {
        JsonRow out(usual_bytes(row));
        write_object(out, row);
        lines += out.json().view();
        lines += '\n';
    }
    return lines;
}

template <class T>
std::string csv_lines(std::span<const T> rows) {
    std::string lines;
    CsvRow out(lines);
    for (const T& row : rows) {
        write_cells(out, row);
        out.end();
    }
    return lines;
}

template <class Query, class Page>
Rendered page_of(const Query& query, const Page& page, void (*describe)(core::JsonWriter&, const Query&)) {
    const std::span rows(page.rows);
    switch (query.format) {
        case HistoryFormat::ndjson: return {std::string(kNdjsonType), ndjson_of(rows), std::nullopt};
        case HistoryFormat::csv: return {std::string(kCsvType), csv_header(query) + csv_of(rows), std::nullopt};
        case HistoryFormat::json: break;
    }
    JsonRow out(usual_bytes_of(page.rows));
    core::JsonWriter& json = out.json();
    json.begin_object().field("from", core::format_time(query.from)).field("to", core::format_time(query.to));
    describe(json, query);
    json.key("items").begin_array();
    for (const auto& row : page.rows) write_object(out, row);
    write_next_cursor(json.end_array(), page.next);
    json.end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

void describe(core::JsonWriter& json, const HistoryRankingsQuery& query) {
    json.field("profile", query.profile).field("symbol", query.symbol);
}
void describe(core::JsonWriter& json, const HistoryBarsQuery& query) {
    const auto minutes = query.interval.count();
    json.field("symbol", query.symbol).field("contract_code", code_of(query.symbol));
    json.field("interval", minutes == 60 ? std::string("1h") : std::to_string(minutes) + 'm');
}

}  // namespace

std::string ndjson_of(std::span<const storage::RankingRow> rows) {
    return ndjson_lines(rows);
}
std::string ndjson_of(std::span<const storage::HistoryBar> rows) {
    return ndjson_lines(rows);
}
std::string csv_of(std::span<const storage::RankingRow> rows) {
    return csv_lines(rows);
}
std::string csv_of(std::span<const storage::HistoryBar> rows) {
    return csv_lines(rows);
}
std::string csv_header(const HistoryRankingsQuery& /*query*/) {
    CsvNames names;
    write_cells(names, storage::RankingRow());
    return names.line();
}
std::string csv_header(const HistoryBarsQuery& /*query*/) {
    CsvNames names;
    write_cells(names, storage::HistoryBar());
    return names.line();
}

std::string ndjson_failure(const Problem& problem, std::string_view next_cursor) {
    core::JsonWriter json(256);
    json.begin_object().key("error").raw(render_problem(problem));
    write_next_cursor(json, next_cursor);
    json.end_object();
    return json.take() + '\n';
}

Rendered render_page(const HistoryRankingsQuery& query, const storage::RankingsPage& page) {
    return page_of<HistoryRankingsQuery>(query, page, &describe);
}
Rendered render_page(const HistoryBarsQuery& query, const storage::BarsPage& page) {
    return page_of<HistoryBarsQuery>(query, page, &describe);
}

}  // namespace scanner::api
