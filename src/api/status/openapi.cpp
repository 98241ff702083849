#include "api/status/openapi.hpp"

#include "api/answers/item_fields.hpp"
#include "api/history/history_queries.hpp"
#include "api/http/param_reader.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/core/text.hpp"
#include "scanner/ranking/row_fields.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace scanner::api {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::map<std::string, std::string>;

constexpr std::string_view kExamples = "examples/";

/// What the files hold, before it is put together.
struct Parts {
    Json document;  ///< paths and components of all files in one
    Texts texts;    ///< descriptions by "top" or, where a route means something else by it, "stream.top"
    Json examples;  ///< by name
};

void merge_members(Json& into, const Json& from) {
    for (const auto& [name, value] : from.items()) into[name] = value;
}

/// "examples/rankings.json" is "rankings".
std::string example_name(std::string_view file) {
    file.remove_prefix(kExamples.size());
    return std::string(file.substr(0, file.rfind('.')));
}

Parts read_parts() {
    Parts parts{.document = Json::object(), .texts = {}, .examples = Json::object()};
    for (const OpenApiPart& part : openapi_parts()) {
        if (part.name.starts_with(kExamples)) {
            parts.examples[example_name(part.name)] =
                part.name.ends_with(".json") ? Json::parse(part.text, nullptr, false) : Json(std::string(part.text));
            continue;
        }
        // CMake has read it as JSON before it was compiled.
        const Json content = Json::parse(part.text, nullptr, false);
        for (const auto& [member, value] : content.items()) {
            if (member == "paths") {
                merge_members(parts.document["paths"], value);
            } else if (member == "components") {
                for (const auto& [kind, entries] : value.items()) {
                    merge_members(parts.document["components"][kind], entries);
                }
            } else if (member == "x-parameter-texts") {
                for (const auto& [name, text] : value.items()) parts.texts[name] = text.get<std::string>();
            } else {
                parts.document[member] = value;
            }
        }
    }
    return parts;
}

/// The first of each name.
ParamLog without_repetition(ParamLog log) {
    ParamLog once;
    for (ParamSpec& spec : log) {
        if (std::ranges::find(once, spec.name, &ParamSpec::name) == once.end()) once.push_back(std::move(spec));
    }
    return once;
}

/// What the reader of that name asks for.
ParamLog declared_by(std::string_view reader) {
    ParamLog log;
    const QueryContext context{.declared = &log};
    if (reader == "rankings") static_cast<void>(parse_rankings_query({}, context));
    if (reader == "opportunities") static_cast<void>(parse_opportunities_query({}, context));
    if (reader == "inspect") static_cast<void>(parse_inspect_query({}, context));
    if (reader == "stream") static_cast<void>(parse_stream_query({}, context));
    const HistoryContext past{.declared = &log};
    if (reader == "history_rankings") static_cast<void>(parse_history_rankings({}, past));
    if (reader == "history_bars") static_cast<void>(parse_history_bars({}, past));
    if (reader == "rankings") static_cast<void>(parse_as_of({}, past));  // the same path with `as_of`
    return without_repetition(std::move(log));
}

Json entry_schema(const ParamSpec& list) {
    if (list.name == "exclude_flags") return {{"$ref", "#/components/schemas/ManipulationFlag"}};
    Json schema{{"type", "string"}};
    if (!list.choices.empty()) schema["enum"] = list.choices;
    return schema;
}

void set_bounds(Json& schema, const ParamSpec& spec) {
    const auto set = [&](std::string_view member, const std::optional<double>& bound) {
        if (!bound) return;
        if (spec.kind == ParamSpec::Kind::integer) {
            schema[member] = static_cast<std::int64_t>(*bound);
        } else {
            schema[member] = *bound;
        }
    };
    set("minimum", spec.low);
    set("maximum", spec.high);
}

