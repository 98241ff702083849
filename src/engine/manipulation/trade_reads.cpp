#include "engine/manipulation/trade_reads.hpp"

#include <algorithm>
#include <tuple>

namespace scanner::engine {
namespace {

/// Turnover of the time just past over that of as long a time of the day.
double heat_of(const TradeReadCandidate& candidate) {
    if (!candidate.turnover_grown || !candidate.over || candidate.over->count() <= 0) return 0.0;
    const double usual = candidate.turnover_24h * static_cast<double>(candidate.over->count()) / 86'400'000.0;
    return usual > 0.0 ? *candidate.turnover_grown / usual : 0.0;
}

struct Ranked {
    bool hot = false;
    double heat = 0.0;
    core::SteadyTime read;
    const TradeReadCandidate* candidate = nullptr;
};

}  // namespace

std::vector<std::string> choose_trade_reads(std::span<const TradeReadCandidate> candidates, core::SteadyTime now,
                                            std::size_t most) {
    std::vector<Ranked> due;
    for (const TradeReadCandidate& candidate : candidates) {
        const double heat = heat_of(candidate);
        const bool hot = heat >= kHotTurnover;
        const auto pause = hot ? kReadHotTapeEvery : kReadTapeEvery;
        if (candidate.read && now - *candidate.read < pause) continue;
        due.push_back({.hot = hot,
                       .heat = heat,
                       .read = candidate.read.value_or(core::SteadyTime::min()),
                       .candidate = &candidate});
    }
    std::ranges::sort(due, [](const Ranked& a, const Ranked& b) {
        if (a.hot != b.hot) return a.hot;
        if (a.hot)
            return std::tuple(-a.heat, a.candidate->contract_code) < std::tuple(-b.heat, b.candidate->contract_code);
        return std::tuple(a.read, a.candidate->contract_code) < std::tuple(b.read, b.candidate->contract_code);
    });
    std::vector<std::string> codes;
    for (const Ranked& ranked : due) {
        if (codes.size() == most) break;
        codes.push_back(ranked.candidate->contract_code);
    }
    return codes;
}

}  // namespace scanner::engine
