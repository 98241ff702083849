#pragma once

#include "signals/flow/book_watch.hpp"
#include "signals/flow/trade_window.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace scanner::signals::flow {

/// How the middle answers to takers: least squares through the origin of its change within a second, in bps, on the
/// signed square root of what takers bought less what they sold in it, in USDT; recursive, with a half-life of 30 min.
class Impact {
public:
    /// A second is over whose last quarter is `last`; its first is one of the four before.
    void end_second(const BookWatch& book, const TradeWindow& tape, Quarter last);
    void fill(FlowNumbers& numbers, Quarter now) const;
    /// The next quarter in which so few trades are left that `fill` may have nothing to tell.
    [[nodiscard]] std::optional<Quarter> next_change(Quarter now) const;

    static void persist(auto& self, auto& archive) { archive(self.xx_, self.xy_, self.updated_, self.minutes_); }

private:
    static constexpr std::size_t kMinutes = 60;
    static constexpr std::int64_t kQuartersAMinute = 240;
    static constexpr double kMinTrades = 30.0;

    struct Minute {
        std::int64_t number = -1;
        double trades = 0.0;

        static void persist(auto& self, auto& archive) { archive(self.number, self.trades); }
    };
    [[nodiscard]] double trades_of_last_hour(Quarter now) const;

    double xx_ = 0.0;
    double xy_ = 0.0;
    Quarter updated_ = 0;
    std::array<Minute, kMinutes> minutes_{};
};

}  // namespace scanner::signals::flow
