#include "engine/history/stored_inputs.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

using storage::InputKind;
using Field = StoredInputs::Field;
using Source = StoredInputs::Source;
using signals::FieldGroup;

constexpr std::string_view kCode = "contract_code";
constexpr std::string_view kFlags = "manipulation.manip_flags";
constexpr std::string_view kNotes = "notes";

/// The list of fields as it grows.
class Fields {
public:
    /// `get` gives the number, or nothing, of a contract.
    template <class Get>
    void number(std::string path, Get /*get*/, InputKind kind = InputKind::number) {
        fields_.push_back({{std::move(path), kind},
                           [](const Source& source, std::size_t) { return std::optional<double>(Get()(source)); }});
    }
    void text(std::string_view path, InputKind kind) { fields_.push_back({{std::string(path), kind}}); }

    /// The numbers of a group with all their digits; what was not measured is null.
    void group(signals::FieldGroup group, std::string_view path, InputKind kind = InputKind::number) {
        for (const signals::NumberField& field : signals::numbers_of(group)) {
            if (field.type != signals::FieldType::number) continue;
            fields_.push_back({{std::string(path) + '.' + std::string(field.name), kind},
                               [](const Source& source, std::size_t place) {
                                   return signals::known(source.numbers, signals::kNumbers[place]);
                               },
                               static_cast<std::size_t>(field.number)});
        }
    }

    /// The terms of the probability, in the order of the formula.
    void contributions() {
        const auto terms = signals::manipulation_terms();
        for (std::size_t i = 0; i < terms.size(); ++i) {
            fields_.push_back({{"manipulation.contributions." + std::string(terms[i]), InputKind::sparse},
                               [](const Source& source, std::size_t place) {
                                   const auto& all = source.numbers.numbers.manipulation.contributions;
                                   const auto term = signals::manipulation_terms()[place];
                                   const auto found =
                                       std::ranges::find(all, term, &signals::ManipulationContribution::feature);
                                   return found == all.end() ? std::nullopt : std::optional(found->value);
                               },
                               i});
        }
    }

    /// The severities of the flags that were raised, by name as the flags are.
    void severities() {
        const auto flags = signals::manipulation_flags();
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < flags.size(); ++i) order.push_back(i);
        std::ranges::sort(order, {}, [&](std::size_t i) { return flags[i].name; });
        for (const std::size_t i : order) {
            fields_.push_back({{"manipulation.severities." + std::string(flags[i].name), InputKind::sparse},
                               [](const Source& source, std::size_t place) {
                                   const auto& all = source.numbers.numbers.manipulation.flag_details;
                                   const auto flag = signals::manipulation_flags()[place].name;
                                   const auto found = std::ranges::find(all, flag, &signals::FlagDetail::flag);
                                   return found == all.end() ? std::nullopt : std::optional(found->severity);
                               },
                               i});
        }
    }

    [[nodiscard]] std::vector<Field> take() { return std::move(fields_); }

private:
    std::vector<Field> fields_;
};

std::optional<double> best_price(const std::vector<market::Level>& levels) {
    return levels.empty() ? std::nullopt : std::optional(levels.front().price);
}
std::optional<double> milliseconds(const std::optional<core::WallTime>& time) {
    return time.transform([](core::WallTime at) { return static_cast<double>(core::to_unix_ms(at)); });
}

/// The order is that of the members in the answer of /history/rankings?inputs=1.
std::vector<Field> all_fields() {
    Fields fields;
    fields.text(kCode, InputKind::text);
    fields.number("last_price", [](const Source& of) { return of.data.ticker.last; });
    fields.number("best_bid", [](const Source& of) { return best_price(of.data.order_book->bids); });
    fields.number("best_ask", [](const Source& of) { return best_price(of.data.order_book->asks); });
    fields.number("index_price", [](const Source& of) { return of.data.index_price; });
    fields.number("funding_rate", [](const Source& of) { return of.data.funding_rate; });
    fields.number("funding_interval_hours", [](const Source& of) { return of.data.contract->funding_interval_hours; });
    fields.number(
        "listed_at", [](const Source& of) { return milliseconds(of.data.contract->listed_at); }, InputKind::time);
    fields.number("data_time", [](const Source& of) { return milliseconds(of.data.data_time); }, InputKind::time);
    fields.group(FieldGroup::metrics, "metrics");
    fields.group(FieldGroup::edges, "edges");
    fields.group(FieldGroup::momentum, "momentum");
    fields.group(FieldGroup::execution, "execution");
    fields.group(FieldGroup::micro, "micro");
    fields.group(FieldGroup::manipulation, "manipulation");
    fields.number("manipulation.probability",
                  [](const Source& of) { return of.numbers.numbers.manipulation.probability; });
    fields.text(kFlags, InputKind::list);
    fields.group(FieldGroup::features, "manipulation.features");
    fields.contributions();
    fields.severities();
    fields.text(kNotes, InputKind::list);
    fields.group(FieldGroup::flow, "flow", InputKind::optional);
    return fields.take();
}

template <class Texts>
void write_list(core::JsonWriter& json, std::string_view path, const Texts& texts) {
    if (texts.empty()) return;
    json.key(path).begin_array();
    for (const auto& text : texts) json.value(text);
    json.end_array();
}

}  // namespace

StoredInputs::StoredInputs(std::vector<Field> fields) {
    std::vector<storage::InputField> names;
    names.reserve(fields.size());
    for (Field& field : fields) {
        names.push_back(field.name);
        if (storage::is_number(field.name.kind)) numbers_.push_back(std::move(field));
    }
    schema_ = std::make_shared<const storage::InputsSchema>(std::move(names));
}

std::vector<std::optional<double>> StoredInputs::numbers(const Source& source) const {
    std::vector<std::optional<double>> numbers;
    numbers.reserve(numbers_.size());
    for (const Field& field : numbers_) numbers.push_back(field.number(source, field.place));
    return numbers;
}

std::string StoredInputs::texts(const ranking::ContractSnapshot& snapshot) const {
    const market::Contract& contract = *snapshot.data.contract;
    const auto& flags = snapshot.numbers.manipulation.manip_flags;
    const bool code_said = core::parse_symbol(contract.symbol) == contract.contract_code;
    if (code_said && flags.empty() && snapshot.notes.empty()) return {};
    core::JsonWriter json(128);
    json.begin_object();
    if (!code_said) json.field(kCode, contract.contract_code);
    write_list(json, kFlags, flags);
    write_list(json, kNotes, snapshot.notes);
    json.end_object();
    return json.take();
}

const StoredInputs& stored_inputs() {
    static const StoredInputs kInputs(all_fields());
    return kInputs;
}

}  // namespace scanner::engine
