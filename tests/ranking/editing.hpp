#pragma once

#include "scanner/ranking/ranking.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace scanner::ranking {

/// A contract of `ranking` for a test to change: a copy in its place, since the snapshot itself is shared.
inline ContractSnapshot& edit_contract(Ranking& ranking, std::size_t index) {
    auto copy = std::make_shared<ContractSnapshot>(*ranking.contracts.at(index));
    ranking.contracts[index] = copy;
    return *copy;
}
inline ContractSnapshot& edit_contract(Ranking& ranking, std::string_view contract_code) {
    return edit_contract(ranking, ranking.index_of(contract_code).value());
}

}  // namespace scanner::ranking
