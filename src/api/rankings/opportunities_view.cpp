#include "api/rankings/opportunities_view.hpp"

#include "api/answers/envelope.hpp"
#include "api/rankings/rankings_view.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

/// A contract and what is suggested for it.
struct Suggestion {
    ScoredContract item;
    signals::Opportunity opportunity;
};

/// The numbers as the request wants them seen: without funding or basis where it leaves them out, so that they neither
/// decide a side nor appear as a reason.
signals::ContractNumbers numbers_for(const ScoredContract& item) {
    signals::ContractNumbers numbers = item.snapshot->numbers;
    numbers.metrics.funding_8h_pct = item.funding_8h_pct;
    numbers.metrics.basis_bps = item.basis_bps;
    return numbers;
}

signals::Opportunity opportunity_of(const ScoredContract& item, const Scoring& scoring,
                                    const OpportunityContext& context) {
    const signals::ContractNumbers numbers = numbers_for(item);
    return signals::make_opportunity({.numbers = numbers,
                                      .components = item.components,
                                      .score = item.score,
                                      .slip_bps = item.slip_bps,
                                      .last_price = item.snapshot->data.ticker.last,
                                      .price_tick = item.snapshot->data.contract->price_tick,
                                      .notional_usdt = scoring.notional_usdt,
                                      .terms = context.terms,
                                      .stale = item.age > context.snapshots_ttl});
}

/// Best first, by what the query asks for; unknown last.
void sort_suggestions(std::vector<Suggestion>& suggestions, OpportunityOrder order) {
    if (order == OpportunityOrder::score) return;  // as they come
    std::ranges::sort(suggestions, [order](const Suggestion& a, const Suggestion& b) {
        const signals::Opportunity& left = a.opportunity;
        const signals::Opportunity& right = b.opportunity;
        if (order == OpportunityOrder::confidence && left.confidence != right.confidence) {
            return left.confidence > right.confidence;
        }
        if (order == OpportunityOrder::reward_risk_net && left.reward_risk_net != right.reward_risk_net) {
            return left.reward_risk_net > right.reward_risk_net;  // nothing is less than anything
        }
        return a.item.rank < b.item.rank;
    });
}

struct Found {
    std::vector<Suggestion> suggestions;
    std::size_t total = 0;  ///< before `top`
};

Found find_opportunities(const ranking::Ranking& ranking, const OpportunitiesQuery& query,
                         const OpportunityContext& context) {
    auto items = select(score_contracts(ranking, query.scoring), query.selection);
    if (query.scoring.quarantine) {
        std::erase_if(items, [](const ScoredContract& item) { return item.snapshot->is_quarantined(); });
    }
    const auto top = static_cast<std::size_t>(query.top);
    Found found{.total = items.size()};
    // Only what depends on the suggestions themselves needs all of them.
    const bool all = query.tradable || query.order != OpportunityOrder::score;
    if (!all && items.size() > top) items.resize(top);
    found.suggestions.reserve(items.size());
    for (const ScoredContract& item : items) {
        found.suggestions.push_back({item, opportunity_of(item, query.scoring, context)});
    }
    if (!all) return found;
    if (query.tradable) {
        std::erase_if(found.suggestions,
                      [&](const Suggestion& each) { return each.opportunity.tradable() != *query.tradable; });
        found.total = found.suggestions.size();
    }
    sort_suggestions(found.suggestions, query.order);
    if (found.suggestions.size() > top) {
        found.suggestions.erase(found.suggestions.begin() + query.top, found.suggestions.end());
    }
    return found;
}

/// 0 says that there is no such price (a target at or under zero).
void write_price(core::JsonWriter& json, double price) {
    if (price > 0.0) {
        write_number(json, price);
    } else {
        json.null();
    }
}

/// The members of a trade; all null without one, of which the targets stay a list of three.
void write_prices(core::JsonWriter& json, const std::optional<signals::TradePrices>& prices) {
    if (!prices) {
        json.key("entry_price").null().key("stop_price").null().key("tp_prices").begin_array();
        json.null().null().null().end_array();
        return;
    }
    json.key("entry_price");
    write_price(json, prices->entry_price);
    json.key("stop_price");
    write_price(json, prices->stop_price);
    json.key("tp_prices").begin_array();
    for (const double target : prices->tp_prices) write_price(json, target);
    json.end_array();
}

void write_breakout(core::JsonWriter& json, const signals::Opportunity& opportunity) {
    json.key("breakout");
    if (!opportunity.above || !opportunity.below) {
        json.null();
        return;
    }
    json.begin_object().key("above").begin_object();
    write_prices(json, opportunity.above);
    json.end_object().key("below").begin_object();
    write_prices(json, opportunity.below);
    json.end_object().end_object();
}

/// The percentages, null where they would rest on a range that was not measured.
void write_percentages(core::JsonWriter& json, const signals::Opportunity& opportunity, bool range_known) {
    const auto pct = [&](double value) { return range_known ? std::optional(value) : std::nullopt; };
    json.key("entry_zone").begin_object().field("type", signals::to_string(opportunity.entry_type));
    number_field(json, "pct", pct(opportunity.entry_pct));
    json.end_object();
    number_field(json, "stop_suggestion", pct(opportunity.stop_suggestion));
    json.key("tp_levels").begin_array();
    for (const double level : opportunity.tp_levels) write_number(json, pct(level));
    json.end_array();
}

