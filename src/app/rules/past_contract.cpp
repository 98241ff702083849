#include "app/rules/past_contract.hpp"

#include "scanner/core/symbol.hpp"
#include "scanner/ranking/row_fields.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::app {
namespace {

using nlohmann::json;
using signals::FieldGroup;

/// Under these members inputs have the numbers of a group.
constexpr std::array<std::pair<FieldGroup, std::string_view>, 7> kGroups{{{FieldGroup::metrics, "metrics"},
                                                                          {FieldGroup::edges, "edges"},
                                                                          {FieldGroup::momentum, "momentum"},
                                                                          {FieldGroup::execution, "execution"},
                                                                          {FieldGroup::micro, "micro"},
                                                                          {FieldGroup::manipulation, "manipulation"},
                                                                          {FieldGroup::flow, "flow"}}};
/// Of rows, not of numbers: what a row of history or its inputs have.
constexpr std::array<std::string_view, 9> kOfRows{
    "symbol",       "contract_code",          "rank",        "score", "last_price",
    "funding_rate", "funding_interval_hours", "manip_flags", "age_ms"};
/// Of these the row itself has what is needed.
constexpr std::array<std::string_view, 6> kWithoutInputs{"symbol", "contract_code", "rank",
                                                         "score",  "last_price",    "slip_bps"};

std::string_view member_of(FieldGroup group) {
    const auto* const found = std::ranges::find(kGroups, group, &std::pair<FieldGroup, std::string_view>::first);
    return found == kGroups.end() ? std::string_view() : found->second;
}

const ranking::RowField* row_field(std::string_view name) {
    const auto found = std::ranges::find_if(
        ranking::kRowFields, [name](const ranking::RowField& field) { return field.in_rules && field.name == name; });
    return found == ranking::kRowFields.end() ? nullptr : &*found;
}

/// The line of the table that inputs keep under this name; nullptr for none.
const signals::NumberField* kept_number(std::string_view name) {
    const ranking::RowField* const row = row_field(name);
    if (row == nullptr || member_of(row->group).empty() || row->type != signals::FieldType::number) return nullptr;
    return signals::find_number_field(row->group, name);
}

std::optional<double> number_in(const json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::optional<core::WallTime> time_in(const json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? core::parse_time(found->get_ref<const std::string&>())
                                                       : std::nullopt;
}

void take_flags(signals::Manipulation& manipulation, const json& inputs) {
    const auto block = inputs.find("manipulation");
    if (block == inputs.end() || !block->is_object()) return;
    const auto flags = block->find("manip_flags");
    if (flags == block->end() || !flags->is_array()) return;
    for (const json& flag : *flags) {
        if (!flag.is_string()) continue;
        // Rules compare with names that live as long as the program.
        for (const std::string_view known : signals::manipulation_flag_names()) {
            if (known == flag.get_ref<const std::string&>()) manipulation.manip_flags.push_back(known);
        }
    }
}

}  // namespace

std::optional<std::string> PastFields::not_kept(const rules::Rule& rule) {
    std::string names;
    for (const std::string_view name : rule.fields()) {
        if (std::ranges::find(kOfRows, name) != kOfRows.end() || kept_number(name) != nullptr) continue;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    if (rule.text().contains("episode(")) names += names.empty() ? "episode(…)" : ", episode(…)";
    if (names.empty()) return std::nullopt;
    return "history does not keep " + names;
}

PastFields::PastFields(const rules::Rule& rule) {
    for (const std::string_view name : rule.fields()) {
        needs_inputs_ = needs_inputs_ || std::ranges::find(kWithoutInputs, name) == kWithoutInputs.end();
        if (const signals::NumberField* const field = kept_number(name)) {
            numbers_.push_back({.field = field, .group = std::string(member_of(field->group))});
        }
    }
}

std::optional<PastContract> PastContract::of(const storage::RankingRow& row, const PastFields& fields) {
    const auto code = core::parse_symbol(row.symbol);
    if (!code || !row.rank) return std::nullopt;
    PastContract made;
    made.kept_ = std::make_unique<Kept>();
    Kept& kept = *made.kept_;
    auto contract = std::make_shared<market::Contract>();
    contract->symbol = row.symbol;
    contract->contract_code = *code;
    kept.snapshot.data.ticker.last = row.last_price.value_or(0.0);
    kept.scored.score = row.score;
    kept.scored.rank = *row.rank;
    kept.scored.slip_bps = row.slip_bps.value_or(0.0);
    if (fields.needs_inputs()) {
        const json inputs = json::parse(row.inputs_json, nullptr, false);
        if (!inputs.is_object()) return std::nullopt;
        for (const PastFields::Wanted& wanted : fields.numbers_) {
            const auto block = inputs.find(wanted.group);
            const bool there = block != inputs.end() && block->is_object();
            const std::optional<double> value = there ? number_in(*block, wanted.field->name) : std::nullopt;
            wanted.field->set({kept.snapshot.numbers, kept.edges, kept.flow}, value);
            kept.has_flow = kept.has_flow || (there && wanted.field->group == FieldGroup::flow);
            if (value) continue;
            // Else the neutral value that is there would be taken for a measured one.
            auto& unknown =
                wanted.field->group == FieldGroup::edges ? kept.edges.unknown : kept.snapshot.numbers.unknown;
            unknown.add(wanted.field->number);
        }
        take_flags(kept.snapshot.numbers.manipulation, inputs);
        contract->funding_interval_hours =
            static_cast<int>(number_in(inputs, "funding_interval_hours").value_or(contract->funding_interval_hours));
        kept.scored.funding_rate = number_in(inputs, "funding_rate");
        if (const auto metrics = inputs.find("metrics"); metrics != inputs.end() && metrics->is_object()) {
            kept.scored.funding_8h_pct = number_in(*metrics, "funding_8h_pct");
            kept.scored.basis_bps = number_in(*metrics, "basis_bps");
        }
        if (const auto data_time = time_in(inputs, "data_time")) kept.scored.age = row.time - *data_time;
    }
    kept.snapshot.data.contract = std::move(contract);
    return made;
}

rules::RuleSubject PastContract::subject() const {
    ranking::ScoredContract subject = kept_->scored;
    subject.snapshot = &kept_->snapshot;
    subject.edges = &kept_->edges;
    subject.flow = kept_->has_flow ? &kept_->flow : nullptr;
    return subject;
}

}  // namespace scanner::app
