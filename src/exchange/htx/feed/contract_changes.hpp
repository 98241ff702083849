#pragma once

#include "exchange/htx/feed/string_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace scanner::exchange::htx::feed {

/// Tells news from what was known: the topic of contract changes repeats every contract each minute, and all of them
/// again after every connect. Pure.
class ContractChanges {
public:
    /// Whether this is news: a contract with another status than before, one that the first list did not have, or what
    /// the exchange itself calls an update.
    [[nodiscard]] bool is_news(std::string_view contract_code, std::int64_t status, std::string_view event);
    /// After every row of a message.
    void end_message(std::string_view event) { complete_ = complete_ || event != "init"; }

    static void persist(auto& self, auto& archive) { archive(self.statuses_, self.complete_); }

private:
    // What lists of strangers can grow to; further contracts are never news of their own accord.
    static constexpr std::size_t kMaxContracts = 5'000;

    StringMap<std::int64_t> statuses_;
    bool complete_ = false;  // the first list is behind us, so that a new code is a new contract
};

}  // namespace scanner::exchange::htx::feed
