#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {

/// The contracts that are followed because somebody looks at them: each for a while after its last look, a bounded
/// number of them. Pure: time is an argument. One thread.
class LookLeases {
public:
    LookLeases(std::chrono::milliseconds lease, std::size_t max_contracts) : lease_(lease), max_(max_contracts) {}

    /// A contract that is looked at every few seconds is not pushed out by others: else two of them could make
    /// subscriptions come and go with every look.
    static constexpr std::chrono::seconds kUndisturbed{5};

    /// Whether others are held than before: a new one, which may have taken the place of the one looked at longest ago,
    /// if that was kUndisturbed ago; without a place it is not held.
    bool look(const std::shared_ptr<const market::Contract>& contract, core::SteadyTime now) {
        const auto held = std::ranges::find(held_, contract->contract_code, &Lease::code);
        if (held != held_.end()) {
            held->looked_at = now;
            // Of another size it is another contract.
            const bool changed = held->contract->contract_size != contract->contract_size;
            held->contract = contract;
            return changed;
        }
        if (max_ == 0) return false;
        if (held_.size() >= max_) {
            const auto oldest = std::ranges::min_element(held_, {}, &Lease::looked_at);
            if (now - oldest->looked_at < kUndisturbed) return false;
            held_.erase(oldest);
        }
        held_.push_back({.code = contract->contract_code, .contract = contract, .looked_at = now});
        return true;
    }
    void clear() { held_.clear(); }
    static void persist(auto& self, auto& archive) {
        archive(self.held_);
        for (const Lease& lease : self.held_) archive.require(lease.contract != nullptr);
    }
    /// Whether some have ended.
    bool expire(core::SteadyTime now) {
        return std::erase_if(held_, [&](const Lease& lease) { return now - lease.looked_at >= lease_; }) > 0;
    }
    /// In the order in which they came.
    [[nodiscard]] std::vector<std::shared_ptr<const market::Contract>> contracts() const {
        std::vector<std::shared_ptr<const market::Contract>> contracts;
        contracts.reserve(held_.size());
        for (const Lease& lease : held_) contracts.push_back(lease.contract);
        return contracts;
    }

private:
    struct Lease {
        std::string code;
        std::shared_ptr<const market::Contract> contract;
        core::SteadyTime looked_at;

        static void persist(auto& self, auto& archive) { archive(self.code, self.contract, self.looked_at); }
    };

    std::chrono::milliseconds lease_;
    std::size_t max_;
    std::vector<Lease> held_;
};

}  // namespace scanner::engine
