#include "api/rankings/queries.hpp"

#include "api/answers/member_lists.hpp"
#include "api/http/limits.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/manipulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace scanner::api {
namespace {

constexpr double kOpportunityNotional = 10'000.0;
constexpr std::int64_t kMaxFrameIntervalMs = 60'000;

std::vector<std::string> profile_names(const QueryContext& context) {
    std::vector<std::string> names;
    if (context.ranking != nullptr) {
        for (const signals::Profile& profile : context.ranking->profiles) names.push_back(profile.name);
    } else {
        for (const signals::Profile& profile : signals::builtin_profiles()) names.push_back(profile.name);
    }
    return names;
}

std::optional<std::string> read_given_profile(ParamReader& reader, const QueryContext& context) {
    const std::vector<std::string> names = profile_names(context);
    const std::vector<std::string_view> choices(names.begin(), names.end());
    return reader.choice("profile", choices, Choices::changing);
}

std::string read_profile(ParamReader& reader, const QueryContext& context) {
    auto given = read_given_profile(reader, context);
    if (given) return std::move(*given);
    return context.ranking != nullptr ? context.ranking->settings.default_profile : "scalp";
}

/// Every contract that the cycle looked at: scanned ones and those left out with a reason.
std::vector<std::string> known_codes(const ranking::Ranking& ranking) {
    std::vector<std::string> codes;
    codes.reserve(ranking.contracts.size() + ranking.exclusions.size());
    for (const auto& snapshot : ranking.contracts) codes.push_back(snapshot->data.contract->contract_code);
    for (const auto& exclusion : ranking.exclusions) codes.push_back(exclusion.contract_code);
    return codes;
}

std::optional<std::vector<std::string>> read_symbols(ParamReader& reader, const QueryContext& context) {
    const auto given = reader.list("symbols");
    if (!given) return std::nullopt;
    if (given->empty()) {
        reader.reject("symbols", "must list at least one contract; omit it to include all");
        return std::nullopt;
    }
    const auto known = context.ranking != nullptr ? known_codes(*context.ranking) : std::vector<std::string>();
    std::vector<std::string> codes;
    for (const std::string& name : *given) {
        auto code = core::parse_symbol(name);
        const bool exists = code && (known.empty() || std::ranges::find(known, *code) != known.end());
        if (exists) {
            if (std::ranges::find(codes, *code) == codes.end()) codes.push_back(std::move(*code));
            continue;
        }
        if (reader.full()) {
            reader.reject("symbols", {});
            continue;
        }
        const auto near = core::nearest_names(code ? *code : name, known);
        reader.reject("symbols", fmt::format("unknown contract {}{}", in_quotes(name),
                                             near.empty() ? "" : fmt::format("; near: {}", fmt::join(near, ", "))));
    }
    return codes;
}

void read_watchlist(ParamReader& reader, const QueryContext& context, Selection& selection) {
    selection.watchlist = reader.text("watchlist");
    if (!selection.watchlist) return;
    auto codes = context.watchlists == nullptr ? std::nullopt : context.watchlists->contracts(*selection.watchlist);
    if (codes) {
        selection.watchlist_codes = std::move(*codes);
        return;
    }
    const auto names = context.watchlists == nullptr ? std::vector<std::string>() : context.watchlists->names();
    reader.reject("watchlist", fmt::format("no watchlist is called {}; {}", in_quotes(*selection.watchlist),
                                           names.empty() ? std::string("there are none")
                                                         : fmt::format("there are: {}", fmt::join(names, ", "))));
}

std::vector<std::string> read_exclude_flags(ParamReader& reader) {
    auto flags = reader.list("exclude_flags").value_or(std::vector<std::string>());
    for (const std::string& flag : flags) {
        if (signals::find_manipulation_flag(flag)) continue;
        if (reader.full()) {
            reader.reject("exclude_flags", {});
            continue;
        }
        const auto known = signals::manipulation_flag_names();
        reader.reject("exclude_flags",
                      fmt::format("unknown flag {}; known: {}", in_quotes(flag), fmt::join(known, ", ")));
    }
    std::ranges::sort(flags);  // their order means nothing
    return flags;
}

void read_carry(ParamReader& reader, Scoring& scoring) {
    scoring.include_funding = reader.flag("include_funding").value_or(true);
    scoring.include_basis = reader.flag("include_basis").value_or(true);
    scoring.include_carry = reader.flag("include_carry").value_or(scoring.include_carry);
}

void read_quarantine(ParamReader& reader, Scoring& scoring) {
    scoring.quarantine = reader.flag("quarantine").value_or(scoring.quarantine);
}

void read_min_listed_days(ParamReader& reader, Scoring& scoring) {
    scoring.min_listed_days = reader.number("min_listed_days", 0.0).value_or(scoring.min_listed_days);
}

void read_opportunity_order(ParamReader& reader, OpportunitiesQuery& query) {
    using enum OpportunityOrder;
    constexpr std::array kOrders{score, reward_risk_net, confidence};
    std::array<std::string_view, kOrders.size()> names;
    std::ranges::transform(kOrders, names.begin(), [](OpportunityOrder order) { return to_string(order); });
    const auto given = reader.choice("sort", names);
    if (given) query.order = kOrders.at(static_cast<std::size_t>(std::ranges::find(names, *given) - names.begin()));
}

Scoring default_scoring(const QueryContext& context, std::string_view profile) {
    return cycle_scoring(context.ranking != nullptr ? context.ranking->settings : ranking::RankingSettings(), profile);
}

void read_sort(ParamReader& reader, RankingsQuery& query) {
    std::vector<std::string_view> sortable;
    for (const ItemField& field : item_fields()) {
        if (ranking::is_sortable(field)) sortable.push_back(field.name);
    }
    const auto sort = reader.choice("sort", sortable);
    query.sort = find_item_field(sort.value_or("score"));
    constexpr std::array<std::string_view, 2> kOrders{"asc", "desc"};
    const auto order = reader.choice("order", kOrders);
    query.ascending = order ? *order == "asc" : query.sort->ascending_first;
}

/// Texts that a client chose get their length in front, so that no two queries run together into one key.
void add_text(std::string& key, std::string_view text) {
    fmt::format_to(std::back_inserter(key), "{}:{},", text.size(), text);
}

void add_number(std::string& key, double value) {
    core::append_double(key, value);
    key += ';';
}

void add_list(std::string& key, const std::vector<std::string>& entries) {
    fmt::format_to(std::back_inserter(key), "{}[", entries.size());
    for (const std::string& entry : entries) add_text(key, entry);
    key += ']';
}

void add_scoring(std::string& key, const Scoring& scoring) {
    add_text(key, scoring.profile);
    add_number(key, scoring.min_qvol_usdt);
    add_number(key, scoring.max_spread_bps);
    add_number(key, scoring.notional_usdt);
    add_number(key, scoring.min_listed_days);
    key += scoring.include_funding ? 'f' : '-';
    key += scoring.include_basis ? 'b' : '-';
    key += scoring.include_carry ? 'c' : '-';
    key += scoring.quarantine ? 'q' : '-';
}

void add_selection(std::string& key, const Selection& selection) {
    key += selection.symbols ? 'S' : '-';
    if (selection.symbols) add_list(key, *selection.symbols);
    key += selection.watchlist ? 'W' : '-';
    if (selection.watchlist) {
        add_text(key, *selection.watchlist);
        add_list(key, selection.watchlist_codes);
    }
    key += selection.max_manip_score ? 'M' : '-';
    if (selection.max_manip_score) add_number(key, *selection.max_manip_score);
    add_list(key, selection.exclude_flags);
}

}  // namespace

