#include "engine/universe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

using Allowed = std::unordered_set<std::string_view>;

ranking::Exclusion because(const market::Contract& contract, std::string reason, std::string detail) {
    return {contract.contract_code, std::move(reason), std::move(detail)};
}

/// Why this contract is not read, by the contract list alone.
std::optional<ranking::Exclusion> excluded(const market::Contract& contract, const UniverseOptions& options,
                                           const Allowed& allowed) {
    if (!allowed.empty() && !allowed.contains(contract.contract_code)) {
        return because(contract, "not_allowed", "not in SCANNER_SYMBOLS");
    }
    if (!contract.unreadable.empty()) return because(contract, "malformed", "contract list: " + contract.unreadable);
    if (contract.status != market::ContractStatus::listed) {
        return because(contract, "inactive", fmt::format("status {}", to_string(contract.status)));
    }
    if (!wanted_class(options.kind, contract.asset_class)) {
        return because(contract, "asset_class",
                       fmt::format("{}, outside of SCANNER_UNIVERSE", to_string(contract.asset_class)));
    }
    return std::nullopt;
}

/// Why a contract that passes so far is not read, by its ticker; nullptr where it has none.
std::optional<ranking::Exclusion> excluded(const market::Contract& contract, const market::Ticker* ticker) {
    if (ticker == nullptr) return because(contract, "no_ticker", "the exchange gave no ticker for it");
    if (auto mismatch = size_mismatch(contract, *ticker); !mismatch.empty()) {
        return because(contract, "contract_size_mismatch", std::move(mismatch));
    }
    return std::nullopt;
}

// The exchange rounds what it prints; a real change of size is one by a factor.
constexpr double kSizeTolerance = 0.005;
constexpr double kRoundedContracts = 2.0;

}  // namespace

std::string size_mismatch(const market::Contract& contract, const market::Ticker& ticker) {
    const double base = ticker.base_volume_24h;
    const double contracts = ticker.contract_volume_24h;
    if (!(base > 0.0) || !(contracts > 0.0)) return {};
    const double rounding = kRoundedContracts * std::min(contract.contract_size, base / contracts);
    const double allowed = std::max(kSizeTolerance * base, rounding);
    if (std::abs(base - contracts * contract.contract_size) <= allowed) return {};
    return fmt::format("the list says {} base units a contract, the 24 h volumes {} / {} say {}",
                       contract.contract_size, base, contracts, base / contracts);
}

Universe select_universe(const Contracts& contracts, const std::unordered_map<std::string, market::Ticker>& tickers,
                         const UniverseOptions& options) {
    const Allowed allowed(options.allowed.begin(), options.allowed.end());
    std::unordered_set<std::string_view> listed;
    Universe universe;
    for (const auto& contract : contracts) {
        listed.insert(contract->contract_code);
        const auto ticker = tickers.find(contract->contract_code);
        auto reason = excluded(*contract, options, allowed);
        if (!reason) reason = excluded(*contract, ticker == tickers.end() ? nullptr : &ticker->second);
        if (reason) {
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
    const Allowed allowed(options.allowed.begin(), options.allowed.end());
    Contracts eligible;
    for (const auto& contract : contracts) {
        if (!excluded(*contract, options, allowed)) eligible.push_back(contract);
    }
    return eligible;
}

}  // namespace scanner::engine
