#pragma once

#include "exchange/rest/answer.hpp"

#include <vector>

namespace scanner::exchange::htx {

struct ContractsAnswer {
    ContractList list;
    std::vector<RowProblem> problems;
};

/// swap_contract_info. Dated futures and contracts not settled in USDT are left out without blame. Of two rows about
/// the same contract the listed one is kept; a row that cannot be read is an unreadable contract, behind the others,
/// unless another row is about the same one.
[[nodiscard]] core::Result<ContractsAnswer> decode_contracts(rest::JsonParser& parser, const rest::Answer& answer);

}  // namespace scanner::exchange::htx
