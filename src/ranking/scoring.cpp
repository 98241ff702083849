#include "scanner/ranking/scoring.hpp"

#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/metrics.hpp"
#include "scanner/signals/slippage.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace scanner::ranking {
namespace {

/// The part of a contract that depends on the request, beside its score.
ScoredContract as_requested(const Ranking& ranking, const Scoring& scoring, const ContractSnapshot& snapshot,
                            const signals::Edges& edges) {
    const signals::Metrics& metrics = snapshot.numbers.metrics;
    ScoredContract item;
    item.snapshot = &snapshot;
    item.edges = &edges;
    item.funding_8h_pct = scoring.include_funding ? metrics.funding_8h_pct : std::nullopt;
    item.funding_rate = scoring.include_funding ? snapshot.data.funding_rate : std::nullopt;
    item.basis_bps = scoring.include_basis ? metrics.basis_bps : std::nullopt;
    item.age = age_at_ranking(ranking, snapshot);
    return item;
}

/// An entry of the cycle's ranking as a request sees it that scores as the cycle did.
ScoredContract as_ranked(const Ranking& ranking, const Scoring& scoring, const RankedEntry& entry) {
    const ContractSnapshot& snapshot = ranking.contract(entry.contract);
    ScoredContract item = as_requested(ranking, scoring, snapshot, ranking.edges[entry.contract]);
    item.contract = entry.contract;
    item.score = entry.score;
    item.components = entry.components;
    item.rank = entry.rank;
    if (ranking.is_measured()) item.rank_raw = entry.rank_raw;
    item.rank_delta = entry.rank_delta;
    item.slip_bps = snapshot.numbers.metrics.slip_bps;
    item.flow = ranking.flow_of(entry.contract);
    return item;
}

std::span<const RankedEntry> cycle_entries(const Ranking& ranking, const std::string& profile) {
    const auto found = ranking.ranked.find(profile);
    if (found == ranking.ranked.end()) return {};
    return found->second;
}

/// Whether the cycle's scores are the request's, whatever contracts either lets through.
bool scores_as_cycle(const RankingSettings& settings, const Scoring& scoring) {
    const bool carry_as_cycle = scoring.include_carry == settings.include_carry &&
                                (!settings.include_carry || (scoring.include_funding && scoring.include_basis));
    return carry_as_cycle && scoring.notional_usdt == settings.notional_usdt;
}

/// The slippage of `notional_usdt`: the cycle's own number for its own notional, else the kept book walked again.
double slippage_for(const ContractSnapshot& snapshot, const RankingSettings& settings, double notional_usdt) {
    if (notional_usdt == settings.notional_usdt) return snapshot.numbers.metrics.slip_bps;
    if (snapshot.data.order_book == nullptr) return signals::kUnknownBps;
    return signals::slippage_bps(*snapshot.data.order_book, notional_usdt);
}

/// Scores contracts as the request says.
class Scorer {
public:
    Scorer(const Ranking& ranking, const Scoring& scoring, const signals::Weights& weights)
        : ranking_(ranking), scoring_(scoring), weights_(weights), options_(score_options(scoring)) {}

    [[nodiscard]] signals::Rejection rejection_of(const ContractSnapshot& snapshot) const {
        return signals::rejection_of(snapshot.numbers.metrics, options_);
    }

    /// Rejected or not; without rank.
    [[nodiscard]] ScoredContract score(const ContractSnapshot& snapshot, const signals::Edges& edges) const {
        signals::ScoreOptions rejects_nothing = options_;
        rejects_nothing.min_qvol_usdt = std::numeric_limits<double>::lowest();
        rejects_nothing.max_spread_bps = std::numeric_limits<double>::max();
        rejects_nothing.min_listed_days = 0.0;
        ScoredContract item = as_requested(ranking_, scoring_, snapshot, edges);
        item.slip_bps = slippage_for(snapshot, ranking_.settings, scoring_.notional_usdt);
        const signals::Score score =
            signals::score_contract({snapshot.numbers, edges}, item.slip_bps, weights_, rejects_nothing);
        item.score = score.score.value_or(0.0);
        item.components = score.components;
        return item;
    }

