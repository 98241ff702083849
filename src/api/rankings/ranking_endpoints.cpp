#include "api/rankings/ranking_endpoints.hpp"

#include "api/rankings/opportunities_view.hpp"
#include "api/rankings/queries.hpp"
#include "api/rankings/rankings_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::api {
namespace {

Problem cycle_not_kept(std::uint64_t wanted, std::uint64_t newest) {
    return {.status = 404,
            .type = "cycle-not-kept",
            .title = "Cycle not kept",
            .detail = fmt::format("Cycle {} is no longer available (newest: {}). Restart from page 1 without seq.",
                                  wanted, newest)};
}

}  // namespace

std::vector<ApiRoute> RankingEndpoints::routes() {
    std::vector<ApiRoute> routes;
    routes.push_back({.method = "GET",
                      .pattern = PathPattern("/rankings"),
                      .label = "/rankings",
                      .handler = [this](Call& call) { return now_or_then(call); },
                      .access = Access::open,
                      .query = Query::read});
    routes.push_back({.method = "GET",
                      .pattern = PathPattern("/opportunities"),
                      .label = "/opportunities",
                      .handler = answering(this, &RankingEndpoints::opportunities),
                      .access = Access::open,
                      .query = Query::read});
    return routes;
}

Reply RankingEndpoints::now_or_then(Call& call) {
    const bool past = std::ranges::any_of(call.params, [](const auto& param) { return param.name == "as_of"; });
    if (past && as_of_) return as_of_(call);
    return rankings(call);
}

/// Pages that follow name the cycle of the first one, which has to be kept until then: a recorded one is, a published
/// one may be gone a few seconds later.
ranking::RankingPtr RankingEndpoints::unbound(const net::QueryParameters& params) const {
    if (is_paged(params)) {
        ranking::RankingPtr recorded = ports_.engine.recorded();
        if (recorded != nullptr && ports_.engine.is_fresh(*recorded)) return recorded;
    }
    return ports_.engine.current();
}

Outcome RankingEndpoints::rankings(const Call& call) {
    const ranking::RankingPtr newest = ports_.engine.current();
    const auto bound = bound_sequence(call.params);
    const ranking::RankingPtr ranking = bound ? ports_.engine.by_sequence(*bound) : unbound(call.params);
    // Without the bound cycle the newest one still tells whether the other parameters make sense.
    const ranking::Ranking* const judge = ranking != nullptr ? ranking.get() : newest.get();
    auto query = parse_rankings_query(
        call.params, {.ranking = judge, .watchlists = ports_.watchlists, .default_top = options_.default_top});
    if (!query) return std::unexpected(std::move(query.error()));
    if (newest == nullptr || !ports_.engine.is_fresh(*newest))
        return std::unexpected(answers_.nothing_fresh(newest.get()));
    if (ranking == nullptr) return std::unexpected(cycle_not_kept(bound.value_or(0), newest->sequence));
    return answers_.cached(*ranking, "rankings", canonical(*query),
                           [&] { return render_rankings(*ranking, *query, item_texts_); });
}

Outcome RankingEndpoints::opportunities(const Call& call) {
    const ranking::RankingPtr newest = ports_.engine.current();
    auto query = parse_opportunities_query(
        call.params, {.ranking = newest.get(), .watchlists = ports_.watchlists, .default_top = options_.default_top});
    if (!query) return std::unexpected(std::move(query.error()));
    auto ranking = answers_.fresh_ranking();
    if (!ranking) return std::unexpected(std::move(ranking.error()));
    OpportunityContext context{.snapshots_ttl = ports_.engine.snapshots_ttl()};
    if (ports_.trade_terms) context.terms = ports_.trade_terms();
    return answers_.cached(**ranking, "opportunities", canonical(*query) + canonical(context),
                           [&] { return render_opportunities(**ranking, *query, context); });
}

}  // namespace scanner::api
