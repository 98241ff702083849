#include "api/answers/item_fields.hpp"

#include "api/answers/number_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::api {
namespace {

using signals::FieldGroup;
using signals::FieldInfo;
using signals::FieldType;

FieldValue maybe(const std::optional<double>& value) {
    return value ? FieldValue(*value) : FieldValue();
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
FieldValue manip_flags(const ScoredContract& item) {
    return std::span<const std::string_view>(item.snapshot->numbers.manipulation.manip_flags);
}
FieldValue age_ms(const ScoredContract& item) {
    return std::int64_t{item.age.count()};
}

constexpr auto kBeforeNumbers = std::to_array<ItemField>({
    {{.name = "symbol",
      .group = FieldGroup::contract,
      .type = FieldType::text,
      .nullable = false,
      .meaning = "The contract's unified name.",
      .source = "contract list"},
     symbol,
     true,
     true},
    {{.name = "contract_code",
      .group = FieldGroup::contract,
      .type = FieldType::text,
      .nullable = false,
      .meaning = "The same by the exchange's own code.",
      .source = "contract list"},
     contract_code,
     true,
     true},
    {{.name = "rank",
      .group = FieldGroup::ranking,
      .type = FieldType::integer,
      .nullable = false,
      .depends_on_request = true,
      .minimum = 1.0,
      .meaning = "1 is the best, among all contracts that this request ranks.",
      .source = "score"},
     rank,
     true,
     true},
    {{.name = "rank_delta",
      .group = FieldGroup::ranking,
      .type = FieldType::integer,
      .depends_on_request = true,
      .meaning = "Previous rank minus this one: positive is up; null where it was not ranked before.",
      .source = "score, previous cycle"},
     rank_delta},
    {{.name = "score",
      .group = FieldGroup::ranking,
      .unit = "points",
      .nullable = false,
      .depends_on_request = true,
      .digits = signals::decimals(4),
      .meaning = "The score under the profile.",
      .source = "all numbers"},
     score},
    {{.name = "last_price",
      .group = FieldGroup::market,
      .unit = "USDT",
      .nullable = false,
      .meaning = "Last traded price.",
      .source = "ticker"},
     last_price},
});
/// They stand behind the number of funding that is made of them.
constexpr auto kBehindFunding = std::to_array<ItemField>({
    {{.name = "funding_rate",
      .group = FieldGroup::market,
      .unit = "fraction",
      .depends_on_request = true,
      .meaning = "Rate of the coming settlement as a fraction per interval, as the exchange gives it.",
      .source = "funding"},
     funding_rate},
    {{.name = "funding_interval_hours",
      .group = FieldGroup::contract,
      .unit = "hours",
      .type = FieldType::integer,
      .nullable = false,
      .minimum = 1.0,
      .meaning = "Hours between two settlements.",
      .source = "contract list"},
     funding_interval,
     true,
     true},
});
constexpr auto kBehindNumbers = std::to_array<ItemField>({
    {{.name = "manip_flags",
      .group = FieldGroup::manipulation,
      .type = FieldType::texts,
      .nullable = false,
      .meaning = "What was noticed.",
      .source = "book, all candles, open interest, funding, previous cycle"},
     manip_flags,
     false},
    {{.name = "age_ms",
      .group = FieldGroup::market,
      .unit = "ms",
      .type = FieldType::integer,
      .nullable = false,
      .minimum = 0.0,
      .meaning = "Age of the contract's inputs when the ranking was made.",
      .source = "ticker, book"},
     age_ms,
     true,
     true},
    {{.name = "listed_at",
      .group = FieldGroup::contract,
      .type = FieldType::time,
      .meaning = "Start of the day of the listing; null where the exchange does not say.",
      .source = "contract list"},
     listed_at},
    {{.name = "notes",
      .group = FieldGroup::ranking,
      .type = FieldType::texts,
      .nullable = false,
      .meaning = "What is unknown or was not measured, a sentence each; mostly empty.",
      .source = "all inputs"},
     notes,
     false},
});

/// The numbers that a request may change, as this one has them.
struct RequestNumber {
    const signals::NumberField* field;
    std::optional<double> (*get)(const ScoredContract&);
};
constexpr auto kRequestNumbers = std::to_array<RequestNumber>({
    {&signals::field_of<&signals::Metrics::slip_bps>(),
     [](const ScoredContract& item) { return std::optional(item.slip_bps); }},
    {&signals::field_of<&signals::Metrics::funding_8h_pct>(),
     [](const ScoredContract& item) { return item.funding_8h_pct; }},
    {&signals::field_of<&signals::Metrics::basis_bps>(), [](const ScoredContract& item) { return item.basis_bps; }},
});

constexpr const RequestNumber* find_request_number(std::size_t line) {
    const auto* const found = std::ranges::find(kRequestNumbers, &signals::kNumbers[line], &RequestNumber::field);
    return found == kRequestNumbers.end() ? nullptr : found;
}

/// A number of the table, null where it was not measured.
template <std::size_t line>
FieldValue number(const ScoredContract& item) {
    if constexpr (constexpr const RequestNumber* kOfRequest = find_request_number(line); kOfRequest != nullptr) {
        return maybe(kOfRequest->get(item));
    } else {
        return maybe(signals::known(item.numbers(), signals::kNumbers[line]));
    }
}

template <std::size_t line>
consteval ItemField field_of_line() {
    // A number that depends on the request and is not among them would be served from texts made for another request.
    static_assert(signals::kNumbers[line].depends_on_request == (find_request_number(line) != nullptr));
    return {signals::kNumbers[line], &number<line>};
}

constexpr std::size_t kItemNumbers = signals::numbers_of(FieldGroup::metrics).size() +
                                     signals::numbers_of(FieldGroup::edges).size() +
                                     signals::numbers_of(FieldGroup::manipulation).size();
static_assert(signals::kNumbers[kItemNumbers - 1].group == FieldGroup::manipulation, "what items show comes first");
constexpr std::size_t kFlowNumbers = signals::numbers_of(FieldGroup::flow).size();
constexpr std::size_t kFirstFlowNumber = static_cast<std::size_t>(signals::numbers_of(FieldGroup::flow).front().number);

/// What is there without a live feed.
constexpr std::size_t kWithoutFlow =
    kBeforeNumbers.size() + kItemNumbers + kBehindFunding.size() + kBehindNumbers.size();

template <std::size_t... line, std::size_t... flow>
consteval auto make_fields(std::index_sequence<line...>, std::index_sequence<flow...>) {
    std::array<ItemField, kWithoutFlow + kFlowNumbers> all{};
    auto* end = std::ranges::copy(kBeforeNumbers, all.begin()).out;
    const auto add = [&end](const ItemField& field) {
        *end++ = field;
        if (field.name == "funding_8h_pct") end = std::ranges::copy(kBehindFunding, end).out;
    };
    (add(field_of_line<line>()), ...);
    end = std::ranges::copy(kBehindNumbers, end).out;
    ((*end++ = field_of_line<kFirstFlowNumber + flow>()), ...);
    return all;
}
constexpr auto kFields =
    make_fields(std::make_index_sequence<kItemNumbers>(), std::make_index_sequence<kFlowNumbers>());

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

std::span<const ItemField> item_fields_of(const ranking::Ranking* ranking) {
    return ranking != nullptr && ranking->has_flow ? item_fields() : item_fields().first(kWithoutFlow);
}

const ItemField* find_item_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &ItemField::name);
    return found == kFields.end() ? nullptr : &*found;
}

