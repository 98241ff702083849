#pragma once

#include "signals/flow/book_watch.hpp"
#include "signals/flow/trade_window.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace scanner::signals::flow {

/// How long depth takes to come back. A shock is a quarter second in which takers traded at least half of what stood at
/// the best price of a side when it began; the side has recovered when a quarter ends with depth within 10 bps of at
/// least 80 % of what it was before. Shocks of a side that has not recovered belong to the one before; after a minute
/// it counts as a minute.
class Recovery {
public:
    void end_quarter(const BookWatch& book, const TradeWindow& tape, Quarter ended);
    void fill(FlowNumbers& numbers, Quarter now) const;
    [[nodiscard]] bool is_waiting() const noexcept { return bids_.has_value() || asks_.has_value(); }
    /// The next quarter in which something of `fill` differs by itself.
    [[nodiscard]] std::optional<Quarter> next_change(Quarter now) const;

    static void persist(auto& self, auto& archive) {
        archive(self.bids_, self.asks_, self.recovered_, self.next_);
        archive.require(self.next_ < kKept);
    }

private:
    static constexpr std::int64_t kHour = 14'400;
    static constexpr std::int64_t kMinute = 240;
    static constexpr std::size_t kKept = 128;  ///< the newest

    struct Shock {
        Quarter began = 0;
        std::uint64_t life = 0;
        double depth = 0.0;

        static void persist(auto& self, auto& archive) { archive(self.began, self.life, self.depth); }
    };
    struct Recovered {
        Quarter seen = -kHour;  ///< in which quarter it was known
        std::int64_t quarters = 0;

        static void persist(auto& self, auto& archive) { archive(self.seen, self.quarters); }
    };
    struct Side {
        double touch = 0.0;
        double taken = 0.0;
        double depth_before = 0.0;
        double depth_after = 0.0;
    };
    void follow(std::optional<Shock>& shock, const Side& side, std::uint64_t life, bool tape_known, Quarter ended);

    std::optional<Shock> bids_;
    std::optional<Shock> asks_;
    std::array<Recovered, kKept> recovered_{};
    std::size_t next_ = 0;
};

}  // namespace scanner::signals::flow
