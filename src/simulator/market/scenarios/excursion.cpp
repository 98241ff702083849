#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>
#include <cmath>

// Whatever moves the price away and, mostly, back. Kinds differ in how fast, how far, how much is traded, and above all
// in whether the index goes along: that is what tells a pump from news.
namespace scanner::simulator {
namespace {

struct Shape {
    double move = 0.0;       ///< log, at the peak
    double prepare_s = 0.0;  ///< quiet accumulation before
    double out_s = 1.0;
    double top_s = 0.0;
    double back_s = 0.0;
    double retrace = 0.0;      ///< share of the move that is given back
    double index_share = 0.0;  ///< of the move that the index makes too
    double usdt = 0.0;         ///< one-sided volume beyond the ordinary
    double depth = 1.0;
    double spread = 1.0;
    double closing_bias = 0.0;
    double noise = 0.0;  ///< of the path, relative to the move
    std::string_view out_phase = "away", top_phase = "top", back_phase = "back";
};

class Excursion final : public Episode {
public:
    Excursion(const EpisodePlan& plan, const Shape& shape) : Episode(plan), shape_(shape) {}

    Micros step(Stage& stage) override {
        const double t = static_cast<double>(stage.now - plan_.start) * 1e-6;
        const double total = shape_.prepare_s + shape_.out_s + shape_.top_s + shape_.back_s;
        const double dt = std::clamp(shape_.out_s / 40.0, 0.05, 0.25);
        if (t >= total) return kNever;
        const double wobble = t > shape_.prepare_s ? shape_.noise * shape_.move * random_.normal() : 0.0;
        const double target = path(t) + wobble;
        apply_pressure(stage);
        move_to(stage, target, dt);
        trade(stage);
        return stage.now + seconds(std::min(dt * random_.uniform(0.7, 1.3), total - t));
    }

private:
    /// Where the price ought to be, `t` seconds in; sets the phase.
    double path(double t) {
        if (t < shape_.prepare_s) {
            phase_ = "accumulation";
            return 0.02 * shape_.move * t / shape_.prepare_s;
        }
        t -= shape_.prepare_s;
        if (t < shape_.out_s) {
            phase_ = shape_.out_phase;
            return shape_.move * (0.02 + 0.98 * std::sqrt(t / shape_.out_s) * (0.4 + 0.6 * t / shape_.out_s));
        }
        t -= shape_.out_s;
        if (t < shape_.top_s) {
            phase_ = shape_.top_phase;
            return shape_.move;
        }
        t -= shape_.top_s;
        phase_ = shape_.back_phase;
        const double left = 1.0 - std::min(1.0, t / std::max(shape_.back_s, 1e-3));
        return shape_.move * (1.0 - shape_.retrace * (1.0 - left * std::sqrt(left)));
    }

    void apply_pressure(Stage& stage) {
        auto& pressure = stage.agents.pressure();
        const bool quiet = phase_ == "accumulation";
        pressure.depth = quiet ? 1.0 : shape_.depth;
        pressure.spread = quiet ? 1.0 : shape_.spread;
        pressure.impact = 0.02;  // the path is the impact
        pressure.activity = quiet ? 1.3 : 4.0;
        pressure.crowd = quiet ? 1.0 : 2.0;
        pressure.tilt = direction() * (phase_ == shape_.out_phase    ? 0.5
                                       : phase_ == shape_.back_phase ? -0.3 * shape_.retrace
                                                                     : 0.15);
        stage.venue().set_closing_bias(quiet ? 0.0 : shape_.closing_bias);
    }

    void move_to(Stage& stage, double target, double dt) {
        const double change = target - position_;
        position_ = target;
        stage.index.shift(shape_.index_share * change);
        stage.agents.pressure().shift += (1.0 - shape_.index_share) * change;
        stage.agents.index_moved(stage.index.price());
        // The pusher takes what now stands on the wrong side of the new price, as far as his volume goes; who is
        // not taken runs away.
        const Side side = change > 0.0 ? Side::buy : Side::sell;
        const auto limit = static_cast<std::int64_t>(stage.agents.fair_ticks());
        due_usdt_ += usdt_rate() * dt;
        const double purse = 0.6 * std::max(0.0, due_usdt_) + stage.agents.minute_usdt() / 60.0 * dt;
        const auto stale =
            std::min(stage.book().contracts_to(opposite(side), limit), stage.agents.contracts_for(purse));
        if (stale > 0) due_usdt_ -= stage.agents.send_taker(side, stale, limit).usdt;
        stage.agents.pressure_changed();
    }

