#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/operator/operator_service.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/storage/document_store.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The operator's documents as answers; their tags change with every change, also one that leaves the bytes as they
/// are. Pure.
namespace scanner::api {

/// GET /settings. `status`: for the answer to a change, which begins with it.
[[nodiscard]] Rendered render_settings(const storage::OperatorDocuments& documents,
                                       const operators::EffectiveSettings& effective, std::string_view status = {});
/// What the operator set, null where nothing is: for the log.
[[nodiscard]] std::string render_set_values(const storage::OperatorSettings& settings);

[[nodiscard]] Rendered render_watchlists(const storage::OperatorDocuments& documents);
[[nodiscard]] Rendered render_watchlist(const storage::Watchlist& list);

[[nodiscard]] Rendered render_profiles(const storage::OperatorDocuments& documents);
/// nothing for an unknown name. A built-in profile is shown as it ships.
[[nodiscard]] std::optional<Rendered> render_profile(const storage::OperatorDocuments& documents,
                                                     const operators::OperatorDefaults& defaults,
                                                     std::string_view name);

}  // namespace scanner::api
