#include "scanner/ranking/ranker.hpp"

#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/score.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <numeric>
#include <ratio>
#include <utility>

namespace scanner::ranking {
namespace {

constexpr std::size_t kSpreadHistory = 50;
/// A contract that was last read longer ago starts afresh: its "previous cycle" is no longer meaningful.
constexpr std::chrono::minutes kMinMemory{5};
constexpr int kMemoryIntervals = 20;

/// A snapshot's data beside its numbers: the time since its listing, and its notes.
void describe(ContractSnapshot& snapshot, double notional_usdt) {
    snapshot.numbers.metrics.listed_days = listed_days_at_least(snapshot.data);
    snapshot.notes = snapshot.data.inputs.notes();
    auto of_numbers = signals::notes_on(snapshot.data, snapshot.numbers, notional_usdt);
    std::ranges::move(of_numbers, std::back_inserter(snapshot.notes));
}

/// The spreads of `memory`'s earlier readings. That of its last one is kept only once it was recorded.
std::vector<double> earlier_spreads(const ContractSnapshot* last, bool recorded) {
    if (last == nullptr) return {};
    std::vector<double> spreads;
    spreads.reserve(kSpreadHistory);
    const std::vector<double>& known = last->spread_history;
    const std::size_t kept = known.size() - (recorded || known.empty() ? 0U : 1U);
    const std::size_t skipped = kept - std::min(kept, kSpreadHistory - 1);
    spreads.assign(known.begin() + static_cast<std::ptrdiff_t>(skipped),
                   known.begin() + static_cast<std::ptrdiff_t>(kept));
    return spreads;
}

/// The places in `data` in the order of the codes, which they mostly have already.
std::vector<std::size_t> by_code(const std::vector<MarketDataPtr>& data) {
    std::vector<std::size_t> places(data.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto code = [&data](std::size_t i) -> const std::string& { return data[i]->contract->contract_code; };
    if (!std::ranges::is_sorted(places, {}, code)) std::ranges::sort(places, {}, code);
    return places;
}

/// Where each of `contracts` is in `codes`, which are sorted as they are; nothing for one that is not.
std::vector<std::optional<std::size_t>> places_in(const std::vector<std::string>& codes,
                                                  const std::vector<ContractSnapshotPtr>& contracts) {
    std::vector<std::optional<std::size_t>> places(contracts.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < contracts.size(); ++i) {
        const std::string& code = contracts[i]->data.contract->contract_code;
        while (at < codes.size() && codes[at] < code) ++at;
        if (at < codes.size() && codes[at] == code) places[i] = at;
    }
    return places;
}

}  // namespace

std::optional<double> listed_days_at_least(const market::MarketData& data) {
    if (!data.contract->listed_at) return std::nullopt;
    // It may have been listed at the very end of its day.
    const std::chrono::duration<double, std::ratio<86'400>> since =
        data.data_time - *data.contract->listed_at - std::chrono::days(1);
    return std::max(since.count(), 0.0);
}

ContractSnapshot snapshot_alone(market::MarketData data, double notional_usdt) {
    ContractSnapshot snapshot;
    const auto candles = data.candles;
    const std::size_t closed_candles = data.closed_candles;
    if (data.inputs[market::Input::candles].state != market::InputState::live) {
        data.candles = std::make_shared<const std::vector<market::Candle>>();
        data.closed_candles = 0;
    }
    snapshot.data = std::move(data);
    signals::ContractState first_cycle;
    signals::measure_contract(snapshot.data, notional_usdt, first_cycle, snapshot.numbers);
    describe(snapshot, notional_usdt);
    snapshot.data.candles = candles;
    snapshot.data.closed_candles = closed_candles;
    snapshot.spread_history = {snapshot.numbers.metrics.spread_bps};
    return snapshot;
}

std::vector<MarketDataPtr> shared(std::vector<market::MarketData> data) {
    std::vector<MarketDataPtr> all;
    all.reserve(data.size());
    for (market::MarketData& each : data) all.push_back(std::make_shared<const market::MarketData>(std::move(each)));
    return all;
}

Ranking Ranker::rank(RankerInput input, const RankingSettings& settings, const std::vector<signals::Profile>& profiles,
                     Cycle cycle) {
    Ranking ranking;
    ranking.sequence = cycle.sequence;
    ranking.time = cycle.time;
    ranking.settings = settings;
    ranking.profiles = profiles;
    ranking.exclusions = std::move(input.exclusions);
    compute(ranking, std::move(input), cycle);
    order(ranking);
    if (cycle.recorded) remember_ranks(ranking);
    forget(cycle);
    return ranking;
}

Ranker::Memory& Ranker::memory_of(const market::MarketData& data, std::size_t place) {
    if (place < line_up_.size() && line_up_[place]->read->contract == data.contract) return *line_up_[place];
    return memory_[data.contract->contract_code];
}

void Ranker::take(Memory& memory, const MarketDataPtr& data, const Ranking& ranking) const {
    const double notional_usdt = ranking.settings.notional_usdt;
    const bool same_reading = memory.read != nullptr && (memory.read == data || *memory.read == *data);
    // A verdict stands in the place of what the formulas say, which is computed again for another model.
    const bool same_model = memory.measured == ranking.is_measured();
    if (same_reading && same_model && memory.notional_usdt == notional_usdt) return;
    if (memory.recorded && !same_reading) memory.before = memory.after;
    std::vector<double> spreads = earlier_spreads(memory.snapshot.get(), memory.recorded && !same_reading);
    spreads.push_back(0.0);  // this one's
    memory.read = data;
    memory.notional_usdt = notional_usdt;
    memory.measured = ranking.is_measured();
    memory.recorded = memory.recorded && same_reading;
    recompute(memory, std::move(spreads));
}

/// The snapshot of what was read last, before any verdict. `spreads`: its history, whose last is its own.
void Ranker::recompute(Memory& memory, std::vector<double> spreads) const {
    const auto snapshot = std::make_shared<ContractSnapshot>(*memory.read);
    memory.after = memory.before;
    if (options_.formulas_only) {
        signals::compute_contract(snapshot->data, memory.notional_usdt, memory.after, snapshot->numbers);
    } else {
        signals::measure_contract(snapshot->data, memory.notional_usdt, memory.after, snapshot->numbers);
    }
    describe(*snapshot, memory.notional_usdt);
    snapshot->spread_history = std::move(spreads);
    snapshot->spread_history.back() = snapshot->numbers.metrics.spread_bps;
    memory.snapshot = snapshot;
    memory.compared = signals::edge_inputs(snapshot->numbers);
    memory.own.clear();
}

void Ranker::judge(Memory& memory, const std::shared_ptr<const signals::DetectorVerdict>& verdict) {
    if (signals::says_same(memory.snapshot->numbers, verdict.get())) return;
    const auto judged = std::make_shared<ContractSnapshot>(*memory.snapshot);
    signals::take_verdict(judged->numbers, verdict);
    memory.snapshot = judged;
    memory.compared = signals::edge_inputs(judged->numbers);
    memory.own.clear();
}

void Ranker::compute(Ranking& ranking, RankerInput input, const Cycle& cycle) {
    ranking.has_flow = !input.flow.empty();
    const std::size_t count = input.data.size();
    ranking.contracts.reserve(count);
    ranking.edges.reserve(count);
    if (ranking.has_flow) ranking.flow.reserve(count);
    std::vector<Memory*> line_up;
    line_up.reserve(count);
    for (const std::size_t i : by_code(input.data)) {
        Memory& memory = memory_of(*input.data[i], line_up.size());
        take(memory, input.data[i], ranking);
        if (ranking.is_measured()) judge(memory, i < input.verdicts.size() ? input.verdicts[i] : nullptr);
        memory.recorded = memory.recorded || cycle.recorded;
        memory.last_seen = cycle.time;
        line_up.push_back(&memory);
        ranking.contracts.push_back(memory.snapshot);
        ranking.edges.push_back(memory.compared);
        if (ranking.has_flow) ranking.flow.push_back(i < input.flow.size() ? std::move(input.flow[i]) : nullptr);
    }
    line_up_ = std::move(line_up);
    signals::compare_edges(ranking.edges);
}

std::vector<RankedEntry> Ranker::ranked_under(const Ranking& ranking, std::size_t profile,
                                              const std::vector<signals::Rejection>& rejections) {
    const signals::Weights& weights = ranking.profiles[profile].weights;
    std::vector<RankedEntry> scored;
    std::vector<signals::RankKey> keys;
    scored.reserve(line_up_.size());
    keys.reserve(line_up_.size());
    for (std::size_t i = 0; i < line_up_.size(); ++i) {
        if (rejections[i] != signals::Rejection::none) continue;
        const ContractSnapshot& snapshot = *line_up_[i]->snapshot;
        const signals::Score score =
            signals::complete_score(line_up_[i]->own[profile], snapshot.numbers, ranking.edges[i], weights);
        scored.push_back({.contract = i, .score = *score.score, .components = score.components});
        keys.push_back({.score = *score.score,
                        .qvol_usdt = snapshot.numbers.metrics.qvol_usdt,
                        .symbol = snapshot.data.contract->symbol});
    }
    std::vector<RankedEntry> ranked;
    ranked.reserve(scored.size());
    for (const std::size_t place : signals::rank_order(keys)) ranked.push_back(scored[place]);
    place_entries(ranking, ranked, ranking.settings.quarantine);
    return ranked;
}

void Ranker::order(Ranking& ranking) {
    const signals::ScoreOptions options = score_options(cycle_scoring(ranking.settings, {}));
    if (scored_with_.include_carry != options.include_carry || scored_with_.profiles != ranking.profiles) {
        scored_with_ = {.profiles = ranking.profiles, .include_carry = options.include_carry};
        for (auto& [code, memory] : memory_) memory.own.clear();
    }
    std::vector<signals::Rejection> rejections(line_up_.size());
    for (std::size_t i = 0; i < line_up_.size(); ++i) {
        const signals::ContractNumbers& numbers = line_up_[i]->snapshot->numbers;
        rejections[i] = signals::rejection_of(numbers.metrics, options);
        std::vector<signals::ScoreComponents>& own = line_up_[i]->own;
        if (rejections[i] != signals::Rejection::none || !own.empty()) continue;
        for (const signals::Profile& profile : ranking.profiles) {
            own.push_back(signals::own_components(numbers, numbers.metrics.slip_bps, profile.weights, options));
        }
    }
    const auto before = places_in(previous_.codes, ranking.contracts);
    for (std::size_t profile = 0; profile < ranking.profiles.size(); ++profile) {
        const std::string& name = ranking.profiles[profile].name;
        std::vector<RankedEntry>& ranked = ranking.ranked[name] = ranked_under(ranking, profile, rejections);
        const auto found = previous_.by_profile.find(name);
        if (found == previous_.by_profile.end()) continue;
        for (RankedEntry& entry : ranked) {
            const std::optional<std::size_t> place = before[entry.contract];
            const int rank = place ? found->second[*place] : 0;
            if (rank > 0) entry.rank_delta = rank - entry.rank;
        }
    }
    for (std::size_t i = 0; i < line_up_.size(); ++i) {
        if (rejections[i] == signals::Rejection::none) continue;
        ranking.exclusions.push_back(
            {ranking.contract(i).data.contract->contract_code, std::string(signals::to_string(rejections[i])), ""});
    }
    for (const Exclusion& exclusion : ranking.exclusions) ++ranking.excluded_by_reason[exclusion.reason];
}

void Ranker::forget(const Cycle& cycle) {
    const auto memory = std::max<std::chrono::milliseconds>(kMinMemory, kMemoryIntervals * cycle.interval);
    // None of those in line_up_: they were seen now.
    std::erase_if(memory_, [&](const auto& entry) {
        const core::WallTime last_seen = entry.second.last_seen;
        return last_seen != cycle.time && last_seen + memory < cycle.time;
    });
}

void Ranker::remember_ranks(const Ranking& ranking) {
    previous_.codes.resize(ranking.contracts.size());
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        previous_.codes[i] = ranking.contract(i).data.contract->contract_code;
    }
    std::erase_if(previous_.by_profile, [&](const auto& known) { return !ranking.ranked.contains(known.first); });
    for (const auto& [profile, ranked] : ranking.ranked) {
        std::vector<int>& ranks = previous_.by_profile[profile];
        ranks.assign(ranking.contracts.size(), 0);
        for (const RankedEntry& entry : ranked) ranks[entry.contract] = entry.rank;
    }
}

void Ranker::restore(const Ranking& ranking) {
    remember_ranks(ranking);
}

}  // namespace scanner::ranking
