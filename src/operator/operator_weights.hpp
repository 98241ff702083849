#pragma once

#include "scanner/signals/profile.hpp"
#include "scanner/storage/document_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Weights by name, completed with defaults. Pure.
namespace scanner::operators {

/// Of the built-in profile of that name; of scalp for any other name.
[[nodiscard]] signals::Weights base_weights(std::string_view default_profile);

/// `given` over `base`; unknown names and values that are not finite are passed over.
[[nodiscard]] signals::Weights complete_weights(const signals::Weights& base,
                                                const std::map<std::string, double>& given);

/// As they ship or were saved: of a built-in profile or one of the operator's own; nothing for an unknown name.
[[nodiscard]] std::optional<signals::Weights> find_weights(const storage::OperatorDocuments& documents,
                                                           const signals::Weights& base, std::string_view name);

}  // namespace scanner::operators
