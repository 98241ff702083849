#include "api/operator/operator_views.hpp"

#include "api/answers/envelope.hpp"
#include "api/answers/item_fields.hpp"
#include "operator/operator_weights.hpp"

#include "scanner/core/json_writer.hpp"

#include <algorithm>
#include <utility>

namespace scanner::api {
namespace {

Rendered json_answer(core::JsonWriter& json, const std::string& version) {
    return {std::string(kJsonType), json.take(), std::nullopt, version};
}

template <class T>
std::string versions(const std::vector<T>& documents) {
    std::string all;
    for (const T& document : documents) all += std::to_string(document.version) + ',';
    return all;
}

void write_watchlist(core::JsonWriter& json, const storage::Watchlist& list, bool with_id) {
    json.begin_object();
    if (with_id) json.field("id", list.id);
    json.field("name", list.name).key("symbols");
    write_strings(json, list.symbols);
    json.end_object();
}

void write_watchlists(core::JsonWriter& json, const storage::OperatorDocuments& documents) {
    json.begin_array();
    for (const storage::Watchlist& list : documents.watchlists) write_watchlist(json, list, false);
    json.end_array();
}

}  // namespace

Rendered render_settings(const storage::OperatorDocuments& documents, const operators::EffectiveSettings& effective,
                         std::string_view status) {
    core::JsonWriter json(512);
    json.begin_object();
    if (!status.empty()) json.field("status", status);
    json.key("weights").begin_object();
    number_field(json, "liquidity", effective.default_weights.edges_liquidity);
    number_field(json, "momentum", effective.default_weights.edges_momentum);
    number_field(json, "spread", effective.default_weights.cost_spread);
    json.end_object();
    number_field(json, "manipulation_threshold", effective.manipulation_threshold);
    number_field(json, "notional", effective.notional_usdt);
    json.field("applied_profile", documents.settings.applied_profile);
    json.key("watchlists");
    write_watchlists(json, documents);
    json.end_object();
    return json_answer(json, std::to_string(documents.settings.version) + ';' + versions(documents.watchlists) + ';' +
                                 versions(documents.presets));
}

std::string render_set_values(const storage::OperatorSettings& settings) {
    core::JsonWriter json;
    json.begin_object()
        .field("liquidity_weight", settings.liquidity_weight)
        .field("momentum_weight", settings.momentum_weight)
        .field("spread_penalty", settings.spread_penalty)
        .field("manipulation_threshold", settings.manipulation_threshold)
        .field("notional", settings.notional)
        .field("applied_profile", settings.applied_profile)
        .end_object();
    return json.take();
}

Rendered render_watchlists(const storage::OperatorDocuments& documents) {
    core::JsonWriter json(512);
    write_watchlists(json, documents);
    return json_answer(json, versions(documents.watchlists));
}

Rendered render_watchlist(const storage::Watchlist& list) {
    core::JsonWriter json(256);
    write_watchlist(json, list, true);
    return json_answer(json, std::to_string(list.version));
}

Rendered render_profiles(const storage::OperatorDocuments& documents) {
    core::JsonWriter json(256);
    json.begin_object().key("presets").begin_array();
    for (const signals::Profile& profile : signals::builtin_profiles()) json.value(profile.name);
    for (const storage::ProfilePreset& preset : documents.presets) {
        if (signals::find_builtin_profile(preset.name) == nullptr) json.value(preset.name);
    }
    json.end_array().end_object();
    return json_answer(json, versions(documents.presets));
}

std::optional<Rendered> render_profile(const storage::OperatorDocuments& documents,
                                       const operators::OperatorDefaults& defaults, std::string_view name) {
    const auto weights = operators::find_weights(documents, operators::base_weights(defaults.default_profile), name);
    if (!weights) return std::nullopt;
    const bool built_in = signals::find_builtin_profile(name) != nullptr;
    const storage::ProfilePreset* const preset = built_in ? nullptr : documents.find_preset(name);
    core::JsonWriter json(512);
    json.begin_object().field("name", name).field("built_in", built_in);
    json.field("applied", documents.settings.applied_profile == std::optional<std::string>(name));
    json.key("weights").begin_object();
    for (const signals::WeightField& field : signals::weight_fields()) {
        number_field(json, field.name, (*weights).*field.member);
    }
    json.end_object().end_object();
    return json_answer(json, preset == nullptr ? "" : std::to_string(preset->version));
}

}  // namespace scanner::api
