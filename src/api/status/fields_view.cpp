#include "api/status/fields_view.hpp"

#include "api/answers/item_fields.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/rules/rule_fields.hpp"

#include <optional>

namespace scanner::api {
namespace {

using signals::Digits;
using signals::FieldGroup;

void write_digits(core::JsonWriter& json, Digits digits) {
    json.key("digits");
    if (digits.kind == Digits::Kind::all) {
        json.null();
        return;
    }
    json.begin_object();
    json.field(digits.kind == Digits::Kind::decimals ? "decimals" : "significant", digits.count).end_object();
}

/// `item`: the field as items have it, or nullptr for a number that only inspections and rules have.
void write_field(core::JsonWriter& json, const signals::FieldInfo& info, const ItemField* item) {
    // Features repeat the names of metrics; a rule that names one means the metric.
    const bool in_rules = info.group != FieldGroup::features && rules::find_rule_field(info.name) != nullptr;
    json.begin_object()
        .field("name", info.name)
        .field("group", to_string(info.group))
        .field("type", to_string(info.type))
        .field("unit", info.unit.empty() ? std::nullopt : std::optional(info.unit))
        .field("nullable", info.nullable)
        .field("depends_on_request", info.depends_on_request);
    write_digits(json, info.digits);
    number_field(json, "minimum", info.minimum);
    number_field(json, "maximum", info.maximum);
    json.field("meaning", info.meaning)
        .field("source", info.source)
        .field("in_items", item != nullptr)
        .field("in_rules", in_rules)
        .field("sortable", item != nullptr && item->sortable)
        .field("order", item == nullptr || !item->sortable ? std::nullopt
                        : item->ascending_first            ? std::optional("asc")
                                                           : std::optional("desc"))
        .end_object();
}

}  // namespace

std::string fields_json() {
    core::JsonWriter json(32U << 10U);
    json.begin_object().key("fields").begin_array();
    for (const ItemField& field : item_fields()) write_field(json, field, &field);
    for (const signals::NumberField& field : signals::kNumbers) {
        if (find_item_field(field.name) == nullptr || field.group == FieldGroup::features) {
            write_field(json, field, nullptr);
        }
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace scanner::api
