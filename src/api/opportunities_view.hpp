#pragma once

#include "api/queries.hpp"
#include "api/rendered.hpp"

#include "scanner/engine/ranking.hpp"

namespace scanner::api {

/// The answer of /opportunities. A function of its arguments alone.
[[nodiscard]] Rendered render_opportunities(const engine::Ranking& ranking, const OpportunitiesQuery& query);

}  // namespace scanner::api