Json schema_of(const ParamSpec& spec) {
    Json schema;
    switch (spec.kind) {
        case ParamSpec::Kind::integer: schema["type"] = "integer"; break;
        case ParamSpec::Kind::number: schema["type"] = "number"; break;
        case ParamSpec::Kind::flag: schema["type"] = "boolean"; break;
        case ParamSpec::Kind::text: schema = {{"type", "string"}, {"minLength", 1}}; break;
        case ParamSpec::Kind::choice: schema = {{"type", "string"}, {"enum", spec.choices}}; break;
        case ParamSpec::Kind::open_choice: schema = {{"type", "string"}, {"examples", spec.choices}}; break;
        case ParamSpec::Kind::list: schema = {{"type", "array"}, {"items", entry_schema(spec)}}; break;
    }
    set_bounds(schema, spec);
    return schema;
}

Json parameter_of(const ParamSpec& spec, const std::string& reader, const Texts& texts) {
    Json parameter{{"name", spec.name}, {"in", "query"}};
    auto text = texts.find(reader + '.' + spec.name);
    if (text == texts.end()) text = texts.find(spec.name);
    if (text != texts.end()) parameter["description"] = text->second;
    if (spec.kind == ParamSpec::Kind::list) {
        parameter["style"] = "form";
        parameter["explode"] = false;
    }
    parameter["schema"] = schema_of(spec);
    return parameter;
}

/// Puts what its reader declares in the place of `x-parameters-of`; `x-required-parameters` are marked.
void fill_parameters(Json& operation, const Texts& texts) {
    const auto named = operation.find("x-parameters-of");
    if (named == operation.end()) return;
    const auto reader = named->get<std::string>();
    operation.erase("x-parameters-of");
    const Json required = operation.value("x-required-parameters", Json::array());
    operation.erase("x-required-parameters");
    Json& parameters = operation["parameters"];
    if (!parameters.is_array()) parameters = Json::array();
    for (const ParamSpec& spec : declared_by(reader)) {
        Json parameter = parameter_of(spec, reader, texts);
        if (std::ranges::find(required, Json(spec.name)) != required.end()) parameter["required"] = true;
        parameters.push_back(std::move(parameter));
    }
}

/// The schema of a field, from what the tables say of it.
Json field_schema(const signals::FieldInfo& info) {
    using signals::FieldType;
    if (info.name == "symbol") return {{"$ref", "#/components/schemas/Symbol"}};
    if (info.name == "contract_code") return {{"$ref", "#/components/schemas/ContractCode"}};
    if (info.name == "volatility_bucket") {
        return {{"anyOf", {{{"$ref", "#/components/schemas/VolatilityBucket"}}, {{"type", "null"}}}},
                {"description", info.meaning}};
    }
    const bool is_list = info.type == FieldType::texts;
    std::string type = is_list ? "array" : std::string(to_string(info.type));
    if (info.type == FieldType::text || info.type == FieldType::time) type = "string";
    Json schema{{"type", info.nullable ? Json{type, "null"} : Json(type)}};
    std::string text(info.meaning);
    if (!info.unit.empty()) text += " Unit: " + std::string(info.unit) + '.';
    schema["description"] = text;
    if (info.type == FieldType::time) schema["format"] = "date-time";
    if (info.name == "manip_flags") {
        schema["items"] = {{"$ref", "#/components/schemas/ManipulationFlag"}};
    } else if (is_list) {
        schema["items"] = {{"type", "string"}};
    }
    const auto bound = [&](const char* member, const std::optional<double>& value) {
        if (value)
            schema[member] = info.type == FieldType::integer ? Json(static_cast<std::int64_t>(*value)) : Json(*value);
    };
    bound("minimum", info.minimum);
    bound("maximum", info.maximum);
    return schema;
}

