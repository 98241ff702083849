#include "api/http/json_body.hpp"
#include "api/http/param_reader.hpp"
#include "api/operator/changes.hpp"
#include "api/operator/operator_endpoints.hpp"
#include "api/operator/operator_views.hpp"
#include "operator/operator_weights.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

/// The profiles' half of the operator's routes.
namespace scanner::api {
namespace {

namespace asio = boost::asio;

std::string weight_names() {
    std::vector<std::string_view> names;
    for (const signals::WeightField& field : signals::weight_fields()) names.push_back(field.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

void read_weights(const nlohmann::json& given, BodyReader& reader, storage::ProfilePreset& preset) {
    std::vector<std::string> known;
    for (const signals::WeightField& field : signals::weight_fields()) known.emplace_back(field.name);
    for (const auto& [name, value] : given.items()) {
        const std::string member = "weights." + name.substr(0, 64);
        if (std::ranges::find(known, name) == known.end()) {
            if (reader.full()) {
                reader.reject(member, {});
                continue;
            }
            const auto near = core::nearest_names(name, known, 1);
            reader.reject(member, near.empty() ? fmt::format("unknown weight; known are {}", weight_names())
                                               : fmt::format("unknown weight; did you mean {}? Known are {}",
                                                             near.front(), weight_names()));
            continue;
        }
        if (auto number = read_number(value, -kMaxWeight, kMaxWeight)) {
            preset.weights[name] = *number;
        } else {
            reader.reject(member, std::move(number.error()));
        }
    }
}

std::expected<storage::ProfilePreset, Problem> read_preset(const nlohmann::json& body) {
    storage::ProfilePreset preset;
    BodyReader reader(body);
    preset.name = reader.required_name("name").value_or("");
    if (signals::find_builtin_profile(preset.name) != nullptr) {
        reader.reject("name", fmt::format("{} is built in and stays as it is; take another name", preset.name));
    } else if (preset.name == "apply") {
        reader.reject("name", "must not be 'apply', which is a route");
    }
    const auto* const weights = reader.member("weights");
    if (weights == nullptr) {
        reader.reject("weights", "is required: an object of numbers by weight");
    } else if (!weights->is_object() || weights->empty()) {
        reader.reject("weights", fmt::format("must be an object with at least one of {}", weight_names()));
    } else {
        read_weights(*weights, reader, preset);
    }
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_body(std::move(errors)));
    return preset;
}

}  // namespace

std::vector<std::string> OperatorEndpoints::profile_names() const {
    std::vector<std::string> names;
    for (const signals::Profile& profile : service().effective().profiles) names.push_back(profile.name);
    return names;
}

Outcome OperatorEndpoints::profiles(const Call& /*call*/) {
    return std::make_shared<Rendered>(render_profiles(*documents()));
}

Outcome OperatorEndpoints::profile(const Call& call) {
    auto rendered = render_profile(*documents(), service().defaults(), call.variable);
    if (!rendered) return std::unexpected(unknown_name("profile", call.variable, profile_names()));
    return std::make_shared<Rendered>(std::move(*rendered));
}

asio::awaitable<Outcome> OperatorEndpoints::put_profile(Call call) {
    auto preset = read_preset(*call.body);
    if (!preset) co_return std::unexpected(std::move(preset.error()));
    const auto before = documents();
    const storage::ProfilePreset* const known = before->find_preset(preset->name);
    const auto place = known != nullptr ? Places::Place() : new_profiles_.take(before->presets.size());
    if (known == nullptr && !place) {
        co_return std::unexpected(
            conflicting(fmt::format("There are {} profiles already; delete one first.", before->presets.size())));
    }
    const auto was = render_profile(*before, service().defaults(), preset->name);
    const auto expected = call.precondition.expect(known == nullptr ? 0 : known->version, [&](const auto& names) {
        return names(render_profiles(*before)) || (was && names(*was));
    });
    if (!expected) co_return std::unexpected(expected.error());
    const auto stored = co_await service().store().put_preset(std::move(*preset), *expected);
    if (!stored) co_return std::unexpected(store_problem(stored.error()));
    const auto made = render_profile(*documents(), service().defaults(), stored->name);
    // Deleted again in the same moment.
    if (!made) co_return std::unexpected(precondition_failed());
    log_change("profile", stored->name, call.request, was ? *was->body() : std::string("null"), *made->body());
    co_return ActionAnswer{.json = "{\"status\":\"ok\"," + made->body()->substr(1), .etag = made->etag()};
}

std::expected<OperatorEndpoints::ProfileName, Problem> OperatorEndpoints::read_profile_name(const Call& call) const {
    ParamReader params(call.params);
    auto name = params.text("name");
    if (!name && net::find_parameter(call.params, "name") == std::nullopt) {
        auto errors = params.finish();
        errors.push_back({.in = "query", .name = "name", .message = "is required: the profile to apply"});
        return std::unexpected(invalid_parameters(std::move(errors)));
    }
    if (auto errors = params.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return ProfileName{std::move(*name)};
}

asio::awaitable<Outcome> OperatorEndpoints::apply_profile(Call call, ProfileName applied) {
    const std::string& name = applied.name;
    for (int attempt = 0; attempt < kMergeAttempts; ++attempt) {
        const auto before = documents();
        const auto profile = render_profile(*before, service().defaults(), name);
        if (!profile) co_return std::unexpected(unknown_name("profile", name, profile_names()));
        const auto expected = call.precondition.expect(before->settings.version, [&](const auto& names) {
            return names(render_settings(*before, service().effective())) || names(*profile);
        });
        if (!expected) co_return std::unexpected(expected.error());
        storage::OperatorSettings next = before->settings;
        // The profile's own weights: what POST /settings put over the profile before gives way.
        next.applied_profile = name;
        next.liquidity_weight.reset();
        next.momentum_weight.reset();
        next.spread_penalty.reset();
        const auto stored = co_await service().store().put_settings(next, before->settings.version);
        if (stored) {
            log_change("applied_profile", name, call.request, render_set_values(before->settings),
                       render_set_values(*stored));
            co_return ActionAnswer{.json = nlohmann::json{{"status", "applied"}, {"profile", name}}.dump(),
                                   .etag = render_settings(*documents(), service().effective()).etag()};
        }
        if (stored.error().code() != core::ErrorCode::conflict || call.precondition.asked()) {
            co_return std::unexpected(store_problem(stored.error()));
        }
    }
    co_return std::unexpected(too_many_conflicts());
}

asio::awaitable<Outcome> OperatorEndpoints::delete_profile(Call call) {
    const auto before = documents();
    const std::string& name = call.variable;
    if (signals::find_builtin_profile(name) != nullptr) {
        co_return std::unexpected(conflicting(fmt::format("{} is built in and cannot be deleted.", name)));
    }
    const storage::ProfilePreset* const known = before->find_preset(name);
    const auto one = render_profile(*before, service().defaults(), name);
    if (known == nullptr || !one) co_return std::unexpected(unknown_name("profile", name, profile_names()));
    if (before->settings.applied_profile == name) {
        co_return std::unexpected(
            conflicting(fmt::format("{} is applied; apply another profile first.", in_quotes(name))));
    }
    const auto expected = call.precondition.expect(
        known->version, [&](const auto& names) { return names(render_profiles(*before)) || names(*one); });
    if (!expected) co_return std::unexpected(expected.error());
    const auto deleted = co_await service().store().delete_preset(name, *expected);
    if (!deleted) co_return std::unexpected(store_problem(deleted.error()));
    log_change("profile", name, call.request, *one->body(), "null");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "deleted"}, {"name", name}}.dump()};
}

}  // namespace scanner::api
