#include "api/rankings/opportunities_view.hpp"

#include "api/answers/envelope.hpp"
#include "api/answers/member_lists.hpp"
#include "api/rankings/rankings_view.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <array>
#include <tuple>
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

/// Null without a trade, of which the targets stay a list of three.
void write_entry_price(core::JsonWriter& json, const std::optional<signals::TradePrices>& prices) {
    write_price(json, prices ? prices->entry_price : 0.0);
}
void write_stop_price(core::JsonWriter& json, const std::optional<signals::TradePrices>& prices) {
    write_price(json, prices ? prices->stop_price : 0.0);
}
void write_tp_prices(core::JsonWriter& json, const std::optional<signals::TradePrices>& prices) {
    json.begin_array();
    for (std::size_t i = 0; i < std::tuple_size_v<decltype(prices->tp_prices)>; ++i) {
        write_price(json, prices ? prices->tp_prices.at(i) : 0.0);
    }
    json.end_array();
}

void write_trade(core::JsonWriter& json, std::string_view name, const std::optional<signals::TradePrices>& prices) {
    json.key(name).begin_object().key("entry_price");
    write_entry_price(json, prices);
    json.key("stop_price");
    write_stop_price(json, prices);
    json.key("tp_prices");
    write_tp_prices(json, prices);
    json.end_object();
}

void write_breakout(core::JsonWriter& json, const signals::Opportunity& opportunity) {
    if (!opportunity.above || !opportunity.below) {
        json.null();
        return;
    }
    json.begin_object();
    write_trade(json, "above", opportunity.above);
    write_trade(json, "below", opportunity.below);
    json.end_object();
}

/// A percentage, null where it would rest on a range that was not measured.
std::optional<double> percentage(const Suggestion& of, double value) {
    const bool known = signals::known<&signals::Metrics::atr_pct>(of.item.snapshot->numbers).has_value();
    return known ? std::optional(value) : std::nullopt;
}

void write_entry_zone(core::JsonWriter& json, const Suggestion& of) {
    json.begin_object().field("type", signals::to_string(of.opportunity.entry_type));
    number_field(json, "pct", percentage(of, of.opportunity.entry_pct));
    json.end_object();
}

void write_tp_levels(core::JsonWriter& json, const Suggestion& of) {
    json.begin_array();
    for (const double level : of.opportunity.tp_levels) write_number(json, percentage(of, level));
    json.end_array();
}

void write_confidence_terms(core::JsonWriter& json, const signals::ConfidenceTerms& terms) {
    constexpr signals::Digits kDigits = signals::decimals(4);
    json.begin_object();
    number_field(json, "score", signals::rounded(terms.score, kDigits));
    number_field(json, "cost", signals::rounded(terms.cost, kDigits));
    number_field(json, "manipulation", signals::rounded(terms.manipulation, kDigits));
    number_field(json, "disorder", signals::rounded(terms.disorder, kDigits));
    json.end_object();
}

struct OpportunityMember {
    std::string_view name;
    void (*write)(core::JsonWriter& json, const Suggestion& of, core::WallTime made_at);
    bool on_request = false;  ///< only where `fields` names it
};
using Json = core::JsonWriter;
using At = core::WallTime;

/// With the measured model of manipulation always, else where `fields` names them.
constexpr std::string_view kManipProbability = "manip_probability";
constexpr std::string_view kQuarantined = "quarantined";

