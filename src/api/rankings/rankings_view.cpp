#include "api/rankings/rankings_view.hpp"

#include "api/answers/envelope.hpp"

#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_set>
#include <vector>

namespace scanner::api {
namespace {

constexpr std::size_t kExamples = 5;

/// Why the engine left contracts out, in the order in which a cycle decides it; other reasons follow by name.
constexpr auto kReasonOrder = std::to_array<std::string_view>(
    {"unknown_contract", "not_allowed", "inactive", "asset_class", "no_ticker", "contract_size_mismatch",
     "turnover_rank", "fetch_failed", "malformed", "stale_ticker", "stale_book", "price_outside_book", "stale_candles",
     "volume", "spread", "new_listing"});

std::size_t reason_place(const std::string& reason) {
    return static_cast<std::size_t>(std::ranges::find(kReasonOrder, reason) - kReasonOrder.begin());
}

const std::string& symbol_of(const ScoredContract& item) {
    return item.snapshot->data.contract->symbol;
}

bool has_any_flag(const ScoredContract& item, const std::vector<std::string>& flags) {
    return std::ranges::any_of(item.snapshot->numbers.manipulation.manip_flags, [&flags](std::string_view flag) {
        return std::ranges::find(flags, flag) != flags.end();
    });
}

/// Drops what `keep` rejects and records it as a stage of the funnel, if given.
template <class Keep>
void filter(std::vector<ScoredContract>& items, std::string_view name, Keep keep, std::vector<FunnelStage>* funnel) {
    if (funnel == nullptr) {
        std::erase_if(items, [&](const ScoredContract& item) { return !keep(item); });
        return;
    }
    FunnelStage stage{.name = std::string(name), .in = items.size()};
    std::erase_if(items, [&](const ScoredContract& item) {
        if (keep(item)) return false;
        if (stage.examples.size() < kExamples) stage.examples.push_back(symbol_of(item));
        return true;
    });
    stage.out = items.size();
    funnel->push_back(std::move(stage));
}

/// The stages before the request's own: what the engine left out, by reason, and what the scoring rejects.
std::vector<FunnelStage> stages_before_selection(const ranking::Ranking& ranking, const Scoring& scoring) {
    std::vector<FunnelStage> funnel;
    std::size_t left = ranking.contracts.size();
    std::vector<const ranking::Exclusion*>
        unread;  // an exclusion may also be a scanned contract that the score rejected
    for (const ranking::Exclusion& exclusion : ranking.exclusions) {
        if (ranking.find(exclusion.contract_code) == nullptr) unread.push_back(&exclusion);
    }
    left += unread.size();
    std::ranges::sort(unread, [](const auto* a, const auto* b) {
        const std::size_t place_a = reason_place(a->reason);
        const std::size_t place_b = reason_place(b->reason);
        if (place_a != place_b) return place_a < place_b;
        return std::tie(a->reason, a->contract_code) < std::tie(b->reason, b->contract_code);
    });
    for (const ranking::Exclusion* const exclusion : unread) {
        if (funnel.empty() || funnel.back().name != exclusion->reason) {
            funnel.push_back({.name = exclusion->reason, .in = left, .out = left});
        }
        FunnelStage& stage = funnel.back();
        --stage.out;
        --left;
        if (stage.examples.size() < kExamples) stage.examples.push_back(core::unified_symbol(exclusion->contract_code));
    }
    const auto rejected = rejected_contracts(ranking, scoring);
    for (const auto& [name, reason] :
         {std::pair("min_qvol", signals::Rejection::volume), std::pair("max_spread_bps", signals::Rejection::spread),
          std::pair("min_listed_days", signals::Rejection::new_listing)}) {
        if (reason == signals::Rejection::new_listing && scoring.min_listed_days == 0.0) continue;
        FunnelStage stage{.name = name, .in = left};
        for (const ranking::RejectedContract& contract : rejected) {
            if (contract.rejection != reason) continue;
            --left;
            if (stage.examples.size() < kExamples) stage.examples.push_back(contract.snapshot->data.contract->symbol);
        }
        stage.out = left;
        funnel.push_back(std::move(stage));
    }
    return funnel;
}

void sort_items(std::vector<ScoredContract>& items, const RankingsQuery& query) {
    if (query.sort->name == "score" && !query.ascending) return;  // as they come
    std::ranges::sort(items, [&query](const ScoredContract& a, const ScoredContract& b) {
        return comes_before(*query.sort, query.ascending, a, b);
    });
}

void write_filters(core::JsonWriter& json, const ranking::Ranking& ranking, const RankingsQuery& query) {
    const Scoring& scoring = query.scoring;
    json.key("filters").begin_object().field("top", query.top).field("profile", scoring.profile);
    number_field(json, "min_qvol", scoring.min_qvol_usdt);
    number_field(json, "max_spread_bps", scoring.max_spread_bps);
    number_field(json, "notional", scoring.notional_usdt);
    number_field(json, "min_listed_days", scoring.min_listed_days);
    json.field("include_funding", scoring.include_funding)
        .field("include_basis", scoring.include_basis)
        .field("include_carry", scoring.include_carry);
    write_manipulation_filters(json, query.selection);
    write_quarantine_filter(json, ranking, scoring.quarantine);
    json.field("watchlist", query.selection.watchlist).key("symbols");
    write_symbols(json, query.selection.symbols);
    json.field("sort", query.sort->name).field("order", query.ascending ? "asc" : "desc").key("fields");
    if (query.fields) {
        json.begin_array();
        for (const ItemMember& member : *query.fields) json.value(member.name);
        json.end_array();
    } else {
        json.null();
    }
    json.end_object();
}

void write_funnel(core::JsonWriter& json, const std::vector<FunnelStage>& funnel) {
    json.key("funnel").begin_array();
    for (const FunnelStage& stage : funnel) {
        json.begin_object().field("stage", stage.name).field("in", stage.in).field("out", stage.out).key("examples");
        write_strings(json, stage.examples);
        json.end_object();
    }
    json.end_array();
}

std::string json_of(const ranking::Ranking& ranking, const RankingsQuery& query, const RankingsResult& result,
                    ItemTexts& texts) {
    constexpr std::size_t kBytesAnItem = 900;
    core::JsonWriter json(1024 + kBytesAnItem * result.page.size());
    json.begin_object();
    write_scan_members(json, ranking, result.data_time);
    json.field("profile", query.scoring.profile);
    write_filters(json, ranking, query);
    json.key("items").begin_array();
    for (const ScoredContract& item : result.page) {
        if (!query.fields) {
            texts.write(json, ranking, item);
            continue;
        }
        json.begin_object();
        for (const ItemMember& member : *query.fields) {
            json.key(member.name);
            if (member.field != nullptr) {
                write_value(json, shown(*member.field, item));
            } else {
                write_inputs_member(json, item.snapshot->data.inputs, ranking.time);
            }
        }
        json.end_object();
    }
    json.end_array();
    json.field("page", query.page).field("page_size", query.page_size).field("total", result.total);
    json.field("total_after_top", result.total_after_top);
    if (query.explain) write_funnel(json, result.funnel);
    json.end_object();
    return json.take();
}

std::string csv_of(const ranking::Ranking& ranking, const RankingsQuery& query, const RankingsResult& result) {
    std::vector<const ItemField*> fields;
    if (query.fields) {
        for (const ItemMember& member : *query.fields) fields.push_back(member.field);
    } else {
        for (const ItemField& field : item_fields_of(&ranking)) fields.push_back(&field);
    }
    std::string csv;
    const auto line = [&](const auto& cell) {
        bool first = true;
        for (const ItemField* const field : fields) {
            if (!first) csv += ',';
            first = false;
            cell(*field);
        }
        csv += "\r\n";
    };
    line([&csv](const ItemField& field) { csv += field.name; });
    for (const ScoredContract& item : result.page) {
        line([&](const ItemField& field) { append_csv(csv, shown(field, item)); });
    }
    return csv;
}

}  // namespace

std::vector<ScoredContract> select(std::vector<ScoredContract> items, const Selection& selection,
                                   std::vector<FunnelStage>* funnel) {
    const auto one_of = [](const std::vector<std::string>& codes) {
        return [wanted = std::unordered_set<std::string>(codes.begin(), codes.end())](const ScoredContract& item) {
            return wanted.contains(item.snapshot->data.contract->contract_code);
        };
    };
    if (selection.watchlist) filter(items, "watchlist", one_of(selection.watchlist_codes), funnel);
    if (selection.symbols) filter(items, "symbols", one_of(*selection.symbols), funnel);
    if (selection.max_manip_score) {
        const double most = *selection.max_manip_score;
        filter(
            items, "max_manip_score",
            [most](const ScoredContract& item) {
                // What no detector can tell of is not known to be under it.
                const auto score = signals::known<&signals::Manipulation::manip_score>(item.snapshot->numbers);
                return score && *score <= most;
            },
            funnel);
    }
    if (!selection.exclude_flags.empty()) {
        filter(
            items, "exclude_flags",
            [&selection](const ScoredContract& item) { return !has_any_flag(item, selection.exclude_flags); }, funnel);
    }
    return items;
}

std::optional<core::WallTime> oldest_data_time(const std::vector<ScoredContract>& items) {
    std::optional<core::WallTime> oldest;
    for (const ScoredContract& item : items) {
        const core::WallTime time = item.snapshot->data.data_time;
        if (!oldest || time < *oldest) oldest = time;
    }
    return oldest;
}

ScanStamp stamp_of(const ranking::Ranking& ranking, std::optional<core::WallTime> data_time) {
    return {.sequence = ranking.sequence,
            .time = ranking.time,
            .data_time = data_time,
            .simulated = ranking.settings.simulated};
}

RankingsResult find_rankings(const ranking::Ranking& ranking, const RankingsQuery& query) {
    RankingsResult result;
    std::vector<FunnelStage>* const funnel = query.explain ? &result.funnel : nullptr;
    if (funnel != nullptr) *funnel = stages_before_selection(ranking, query.scoring);
    auto items = select(score_contracts(ranking, query.scoring), query.selection, funnel);
    sort_items(items, query);
    result.total = items.size();
    const auto top = static_cast<std::size_t>(query.top);
    std::size_t place = 0;
    filter(items, "top", [&place, top](const ScoredContract&) { return place++ < top; }, funnel);
    result.total_after_top = items.size();
    result.data_time = oldest_data_time(items);
    // Clients may send any page number: compare before multiplying.
    const auto size = static_cast<std::size_t>(query.page_size);
    const auto before = static_cast<std::size_t>(query.page) - 1;
    if (before < (items.size() + size - 1) / size) {
        const std::size_t begin = before * size;
        const std::size_t end = std::min(begin + size, items.size());
        result.page.assign(items.begin() + static_cast<std::ptrdiff_t>(begin),
                           items.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return result;
}

Rendered render_rankings(const ranking::Ranking& ranking, const RankingsQuery& query) {
    ItemTexts texts;
    return render_rankings(ranking, query, texts);
}

Rendered render_rankings(const ranking::Ranking& ranking, const RankingsQuery& query, ItemTexts& texts) {
    const RankingsResult result = find_rankings(ranking, query);
    const ScanStamp stamp = stamp_of(ranking, result.data_time);
    if (query.csv) return {std::string(kCsvType), csv_of(ranking, query, result), stamp};
    return {std::string(kJsonType), json_of(ranking, query, result, texts), stamp};
}

}  // namespace scanner::api