    /// Nothing if the contract is rejected, in which case its book is not walked.
    [[nodiscard]] std::optional<ScoredContract> score(std::size_t contract) const {
        const ContractSnapshot& snapshot = ranking_.contract(contract);
        if (rejection_of(snapshot) != signals::Rejection::none) return std::nullopt;
        ScoredContract item = score(snapshot, ranking_.edges[contract]);
        item.contract = contract;
        item.flow = ranking_.flow_of(contract);
        return item;
    }

private:
    const Ranking& ranking_;
    const Scoring& scoring_;
    const signals::Weights& weights_;
    signals::ScoreOptions options_;
};

/// Puts quarantined items below all others; their order among themselves stays.
template <class Item, class IsQuarantined>
void sink_quarantined(std::vector<Item>& items, IsQuarantined is_quarantined) {
    std::vector<Item> placed;
    placed.reserve(items.size());
    for (const bool quarantined : {false, true}) {
        for (const Item& item : items) {
            if (is_quarantined(item) != quarantined) continue;
            placed.push_back(item);
            placed.back().rank = static_cast<int>(placed.size());
        }
    }
    items = std::move(placed);
}

void sort_and_rank(std::vector<ScoredContract>& items, bool measured, bool quarantine) {
    std::vector<signals::RankKey> keys;
    keys.reserve(items.size());
    for (const ScoredContract& item : items) {
        keys.push_back({.score = item.score,
                        .qvol_usdt = item.snapshot->numbers.metrics.qvol_usdt,
                        .symbol = item.snapshot->data.contract->symbol});
    }
    std::vector<ScoredContract> ordered;
    ordered.reserve(items.size());
    for (const std::size_t place : signals::rank_order(keys)) {
        ordered.push_back(items[place]);
        ordered.back().rank = static_cast<int>(ordered.size());
        if (measured) ordered.back().rank_raw = ordered.back().rank;
    }
    items = std::move(ordered);
    if (!measured || !quarantine) return;
    sink_quarantined(items, [](const ScoredContract& item) { return item.snapshot->is_quarantined(); });
}

/// Everything that the request does not reject, best first. Where it scores as the cycle did, what the cycle ranked has
/// its score and its order already, and only what the cycle rejected and the request does not is left to do.
std::vector<ScoredContract> scored_again(const Ranking& ranking, const Scoring& scoring,
                                         const signals::Weights& weights) {
    const Scorer scorer(ranking, scoring, weights);
    const bool scores_known = scores_as_cycle(ranking.settings, scoring);
    std::vector<ScoredContract> items;
    items.reserve(ranking.contracts.size());
    std::vector<bool> done(ranking.contracts.size());
    std::vector<std::optional<int>> deltas(ranking.contracts.size());
    for (const RankedEntry& entry : cycle_entries(ranking, scoring.profile)) {
        deltas[entry.contract] = entry.rank_delta;
        if (!scores_known) continue;
        done[entry.contract] = true;
        if (scorer.rejection_of(ranking.contract(entry.contract)) != signals::Rejection::none) continue;
        items.push_back(as_ranked(ranking, scoring, entry));
        items.back().rank = static_cast<int>(items.size());
    }
    const std::size_t in_order = items.size();
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        if (done[i]) continue;
        auto item = scorer.score(i);
        if (!item) continue;
        item->rank_delta = deltas[i];
        items.push_back(*item);
    }
    // With the detectors' model, what the request lets through decides both ranks of each.
    const bool measured = ranking.is_measured();
    if (measured || items.size() > in_order) sort_and_rank(items, measured, scoring.quarantine);
    return items;
}

}  // namespace

Scoring cycle_scoring(const RankingSettings& settings, std::string_view profile) {
    return {.profile = std::string(profile),
            .min_qvol_usdt = settings.min_qvol_usdt,
            .max_spread_bps = settings.max_spread_bps,
            .notional_usdt = settings.notional_usdt,
            .min_listed_days = settings.min_listed_days,
            .include_carry = settings.include_carry,
            .quarantine = settings.quarantine};
}

bool is_cycle_scoring(const RankingSettings& settings, const Scoring& scoring) {
    return scores_as_cycle(settings, scoring) && scoring.min_qvol_usdt == settings.min_qvol_usdt &&
           scoring.max_spread_bps == settings.max_spread_bps && scoring.min_listed_days == settings.min_listed_days &&
           scoring.quarantine == settings.quarantine;
}