/// The fields that a schema's `x-fields-of` names: "items", "past_items" as history has them (null where nothing was
/// kept), or a group.
std::vector<signals::FieldInfo> fields_named(std::string_view name) {
    std::vector<signals::FieldInfo> fields;
    const bool past = name == "past_items";
    for (const ranking::RowField& field : ranking::kRowFields) {
        const bool wanted = past ? field.in_past : name == "items" ? field.in_items : to_string(field.group) == name;
        if (!wanted) continue;
        fields.push_back(field);
        if (past && field.name != "notes") fields.back().nullable = true;
    }
    return fields;
}

/// Puts the properties that the tables have in the place of `x-fields-of`, before the schema's own; with
/// `x-fields-required` all of them are, but for those that only a live feed or the detectors bring. Everywhere.
void fill_fields(Json& node) {
    if (!node.is_structured()) return;
    for (Json& child : node) fill_fields(child);
    if (!node.is_object() || !node.contains("x-fields-of")) return;
    Json properties = Json::object();
    Json required = Json::array();
    for (const Json& name : node["x-fields-of"]) {
        for (const signals::FieldInfo& field : fields_named(name.get<std::string>())) {
            properties[std::string(field.name)] = field_schema(field);
            const bool always = field.group != signals::FieldGroup::flow &&
                                field.group != signals::FieldGroup::detection && field.name != "rank_raw";
            if (always) required.push_back(field.name);
        }
    }
    if (!node.value("x-fields-required", false)) required.clear();
    merge_members(properties, node.value("properties", Json::object()));
    for (const Json& name : node.value("required", Json::array())) required.push_back(name);
    node.erase("x-fields-of");
    node.erase("x-fields-required");
    node["properties"] = std::move(properties);
    if (!required.empty()) node["required"] = std::move(required);
}

/// Puts examples in the place of `{"$example": name}`, everywhere; a member whose example is not there is left out.
void fill_examples(Json& node, const Json& examples) {
    if (node.is_object()) {
        std::vector<std::string> missing;
        for (const auto& [name, value] : node.items()) {
            if (value.is_object() && value.contains("$example")) {
                const auto example = examples.find(value["$example"].get<std::string>());
                if (example == examples.end()) {
                    missing.push_back(name);
                } else {
                    value = *example;
                }
            } else {
                fill_examples(value, examples);
            }
        }
        for (const std::string& name : missing) node.erase(name);
    } else if (node.is_array()) {
        for (Json& element : node) {
            if (element.is_object() && element.contains("$example")) {
                element = examples.value(element["$example"].get<std::string>(), Json());
            } else {
                fill_examples(element, examples);
            }
        }
    }
}

/// The described operations of the served routes, in the order of the files, then the routes without a description.
Json served_paths(const Json& described, std::span<const ServedRoute> routes) {
    Json paths = Json::object();
    for (const auto& [path, operations] : described.items()) {
        for (const auto& [method, operation] : operations.items()) {
            const bool served = std::ranges::any_of(routes, [&](const ServedRoute& route) {
                return route.pattern == path && core::lower_case(route.method) == method;
            });
            if (served) paths[path][method] = operation;
        }
    }
    for (const ServedRoute& route : routes) {
        Json& operation = paths[std::string(route.pattern)][core::lower_case(route.method)];
        if (operation.is_null()) {
            operation = {{"x-undocumented", true},
                         {"responses", {{"default", {{"$ref", "#/components/responses/Problem"}}}}}};
        }
    }
    return paths;
}

}  // namespace

std::string openapi_document(std::span<const ServedRoute> routes, std::string_view version,
                             std::string_view base_path) {
    Parts parts = read_parts();
    Json& document = parts.document;
    document["info"]["version"] = version;
    if (!base_path.empty()) document["servers"][0]["url"] = base_path;
    document["paths"] = served_paths(document["paths"], routes);
    for (auto& [path, operations] : document["paths"].items()) {
        for (auto& [method, operation] : operations.items()) fill_parameters(operation, parts.texts);
    }
    fill_fields(document["components"]);
    fill_examples(document, parts.examples);
    return document.dump();
}

}  // namespace scanner::api
