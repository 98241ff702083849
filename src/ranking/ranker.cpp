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

/// `snapshot` with the verdict in it: the very same one where it says so already.
ContractSnapshotPtr with_verdict(ContractSnapshotPtr snapshot,
                                 const std::shared_ptr<const signals::DetectorVerdict>& verdict) {
    if (signals::says_same(snapshot->numbers, verdict.get())) return snapshot;
    const auto judged = std::make_shared<ContractSnapshot>(*snapshot);
    signals::take_verdict(judged->numbers, verdict);
    return judged;
}

/// The places in `data` in the order of the codes, which they mostly have already.
std::vector<std::size_t> by_code(const std::vector<market::MarketData>& data) {
    std::vector<std::size_t> places(data.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto code = [&data](std::size_t i) -> const std::string& { return data[i].contract->contract_code; };
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
    const auto memory = std::max<std::chrono::milliseconds>(kMinMemory, kMemoryIntervals * cycle.interval);
    std::erase_if(memory_, [&](const auto& entry) {
        const core::WallTime last_seen = entry.second.last_seen;
        return last_seen != cycle.time && last_seen + memory < cycle.time;
    });
    return ranking;
}

ContractSnapshotPtr Ranker::snapshot_of(Memory& memory, market::MarketData& data, const signals::FlowNumbers& flow,
                                        double notional_usdt) const {
    const bool same_reading = memory.snapshot != nullptr && memory.snapshot->data == data;
    if (same_reading && memory.notional_usdt == notional_usdt) {
        if (memory.snapshot->numbers.flow == flow) return memory.snapshot;
        const auto moved = std::make_shared<ContractSnapshot>(*memory.snapshot);
        moved->numbers.flow = flow;
        memory.snapshot = moved;
        return moved;
    }
    const auto snapshot = std::make_shared<ContractSnapshot>(std::move(data));
    if (memory.recorded && !same_reading) memory.before = memory.after;
    memory.after = memory.before;
    if (options_.formulas_only) {
        signals::compute_contract(snapshot->data, notional_usdt, memory.after, snapshot->numbers);
    } else {
        signals::measure_contract(snapshot->data, notional_usdt, memory.after, snapshot->numbers);
    }
    snapshot->numbers.flow = flow;
    describe(*snapshot, notional_usdt);
    snapshot->spread_history = earlier_spreads(memory.snapshot.get(), memory.recorded && !same_reading);
    snapshot->spread_history.push_back(snapshot->numbers.metrics.spread_bps);
    memory.snapshot = snapshot;
    memory.notional_usdt = notional_usdt;
    memory.recorded = memory.recorded && same_reading;
    return snapshot;
}

void Ranker::compute(Ranking& ranking, RankerInput input, const Cycle& cycle) {
    ranking.has_flow = !input.flow.empty();
    ranking.contracts.reserve(input.data.size());
    std::vector<const signals::ContractNumbers*> numbers;
    numbers.reserve(input.data.size());
    for (const std::size_t i : by_code(input.data)) {
        static const signals::FlowNumbers kNoFlow;
        const signals::FlowNumbers* const flow = i < input.flow.size() ? input.flow[i].get() : nullptr;
        market::MarketData& each = input.data[i];
        Memory& memory = memory_[each.contract->contract_code];
        ranking.contracts.push_back(
            snapshot_of(memory, each, flow == nullptr ? kNoFlow : *flow, ranking.settings.notional_usdt));
        if (ranking.is_measured()) {
            memory.snapshot = with_verdict(memory.snapshot, i < input.verdicts.size() ? input.verdicts[i] : nullptr);
            ranking.contracts.back() = memory.snapshot;
        }
        memory.recorded = memory.recorded || cycle.recorded;
        memory.last_seen = cycle.time;
        numbers.push_back(&ranking.contracts.back()->numbers);
    }
    ranking.edges.resize(numbers.size());
    signals::compute_edges(numbers, ranking.edges);
}

void Ranker::order(Ranking& ranking) const {
    const auto before = places_in(previous_.codes, ranking.contracts);
    for (const signals::Profile& profile : ranking.profiles) {
        std::vector<RankedEntry>& ranked = ranking.ranked[profile.name] = rank_entries(ranking, profile.weights);
        const auto found = previous_.by_profile.find(profile.name);
        if (found == previous_.by_profile.end()) continue;
        for (RankedEntry& entry : ranked) {
            const std::optional<std::size_t> place = before[entry.contract];
            const int rank = place ? found->second[*place] : 0;
            if (rank > 0) entry.rank_delta = rank - entry.rank;
        }
    }
    for (const RejectedContract& rejected :
         rejected_contracts(ranking, cycle_scoring(ranking.settings, ranking.settings.default_profile))) {
        ranking.exclusions.push_back(
            {rejected.snapshot->data.contract->contract_code, std::string(signals::to_string(rejected.rejection)), ""});
    }
    for (const Exclusion& exclusion : ranking.exclusions) ++ranking.excluded_by_reason[exclusion.reason];
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