void write_number(core::JsonWriter& json, double value) {
    json.raw(NumberText(value).view());
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

bool is_as_in_cycle(const ScoredContract& item) {
    return std::ranges::all_of(kRequestNumbers, [&item](const RequestNumber& number) {
        return number.get(item) == signals::known(item.numbers(), *number.field);
    });
}

FieldValue rounded(FieldValue value, signals::Digits digits) {
    if (auto* const number = std::get_if<double>(&value)) *number = signals::rounded(*number, digits);
    return value;
}

FieldValue rounded_as(std::string_view name, FieldValue value) {
    const ItemField* const field = find_item_field(name);
    return field == nullptr ? value : rounded(value, field->digits);
}

void write_fields(core::JsonWriter& json, std::span<const ItemField> fields, const ScoredContract& item) {
    for (const ItemField& field : fields) {
        const FieldValue value = field.get(item);
        json.key(field.name);
        if (const auto* const number = std::get_if<double>(&value)) {
            json.raw(NumberText(*number, field.digits).view());
        } else {
            write_value(json, value);
        }
    }
}

void write_numbers(core::JsonWriter& json, FieldGroup group, const signals::NumbersView& view) {
    for (const signals::NumberField& field : signals::numbers_of(group)) {
        const std::optional<double> value = signals::known(view, field);
        json.key(field.name);
        if (!value) {
            json.null();
        } else if (field.type == FieldType::boolean) {
            json.value(*value != 0.0);
        } else if (field.type == FieldType::text) {
            json.value(signals::text_of(*value));
        } else {
            json.raw(NumberText(*value, field.digits).view());
        }
    }
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
