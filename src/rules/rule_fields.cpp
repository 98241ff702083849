#include "scanner/rules/rule_fields.hpp"

#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace scanner::rules {
namespace {

using signals::FieldGroup;
using signals::FieldType;

RuleValue maybe(const std::optional<double>& value) {
    return value ? RuleValue(*value) : RuleValue();
}

const signals::ContractNumbers& numbers(const RuleSubject& subject) {
    return subject.snapshot->numbers;
}

/// A number of the table, with all its digits; null where it was not measured.
template <std::size_t line>
RuleValue number_of(const RuleSubject& subject) {
    constexpr const signals::NumberField& kField = signals::kNumbers[line];
    const std::optional<double> value = signals::known(subject.numbers(), kField);
    if (!value) return {};
    if constexpr (kField.type == FieldType::boolean) {
        return *value != 0.0;
    } else if constexpr (kField.type == FieldType::text) {
        return signals::text_of(*value);
    } else {
        return *value;
    }
}

RuleValue symbol(const RuleSubject& subject) {
    return std::string_view(subject.snapshot->data.contract->symbol);
}
RuleValue contract_code(const RuleSubject& subject) {
    return std::string_view(subject.snapshot->data.contract->contract_code);
}
RuleValue rank(const RuleSubject& subject) {
    return static_cast<double>(subject.rank);
}
RuleValue rank_delta(const RuleSubject& subject) {
    return subject.rank_delta ? RuleValue(static_cast<double>(*subject.rank_delta)) : RuleValue();
}
RuleValue score(const RuleSubject& subject) {
    return subject.score;
}
RuleValue last_price(const RuleSubject& subject) {
    return subject.snapshot->data.ticker.last;
}
RuleValue manip_flags(const RuleSubject& subject) {
    return std::span<const std::string_view>(numbers(subject).manipulation.manip_flags);
}
RuleValue age_ms(const RuleSubject& subject) {
    return static_cast<double>(subject.age.count());
}
RuleValue funding_rate(const RuleSubject& subject) {
    return maybe(subject.snapshot->data.funding_rate);
}
RuleValue funding_interval(const RuleSubject& subject) {
    return static_cast<double>(subject.snapshot->data.contract->funding_interval_hours);
}

constexpr auto kOfRows = std::to_array<RuleField>({
    {"symbol", ValueType::text, symbol, "", "the contract; compared with any spelling of one"},
    {"contract_code", ValueType::text, contract_code, "", "the same by the exchange's own code"},
    {"rank", ValueType::number, rank, "", "place in the ranking, 1 is best"},
    {"rank_delta", ValueType::number, rank_delta, "",
     "previous rank − rank: positive after a climb; null when it was not ranked"},
    {"score", ValueType::number, score, "", "the score under the rule's profile"},
    {"last_price", ValueType::number, last_price, "", "USDT"},
    {"funding_rate", ValueType::number, funding_rate, "", "fraction per funding interval; may be null"},
    {"funding_interval_hours", ValueType::number, funding_interval, "", "hours between two settlements"},
    {"manip_flags", ValueType::flags, manip_flags, "", "the flags that are raised"},
    {"age_ms", ValueType::number, age_ms, "", "milliseconds since the oldest input was true"},
});

constexpr ValueType type_of(FieldType type) {
    if (type == FieldType::boolean) return ValueType::boolean;
    return type == FieldType::text ? ValueType::text : ValueType::number;
}

/// Features repeat metrics under the manipulation model's names, which rules do not use.
constexpr bool is_in_rules(const signals::NumberField& field) {
    return field.group != FieldGroup::features;
}
constexpr auto kNumbersInRules = static_cast<std::size_t>(std::ranges::count_if(signals::kNumbers, &is_in_rules));

template <std::size_t... line>
consteval auto make_fields(std::index_sequence<line...>) {
    std::array<RuleField, kOfRows.size() + kNumbersInRules + 3> all{};
    auto* end = std::ranges::copy(kOfRows, all.begin()).out;
    const auto add = [&end](const signals::NumberField& field, RuleValue (*get)(const RuleSubject&)) {
        if (is_in_rules(field)) *end++ = {field.name, type_of(field.type), get, "", field.meaning};
    };
    (add(signals::kNumbers[line], &number_of<line>), ...);
    const auto* const score = std::ranges::find(all, std::string_view("manip_score"), &RuleField::name);
    *end++ = {"flags", ValueType::flags, manip_flags, "manip_flags", ""};
    *end++ = {"manipulation_score", ValueType::number, score->get, "manip_score", ""};
    *end++ = {"manipulation_flags", ValueType::flags, manip_flags, "manip_flags", ""};
    return all;
}
constexpr auto kFields = make_fields(std::make_index_sequence<signals::kNumbers.size()>());

}  // namespace

RuleSubject make_subject(const ranking::Ranking& ranking, const ranking::RankedEntry& entry) {
    const ranking::ContractSnapshot& snapshot = ranking.contract(entry.contract);
    return {.snapshot = &snapshot,
            .edges = &ranking.edges[entry.contract],
            .rank = entry.rank,
            .rank_delta = entry.rank_delta,
            .score = entry.score,
            .age = std::max(std::chrono::milliseconds(0), ranking.time - snapshot.data.data_time)};
}

std::string_view describe(ValueType type) noexcept {
    switch (type) {
        case ValueType::number: return "a number";
        case ValueType::text: return "a text";
        case ValueType::flags: return "a list of flags";
        case ValueType::boolean: return "a condition";
    }
    return "a value";
}

std::span<const RuleField> rule_fields() {
    return kFields;
}

const RuleField* find_rule_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &RuleField::name);
    return found == kFields.end() ? nullptr : &*found;
}

}  // namespace scanner::rules
