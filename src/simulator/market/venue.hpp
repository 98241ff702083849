#pragma once

#include "simulator/market/book.hpp"
#include "simulator/market/candle_store.hpp"
#include "simulator/market/profile.hpp"

#include "scanner/core/random.hpp"

#include <cstdint>
#include <vector>

namespace scanner::simulator {

/// Prices as decimals: ticks * tick without the rounding noise of a plain product (848669 * 0.1 is 84866.9).
class PriceScale {
public:
    explicit PriceScale(double tick);
    [[nodiscard]] double price(std::int64_t ticks) const {
        return divisor_ > 1.0 ? static_cast<double>(ticks) / divisor_ : static_cast<double>(ticks) * tick_;
    }
    [[nodiscard]] std::int64_t nearest_ticks(double price) const;
    [[nodiscard]] double tick() const { return tick_; }

private:
    double tick_;
    double divisor_ = 0.0;  ///< 1/tick where that is a whole number
};

/// What a market order did.
struct Execution {
    std::int64_t contracts = 0;  ///< one-sided
    double usdt = 0.0;           ///< one-sided
};

/// The exchange's half of one contract: book, matching, trades, candles, open interest. Knows no agents.
class Venue {
public:
    static constexpr std::size_t kTradesKept = 2000;

    Venue(const SimulatedContract& listing, const Profile& profile, std::uint64_t seed, std::uint64_t stream);

    /// Everything after this happens at `now`, never before an earlier time.
    void set_time(Micros now);
    [[nodiscard]] Micros time() const { return now_; }

    OrderId place(Side side, std::int64_t price_ticks, std::int64_t contracts, Owner owner);
    bool cancel(OrderId id);
    std::size_t cancel_crowd_to(Side side, std::int64_t limit_ticks);
    /// Immediate-or-cancel. Leaves the side the last tenth of what it holds: a liquid market is never swept bare.
    Execution take(Side taker, std::int64_t contracts, std::int64_t limit_ticks);
    /// Whether what is taken from now on closes positions by force.
    void set_liquidating(bool liquidating) { liquidating_ = liquidating; }
    /// The fills of the last `take`.
    [[nodiscard]] const std::vector<Fill>& last_fills() const { return fills_; }

    [[nodiscard]] const Book& book() const { return book_; }
    [[nodiscard]] CandleStore& candles() { return candles_; }
    [[nodiscard]] const CandleStore& candles() const { return candles_; }
    [[nodiscard]] const PriceScale& scale() const { return scale_; }
    /// USDT in one contract at a price in ticks.
    [[nodiscard]] double contract_usdt(double price_ticks) const { return price_ticks * tick_value_; }

    /// Changes with everything that may change the book.
    [[nodiscard]] std::int64_t matching_id() const { return matching_id_; }
    /// Fills since the beginning, the one that history ends with among them.
    [[nodiscard]] std::uint64_t fill_count() const { return fill_count_; }
    [[nodiscard]] BookState book_state(std::size_t levels) const;
    [[nodiscard]] std::vector<SimulatedTrade> newest_trades(std::size_t count) const;
    /// History's last trade, so that a contract which has not traded since the start still has one.
    void set_last_trade(std::int64_t price_ticks, std::int64_t contracts, Side taker, Micros time);

    [[nodiscard]] std::int64_t open_interest() const { return open_interest_; }
    void set_open_interest_target(double contracts) { open_interest_target_ = contracts; }
    /// Open interest that no trade explains: only the `oi_paint` scenario uses it.
    void paint_open_interest(std::int64_t contracts);
    /// Likelier that fills close positions on both sides (a squeeze, a cascade); 0 to 1.
    void set_closing_bias(double bias) { closing_bias_ = bias; }
    /// One-sided contracts traded by agents since the beginning.
    [[nodiscard]] std::int64_t traded_contracts() const { return traded_contracts_; }

private:
    void settle_open_interest(std::int64_t contracts);
    void touch() {
        ++matching_id_;
        book_time_ = now_;
    }

    Book book_;
    CandleStore candles_;
    PriceScale scale_;
    double tick_value_;
    std::vector<Fill> fills_;
    std::vector<SimulatedTrade> trades_;  ///< ring of kTradesKept
    std::size_t next_trade_ = 0;
    std::uint64_t fill_count_ = 0;
    std::int64_t matching_id_;
    Micros now_ = 0;
    Micros book_time_ = 0;
    core::Random random_;
    std::int64_t open_interest_ = 0;
    double open_interest_target_ = 0.0;
    double closing_bias_ = 0.0;
    bool liquidating_ = false;
    std::int64_t traded_contracts_ = 0;
};

/// The first millisecond at or after: an event is never visible before its time has passed.
[[nodiscard]] constexpr WallTime to_wall(Micros time) {
    return core::from_unix_ms((time + 999) / 1000);
}

}  // namespace scanner::simulator
