#pragma once

#include "api/answers/rendered.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/opportunity.hpp"

#include <chrono>

namespace scanner::api {

/// What opportunities depend on beside the ranking and the query.
struct OpportunityContext {
    signals::TradeTerms terms;
    std::chrono::milliseconds snapshots_ttl{90'000};  ///< a contract whose inputs were older when ranked is stale
};

/// The answer of /opportunities. A function of its arguments alone.
[[nodiscard]] Rendered render_opportunities(const ranking::Ranking& ranking, const OpportunitiesQuery& query,
                                            const OpportunityContext& context);
/// What of `context` an answer depends on, for its key in the cache.
[[nodiscard]] std::string canonical(const OpportunityContext& context);

}  // namespace scanner::api