    void trade(Stage& stage) {
        const bool quiet = phase_ == "accumulation";
        if (quiet || due_usdt_ <= 0.0) return;
        const bool out = phase_ == shape_.out_phase;
        const double usdt = due_usdt_ * random_.lognormal(1.0, 0.6);
        const Side with = shape_.move > 0.0 ? Side::buy : Side::sell;
        const Side taker = random_.chance(out ? 0.75 : 0.45) ? with : opposite(with);
        // The crowd that comes with such a move brings both hands: as much is offered at the touch as is taken there.
        const auto contracts = stage.agents.contracts_for(usdt);
        const Side resting = opposite(taker);
        const auto price = stage.book().best(resting);
        for (int i = 0; i < 3; ++i) {
            const auto part = static_cast<std::int64_t>(static_cast<double>(contracts) * 0.31);
            if (part > 0) stage.venue().place(resting, price, part, kCrowd);
        }
        due_usdt_ -= stage.agents.send_taker(taker, contracts, near_limit(stage, taker)).usdt;
    }

    /// One-sided USDT per second beyond the ordinary: three fifths of the volume on the way out, the rest while it is
    /// sold.
    [[nodiscard]] double usdt_rate() const {
        const double later_s = shape_.top_s + shape_.back_s;
        if (phase_ == "accumulation") return 0.0;
        if (later_s <= 0.0) return shape_.usdt / shape_.out_s;
        return phase_ == shape_.out_phase ? 0.6 * shape_.usdt / shape_.out_s : 0.4 * shape_.usdt / later_s;
    }

    [[nodiscard]] double direction() const { return shape_.move > 0.0 ? 1.0 : -1.0; }

    Shape shape_;
    double position_ = 0.0;  ///< log move so far
    double due_usdt_ = 0.0;  ///< of the volume, not traded yet
};

double log_move(double percent) {
    return core::portable_log(1.0 + percent / 100.0);
}

/// Shapes are drawn when the episode is made; the volume, which needs the contract, when it first steps.
class ExcursionMaker {
public:
    explicit ExcursionMaker(const EpisodePlan& plan) : plan_(plan), random_(plan.seed, plan.id ^ 0x5A) {}

    /// `day_usdt`: what an ordinary day trades, one-sided.
    [[nodiscard]] Shape shape(double day_usdt, double premium) {
        switch (plan_.kind) {
            case ScenarioKind::wick: return wick(day_usdt);
            case ScenarioKind::pump: return pump(day_usdt);
            case ScenarioKind::ignition: return ignition(day_usdt);
            case ScenarioKind::funding_push: return funding(premium);
            default: return cascade(day_usdt);
        }
    }

private:
    double sign() { return random_.chance(0.5) ? 1.0 : -1.0; }

    Shape wick(double day_usdt) {
        const double total = plan_.duration_s;
        Shape shape{.move = random_.chance(0.6) ? -log_move(plan_.intensity) : log_move(plan_.intensity),
                    .out_s = total * random_.uniform(0.3, 0.5),
                    .retrace = random_.uniform(0.92, 1.0),
                    .usdt = day_usdt / 1'440.0 * random_.log_uniform(0.5, 4.0),
                    .depth = 0.5,
                    .spread = 2.0};
        shape.back_s = total - shape.out_s;
        if (!plan_.manipulation) {  // a crash that the index confirms, and that stays
            shape.index_share = 1.0;
            shape.retrace = random_.uniform(0.0, 0.2);
        }
        return shape;
    }

