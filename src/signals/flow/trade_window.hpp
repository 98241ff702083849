#pragma once

#include "signals/flow/quarters.hpp"

#include "scanner/market/market.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace scanner::signals::flow {

/// What takers traded in a quarter second, USDT, one side counted.
struct Traded {
    double bought = 0.0;
    double sold = 0.0;
    double other = 0.0;  ///< of takers whose side is not known
    double trades = 0.0;

    static void persist(auto& self, auto& archive) { archive(self.bought, self.sold, self.other, self.trades); }
};

/// The trades of the last minute, and since when none is missing.
class TradeWindow {
public:
    static constexpr std::int64_t kQuarters = 240;  ///< 60 s, the current one among them

    void add(std::span<const market::Trade> trades, std::int64_t now_ms);
    void interrupt();
    /// The hole is closed by these, which were not told before.
    void fill(std::span<const market::Trade> trades, std::int64_t now_ms);
    void begin_quarter(Quarter begun) noexcept { traded_.of(begun) = {}; }

    [[nodiscard]] const Traded& of(Quarter quarter) const noexcept { return traded_.of(quarter); }
    /// Whether nothing is missing of that quarter and what came after.
    [[nodiscard]] bool is_known_since(Quarter quarter) const noexcept {
        return !interrupted_ && known_since_ms_ <= start_of(quarter);
    }
    [[nodiscard]] bool is_interrupted() const noexcept { return interrupted_; }
    void fill(FlowNumbers& numbers, Quarter now) const;
    /// The next quarter in which something of `fill` differs by itself.
    [[nodiscard]] std::optional<Quarter> next_change(Quarter now) const;

    static void persist(auto& self, auto& archive) {
        archive(self.traded_, self.interrupted_, self.known_since_ms_, self.known_before_ms_, self.oldest_ms_);
    }

private:
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    void count(const market::Trade& trade, std::int64_t now_ms);

    Ring<Traded, kQuarters> traded_;
    bool interrupted_ = true;
    std::int64_t known_since_ms_ = kNever;
    std::int64_t known_before_ms_ = kNever;  ///< since when once the hole is filled; kNever: it has no older end
    std::int64_t oldest_ms_ = kNever;        ///< of all trades
};

}  // namespace scanner::signals::flow