std::optional<std::uint64_t> bound_sequence(const net::QueryParameters& params) {
    ParamReader reader(params);
    const auto sequence = reader.integer("seq", 1);
    if (!sequence) return std::nullopt;
    return static_cast<std::uint64_t>(*sequence);
}

bool is_paged(const net::QueryParameters& params) {
    return std::ranges::any_of(
        params, [](const net::QueryParameter& param) { return param.name == "page" || param.name == "page_size"; });
}

std::expected<RankingsQuery, Problem> parse_rankings_query(const net::QueryParameters& params,
                                                           const QueryContext& context) {
    ParamReader reader(params, context.declared);
    RankingsQuery query;
    query.top = reader.integer("top", 1, kMaxTop).value_or(context.default_top);
    query.scoring = default_scoring(context, read_profile(reader, context));
    query.scoring.min_qvol_usdt = reader.number("min_qvol", 0.0).value_or(query.scoring.min_qvol_usdt);
    query.scoring.max_spread_bps = reader.number("max_spread_bps", 0.0).value_or(query.scoring.max_spread_bps);
    query.scoring.notional_usdt = reader.number("notional", 1.0).value_or(query.scoring.notional_usdt);
    read_min_listed_days(reader, query.scoring);
    const auto page = reader.integer("page", 1);
    const auto page_size = reader.integer("page_size", 1, kMaxPageSize);
    query.page = page.value_or(1);
    read_carry(reader, query.scoring);
    query.selection.max_manip_score = reader.number("max_manip_score", 0.0, 100.0);
    query.selection.exclude_flags = read_exclude_flags(reader);
    read_quarantine(reader, query.scoring);
    read_watchlist(reader, context, query.selection);
    query.selection.symbols = read_symbols(reader, context);
    read_sort(reader, query);
    query.fields = read_members(reader, item_fields(), {{kInputsMember}});
    constexpr std::array<std::string_view, 2> kFormats{"json", "csv"};
    query.csv = reader.choice("format", kFormats) == "csv";
    if (query.csv && query.fields &&
        std::ranges::find(*query.fields, kInputsMember, &ItemMember::name) != query.fields->end()) {
        reader.reject("fields", "inputs is an object: it is not available with format=csv");
    }
    // A file of lines has no place to say that it is a page: it is whole unless pages are asked for.
    query.page_size = page_size.value_or(query.csv && !page ? kMaxTop : kDefaultPageSize);
    static_cast<void>(reader.integer("seq", 1));  // which ranking it is was settled before
    query.explain = reader.flag("explain").value_or(false);
    if (query.explain && query.csv) reader.reject("explain", "is not available with format=csv");
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::expected<OpportunitiesQuery, Problem> parse_opportunities_query(const net::QueryParameters& params,
                                                                     const QueryContext& context) {
    ParamReader reader(params, context.declared);
    OpportunitiesQuery query;
    query.scoring = default_scoring(context, read_profile(reader, context));
    query.top = reader.integer("top", 1, kMaxTop).value_or(context.default_top);
    query.scoring.notional_usdt = reader.number("notional", 1.0).value_or(kOpportunityNotional);
    read_min_listed_days(reader, query.scoring);
    read_carry(reader, query.scoring);
    query.selection.max_manip_score = reader.number("max_manip_score", 0.0, 100.0);
    query.selection.exclude_flags = read_exclude_flags(reader);
    read_quarantine(reader, query.scoring);
    read_opportunity_order(reader, query);
    query.tradable = reader.flag("tradable");
    query.fields = read_members(reader, {}, opportunity_members());
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::expected<InspectQuery, Problem> parse_inspect_query(const net::QueryParameters& params,
                                                         const QueryContext& context) {
    ParamReader reader(params, context.declared);
    InspectQuery query;
    constexpr std::array<std::string_view, 2> kModes{"full", "card"};
    query.card = reader.choice("mode", kModes) == "card";
    query.profile = read_profile(reader, context);
    if (const auto sequence = reader.integer("seq", 1)) query.sequence = static_cast<std::uint64_t>(*sequence);
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::expected<StreamQuery, Problem> parse_stream_query(const net::QueryParameters& params,
                                                       const QueryContext& context) {
    ParamReader reader(params, context.declared);
    StreamQuery query;
    query.profile = read_given_profile(reader, context);
    query.symbols = read_symbols(reader, context);
    // A client that names contracts gets all of them.
    const auto named = query.symbols ? static_cast<std::int64_t>(query.symbols->size()) : std::int64_t{0};
    query.top = reader.integer("top", 1, kMaxTop)
                    .value_or(named > 0 ? std::min(named, kMaxTop) : std::int64_t{context.default_top});
    if (const auto interval = reader.integer("min_interval_ms", 0, kMaxFrameIntervalMs)) {
        query.min_interval = std::chrono::milliseconds(*interval);
    }
    query.fields = read_members(reader, item_fields(), frame_members());
    if (query.symbols) std::ranges::sort(*query.symbols);  // items come by rank, so their order means nothing
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

std::string canonical(const RankingsQuery& query) {
    std::string key;
    add_scoring(key, query.scoring);
    add_selection(key, query.selection);
    fmt::format_to(std::back_inserter(key), "{}/{}/{}", query.top, query.page, query.page_size);
    key += query.ascending ? '<' : '>';
    add_text(key, query.sort->name);
    add_members(key, query.fields);
    key += query.csv ? 'C' : 'J';
    key += query.explain ? 'E' : '-';
    return key;
}

std::string_view to_string(OpportunityOrder order) noexcept {
    switch (order) {
        case OpportunityOrder::score: return "score";
        case OpportunityOrder::reward_risk_net: return "reward_risk_net";
        case OpportunityOrder::confidence: return "confidence";
    }
    return "score";
}

std::string canonical(const OpportunitiesQuery& query) {
    std::string key;
    add_scoring(key, query.scoring);
    add_selection(key, query.selection);
    fmt::format_to(std::back_inserter(key), "{}", query.top);
    add_text(key, to_string(query.order));
    key += !query.tradable ? '-' : (*query.tradable ? 'T' : 'N');
    add_members(key, query.fields);
    return key;
}

std::string canonical(const InspectQuery& query) {
    std::string key;
    add_text(key, query.profile);
    key += query.card ? 'c' : 'f';
    key += query.sequence ? 's' : 'l';
    return key;
}

std::string canonical(const StreamQuery& query) {
    std::string key;
    key += query.profile ? 'P' : '-';
    if (query.profile) add_text(key, *query.profile);
    key += query.symbols ? 'S' : '-';
    if (query.symbols) add_list(key, *query.symbols);
    fmt::format_to(std::back_inserter(key), "{}", query.top);
    add_members(key, query.fields);
    if (query.min_interval) fmt::format_to(std::back_inserter(key), "I{}", query.min_interval->count());
    return key;
}

}  // namespace scanner::api
