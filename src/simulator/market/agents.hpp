#pragma once

#include "simulator/market/day_cycle.hpp"
#include "simulator/market/leverage/leveraged_positions.hpp"
#include "simulator/market/venue.hpp"

#include "scanner/core/random.hpp"

#include <cstdint>
#include <vector>

namespace scanner::simulator {

/// How a planted scenario bends the agents around it. All neutral by default.
struct Pressure {
    double shift = 0.0;     ///< log; of the swap's fair value over its index
    double depth = 1.0;     ///< of all resting sizes
    double spread = 1.0;    ///< of what makers ask
    double activity = 1.0;  ///< of takers' arrivals
    double crowd = 1.0;     ///< of the crowd's limit orders
    double tilt = 0.0;      ///< -1 all takers sell, +1 all buy
    double impact = 1.0;    ///< of trades on the fair value
};

/// What the agents know of the world, renewed each second.
struct Conditions {
    double index = 0.0;
    double premium = 0.0;     ///< of the swap over the index, fraction
    double volatility = 1.0;  ///< around 1
    double stress = 0.0;      ///< 0..1
    DayCycle cycle;
};

/// An order of the crowd at the touch lives this share of a far one's life.
inline constexpr double kNearLife = 0.15;

/// The people of one contract: a crowd that places and cancels around the touch, makers that quote a ladder and requote
/// when the fair value moves or they are filled, takers whose arrivals excite more of the same (Hawkes), of whom some
/// follow the book's imbalance, some the mispricing, some the last one; and arbitrageurs who lift what is stale.
class Agents {
public:
    Agents(const Profile& profile, Venue& venue, std::uint64_t seed, std::uint64_t stream);

    /// Fills an empty book around the fair value.
    void open(Micros now, const Conditions& conditions);
    /// The second's news: decays, drifts, and wakes who has to react.
    void on_second(Micros now, const Conditions& conditions);
    [[nodiscard]] Micros next_event() const;
    /// Plays the event of `next_event()`.
    void run_event();

    // What scenarios do, at the time set before.
    void set_time(Micros now) { now_ = now; }
    [[nodiscard]] Pressure& pressure() { return pressure_; }
    /// Applies a changed pressure at once: all agents look again.
    void pressure_changed();
    /// The pressure goes; the move that it held is left to fade as any impact does.
    void release_pressure();
    /// All makers put their ladders anew, now.
    void requote_all();
    /// The index moved between two seconds.
    void index_moved(double index);
    /// Sees to it that both sides hold a few levels.
    void keep_sides() { ensure_sides(); }
    /// A market order of anybody's: moves the fair value and wakes filled makers.
    Execution send_taker(Side side, std::int64_t contracts, std::int64_t limit_ticks);
    /// Closes by force what the mark price has run against.
    void liquidate(double mark_ticks);
    /// Cancels each order of the crowd with this probability.
    void thin_crowd(double probability);
    [[nodiscard]] std::int64_t contracts_for(double usdt) const;
    [[nodiscard]] double fair_ticks() const { return fair_ticks_; }
    /// What a maker asks on one side now, in ticks.
    [[nodiscard]] double half_spread_ticks() const;
    /// (bids - asks) / (bids + asks) in contracts over the best `levels`.
    [[nodiscard]] double imbalance(std::size_t levels) const;
    /// One-sided USDT that an ordinary minute trades.
    [[nodiscard]] double minute_usdt() const { return minute_usdt_; }
    [[nodiscard]] Venue& venue() { return venue_; }
    [[nodiscard]] const Profile& profile() const { return profile_; }
    [[nodiscard]] core::Random& random() { return random_; }

private:
    struct Maker {
        std::vector<OrderId> quotes;
        double spread_factor = 1.0;
        double size_factor = 1.0;
        Micros latency = 0;
        Micros requote_at = kNever;
        Micros quoted_at = 0;
        double quoted_view = 0.0;
        double inventory_usdt = 0.0;  ///< positive: long
    };

    void recompute_fair();
    void move_fair(double log_return);
    [[nodiscard]] double maker_view(const Maker& maker) const;
    void wake_makers();
    void requote(std::size_t maker);
    void place_ladder(Maker& maker, Owner owner, double view);
    void wake_arbitrage();
    void lift_stale();
    void lift_stale_side(Side taker, double limit);
    void place_crowd_order();
    void place_crowd_order(Side side);
    void cancel_crowd_order();
    void send_crowd_taker();
    [[nodiscard]] double taker_activity() const;
    [[nodiscard]] Side taker_side();
    void ensure_sides();
    void draw_next();
    void decay_excitement();
    void settle_makers(Side taker);
    [[nodiscard]] double crowd_distance();
    [[nodiscard]] Micros after(Micros mean) {
        return now_ + 1 + static_cast<Micros>(random_.exponential(static_cast<double>(mean)));
    }

    const Profile& profile_;
    Venue& venue_;
    core::Random random_;
    Conditions conditions_;
    Pressure pressure_;
    Micros now_ = 0;
    double fair_ticks_ = 0.0;
    double impact_ = 0.0;  ///< log; what trades have moved the fair value by, decaying
    double sigma_second_;
    double minute_usdt_;
    std::vector<Maker> makers_;
    // Arrival rates per second.
    double limit_rate_;
    double cancel_rate_each_;
    double excite_;      ///< share of the self-excitement that this contract has
    double taker_rate_;  ///< before self-excitement
    double taker_usdt_;  ///< mean size
    double excitement_fast_ = 0.0;
    double excitement_slow_ = 0.0;
    Micros excited_at_ = 0;
    double bound_limit_ = 0.0, bound_cancel_ = 0.0, bound_taker_ = 0.0;
    Micros random_at_ = kNever;
    Micros arbitrage_at_ = kNever;
    double arbitrage_usdt_ = 0.0;
    Side last_taker_ = Side::buy;
    LeveragedPositions leveraged_;
};

}  // namespace scanner::simulator
