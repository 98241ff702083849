#include "simulator/market/agents.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::simulator {
namespace {

constexpr double kOrdersPerLevel = 1.15;
constexpr double kEquilibriumAcceptance = 0.27;  // mean of the cancel acceptance over the crowd at rest
constexpr double kExciteFast = 0.50;             // offspring of one taker, most of them within seconds,
constexpr double kExciteSlow = 0.22;             // some within minutes: what clusters trades
constexpr double kFastMemorySeconds = 5.0;
constexpr double kSlowMemorySeconds = 100.0;
constexpr double kTakerShare = 0.80;  // of the turnover; the rest is arbitrage
constexpr double kFillsPerTaker = 1.8;
constexpr double kFillsPerMajorTaker = 2.5;
constexpr double kImpactMemorySeconds = 420.0;
constexpr double kImpact = 0.40;            // minute sigmas moved by a minute's volume in one order, square root law
constexpr double kImbalanceDrift = 0.16;    // second sigmas per second under a one-sided book
constexpr int kMaxLiquidations = 5;         // in a second; the others wait for the next
constexpr double kLiquidationReach = 0.01;  // of the price: how far into the book a forced order goes
constexpr double kArbitragePurseSeconds = 90.0;  // arbitrageurs hold at most this much of their ordinary flow ready

}  // namespace

