#include "engine/ranker.hpp"

#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/score.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <ratio>
#include <utility>

namespace scanner::engine {
namespace {

constexpr std::size_t kSpreadHistory = 50;
/// A contract that has not been scanned for so many cycles starts afresh: its "previous cycle" means nothing any more.
constexpr std::uint64_t kMemoryCycles = 20;

signals::ScoreOptions score_options(const ranking::RankingSettings& settings) {
    signals::ScoreOptions options;
    options.min_qvol_usdt = settings.min_qvol_usdt;
    options.max_spread_bps = settings.max_spread_bps;
    options.min_listed_days = settings.min_listed_days;
    options.include_carry = settings.include_carry;
    return options;
}

}  // namespace

std::optional<double> listed_days_at_least(const market::Contract& contract, core::WallTime now) {
    if (!contract.listed_at) return std::nullopt;
    // It may have been listed at the very end of its day.
    const std::chrono::duration<double, std::ratio<86'400>> since = now - *contract.listed_at - std::chrono::days(1);
    return std::max(since.count(), 0.0);
}

void describe(ranking::ContractSnapshot& snapshot, double notional_usdt, core::WallTime now) {
    snapshot.numbers.metrics.listed_days = listed_days_at_least(*snapshot.data.contract, now);
    snapshot.notes = snapshot.data.inputs.notes();
    auto of_numbers = signals::notes_on(snapshot.data, snapshot.numbers, notional_usdt);
    std::ranges::move(of_numbers, std::back_inserter(snapshot.notes));
}

ranking::Ranking Ranker::rank(RankerInput scan, const ranking::RankingSettings& settings,
                              const std::vector<signals::Profile>& profiles, Cycle cycle) {
    ranking::Ranking ranking;
    ranking.sequence = cycle.sequence;
    ranking.time = cycle.time;
    ranking.settings = settings;
    ranking.profiles = profiles;
    ranking.exclusions = std::move(scan.exclusions);
    std::sort(scan.data.begin(), scan.data.end(), [](const market::MarketData& a, const market::MarketData& b) {
        return a.contract->contract_code < b.contract->contract_code;
    });
    compute(ranking, std::move(scan.data));
    order(ranking);
    remember_ranks(ranking);
    forget_long_gone(cycle.sequence);
    return ranking;
}

void Ranker::compute(ranking::Ranking& ranking, std::vector<market::MarketData> data) {
    ranking.contracts.resize(data.size());
    std::vector<signals::ContractNumbers*> numbers;
    numbers.reserve(data.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        ranking::ContractSnapshot& snapshot = ranking.contracts[i];
        snapshot.data = std::move(data[i]);
        const std::string& code = snapshot.data.contract->contract_code;
        Memory& memory = memory_[code];
        signals::measure_contract(snapshot.data, ranking.settings.notional_usdt, memory.state, snapshot.numbers);
        describe(snapshot, ranking.settings.notional_usdt, ranking.time);
        if (memory.spread_history.size() == kSpreadHistory) memory.spread_history.erase(memory.spread_history.begin());
        memory.spread_history.push_back(snapshot.numbers.metrics.spread_bps);
        memory.last_sequence = ranking.sequence;
        snapshot.spread_history = memory.spread_history;
        ranking.index_by_code.emplace(code, i);
        numbers.push_back(&snapshot.numbers);
    }
    signals::apply_cross_section(numbers);
}

void Ranker::order(ranking::Ranking& ranking) {
    const signals::ScoreOptions options = score_options(ranking.settings);
    for (const signals::Profile& profile : ranking.profiles) {
        std::vector<ranking::RankedEntry> scored;
        std::vector<signals::RankKey> keys;
        for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
            const ranking::ContractSnapshot& snapshot = ranking.contracts[i];
            const signals::Score score = signals::score_contract(snapshot.numbers, profile.weights, options);
            if (!score.score) continue;
            ranking::RankedEntry entry;
            entry.contract = i;
            entry.score = *score.score;
            entry.components = score.components;
            scored.push_back(entry);
            keys.push_back({*score.score, snapshot.numbers.metrics.qvol_usdt, snapshot.data.contract->symbol});
        }
        const Ranks& previous = previous_ranks_[profile.name];
        std::vector<ranking::RankedEntry>& ranked = ranking.ranked[profile.name];
        ranked.reserve(scored.size());
        for (const std::size_t place : signals::rank_order(keys)) {
            ranking::RankedEntry entry = scored[place];
            entry.rank = static_cast<int>(ranked.size()) + 1;
            const auto before = previous.find(ranking.contracts[entry.contract].data.contract->contract_code);
            if (before != previous.end()) entry.rank_delta = before->second - entry.rank;
            ranked.push_back(entry);
        }
    }
    for (const ranking::ContractSnapshot& snapshot : ranking.contracts) {
        const auto rejection = signals::rejection_of(snapshot.numbers.metrics, options);
        if (rejection == signals::Rejection::none) continue;
        ranking.exclusions.push_back(
            {snapshot.data.contract->contract_code, std::string(signals::to_string(rejection)), ""});
    }
    for (const ranking::Exclusion& exclusion : ranking.exclusions) ++ranking.excluded_by_reason[exclusion.reason];
}

void Ranker::remember_ranks(const ranking::Ranking& ranking) {
    previous_ranks_.clear();
    for (const auto& [profile, ranked] : ranking.ranked) {
        Ranks& ranks = previous_ranks_[profile];
        for (const ranking::RankedEntry& entry : ranked) {
            ranks[ranking.contracts[entry.contract].data.contract->contract_code] = entry.rank;
        }
    }
}

void Ranker::forget_long_gone(std::uint64_t sequence) {
    std::erase_if(memory_, [&](const auto& entry) { return entry.second.last_sequence + kMemoryCycles < sequence; });
}

void Ranker::restore(const ranking::Ranking& ranking) {
    remember_ranks(ranking);
}

}  // namespace scanner::engine
