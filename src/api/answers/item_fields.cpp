#include "api/answers/item_fields.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/number_fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace scanner::api {
namespace {

FieldValue maybe(const std::optional<double>& value) {
    return value ? FieldValue(*value) : FieldValue();
}

const signals::Metrics& metrics(const ScoredContract& item) {
    return item.snapshot->numbers.metrics;
}
const signals::Manipulation& manipulation(const ScoredContract& item) {
    return item.snapshot->numbers.manipulation;
}

/// A number of any block; null where it was not measured.
template <auto member>
FieldValue number(const ScoredContract& item) {
    return maybe(signals::known<member>(item.numbers()));
}

FieldValue symbol(const ScoredContract& item) {
    return std::string_view(item.snapshot->data.contract->symbol);
}
FieldValue contract_code(const ScoredContract& item) {
    return std::string_view(item.snapshot->data.contract->contract_code);
}
FieldValue rank(const ScoredContract& item) {
    return std::int64_t{item.rank};
}
FieldValue rank_delta(const ScoredContract& item) {
    return item.rank_delta ? FieldValue(std::int64_t{*item.rank_delta}) : FieldValue();
}
FieldValue score(const ScoredContract& item) {
    return item.score;
}
FieldValue last_price(const ScoredContract& item) {
    return item.snapshot->data.ticker.last;
}
FieldValue slip_bps(const ScoredContract& item) {
    return item.slip_bps;
}
FieldValue funding(const ScoredContract& item) {
    return maybe(item.funding_8h_pct);
}
FieldValue funding_rate(const ScoredContract& item) {
    return maybe(item.funding_rate);
}
FieldValue funding_interval(const ScoredContract& item) {
    return std::int64_t{item.snapshot->data.contract->funding_interval_hours};
}
FieldValue listed_at(const ScoredContract& item) {
    const auto& listed = item.snapshot->data.contract->listed_at;
    return listed ? FieldValue(*listed) : FieldValue();
}
FieldValue notes(const ScoredContract& item) {
    return std::span<const std::string>(item.snapshot->notes);
}
FieldValue open_interest(const ScoredContract& item) {
    return maybe(metrics(item).open_interest);
}
FieldValue basis(const ScoredContract& item) {
    return maybe(item.basis_bps);
}
FieldValue manip_score(const ScoredContract& item) {
    return manipulation(item).manip_score;
}
FieldValue manip_flags(const ScoredContract& item) {
    return std::span<const std::string_view>(manipulation(item).manip_flags);
}
FieldValue age_ms(const ScoredContract& item) {
    return std::int64_t{item.age.count()};
}

using signals::Edges;
using signals::Metrics;

constexpr auto kFields = std::to_array<ItemField>({
    {.name = "symbol", .get = symbol, .ascending_first = true},
    {.name = "contract_code", .get = contract_code, .ascending_first = true},
    {.name = "rank", .get = rank, .ascending_first = true},
    {.name = "rank_delta", .get = rank_delta},
    {.name = "score", .get = score},
    {.name = "last_price", .get = last_price},
    {.name = "qvol_usdt", .get = number<&Metrics::qvol_usdt>},
    {.name = "atr_pct", .get = number<&Metrics::atr_pct>},
    {.name = "spread_bps", .get = number<&Metrics::spread_bps>},
    {.name = "slip_bps", .get = slip_bps},
    {.name = "top5_depth_usdt", .get = number<&Metrics::top5_depth_usdt>},
    {.name = "ret_15", .get = number<&Metrics::ret_15>},
    {.name = "ret_1", .get = number<&Metrics::ret_1>},
    {.name = "funding_8h_pct", .get = funding},
    {.name = "funding_rate", .get = funding_rate},
    {.name = "funding_interval_hours", .get = funding_interval, .ascending_first = true},
    {.name = "open_interest", .get = open_interest},
    {.name = "basis_bps", .get = basis},
    {.name = "volume_zscore", .get = number<&Metrics::volume_zscore>},
    {.name = "order_flow_imbalance", .get = number<&Metrics::order_flow_imbalance>},
    {.name = "volatility_regime", .get = number<&Metrics::volatility_regime>},
    {.name = "price_velocity", .get = number<&Metrics::price_velocity>},
    {.name = "anomaly_score", .get = number<&Metrics::anomaly_score>},
    {.name = "depth_to_volume_ratio", .get = number<&Metrics::depth_to_volume_ratio>},
    {.name = "liquidity_edge", .get = number<&Edges::liquidity_edge>},
    {.name = "momentum_edge", .get = number<&Edges::momentum_edge>},
    {.name = "volatility_edge", .get = number<&Edges::volatility_edge>},
    {.name = "microstructure_edge", .get = number<&Edges::microstructure_edge>},
    {.name = "anomaly_residual", .get = number<&Edges::anomaly_residual>},
    {.name = "manip_score", .get = manip_score},
    {.name = "manip_flags", .get = manip_flags, .sortable = false},
    {.name = "age_ms", .get = age_ms, .ascending_first = true},
    {.name = "listed_at", .get = listed_at},
    {.name = "notes", .get = notes, .sortable = false},
});

/// Below 2^53 a whole double is exactly that integer.
bool is_plain_integer(double value) {
    return std::fabs(value) < 9007199254740992.0 && value == std::trunc(value);
}

/// Whether a spreadsheet would compute a cell with this text, or let it start another one (RFC 4180 knows no such
/// thing; OWASP, CSV injection). The wide forms are what some input methods and readers take for the ASCII ones.
bool is_formula(std::string_view text) {
    static constexpr std::array<std::string_view, 11> kStarts{"=",  "+",  "-",  "@",  "\t", "\r",
                                                              "\n", "＝", "＋", "－", "＠"};
    return std::ranges::any_of(kStarts, [text](std::string_view start) { return text.starts_with(start); });
}

void append_csv_text(std::string& out, std::string_view text) {
    const bool formula = is_formula(text);
    if (text.find_first_of("\",\r\n\t") == std::string_view::npos) {
        if (formula) out += '\'';
        out += text;
        return;
    }
    out += '"';
    if (formula) out += '\'';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

template <class Text>
std::string joined(std::span<const Text> texts) {
    std::string all;
    for (const Text& text : texts) {
        if (!all.empty()) all += '|';
        all += text;
    }
    return all;
}

/// -1, 0 or 1.
int compare(const FieldValue& a, const FieldValue& b) {
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
    if (const auto* x = std::get_if<double>(&a)) return order(*x, std::get<double>(b));
    if (const auto* x = std::get_if<std::int64_t>(&a)) return order(*x, std::get<std::int64_t>(b));
    if (const auto* x = std::get_if<core::WallTime>(&a)) return order(*x, std::get<core::WallTime>(b));
    if (const auto* x = std::get_if<std::string_view>(&a)) return order(*x, std::get<std::string_view>(b));
    return 0;
}

}  // namespace

std::span<const ItemField> item_fields() {
    return kFields;
}

const ItemField* find_item_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &ItemField::name);
    return found == kFields.end() ? nullptr : &*found;
}

