#include "operator/operator_weights.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::operators {

signals::Weights base_weights(std::string_view default_profile) {
    const signals::Profile* const profile = signals::find_builtin_profile(default_profile);
    return profile != nullptr ? profile->weights : signals::builtin_profiles().front().weights;
}

signals::Weights complete_weights(const signals::Weights& base, const std::map<std::string, double>& given) {
    signals::Weights weights = base;
    for (const signals::WeightField& field : signals::weight_fields()) {
        const auto found = given.find(std::string(field.name));
        if (found != given.end() && std::isfinite(found->second)) weights.*field.member = found->second;
    }
    return weights;
}

std::optional<signals::Weights> find_weights(const storage::OperatorDocuments& documents, const signals::Weights& base,
                                             std::string_view name) {
    if (const signals::Profile* const profile = signals::find_builtin_profile(name)) return profile->weights;
    const storage::ProfilePreset* const preset = documents.find_preset(name);
    if (preset == nullptr) return std::nullopt;
    return complete_weights(base, preset->weights);
}

}  // namespace scanner::operators