signals::ScoreOptions score_options(const Scoring& scoring) {
    return {.min_qvol_usdt = scoring.min_qvol_usdt,
            .max_spread_bps = scoring.max_spread_bps,
            .min_listed_days = scoring.min_listed_days,
            .include_carry = scoring.include_carry,
            .include_funding = scoring.include_funding,
            .include_basis = scoring.include_basis};
}

const signals::Profile* find_profile(const Ranking& ranking, std::string_view name) {
    const auto found = std::ranges::find(ranking.profiles, name, &signals::Profile::name);
    return found == ranking.profiles.end() ? nullptr : &*found;
}

std::vector<ScoredContract> score_contracts(const Ranking& ranking, const Scoring& scoring) {
    if (is_cycle_scoring(ranking.settings, scoring)) {
        const auto entries = cycle_entries(ranking, scoring.profile);
        std::vector<ScoredContract> items;
        items.reserve(entries.size());
        for (const RankedEntry& entry : entries) items.push_back(as_ranked(ranking, scoring, entry));
        return items;
    }
    const signals::Profile* const profile = find_profile(ranking, scoring.profile);
    if (profile == nullptr) return {};
    return scored_again(ranking, scoring, profile->weights);
}

void place_entries(const Ranking& ranking, std::vector<RankedEntry>& entries, bool quarantine) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].rank = entries[i].rank_raw = static_cast<int>(i) + 1;
    }
    if (!ranking.is_measured() || !quarantine) return;
    sink_quarantined(
        entries, [&ranking](const RankedEntry& entry) { return ranking.contract(entry.contract).is_quarantined(); });
}

ScoredContract cycle_item(const Ranking& ranking, const RankedEntry& entry) {
    return as_ranked(ranking, {}, entry);
}

Assessment assess(const Ranking& ranking, const ContractSnapshot& snapshot, const signals::Edges& edges,
                  const Scoring& scoring, const signals::FlowNumbers* flow) {
    const signals::Profile* const profile = find_profile(ranking, scoring.profile);
    const Scorer scorer(ranking, scoring, profile->weights);
    Assessment assessment{.item = scorer.score(snapshot, edges), .rejection = scorer.rejection_of(snapshot)};
    const auto index = ranking.index_of(snapshot.data.contract->contract_code);
    const bool is_of_ranking = index && &ranking.contract(*index) == &snapshot;
    assessment.item.flow = is_of_ranking ? ranking.flow_of(*index) : flow;
    if (const auto* const entry = find_entry(ranking, scoring.profile, snapshot.data.contract->contract_code)) {
        assessment.item.contract = entry->contract;
        assessment.item.rank = entry->rank;
        if (ranking.is_measured()) assessment.item.rank_raw = entry->rank_raw;
        assessment.item.rank_delta = entry->rank_delta;
    }
    return assessment;
}

signals::Edges edges_among(const Ranking& ranking, const signals::ContractNumbers& numbers) {
    std::vector<const signals::ContractNumbers*> all;
    all.reserve(ranking.contracts.size() + 1);
    for (const ContractSnapshotPtr& other : ranking.contracts) all.push_back(&other->numbers);
    all.push_back(&numbers);
    std::vector<signals::Edges> edges(all.size());
    signals::compute_edges(all, edges);
    return edges.back();
}

std::vector<RejectedContract> rejected_contracts(const Ranking& ranking, const Scoring& scoring) {
    const signals::ScoreOptions options = score_options(scoring);
    std::vector<RejectedContract> rejected;
    for (const ContractSnapshotPtr& snapshot : ranking.contracts) {
        const signals::Rejection rejection = signals::rejection_of(snapshot->numbers.metrics, options);
        if (rejection == signals::Rejection::none) continue;
        rejected.push_back({.snapshot = snapshot.get(), .rejection = rejection});
    }
    return rejected;
}

std::chrono::milliseconds age_at_ranking(const Ranking& ranking, const ContractSnapshot& snapshot) {
    return std::max(std::chrono::milliseconds(0), ranking.time - snapshot.data.data_time);
}

const RankedEntry* find_entry(const Ranking& ranking, std::string_view profile, std::string_view contract_code) {
    const auto index = ranking.index_of(contract_code);
    if (!index) return nullptr;
    const auto entries = cycle_entries(ranking, std::string(profile));
    const auto found = std::ranges::find(entries, *index, &RankedEntry::contract);
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace scanner::ranking
