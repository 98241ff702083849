#pragma once

#include "scanner/core/symbol.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/rules/rule_fields.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Contracts whose numbers a test writes down.
namespace scanner::rules::test {

inline const core::WallTime kNow = *core::parse_time("2026-11-22T05:24:00.000Z");

struct Contract {
    std::string code = "BTC-USDT";
    int rank = 3;
    std::optional<int> rank_delta = 2;
    double score = 1.5;
    double manip_score = 0.0;
    std::vector<std::string_view> flags;
    double ret_15 = 1.25;
    double spread_bps = 0.8;
    std::optional<double> funding;
    bool pump = false;
};

inline const signals::Edges kEdges{.momentum_edge = 0.5};

inline ranking::ContractSnapshot make_snapshot(const Contract& contract, core::WallTime time = kNow) {
    market::Contract listed;
    listed.contract_code = contract.code;
    listed.symbol = core::unified_symbol(contract.code);
    ranking::ContractSnapshot snapshot;
    snapshot.data.contract = std::make_shared<const market::Contract>(listed);
    snapshot.data.ticker.last = 77'105.5;
    snapshot.data.data_time = time - std::chrono::milliseconds(500);
    auto& numbers = snapshot.numbers;
    numbers.metrics.qvol_usdt = 145e6;
    numbers.metrics.spread_bps = contract.spread_bps;
    numbers.metrics.ret_15 = contract.ret_15;
    numbers.metrics.funding_8h_pct = contract.funding;
    numbers.momentum.rsi14 = 61.0;
    numbers.microstructure.pump_signature = contract.pump;
    numbers.manipulation.manip_score = contract.manip_score;
    numbers.manipulation.manip_flags = contract.flags;
    return snapshot;
}

/// A cycle that ranks `contracts` under "scalp" (in the given order) and under "swing" (in the reverse order).
inline ranking::RankingPtr make_ranking(const std::vector<Contract>& contracts, core::WallTime time = kNow,
                                        std::uint64_t sequence = 1) {
    auto ranking = std::make_shared<ranking::Ranking>();
    ranking->sequence = sequence;
    ranking->time = time;
    ranking->settings.default_profile = "scalp";
    auto& scalp = ranking->ranked["scalp"];
    auto& swing = ranking->ranked["swing"];
    for (const Contract& contract : contracts) {
        ranking->contracts.push_back(std::make_shared<const ranking::ContractSnapshot>(make_snapshot(contract, time)));
        ranking->edges.push_back(kEdges);
    }
    std::ranges::sort(ranking->contracts, {},
                      [](const auto& snapshot) { return snapshot->data.contract->contract_code; });
    for (const Contract& contract : contracts) {
        ranking::RankedEntry entry;
        entry.contract = ranking->index_of(contract.code).value();
        entry.score = contract.score;
        entry.rank = contract.rank;
        entry.rank_delta = contract.rank_delta;
        scalp.push_back(entry);
        swing.insert(swing.begin(), entry);
    }
    return ranking;
}

/// A subject with the ranking that it refers to.
class OwnedSubject {
public:
    explicit OwnedSubject(const Contract& contract = {})
        : ranking_(make_ranking({contract})),
          subject_(ranking::cycle_item(*ranking_, ranking_->ranked.at("scalp").front())) {}

    [[nodiscard]] const RuleSubject& get() const { return subject_; }

private:
    ranking::RankingPtr ranking_;
    RuleSubject subject_;
};

}  // namespace scanner::rules::test
