#include "api/rankings/ranking_endpoints.hpp"

#include "api/rankings/opportunities_view.hpp"
#include "api/rankings/rankings_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::api {

std::vector<ApiRoute> RankingEndpoints::routes() {
    std::vector<ApiRoute> routes;
    routes.push_back({.method = "GET",
                      .pattern = PathPattern("/rankings"),
                      .label = "/rankings",
                      .handler = now_or_then(),
                      .access = Access::open});
    routes.push_back(
        {.method = "GET",
         .pattern = PathPattern("/opportunities"),
         .label = "/opportunities",
         .handler = answering(this, &RankingEndpoints::read_opportunities, &RankingEndpoints::opportunities),
         .access = Access::open});
    return routes;
}

Handler RankingEndpoints::now_or_then() {
    Handler now = answering(this, &RankingEndpoints::read_rankings, &RankingEndpoints::rankings);
    if (!as_of_.answer) return now;
    const auto about_the_past = [](const Call& call) {
        return std::ranges::any_of(call.params, [](const auto& param) { return param.name == "as_of"; });
    };
    return {.parse = [now, then = as_of_, about_the_past](
                         const Call& call) { return about_the_past(call) ? then.parse(call) : now.parse(call); },
            .answer =
                [now, then = as_of_, about_the_past](Call& call, ParsedQuery& query) {
                    return about_the_past(call) ? then.answer(call, query) : now.answer(call, query);
                }};
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

std::expected<RankingEndpoints::Asked, Problem> RankingEndpoints::read_rankings(const Call& call) const {
    Asked asked{.bound = bound_sequence(call.params), .ranking = nullptr, .query = {}};
    const ranking::RankingPtr newest = ports_.engine.current();
    asked.ranking = asked.bound ? ports_.engine.by_sequence(*asked.bound) : unbound(call.params);
    // Without the bound cycle the newest one still tells whether the other parameters make sense.
    const ranking::Ranking* const judge = asked.ranking != nullptr ? asked.ranking.get() : newest.get();
    auto query = parse_rankings_query(
        call.params, {.ranking = judge, .watchlists = ports_.watchlists, .default_top = options_.default_top});
    if (!query) return std::unexpected(std::move(query.error()));
    asked.query = std::move(*query);
    return asked;
}

Outcome RankingEndpoints::rankings(const Call& /*call*/, const Asked& asked) {
    const ranking::RankingPtr newest = ports_.engine.current();
    if (newest == nullptr || !ports_.engine.is_fresh(*newest))
        return std::unexpected(answers_.nothing_fresh(newest.get()));
    if (asked.ranking == nullptr) return std::unexpected(cycle_not_kept(asked.bound.value_or(0), newest->sequence));
    return answers_.cached(*asked.ranking, "rankings", canonical(asked.query),
                           [&] { return render_rankings(*asked.ranking, asked.query, item_texts_); });
}

std::expected<OpportunitiesQuery, Problem> RankingEndpoints::read_opportunities(const Call& call) const {
    const ranking::RankingPtr newest = ports_.engine.current();
    return parse_opportunities_query(
        call.params, {.ranking = newest.get(), .watchlists = ports_.watchlists, .default_top = options_.default_top});
}

Outcome RankingEndpoints::opportunities(const Call& /*call*/, const OpportunitiesQuery& query) {
    auto ranking = answers_.fresh_ranking();
    if (!ranking) return std::unexpected(std::move(ranking.error()));
    OpportunityContext context{.snapshots_ttl = ports_.engine.snapshots_ttl()};
    if (ports_.trade_terms) context.terms = ports_.trade_terms();
    return answers_.cached(**ranking, "opportunities", canonical(query) + canonical(context),
                           [&] { return render_opportunities(**ranking, query, context); });
}

}  // namespace scanner::api
