#include "scanner/ranking/ranking.hpp"

#include <algorithm>

namespace scanner::ranking {

std::optional<std::size_t> Ranking::index_of(std::string_view contract_code) const {
    const auto code_of = [](const ContractSnapshotPtr& snapshot) -> std::string_view {
        return snapshot->data.contract->contract_code;
    };
    const auto found = std::ranges::lower_bound(contracts, contract_code, {}, code_of);
    if (found == contracts.end() || code_of(*found) != contract_code) return std::nullopt;
    return static_cast<std::size_t>(found - contracts.begin());
}

const ContractSnapshot* Ranking::find(std::string_view contract_code) const {
    const auto index = index_of(contract_code);
    return index ? contracts[*index].get() : nullptr;
}

}  // namespace scanner::ranking
