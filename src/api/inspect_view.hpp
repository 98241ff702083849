#pragma once

#include "api/queries.hpp"
#include "api/rendered.hpp"

#include "scanner/engine/ranking.hpp"

namespace scanner::api {

/// The answer of /symbol/{symbol}/inspect for a contract of the cycle. A function of its arguments alone.
[[nodiscard]] Rendered render_inspection(const engine::Ranking& ranking, const engine::ContractSnapshot& snapshot,
                                         const InspectQuery& query);

}  // namespace scanner::api