/// In the order in which items have them.
constexpr auto kMembers = std::to_array<OpportunityMember>({
    {"symbol", [](Json& json, const Suggestion& of, At) { json.value(of.item.snapshot->data.contract->symbol); }},
    {"contract_code",
     [](Json& json, const Suggestion& of, At) { json.value(of.item.snapshot->data.contract->contract_code); }},
    {"rank", [](Json& json, const Suggestion& of, At) { json.value(of.item.rank); }},
    {"score", [](Json& json, const Suggestion& of, At) { write_number(json, of.item.score); }},
    {"side_bias",
     [](Json& json, const Suggestion& of, At) { json.value(signals::to_string(of.opportunity.side_bias)); }},
    {"entry_zone", [](Json& json, const Suggestion& of, At) { write_entry_zone(json, of); }},
    {"stop_suggestion",
     [](Json& json, const Suggestion& of, At) { write_number(json, percentage(of, of.opportunity.stop_suggestion)); }},
    {"tp_levels", [](Json& json, const Suggestion& of, At) { write_tp_levels(json, of); }},
    {"confidence", [](Json& json, const Suggestion& of, At) { write_number(json, of.opportunity.confidence); }},
    {"confidence_terms",
     [](Json& json, const Suggestion& of, At) { write_confidence_terms(json, of.opportunity.confidence_terms); }},
    {"tradable", [](Json& json, const Suggestion& of, At) { json.value(of.opportunity.tradable()); }},
    {"not_tradable", [](Json& json, const Suggestion& of,
                        At) { write_value(json, std::span<const std::string_view>(of.opportunity.not_tradable)); }},
    {"reward_risk_gross",
     [](Json& json, const Suggestion& of, At) { write_number(json, of.opportunity.reward_risk_gross); }},
    {"reward_risk_net",
     [](Json& json, const Suggestion& of, At) { write_number(json, of.opportunity.reward_risk_net); }},
    {"round_trip_cost_pct",
     [](Json& json, const Suggestion& of, At) { write_number(json, of.opportunity.round_trip_cost_pct); }},
    {"risk_usdt", [](Json& json, const Suggestion& of, At) { write_number(json, of.opportunity.risk_usdt); }},
    {"manip_score",
     [](Json& json, const Suggestion& of,
        At) { write_number(json, signals::known<&signals::Manipulation::manip_score>(of.item.snapshot->numbers)); }},
    {"manip_flags",
     [](Json& json, const Suggestion& of,
        At) { write_value(json, std::span<const std::string_view>(of.item.snapshot->numbers.manipulation.manip_flags)); }},
    {"ts", [](Json& json, const Suggestion&, At made_at) { json.value(core::format_time(made_at)); }},
    {"last_price", [](Json& json, const Suggestion& of, At) { write_price(json, of.opportunity.last_price); }},
    {"entry_price", [](Json& json, const Suggestion& of, At) { write_entry_price(json, of.opportunity.trade); }},
    {"stop_price", [](Json& json, const Suggestion& of, At) { write_stop_price(json, of.opportunity.trade); }},
    {"tp_prices", [](Json& json, const Suggestion& of, At) { write_tp_prices(json, of.opportunity.trade); }},
    {"breakout", [](Json& json, const Suggestion& of, At) { write_breakout(json, of.opportunity); }},
    {"rationale", [](Json& json, const Suggestion& of, At) { write_strings(json, of.opportunity.rationale); }},
    {"notes", [](Json& json, const Suggestion& of, At) { write_strings(json, of.item.snapshot->notes); }},
    {kManipProbability,
     [](Json& json, const Suggestion& of,
        At) { write_number(json, signals::shown<&signals::Detection::manip_probability>(of.item.snapshot->numbers)); },
     true},
    {kQuarantined,
     [](Json& json, const Suggestion& of, At) { json.value(of.item.snapshot->numbers.detection.quarantined); }, true},
    {kInputsMember,
     [](Json& json, const Suggestion& of,
        At made_at) { write_inputs_member(json, of.item.snapshot->data.inputs, made_at); },
     true},
});

constexpr auto kMemberNames = [] {
    std::array<std::string_view, kMembers.size()> names;
    std::ranges::transform(kMembers, names.begin(), &OpportunityMember::name);
    return names;
}();

void write_item(core::JsonWriter& json, const Suggestion& suggestion, const OpportunitiesQuery& query,
                core::WallTime made_at) {
    const auto write = [&](const OpportunityMember& member) {
        json.key(member.name);
        member.write(json, suggestion, made_at);
    };
    json.begin_object();
    if (query.fields) {
        for (const ItemMember& member : *query.fields) {
            write(*std::ranges::find(kMembers, member.name, &OpportunityMember::name));
        }
    } else {
        const bool measured = suggestion.item.snapshot->numbers.detection.quarantined.has_value();
        for (const OpportunityMember& member : kMembers) {
            const bool of_detectors = member.name == kManipProbability || member.name == kQuarantined;
            if (!member.on_request || (of_detectors && measured)) write(member);
        }
    }
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
    json.field("tradable", query.tradable).field("sort", to_string(query.order));
    if (query.fields) {
        json.key("fields").begin_array();
        for (const ItemMember& member : *query.fields) json.value(member.name);
        json.end_array();
    }
    json.end_object();
}

}  // namespace

std::span<const std::string_view> opportunity_members() noexcept {
    return kMemberNames;
}

Rendered render_opportunities(const ranking::Ranking& ranking, const OpportunitiesQuery& query,
                              const OpportunityContext& context) {
    const Found found = find_opportunities(ranking, query, context);
    std::optional<core::WallTime> data_time;
    for (const Suggestion& each : found.suggestions) {
        const core::WallTime time = each.item.snapshot->data.data_time;
        data_time = std::min(data_time.value_or(time), time);
    }
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
    for (const Suggestion& each : found.suggestions) write_item(json, each, query, ranking.time);
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
