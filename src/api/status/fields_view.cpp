#include "api/status/fields_view.hpp"

#include "api/answers/item_fields.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/row_fields.hpp"

#include <optional>

namespace scanner::api {
namespace {

using signals::Digits;

void write_digits(core::JsonWriter& json, Digits digits) {
    json.key("digits");
    if (digits.kind == Digits::Kind::all) {
        json.null();
        return;
    }
    json.begin_object();
    json.field(digits.kind == Digits::Kind::decimals ? "decimals" : "significant", digits.count).end_object();
}

void write_field(core::JsonWriter& json, const ranking::RowField& field) {
    const bool sortable = ranking::is_sortable(field);
    json.begin_object()
        .field("name", field.name)
        .field("group", to_string(field.group))
        .field("type", to_string(field.type))
        .field("unit", field.unit.empty() ? std::nullopt : std::optional(field.unit))
        .field("nullable", field.nullable)
        .field("depends_on_request", field.depends_on_request);
    write_digits(json, field.digits);
    number_field(json, "minimum", field.minimum);
    number_field(json, "maximum", field.maximum);
    json.field("meaning", field.meaning)
        .field("source", field.source)
        .field("in_items", field.in_items)
        .field("in_rules", field.in_rules)
        .field("sortable", sortable)
        .field("order", !sortable               ? std::nullopt
                        : field.ascending_first ? std::optional("asc")
                                                : std::optional("desc"))
        .end_object();
}

}  // namespace

std::string fields_json() {
    core::JsonWriter json(32U << 10U);
    json.begin_object().key("fields").begin_array();
    for (const ranking::RowField& field : ranking::kRowFields) write_field(json, field);
    json.end_array().end_object();
    return json.take();
}

}  // namespace scanner::api
