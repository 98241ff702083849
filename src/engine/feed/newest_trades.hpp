#pragma once

#include "scanner/market/market.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace scanner::engine {

/// The newest trades of one tape, by id, each once. Bounded; in steady state nothing is allocated.
class NewestTrades {
public:
    explicit NewestTrades(std::size_t count) : count_(count) { trades_.reserve(2 * count); }

    /// Trades that were not told before, in any order: those that came, or of a hole that was filled.
    void add(std::span<const market::Trade> fresh) {
        for (const market::Trade& trade : fresh) {
            if (trades_.empty() || trade.trade_id > trades_.back().trade_id) {
                trades_.push_back(trade);
            } else {
                trades_.insert(std::ranges::upper_bound(trades_, trade.trade_id, {}, &market::Trade::trade_id), trade);
            }
            if (trades_.size() == 2 * count_) trades_.erase(trades_.begin(), trades_.end() - as_difference(count_));
        }
    }
    /// Oldest first.
    [[nodiscard]] std::span<const market::Trade> newest() const {
        return std::span(trades_).last(std::min(count_, trades_.size()));
    }

    static void persist(auto& self, auto& archive) {
        archive(self.trades_);
        archive.require(self.trades_.size() < 2 * self.count_);
    }

private:
    [[nodiscard]] static std::ptrdiff_t as_difference(std::size_t count) { return static_cast<std::ptrdiff_t>(count); }

    std::size_t count_;
    std::vector<market::Trade> trades_;
};

}  // namespace scanner::engine
