#include "api/answers/scoring.hpp"

#include "scanner/signals/metrics.hpp"
#include "scanner/signals/slippage.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace scanner::api {
namespace {

ScoredContract scored(const ranking::Ranking& ranking, const Scoring& scoring, std::size_t contract, double score,
                      double slip_bps) {
    const ranking::ContractSnapshot& snapshot = ranking.contracts[contract];
    const signals::Metrics& metrics = snapshot.numbers.metrics;
    return {.snapshot = &snapshot,
            .score = score,
            .slip_bps = slip_bps,
            .funding_8h_pct = scoring.include_funding ? metrics.funding_8h_pct : std::nullopt,
            .funding_rate = scoring.include_funding ? snapshot.data.funding_rate : std::nullopt,
            .basis_bps = scoring.include_basis ? metrics.basis_bps : std::nullopt,
            .age = age_at_ranking(ranking, snapshot)};
}

std::span<const ranking::RankedEntry> cycle_entries(const ranking::Ranking& ranking, const std::string& profile) {
    const auto found = ranking.ranked.find(profile);
    if (found == ranking.ranked.end()) return {};
    return found->second;
}

std::vector<ScoredContract> as_ranked(const ranking::Ranking& ranking, const Scoring& scoring) {
    std::vector<ScoredContract> items;
    const auto entries = cycle_entries(ranking, scoring.profile);
    items.reserve(entries.size());
    for (const ranking::RankedEntry& entry : entries) {
        const double slip = ranking.contracts[entry.contract].numbers.metrics.slip_bps;
        ScoredContract item = scored(ranking, scoring, entry.contract, entry.score, slip);
        item.rank = entry.rank;
        item.rank_delta = entry.rank_delta;
        items.push_back(item);
    }
    return items;
}

/// Whether the cycle's scores are the request's, whatever contracts either lets through.
bool scores_as_cycle(const ranking::RankingSettings& settings, const Scoring& scoring) {
    const bool carry_as_cycle = scoring.include_carry == settings.include_carry &&
                                (!settings.include_carry || (scoring.include_funding && scoring.include_basis));
    return carry_as_cycle && scoring.notional_usdt == settings.notional_usdt;
}

/// Scores contracts as the request says; nothing where it rejects them.
class Scorer {
public:
    Scorer(const ranking::Ranking& ranking, const Scoring& scoring, const signals::Weights& weights)
        : ranking_(ranking), scoring_(scoring), weights_(weights), options_(score_options(scoring)) {}

    [[nodiscard]] bool rejects(std::size_t contract) const {
        return signals::rejection_of(ranking_.contracts[contract].numbers.metrics, options_) !=
               signals::Rejection::none;
    }
    [[nodiscard]] std::optional<ScoredContract> score(std::size_t contract) const {
        if (rejects(contract)) return std::nullopt;  // before the book is walked
        const ranking::ContractSnapshot& snapshot = ranking_.contracts[contract];
        const double slip = slippage_for(snapshot, ranking_.settings, scoring_.notional_usdt);
        const auto score = signals::score_contract(snapshot.numbers, slip, weights_, options_).score;
        if (!score) return std::nullopt;
        return scored(ranking_, scoring_, contract, *score, slip);
    }

private:
    const ranking::Ranking& ranking_;
    const Scoring& scoring_;
    const signals::Weights& weights_;
    signals::ScoreOptions options_;
};

bool item_ranks_before(const ScoredContract& a, const ScoredContract& b) {
    const auto key = [](const ScoredContract& item) {
        return signals::RankKey{.score = item.score,
                                .qvol_usdt = item.snapshot->numbers.metrics.qvol_usdt,
                                .symbol = item.snapshot->data.contract->symbol};
    };
    return signals::ranks_before(key(a), key(b));
}

/// Everything that the request does not reject, best first. Where it scores as the cycle did, what the cycle ranked has
/// its score and its order already, and only what the cycle rejected and the request does not is left to do.
std::vector<ScoredContract> scored_again(const ranking::Ranking& ranking, const Scoring& scoring,
                                         const signals::Weights& weights) {
    const Scorer scorer(ranking, scoring, weights);
    const bool scores_known = scores_as_cycle(ranking.settings, scoring);
    std::vector<ScoredContract> items;
    items.reserve(ranking.contracts.size());
    std::vector<bool> done(ranking.contracts.size());
    std::vector<std::optional<int>> deltas(ranking.contracts.size());
    for (const ranking::RankedEntry& entry : cycle_entries(ranking, scoring.profile)) {
        deltas[entry.contract] = entry.rank_delta;
        if (!scores_known) continue;
        done[entry.contract] = true;
        if (scorer.rejects(entry.contract)) continue;
        const double slip = ranking.contracts[entry.contract].numbers.metrics.slip_bps;
        items.push_back(scored(ranking, scoring, entry.contract, entry.score, slip));
        items.back().rank_delta = entry.rank_delta;
    }
    const std::size_t in_order = items.size();
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        if (done[i]) continue;
        auto item = scorer.score(i);
        if (!item) continue;
        item->rank_delta = deltas[i];
        items.push_back(*item);
    }
    if (items.size() > in_order) std::ranges::sort(items, item_ranks_before);
    for (std::size_t i = 0; i < items.size(); ++i) items[i].rank = static_cast<int>(i) + 1;
    return items;
}

}  // namespace