void write_number(core::JsonWriter& json, double value) {
    if (is_plain_integer(value)) {
        json.value(static_cast<std::int64_t>(value));
    } else {
        json.value(value);
    }
}

void write_number(core::JsonWriter& json, const std::optional<double>& value) {
    if (value) {
        write_number(json, *value);
    } else {
        json.null();
    }
}

void number_field(core::JsonWriter& json, std::string_view name, const std::optional<double>& value) {
    json.key(name);
    write_number(json, value);
}

void write_value(core::JsonWriter& json, const FieldValue& value) {
    if (const auto* number = std::get_if<double>(&value)) {
        write_number(json, *number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        json.value(*integer);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        json.value(*text);
    } else if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
        json.begin_array();
        for (const std::string_view entry : *texts) json.value(entry);
        json.end_array();
    } else if (const auto* sentences = std::get_if<std::span<const std::string>>(&value)) {
        json.begin_array();
        for (const std::string& entry : *sentences) json.value(entry);
        json.end_array();
    } else if (const auto* time = std::get_if<core::WallTime>(&value)) {
        json.value(core::format_time(*time));
    } else {
        json.null();
    }
}

void append_csv(std::string& out, const FieldValue& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_csv_text(out, *text);
    } else if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
        append_csv_text(out, joined(*texts));
    } else if (const auto* sentences = std::get_if<std::span<const std::string>>(&value)) {
        append_csv_text(out, joined(*sentences));
    } else if (const auto* time = std::get_if<core::WallTime>(&value)) {
        out += core::format_time(*time);
    } else if (!is_null(value)) {
        core::JsonWriter json;
        write_value(json, value);
        out += json.view();
    }
}

bool comes_before(const ItemField& field, bool ascending, const ScoredContract& a, const ScoredContract& b) {
    const FieldValue value_a = field.get(a);
    const FieldValue value_b = field.get(b);
    const bool null_a = is_null(value_a);
    const bool null_b = is_null(value_b);
    if (null_a != null_b) return null_b;
    const int order = null_a ? 0 : compare(value_a, value_b);
    if (order != 0) return ascending ? order < 0 : order > 0;
    return a.rank < b.rank;
}

}  // namespace scanner::api
