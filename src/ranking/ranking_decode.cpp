#include "ranking/contract_decode.hpp"
#include "ranking/json_fields.hpp"

#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/ranking/scoring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace scanner::ranking {
namespace {

constexpr std::size_t kMaxDepth = 12;
constexpr std::size_t kMaxProfiles = 64;
constexpr std::size_t kMaxExclusions = 10'000;
constexpr std::chrono::hours kMaxPause{2};

/// The components of `ranked` as they were written; false where earlier versions, or ones with other components, did
/// not write them.
bool read_components(const json& profile, std::vector<RankedEntry>& ranked) {
    const json* const from = find_member(profile, "components");
    if (from == nullptr || !std::ranges::all_of(signals::component_fields(), [&](const auto& field) {
            return find_member(*from, field.name) != nullptr;
        })) {
        return false;
    }
    for (const signals::ComponentField& field : signals::component_fields()) {
        const json& values = row_of(*find_member(*from, field.name), field.name, ranked.size());
        for (std::size_t i = 0; i < ranked.size(); ++i)
            ranked[i].components.*field.member = number(values[i], field.name);
    }
    return true;
}

/// Where the entries stood without quarantine follows from their scores.
void place_raw(const Ranking& ranking, std::vector<RankedEntry>& ranked) {
    std::vector<signals::RankKey> keys;
    keys.reserve(ranked.size());
    for (const RankedEntry& entry : ranked) {
        const ContractSnapshot& snapshot = ranking.contract(entry.contract);
        keys.push_back({.score = entry.score,
                        .qvol_usdt = snapshot.numbers.metrics.qvol_usdt,
                        .symbol = snapshot.data.contract->symbol});
    }
    int rank = 0;
    for (const std::size_t place : signals::rank_order(keys)) ranked[place].rank_raw = ++rank;
}

void read_profile(const json& from, Ranking& ranking) {
    signals::Profile profile;
    profile.name = name_in(from, "name");
    if (ranking.ranked.contains(profile.name)) throw Flaw{"profiles: one twice"};
    for (const auto& field : signals::weight_fields()) {
        profile.weights.*field.member = number_in(member(from, "weights"), field.name);
    }
    std::vector<RankedEntry> ranked;
    std::vector<bool> taken(ranking.contracts.size());
    for (const json& row : array_in(from, "ranked", ranking.contracts.size())) {
        row_of(row, "ranked", 3);
        RankedEntry entry;
        entry.contract = static_cast<std::size_t>(integer(row[0], "ranked"));
        if (entry.contract >= ranking.contracts.size()) throw Flaw{"ranked: no such contract"};
        if (taken[entry.contract]) throw Flaw{"ranked: a contract twice"};
        taken[entry.contract] = true;
        entry.score = number(row[1], "ranked");
        entry.rank = static_cast<int>(ranked.size()) + 1;
        if (!row[2].is_null())
            entry.rank_delta =
                static_cast<int>(within(static_cast<double>(integer(row[2], "ranked")), "ranked", -1e6, 1e6));
        ranked.push_back(entry);
    }
    const Scoring scoring = cycle_scoring(ranking.settings, profile.name);
    ranking.profiles.push_back(std::move(profile));
    if (!read_components(from, ranked)) {
        for (RankedEntry& entry : ranked) {
            const std::size_t i = entry.contract;
            entry.components = assess(ranking, ranking.contract(i), ranking.edges[i], scoring).item.components;
        }
    }
    place_raw(ranking, ranked);
    ranking.ranked[scoring.profile] = std::move(ranked);
}

void read_settings(const json& from, Ranking& ranking, const RankingLimits& limits) {
    ranking.sequence = static_cast<std::uint64_t>(integer_in(from, "seq", 1, static_cast<std::int64_t>(kMaxSequence)));
    if (find_member(from, "epoch") != nullptr)
        ranking.epoch =
            static_cast<std::uint64_t>(integer_in(from, "epoch", 1, static_cast<std::int64_t>(kMaxSequence)));
    ranking.time = time_in(from, "time_ms");
    if (ranking.time > limits.now + RankingLimits::kMaxAhead)
        throw Flaw{fmt::format("time_ms: {} is ahead of the clock, which says {}", core::format_time(ranking.time),
                               core::format_time(limits.now))};
    ranking.next_scan_at = time_in(from, "next_scan_at_ms");
    if (ranking.next_scan_at < ranking.time || ranking.next_scan_at > ranking.time + kMaxPause)
        throw Flaw{"next_scan_at_ms: not soon after time_ms"};
    ranking.cycle_ms = number_in(from, "cycle_ms", 0, 1e9);
    ranking.requests = static_cast<std::uint64_t>(integer_in(from, "requests", 0, 1'000'000'000));
    ranking.settings.default_profile = name_in(from, "default_profile");
    ranking.settings.notional_usdt = number_in(from, "notional_usdt", 0, 1e12);
    ranking.settings.min_qvol_usdt = number_in(from, "min_qvol_usdt", 0, 1e15);
    ranking.settings.max_spread_bps = number_in(from, "max_spread_bps", 0, 10'000);
    if (const json* days = find_member(from, "min_listed_days")) {
        ranking.settings.min_listed_days = within(number(*days, "min_listed_days"), "min_listed_days", 0, 1e6);
    }
    ranking.settings.include_carry = flag_in(from, "include_carry");
    ranking.settings.simulated = flag_in(from, "simulated");
    if (const json* const model = find_member(from, "manip_model")) {
        if (!model->is_string() || model->get_ref<const std::string&>() != to_string(core::ManipModel::measured)) {
            throw Flaw{"manip_model: unknown"};
        }
        ranking.settings.manip_model = core::ManipModel::measured;
        ranking.settings.quarantine = flag_in(from, "quarantine");
    }
    ranking.has_flow = find_member(from, "has_flow") != nullptr && flag_in(from, "has_flow");
}

void check_origin(const json& from, const RankingOrigin& origin) {
    const RankingOrigin found{.exchange = text_in(from, "exchange"), .installation = text_in(from, "installation")};
    if (found == origin) return;
    throw Flaw{fmt::format("it is of exchange \"{}\" and installation \"{}\", not of \"{}\" and \"{}\"", found.exchange,
                           found.installation, origin.exchange, origin.installation),
               core::ErrorCode::conflict};
}

RankingPtr read_ranking(const json& from, const RankingOrigin& origin, const RankingLimits& limits) {
    if (integer_in(from, "format") != 1) throw Flaw{"format: not one that this version knows"};
    check_origin(from, origin);
    auto ranking = std::make_shared<Ranking>();
    read_settings(from, *ranking, limits);
    for (const json& contract : array_in(from, "contracts", limits.max_contracts)) {
        signals::FlowNumbers flow;
        auto snapshot = decode_contract(contract, ranking->time, ranking->edges.emplace_back(), flow);
        if (ranking->has_flow) ranking->flow.push_back(std::make_shared<const signals::FlowNumbers>(flow));
        const std::string& code = snapshot->data.contract->contract_code;
        if (!ranking->contracts.empty() && ranking->contracts.back()->data.contract->contract_code >= code)
            throw Flaw{code + ": twice, or not in the order of the codes"};
        ranking->contracts.push_back(std::move(snapshot));
    }
    for (const json& profile : array_in(from, "profiles", kMaxProfiles)) read_profile(profile, *ranking);
    for (const json& row : array_in(from, "exclusions", kMaxExclusions)) {
        row_of(row, "exclusions", 3);
        if (!row[0].is_string() || !row[1].is_string() || !row[2].is_string()) throw Flaw{"exclusions: not strings"};
        ranking->exclusions.push_back({row[0], row[1], row[2]});
        ++ranking->excluded_by_reason[ranking->exclusions.back().reason];
    }
    return ranking;
}

}  // namespace

core::Result<RankingPtr> decode_ranking(std::string_view text, const RankingOrigin& origin,
                                        const RankingLimits& limits) {
    if (text.size() > limits.max_bytes())
        return core::fail(core::ErrorCode::malformed, fmt::format("ranking: more than {} bytes", limits.max_bytes()));
    std::size_t values = 0;
    const auto bounded = [&](int depth, json::parse_event_t event, const json&) {
        if (depth > static_cast<int>(kMaxDepth)) throw Flaw{fmt::format("nested deeper than {} levels", kMaxDepth)};
        const bool ends = event == json::parse_event_t::object_end || event == json::parse_event_t::array_end;
        if (!ends && ++values > limits.max_values()) throw Flaw{"more values than its contracts can have"};
        return true;
    };
    try {
        const json parsed = json::parse(text, bounded, false);
        if (parsed.is_discarded()) throw Flaw{"not JSON"};
        return read_ranking(parsed, origin, limits);
    } catch (const Flaw& flaw) {
        return core::fail(flaw.code, "ranking: " + flaw.what);
    } catch (const std::exception& thrown) {
        return core::fail(core::ErrorCode::malformed, std::string("ranking: ") + thrown.what());
    }
}

}  // namespace scanner::ranking