    Shape pump(double day_usdt) {
        Shape shape{.move = log_move(plan_.intensity),
                    .depth = 1.5,
                    .spread = 1.4,
                    .noise = 0.01,
                    .out_phase = "rise",
                    .top_phase = "distribution",
                    .back_phase = "retrace"};
        const double total = plan_.duration_s;
        shape.prepare_s = random_.chance(0.5) ? total * random_.uniform(0.15, 0.4) : 0.0;
        shape.out_s = std::min(random_.log_uniform(10.0, 300.0), 0.4 * total);
        shape.top_s = (total - shape.prepare_s - shape.out_s) * random_.uniform(0.05, 0.2);
        shape.back_s = total - shape.prepare_s - shape.out_s - shape.top_s;
        if (plan_.manipulation) {
            shape.retrace = random_.uniform();
            shape.index_share = random_.uniform(0.1, 0.7);
            shape.usdt = day_usdt * random_.log_uniform(1.6, 3.6);
        } else if (plan_.label == "news") {
            shape.move *= sign();
            shape.index_share = 1.0;
            shape.retrace = random_.uniform(0.0, 0.15);
            shape.usdt = day_usdt * random_.log_uniform(0.2, 1.5);
        } else {
            shape.index_share = random_.uniform(0.4, 0.7);
            shape.retrace = random_.uniform(0.3, 0.7);
            shape.usdt = day_usdt * random_.log_uniform(0.2, 1.5);
            shape.closing_bias = 0.9;
        }
        return shape;
    }

    Shape ignition(double day_usdt) {
        Shape shape{.move = sign() * log_move(plan_.intensity),
                    .usdt = day_usdt / 1'440.0 * random_.log_uniform(2.0, 12.0),
                    .spread = 1.2,
                    .out_phase = "push",
                    .top_phase = "unload",
                    .back_phase = "reversal"};
        const double total = plan_.duration_s;
        shape.out_s = total * random_.uniform(0.1, 0.3);
        shape.top_s = total * random_.uniform(0.05, 0.2);
        shape.back_s = total - shape.out_s - shape.top_s;
        shape.retrace = plan_.manipulation ? random_.uniform(0.8, 1.1) : random_.uniform(0.0, 0.15);
        shape.index_share = plan_.manipulation ? 0.0 : 1.0;
        return shape;
    }

    Shape cascade(double day_usdt) {  // oi_paint's twin: positions are closed by force, with the volume to show for it
        const double total = plan_.duration_s;
        Shape shape{.move = -log_move(plan_.intensity),
                    .out_s = total * 0.4,
                    .top_s = total * 0.1,
                    .back_s = total * 0.5,
                    .retrace = random_.uniform(0.2, 0.6),
                    .index_share = random_.uniform(0.5, 0.9),
                    .usdt = day_usdt * random_.log_uniform(0.05, 0.4),
                    .depth = 0.6,
                    .spread = 1.6,
                    .closing_bias = 1.0,
                    .out_phase = "liquidation",
                    .top_phase = "low",
                    .back_phase = "recovery"};
        return shape;
    }

    Shape funding(double premium) {
        const double total = plan_.duration_s;
        Shape shape{.move = sign() * plan_.intensity * 1e-4,
                    .out_s = total * 0.25,
                    .top_s = total * 0.7,
                    .back_s = total * 0.05,
                    .retrace = 1.0,
                    .out_phase = "push",
                    .top_phase = "hold",
                    .back_phase = "release"};
        if (!plan_.manipulation) {  // arbitrage closes the premium before it is paid
            shape.move = -0.9 * premium;
            shape.out_s = total;
            shape.top_s = shape.back_s = 0.0;
            shape.retrace = 0.0;
            shape.out_phase = "convergence";
        }
        return shape;
    }

    EpisodePlan plan_;
    core::Random random_;
};

class LateExcursion final : public Episode {
public:
    explicit LateExcursion(const EpisodePlan& plan) : Episode(plan) {}

    Micros step(Stage& stage) override {
        if (!excursion_) {
            const double premium =
                core::portable_log(stage.agents.fair_ticks() * stage.venue().scale().tick() / stage.index.price());
            excursion_ = std::make_unique<Excursion>(
                plan_, ExcursionMaker(plan_).shape(stage.agents.profile().turnover_usdt / 2.0, premium));
        }
        const auto next = excursion_->step(stage);
        phase_ = excursion_->phase();
        return next;
    }

private:
    std::unique_ptr<Excursion> excursion_;
};

}  // namespace

std::unique_ptr<Episode> make_excursion(const EpisodePlan& plan) {
    return std::make_unique<LateExcursion>(plan);
}

}  // namespace scanner::simulator