Scoring cycle_scoring(const ranking::RankingSettings& settings, std::string_view profile) {
    return {.profile = std::string(profile),
            .min_qvol_usdt = settings.min_qvol_usdt,
            .max_spread_bps = settings.max_spread_bps,
            .notional_usdt = settings.notional_usdt,
            .min_listed_days = settings.min_listed_days,
            .include_carry = settings.include_carry};
}

bool is_cycle_scoring(const ranking::RankingSettings& settings, const Scoring& scoring) {
    return scores_as_cycle(settings, scoring) && scoring.min_qvol_usdt == settings.min_qvol_usdt &&
           scoring.max_spread_bps == settings.max_spread_bps && scoring.min_listed_days == settings.min_listed_days;
}

const signals::Profile* find_profile(const ranking::Ranking& ranking, std::string_view name) {
    const auto found = std::ranges::find(ranking.profiles, name, &signals::Profile::name);
    return found == ranking.profiles.end() ? nullptr : &*found;
}

signals::ScoreOptions score_options(const Scoring& scoring) {
    return {.min_qvol_usdt = scoring.min_qvol_usdt,
            .max_spread_bps = scoring.max_spread_bps,
            .min_listed_days = scoring.min_listed_days,
            .include_carry = scoring.include_carry,
            .include_funding = scoring.include_funding,
            .include_basis = scoring.include_basis};
}

double slippage_for(const ranking::ContractSnapshot& snapshot, const ranking::RankingSettings& settings,
                    double notional_usdt) {
    if (notional_usdt == settings.notional_usdt) return snapshot.numbers.metrics.slip_bps;
    if (snapshot.data.order_book == nullptr) return signals::kUnknownBps;
    return signals::slippage_bps(*snapshot.data.order_book, notional_usdt);
}

std::vector<ScoredContract> score_contracts(const ranking::Ranking& ranking, const Scoring& scoring) {
    if (is_cycle_scoring(ranking.settings, scoring)) return as_ranked(ranking, scoring);
    const signals::Profile* const profile = find_profile(ranking, scoring.profile);
    if (profile == nullptr) return {};
    return scored_again(ranking, scoring, profile->weights);
}

std::vector<RejectedContract> rejected_contracts(const ranking::Ranking& ranking, const Scoring& scoring) {
    const signals::ScoreOptions options = score_options(scoring);
    std::vector<RejectedContract> rejected;
    for (const ranking::ContractSnapshot& snapshot : ranking.contracts) {
        const signals::Rejection rejection = signals::rejection_of(snapshot.numbers.metrics, options);
        if (rejection != signals::Rejection::none) rejected.push_back({.snapshot = &snapshot, .rejection = rejection});
    }
    return rejected;
}

std::chrono::milliseconds age_at_ranking(const ranking::Ranking& ranking, const ranking::ContractSnapshot& snapshot) {
    return std::max(std::chrono::milliseconds(0), ranking.time - snapshot.data.data_time);
}

const ranking::RankedEntry* find_entry(const ranking::Ranking& ranking, std::string_view profile,
                                       std::string_view contract_code) {
    const auto index = ranking.index_by_code.find(std::string(contract_code));
    if (index == ranking.index_by_code.end()) return nullptr;
    const auto entries = cycle_entries(ranking, std::string(profile));
    const auto found = std::ranges::find(entries, index->second, &ranking::RankedEntry::contract);
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace scanner::api
