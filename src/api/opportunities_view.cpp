#include "api/opportunities_view.hpp"

#include "api/envelope.hpp"
#include "api/rankings_view.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/opportunity.hpp"

#include <cmath>

namespace scanner::api {
namespace {

/// The numbers as the request wants them seen: without funding or basis where it leaves them out, so that they neither
/// decide a side nor appear as a reason.
signals::ContractNumbers numbers_for(const ScoredContract& item) {
    signals::ContractNumbers numbers = item.snapshot->numbers;
    numbers.metrics.funding_8h_pct = item.funding_8h_pct;
    numbers.metrics.basis_bps = item.basis_bps;
    return numbers;
}

signals::Opportunity opportunity_of(const ScoredContract& item, const signals::Weights& weights,
                                    const Scoring& scoring) {
    const signals::ContractNumbers numbers = numbers_for(item);
    const auto components = signals::score_contract(numbers, item.slip_bps, weights, score_options(scoring)).components;
    return signals::make_opportunity({.numbers = numbers,
                                      .components = components,
                                      .score = item.score,
                                      .slip_bps = item.slip_bps,
                                      .last_price = item.snapshot->data.ticker.last,
                                      .price_tick = item.snapshot->data.contract->price_tick});
}

/// The decimals that prices on this step have: 1 for 0.1, 0 for 5. Prices off any step keep all of theirs.
int decimals_of(double price_tick) {
    constexpr int kMost = 12;
    double scaled = price_tick;
    for (int decimals = 0; decimals < kMost && price_tick > 0.0; ++decimals, scaled *= 10.0) {
        if (scaled > 0.5 && std::fabs(scaled - std::round(scaled)) < 1e-6) return decimals;
    }
    return kMost;
}

/// A price as it can be sent to the exchange, without the last bits of a multiplication. 0 says that there is no such
/// price (a target at or under zero).
void price(core::JsonWriter& json, double value, int decimals) {
    if (value > 0.0) {
        write_number(json, core::round_to(value, decimals));
    } else {
        json.null();
    }
}

void write_item(core::JsonWriter& json, const ScoredContract& item, const signals::Opportunity& opportunity,
                const std::string& ts) {
    const auto& contract = *item.snapshot->data.contract;
    const signals::Manipulation& manipulation = item.snapshot->numbers.manipulation;
    json.begin_object().field("symbol", contract.symbol).field("contract_code", contract.contract_code);
    json.field("rank", item.rank);
    number_field(json, "score", item.score);
    json.field("side_bias", signals::to_string(opportunity.side_bias));
    json.key("entry_zone").begin_object().field("type", signals::to_string(opportunity.entry_type));
    number_field(json, "pct", opportunity.entry_pct);
    json.end_object();
    number_field(json, "stop_suggestion", opportunity.stop_suggestion);
    json.key("tp_levels").begin_array();
    for (const double level : opportunity.tp_levels) write_number(json, level);
    json.end_array().field("confidence", opportunity.confidence);
    number_field(json, "manip_score", manipulation.manip_score);
    json.key("manip_flags");
    write_value(json, std::span<const std::string_view>(manipulation.manip_flags));
    const int decimals = decimals_of(contract.price_tick);
    json.field("ts", ts).key("last_price");
    price(json, opportunity.last_price, decimals);
    json.key("entry_price");
    price(json, opportunity.entry_price, decimals);
    json.key("stop_price");
    price(json, opportunity.stop_price, decimals);
    json.key("tp_prices").begin_array();
    for (const double target : opportunity.tp_prices) price(json, target, decimals);
    json.end_array().key("rationale");
    write_strings(json, opportunity.rationale);
    json.end_object();
}

}  // namespace

Rendered render_opportunities(const engine::Ranking& ranking, const OpportunitiesQuery& query) {
    auto items = select(score_contracts(ranking, query.scoring), query.selection);
    if (items.size() > static_cast<std::size_t>(query.top)) items.resize(static_cast<std::size_t>(query.top));
    const auto data_time = oldest_data_time(items);
    const signals::Profile* const profile = find_profile(ranking, query.scoring.profile);
    const std::string ts = core::format_time(ranking.time);

    core::JsonWriter json(512 + 900 * items.size());
    json.begin_object();
    write_scan_members(json, ranking, data_time);
    json.field("profile", query.scoring.profile);
    number_field(json, "notional", query.scoring.notional_usdt);
    json.key("filters").begin_object().field("top", query.top);
    number_field(json, "min_qvol", query.scoring.min_qvol_usdt);
    number_field(json, "max_spread_bps", query.scoring.max_spread_bps);
    json.field("include_funding", query.scoring.include_funding)
        .field("include_basis", query.scoring.include_basis)
        .field("include_carry", query.scoring.include_carry);
    write_manipulation_filters(json, query.selection);
    json.end_object().key("items").begin_array();
    for (const ScoredContract& item : items) {
        write_item(json, item, opportunity_of(item, profile->weights, query.scoring), ts);
    }
    json.end_array().end_object();
    return {std::string(kJsonType), json.take(), stamp_of(ranking, data_time)};
}

}  // namespace scanner::api
