#include "api/status/openapi.hpp"

#include "api/access/cors.hpp"
#include "api/answers/item_fields.hpp"

#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

/// The document against the declarations that it describes. Against real answers: tests/api/conformance.py.
namespace scanner::api {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::UnorderedElementsAreArray;

/// Everything that the files describe, as if all of it were served.
std::vector<ServedRoute> all_described() {
    static const std::vector<std::string> kept = [] {
        std::vector<std::string> names;
        for (const OpenApiPart& part : openapi_parts()) {
            if (part.name.starts_with("examples/")) continue;
            const json content = json::parse(part.text);
            for (const auto& [path, operations] : content.value("paths", json::object()).items()) {
                for (const auto& [method, operation] : operations.items()) {
                    names.push_back(method);
                    names.push_back(path);
                }
            }
        }
        return names;
    }();
    std::vector<ServedRoute> routes;
    for (std::size_t i = 0; i < kept.size(); i += 2) routes.push_back({.method = kept[i], .pattern = kept[i + 1]});
    return routes;
}

const json& document() {
    static const json kDocument = json::parse(openapi_document(all_described(), "1.2.3"));
    return kDocument;
}

std::vector<std::string> members(const json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
}

const json& schema(const std::string& name) {
    return document().at("components").at("schemas").at(name);
}

void collect(const json& node, std::vector<std::string>& references) {
    if (node.is_structured()) {
        for (const auto& [name, value] : node.items()) {
            if (name == "$ref") references.push_back(value);
            EXPECT_NE(name, "$example");
            collect(value, references);
        }
    }
}

TEST(OpenApi, every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own) {
    std::vector<std::string> references;
    collect(document(), references);
    EXPECT_GT(references.size(), 100U);
    for (const std::string& reference : references) {
        ASSERT_TRUE(reference.starts_with("#/")) << reference;
        EXPECT_TRUE(document().contains(json::json_pointer(reference.substr(1)))) << reference;
    }
    std::vector<std::string> names;
    for (const auto& operations : document().at("paths")) {
        for (const auto& operation : operations) {
            const std::string name = operation.at("operationId");
            EXPECT_THAT(names, ::testing::Not(Contains(name)));
            names.push_back(name);
            EXPECT_FALSE(operation.at("summary").get<std::string>().empty()) << name;
        }
    }
}

TEST(OpenApi, parameters_match_the_readers_and_are_described) {
    const json& parameters = document().at("/paths/~1rankings/get/parameters"_json_pointer);
    json top;
    for (const json& parameter : parameters) {
        if (parameter.value("name", "") == "top") top = parameter;
        if (parameter.contains("$ref")) continue;
        EXPECT_TRUE(parameter.contains("description")) << parameter;
    }
    EXPECT_EQ(top.at("schema"), json::parse(R"({"type":"integer","minimum":1,"maximum":2000})"));
    EXPECT_EQ(parameters.size(), 24U) << "23 of the query (the same path with as_of included), one header";
    for (const auto& operations : document().at("paths")) {
        for (const auto& operation : operations) {
            EXPECT_FALSE(operation.contains("x-parameters-of"));
            for (const json& parameter : operation.value("parameters", json::array())) {
                EXPECT_TRUE(parameter.contains("$ref") || parameter.contains("description")) << parameter;
            }
        }
    }
}

TEST(OpenApi, schemas_name_the_fields_flags_weights_and_components_that_there_are) {
    std::vector<std::string> fields;
    for (const ItemField& field : item_fields()) fields.emplace_back(field.name);
    fields.emplace_back("inputs");  // an object, on request: no line of the table
    EXPECT_THAT(members(schema("RankingItem").at("properties")), UnorderedElementsAreArray(fields));

    std::vector<std::string> flags;
    for (const std::string_view flag : signals::manipulation_flag_names()) flags.emplace_back(flag);
    EXPECT_THAT(schema("ManipulationFlag").at("enum").get<std::vector<std::string>>(),
                UnorderedElementsAreArray(flags));

    std::vector<std::string> weights;
    for (const signals::WeightField& weight : signals::weight_fields()) weights.emplace_back(weight.name);
    EXPECT_THAT(members(schema("Weights").at("properties")), UnorderedElementsAreArray(weights));
    EXPECT_THAT(members(schema("WeightsGiven").at("properties")), UnorderedElementsAreArray(weights));

    const json& item = schema("RankingFrame").at("properties").at("items").at("items").at("properties");
    std::vector<std::string> components;
    for (const signals::ComponentField& component : signals::component_fields()) {
        components.emplace_back(component.name);
    }
    EXPECT_THAT(members(item.at("score_components").at("properties")), UnorderedElementsAreArray(components));
}

void collect_headers(const json& node, std::set<std::string>& names) {
    if (node.is_object() && node.contains("headers") && node.at("headers").is_object()) {
        for (const auto& [name, value] : node.at("headers").items()) names.insert(name);
    }
    if (!node.is_structured()) return;
    for (const json& child : node) collect_headers(child, names);
}

TEST(OpenApi, names_no_header_that_pages_of_allowed_origins_cannot_read) {
    std::set<std::string> named;
    collect_headers(document(), named);
    EXPECT_TRUE(named.contains("Link") && named.contains("X-Next-Cursor"));
    const std::vector<std::string> allowed{"https://desk.example"};
    const auto headers = cors_headers(allowed, "https://desk.example");
    const std::string exposed = ", " + std::string(net::find_header(headers, "Access-Control-Expose-Headers")) + ",";
    for (const std::string& name : named) {
        if (name == "Cache-Control" || name == "Content-Type") continue;  // browsers show these anyway
        EXPECT_TRUE(exposed.contains(", " + name + ",")) << name;
    }
}

TEST(OpenApi, lists_what_is_served_and_marks_what_is_undocumented) {
    const std::vector<ServedRoute> routes{{.method = "GET", .pattern = "/health"},
                                          {.method = "POST", .pattern = "/health"},
                                          {.method = "GET", .pattern = "/nowhere/{name}"}};
    const json served = json::parse(openapi_document(routes, "1.2.3"));
    EXPECT_EQ(served.at("info").at("version"), "1.2.3");
    EXPECT_THAT(members(served.at("paths")), UnorderedElementsAreArray({"/health", "/nowhere/{name}"}));
    EXPECT_FALSE(served.at("paths").at("/health").at("get").contains("x-undocumented"));
    EXPECT_TRUE(served.at("paths").at("/health").at("post").at("x-undocumented"));
    EXPECT_TRUE(served.at("paths").at("/nowhere/{name}").at("get").at("x-undocumented"));
}

}  // namespace
}  // namespace scanner::api
