#include "exchange/htx/feed/contract_changes.hpp"

namespace scanner::exchange::htx::feed {

bool ContractChanges::is_news(std::string_view contract_code, std::int64_t status, std::string_view event) {
    const bool update = event == "update";
    const auto known = statuses_.find(contract_code);
    if (known == statuses_.end()) {
        const bool room = statuses_.size() < kMaxContracts;
        if (room) statuses_.emplace(contract_code, status);
        return update || (room && complete_);
    }
    const bool changed = known->second != status;
    known->second = status;
    return update || changed;
}

}  // namespace scanner::exchange::htx::feed