Agents::Agents(const Profile& profile, Venue& venue, std::uint64_t seed, std::uint64_t stream)
    : profile_(profile),
      venue_(venue),
      random_(seed, stream ^ 0xA6E7),
      sigma_second_(profile.sigma_minute / std::sqrt(60.0)),
      leveraged_(seed, stream ^ 0x11C0) {
    const double one_sided_second = profile.turnover_usdt / 2.0 / 86'400.0;
    minute_usdt_ = one_sided_second * 60.0;
    const double crowd = 2.0 * profile.levels * kOrdersPerLevel;
    cancel_rate_each_ = 1.0 / (kNearLife * profile.crowd_lifetime_s);
    limit_rate_ = crowd * cancel_rate_each_ * kEquilibriumAcceptance;
    excite_ = profile.major ? 1.0 : 0.75;
    const double takers = profile.fills_per_day / 86'400.0 / (profile.major ? kFillsPerMajorTaker : kFillsPerTaker);
    taker_rate_ = takers * (1.0 - excite_ * (kExciteFast + kExciteSlow));
    taker_usdt_ = one_sided_second * kTakerShare / takers;
    for (int i = 0; i < profile.makers; ++i) {
        Maker maker;
        maker.spread_factor = 1.0 + 0.35 * i;
        maker.size_factor = 1.0 / (1.0 + 0.25 * i);
        maker.latency =
            static_cast<Micros>((profile.major ? 40.0 : 120.0) * (1.0 + i) * random_.uniform(700.0, 1'300.0));
        makers_.push_back(std::move(maker));
    }
}

void Agents::recompute_fair() {
    fair_ticks_ =
        conditions_.index * core::portable_exp(conditions_.premium + impact_ + pressure_.shift) / venue_.scale().tick();
}

void Agents::move_fair(double log_return) {
    impact_ += log_return;
    fair_ticks_ *= 1.0 + log_return;
}

double Agents::half_spread_ticks() const {
    const double calm = 0.5 * profile_.spread_bps * 1e-4 * fair_ticks_;
    const double wide = conditions_.cycle.spread * std::clamp(conditions_.volatility, 0.85, 2.0) *
                        (1.0 + conditions_.stress) * pressure_.spread;
    return std::max(0.5, calm * wide);
}

double Agents::imbalance(std::size_t levels) const {
    const auto bids = static_cast<double>(venue_.book().contracts(Side::buy, levels));
    const auto asks = static_cast<double>(venue_.book().contracts(Side::sell, levels));
    return bids + asks > 0.0 ? (bids - asks) / (bids + asks) : 0.0;
}

std::int64_t Agents::contracts_for(double usdt) const {
    return std::max<std::int64_t>(1, std::llround(usdt / venue_.contract_usdt(fair_ticks_)));
}

void Agents::open(Micros now, const Conditions& conditions) {
    now_ = now;
    excited_at_ = now;
    conditions_ = conditions;
    recompute_fair();
    const auto orders = static_cast<int>(2.0 * profile_.levels * kOrdersPerLevel);
    for (std::size_t i = 0; i < makers_.size(); ++i) requote(i);
    for (int i = 0; i < orders; ++i) place_crowd_order(i % 2 == 0 ? Side::buy : Side::sell);
    ensure_sides();
    draw_next();
}

void Agents::on_second(Micros now, const Conditions& conditions) {
    now_ = now;
    conditions_ = conditions;
    impact_ *= 1.0 - 1.0 / kImpactMemorySeconds;
    impact_ += kImbalanceDrift * sigma_second_ * imbalance(10);
    recompute_fair();
    const double flow = (1.0 - kTakerShare) * minute_usdt_ / 60.0 * taker_activity();
    arbitrage_usdt_ = std::min(arbitrage_usdt_ + flow, kArbitragePurseSeconds * flow);
    for (auto& maker : makers_) maker.inventory_usdt *= 0.985;  // hedged elsewhere over a minute
    wake_makers();
    wake_arbitrage();
    draw_next();
}

void Agents::pressure_changed() {
    recompute_fair();
    wake_makers();
    wake_arbitrage();
}

void Agents::release_pressure() {
    impact_ += pressure_.shift;
    pressure_ = Pressure{};
    pressure_changed();
}

void Agents::requote_all() {
    for (std::size_t i = 0; i < makers_.size(); ++i) requote(i);
}

void Agents::index_moved(double index) {
    conditions_.index = index;
    recompute_fair();
}

Micros Agents::next_event() const {
    Micros earliest = std::min(random_at_, arbitrage_at_);
    for (const auto& maker : makers_) earliest = std::min(earliest, maker.requote_at);
    return earliest;
}

void Agents::run_event() {
    now_ = next_event();
    for (std::size_t i = 0; i < makers_.size(); ++i) {
        if (makers_[i].requote_at == now_) return requote(i);
    }
    if (arbitrage_at_ == now_) return lift_stale();
    const double draw = random_.uniform() * (bound_limit_ + bound_cancel_ + bound_taker_);
    if (draw < bound_limit_) {
        place_crowd_order();
    } else if (draw < bound_limit_ + bound_cancel_) {
        cancel_crowd_order();
    } else {
        decay_excitement();
        const double rate = taker_rate_ * taker_activity() + excitement_fast_ + excitement_slow_;
        if (random_.uniform() * bound_taker_ < rate) send_crowd_taker();  // thinning: the rate only fell since the draw
    }
    draw_next();
}

void Agents::draw_next() {
    decay_excitement();
    bound_limit_ = limit_rate_ * conditions_.cycle.activity * pressure_.crowd;
    bound_cancel_ = static_cast<double>(venue_.book().crowd_orders()) * cancel_rate_each_ * conditions_.cycle.activity;
    bound_taker_ = taker_rate_ * taker_activity() + excitement_fast_ + excitement_slow_;
    const double total = bound_limit_ + bound_cancel_ + bound_taker_;
    random_at_ = now_ + 1 + static_cast<Micros>(random_.exponential(1e6 / total));
}

void Agents::decay_excitement() {
    const double seconds = static_cast<double>(now_ - excited_at_) * 1e-6;
    excitement_fast_ *= core::portable_exp(-seconds / kFastMemorySeconds);
    excitement_slow_ *= core::portable_exp(-seconds / kSlowMemorySeconds);
    excited_at_ = now_;
}

// ---- takers

double Agents::taker_activity() const {
    return conditions_.cycle.activity * activity_in(conditions_.volatility) * pressure_.activity *
           (1.0 + conditions_.stress);
}

Side Agents::taker_side() {
    if (pressure_.tilt != 0.0 && random_.chance(std::abs(pressure_.tilt)))
        return pressure_.tilt > 0.0 ? Side::buy : Side::sell;
    const double draw = random_.uniform();
    double buy = 0.5;
    if (draw < 0.25) {  // follows the book: a spoof has traders to fool
        buy = 0.5 + 0.5 * imbalance(5);
    } else if (draw < 0.60) {  // a parent order goes on
        buy = last_taker_ == Side::buy ? 0.85 : 0.15;
    } else if (draw < 0.85) {  // knows the fair value
        const auto& book = venue_.book();
        const double middle = 0.5 * static_cast<double>(book.best(Side::buy) + book.best(Side::sell));
        buy = std::clamp(0.5 + 0.5 * (fair_ticks_ - middle) / half_spread_ticks(), 0.0, 1.0);
    }
    return random_.chance(buy) ? Side::buy : Side::sell;
}

void Agents::send_crowd_taker() {
    excitement_fast_ += excite_ * kExciteFast / kFastMemorySeconds;
    excitement_slow_ += excite_ * kExciteSlow / kSlowMemorySeconds;
    const Side side = taker_side();
    last_taker_ = side;
    const auto contracts = contracts_for(random_.lognormal(taker_usdt_, 1.1));
    const double patience = std::max({3.0, 2.0 * half_spread_ticks(), 1.2 * profile_.sigma_minute * fair_ticks_});
    const auto limit =
        static_cast<std::int64_t>(static_cast<double>(venue_.book().best(opposite(side))) + sign_of(side) * patience);
    const auto execution = send_taker(side, contracts, limit);
    if (execution.contracts > 0) leveraged_.open(side, execution.contracts, fair_ticks_, now_);
}

void Agents::liquidate(double mark_ticks) {
    for (int closed = 0; closed < kMaxLiquidations; ++closed) {
        const auto position = leveraged_.take_liquidated(mark_ticks, now_);
        if (!position) return;
        const Side side = opposite(position->side);
        const double touch = static_cast<double>(venue_.book().best(opposite(side)));
        const auto limit = static_cast<std::int64_t>(touch * (1.0 + sign_of(side) * kLiquidationReach));
        venue_.set_liquidating(true);
        static_cast<void>(send_taker(side, position->contracts, std::max<std::int64_t>(1, limit)));
        venue_.set_liquidating(false);
    }
}

Execution Agents::send_taker(Side side, std::int64_t contracts, std::int64_t limit_ticks) {
    const auto execution = venue_.take(side, contracts, limit_ticks);
    if (execution.contracts == 0) return execution;
    const double relative = std::min(4.0, execution.usdt / minute_usdt_);
    move_fair(sign_of(side) * kImpact * pressure_.impact * profile_.sigma_minute * std::sqrt(relative));
    settle_makers(side);
    ensure_sides();
    return execution;
}

void Agents::settle_makers(Side taker) {
    for (const Fill& fill : venue_.last_fills()) {
        if (fill.owner < kFirstMaker || fill.owner >= kScenario) continue;
        auto& maker = makers_[fill.owner - kFirstMaker];
        maker.inventory_usdt -= sign_of(taker) * venue_.contract_usdt(static_cast<double>(fill.price_ticks)) *
                                static_cast<double>(fill.contracts);
        if (maker.requote_at == kNever) maker.requote_at = after(2 * maker.latency);
    }
}

}  // namespace scanner::simulator