void write_confidence_terms(core::JsonWriter& json, const signals::ConfidenceTerms& terms) {
    constexpr signals::Digits kDigits = signals::decimals(4);
    json.key("confidence_terms").begin_object();
    number_field(json, "score", signals::rounded(terms.score, kDigits));
    number_field(json, "cost", signals::rounded(terms.cost, kDigits));
    number_field(json, "manipulation", signals::rounded(terms.manipulation, kDigits));
    number_field(json, "disorder", signals::rounded(terms.disorder, kDigits));
    json.end_object();
}

void write_item(core::JsonWriter& json, const Suggestion& suggestion, const std::string& ts) {
    const auto& [item, opportunity] = suggestion;
    const auto& contract = *item.snapshot->data.contract;
    const signals::ContractNumbers& numbers = item.snapshot->numbers;
    json.begin_object().field("symbol", contract.symbol).field("contract_code", contract.contract_code);
    json.field("rank", item.rank);
    number_field(json, "score", item.score);
    json.field("side_bias", signals::to_string(opportunity.side_bias));
    write_percentages(json, opportunity, signals::known<&signals::Metrics::atr_pct>(numbers).has_value());
    json.field("confidence", opportunity.confidence);
    write_confidence_terms(json, opportunity.confidence_terms);
    json.field("tradable", opportunity.tradable()).key("not_tradable");
    write_value(json, std::span<const std::string_view>(opportunity.not_tradable));
    number_field(json, "reward_risk_gross", opportunity.reward_risk_gross);
    number_field(json, "reward_risk_net", opportunity.reward_risk_net);
    number_field(json, "round_trip_cost_pct", opportunity.round_trip_cost_pct);
    number_field(json, "risk_usdt", opportunity.risk_usdt);
    number_field(json, "manip_score", signals::known<&signals::Manipulation::manip_score>(numbers));
    json.key("manip_flags");
    write_value(json, std::span<const std::string_view>(numbers.manipulation.manip_flags));
    if (numbers.detection.quarantined) {
        number_field(json, "manip_probability", signals::shown<&signals::Detection::manip_probability>(numbers));
        json.field("quarantined", *numbers.detection.quarantined);
    }
    json.field("ts", ts).key("last_price");
    write_price(json, opportunity.last_price);
    write_prices(json, opportunity.trade);
    write_breakout(json, opportunity);
    json.key("rationale");
    write_strings(json, opportunity.rationale);
    json.key("notes");
    write_strings(json, item.snapshot->notes);
    json.end_object();
}

void write_filters(core::JsonWriter& json, const ranking::Ranking& ranking, const OpportunitiesQuery& query) {
    json.key("filters").begin_object().field("top", query.top);
    number_field(json, "min_qvol", query.scoring.min_qvol_usdt);
    number_field(json, "max_spread_bps", query.scoring.max_spread_bps);
    number_field(json, "min_listed_days", query.scoring.min_listed_days);
    json.field("include_funding", query.scoring.include_funding)
        .field("include_basis", query.scoring.include_basis)
        .field("include_carry", query.scoring.include_carry);
    write_manipulation_filters(json, query.selection);
    write_quarantine_filter(json, ranking, query.scoring.quarantine);
    json.field("tradable", query.tradable).field("sort", to_string(query.order)).end_object();
}

}  // namespace

Rendered render_opportunities(const ranking::Ranking& ranking, const OpportunitiesQuery& query,
                              const OpportunityContext& context) {
    const Found found = find_opportunities(ranking, query, context);
    std::optional<core::WallTime> data_time;
    for (const Suggestion& each : found.suggestions) {
        const core::WallTime time = each.item.snapshot->data.data_time;
        data_time = std::min(data_time.value_or(time), time);
    }
    const std::string ts = core::format_time(ranking.time);
    core::JsonWriter json(512 + 1'400 * found.suggestions.size());
    json.begin_object();
    write_scan_members(json, ranking, data_time);
    json.field("profile", query.scoring.profile);
    number_field(json, "notional", query.scoring.notional_usdt);
    json.key("fees").begin_object();
    number_field(json, "taker_pct", context.terms.taker_fee_pct);
    number_field(json, "maker_pct", context.terms.maker_fee_pct);
    json.end_object();
    number_field(json, "manipulation_threshold", context.terms.manipulation_threshold);
    write_filters(json, ranking, query);
    json.key("items").begin_array();
    for (const Suggestion& each : found.suggestions) write_item(json, each, ts);
    json.end_array().field("total", found.total).end_object();
    return {std::string(kJsonType), json.take(), stamp_of(ranking, data_time)};
}

std::string canonical(const OpportunityContext& context) {
    std::string key = "|" + std::to_string(context.snapshots_ttl.count());
    for (const double number :
         {context.terms.taker_fee_pct, context.terms.maker_fee_pct, context.terms.manipulation_threshold}) {
        key += '|';
        core::append_double(key, number);
    }
    return key;
}

}  // namespace scanner::api
