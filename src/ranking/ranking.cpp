#include "scanner/ranking/ranking.hpp"

namespace scanner::ranking {

const ContractSnapshot* Ranking::find(std::string_view contract_code) const {
    const auto found = index_by_code.find(std::string(contract_code));
    return found == index_by_code.end() ? nullptr : &contracts[found->second];
}

}  // namespace scanner::ranking
