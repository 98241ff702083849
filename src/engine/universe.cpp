#include "scanner/engine/universe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace scanner::engine {
namespace {

bool wanted_class(UniverseKind kind, market::AssetClass asset_class) {
    switch (kind) {
        case UniverseKind::all: return true;
        case UniverseKind::crypto: return asset_class == market::AssetClass::crypto;
        case UniverseKind::tradfi: return asset_class == market::AssetClass::tradfi;
    }
    return true;
}

/// Why this contract is not read, before turnover is looked at.
std::optional<Exclusion> excluded(const market::Contract& contract, bool has_ticker, const UniverseOptions& options,
                                  const std::unordered_set<std::string_view>& allowed) {
    const auto because = [&](std::string reason, std::string detail) {
        return Exclusion{contract.contract_code, std::move(reason), std::move(detail)};
    };
    if (!allowed.empty() && !allowed.contains(contract.contract_code)) {
        return because("not_allowed", "not in SCANNER_SYMBOLS");
    }
    if (contract.status != market::ContractStatus::listed) {
        return because("inactive", fmt::format("status {}", to_string(contract.status)));
    }
    if (!wanted_class(options.kind, contract.asset_class)) {
        return because("asset_class", fmt::format("{}, outside of SCANNER_UNIVERSE", to_string(contract.asset_class)));
    }
    if (!has_ticker) return because("no_ticker", "the exchange gave no ticker for it");
    return std::nullopt;
}

}  // namespace

Universe select_universe(const Contracts& contracts, const std::unordered_map<std::string, market::Ticker>& tickers,
                         const UniverseOptions& options) {
    const std::unordered_set<std::string_view> allowed(options.allowed.begin(), options.allowed.end());
    std::unordered_set<std::string_view> listed;
    Universe universe;
    for (const auto& contract : contracts) {
        listed.insert(contract->contract_code);
        const auto ticker = tickers.find(contract->contract_code);
        if (auto reason = excluded(*contract, ticker != tickers.end(), options, allowed)) {
            universe.exclusions.push_back(std::move(*reason));
        } else {
            universe.candidates.push_back({contract, ticker->second});
        }
    }
    for (const std::string& name : options.allowed) {
        if (!listed.contains(name))
            universe.exclusions.push_back({name, "unknown_contract", "the exchange does not list it"});
    }
    std::sort(universe.candidates.begin(), universe.candidates.end(), [](const Candidate& a, const Candidate& b) {
        if (a.ticker.turnover_24h != b.ticker.turnover_24h) return a.ticker.turnover_24h > b.ticker.turnover_24h;
        return a.contract->contract_code < b.contract->contract_code;
    });
    for (std::size_t i = options.top_by_turnover; i < universe.candidates.size(); ++i) {
        universe.exclusions.push_back(
            {universe.candidates[i].contract->contract_code, "turnover_rank",
             fmt::format("turnover rank {} of the {} that are scanned", i + 1, options.top_by_turnover)});
    }
    if (universe.candidates.size() > options.top_by_turnover) universe.candidates.resize(options.top_by_turnover);
    return universe;
}

Contracts eligible_contracts(const Contracts& contracts, const UniverseOptions& options) {
    const std::unordered_set<std::string_view> allowed(options.allowed.begin(), options.allowed.end());
    Contracts eligible;
    for (const auto& contract : contracts) {
        if (!excluded(*contract, true, options, allowed)) eligible.push_back(contract);
    }
    return eligible;
}

}  // namespace scanner::engine
