#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>
#include <cmath>

// Wash trading: the same hands on both sides of a print inside the spread, mirrored within five seconds, so that volume
// grows and no position does. Its twins trade as regularly, in one direction, against the others, or are an hour
// in which all trade more.
namespace scanner::simulator {
namespace {

enum class SizeLaw { uniform, copied, fixed, rounded };

class Wash final : public Episode {
public:
    explicit Wash(const EpisodePlan& plan) : Episode(plan), law_(static_cast<SizeLaw>(random_.below(4))) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        if (usdt_ == 0.0) prepare(stage);
        const auto& book = stage.book();
        const std::int64_t bid = book.best(Side::buy);
        const std::int64_t ask = book.best(Side::sell);
        if (ask - bid < 2) return stage.now + seconds(0.2);  // no room: he waits for the spread to open
        const bool mirror = mirror_contracts_ > 0;
        const Side taker = mirror ? opposite(last_taker_) : random_side();
        const auto contracts = mirror ? mirror_contracts_ : draw_contracts(stage);
        const auto price =
            bid + 1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(ask - bid - 1)));
        rest(stage, opposite(taker), price, contracts);
        static_cast<void>(stage.venue().take(taker, contracts, price));
        cancel_all(stage);  // what did not match is not left for strangers
        phase_ = mirror ? "mirror" : "print";
        last_taker_ = taker;
        mirror_contracts_ = mirror ? 0 : contracts;
        // A pair of prints every `pause_s_`; its second half comes soon after the first.
        const double mirror_s = std::min(5.0, 0.5 * pause_s_) * random_.uniform(0.1, 0.95);
        const double wait = mirror ? std::max(0.05, random_.exponential(0.6 * pause_s_)) : mirror_s;
        return stage.now + seconds(wait);
    }

private:
    void prepare(Stage& stage) {
        const double honest = stage.agents.minute_usdt() / 60.0;
        const double wanted = honest * plan_.intensity / (1.0 - plan_.intensity);
        // Prints as large as the contract's own trades times a taste, at most some ten a second.
        const double honest_print = 86'400.0 * honest / stage.agents.profile().fills_per_day;
        usdt_ = std::max(honest_print * random_.log_uniform(0.7, 4.0), 0.2 * wanted);
        pause_s_ = 2.0 * usdt_ / wanted;
        fixed_ = stage.agents.contracts_for(usdt_);
    }

    std::int64_t draw_contracts(Stage& stage) {
        switch (law_) {
            case SizeLaw::uniform: return stage.agents.contracts_for(usdt_ * random_.uniform(0.2, 1.8));
            case SizeLaw::copied: {  // the size of a recent trade, scaled up to what is wanted
                const auto recent = stage.venue().newest_trades(20);
                const auto& trade = recent[random_.below(recent.size())];
                const auto copies =
                    std::max<std::int64_t>(1, 2 * fixed_ / std::max<std::int64_t>(1, trade.doubled_contracts));
                return std::max<std::int64_t>(1, trade.doubled_contracts / 2 * std::min<std::int64_t>(copies, 10));
            }
            case SizeLaw::fixed: return fixed_;
            case SizeLaw::rounded: break;
        }
        const auto drawn = static_cast<double>(stage.agents.contracts_for(usdt_ * random_.uniform(0.4, 1.6)));
        const double unit = drawn >= 200.0 ? 100.0 : drawn >= 20.0 ? 10.0 : 1.0;
        return static_cast<std::int64_t>(std::max(1.0, std::floor(drawn / unit + 0.5)) * unit);
    }

    SizeLaw law_;
    double usdt_ = 0.0;
    double pause_s_ = 1.0;
    std::int64_t fixed_ = 1;
    std::int64_t mirror_contracts_ = 0;
    Side last_taker_ = Side::buy;
};

class ChildOrders final : public Episode {
public:
    explicit ChildOrders(const EpisodePlan& plan) : Episode(plan), side_(random_side()) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        phase_ = "working";
        const double honest = stage.agents.minute_usdt() / 60.0;
        const double wanted = honest * plan_.intensity / (1.0 - plan_.intensity);
        if (usdt_ == 0.0)
            usdt_ = 86'400.0 * honest / stage.agents.profile().fills_per_day * random_.log_uniform(0.7, 4.0);
        stage.agents.pressure().impact = 0.5;  // a patient schedule hides better than the same volume in one go
        static_cast<void>(stage.agents.send_taker(side_, stage.agents.contracts_for(usdt_), near_limit(stage, side_)));
        return stage.now + seconds(std::max(0.05, usdt_ / wanted * random_.uniform(0.95, 1.05)));
    }

private:
    Side side_;
    double usdt_ = 0.0;
};

/// As much more volume as a wash would add, by people who want it: no side, no rhythm, no mirror.
class BusyHour final : public Episode {
public:
    explicit BusyHour(const EpisodePlan& plan) : Episode(plan) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        phase_ = "busy";
        auto& pressure = stage.agents.pressure();
        pressure.activity = std::min(6.0, 1.0 / (1.0 - plan_.intensity));
        pressure.crowd = std::min(2.0, pressure.activity);
        pressure.depth = 1.2;
        stage.agents.pressure_changed();
        return std::min(end(), stage.now + seconds(10.0));
    }
};

}  // namespace

std::unique_ptr<Episode> make_wash(const EpisodePlan& plan) {
    if (plan.manipulation) return std::make_unique<Wash>(plan);
    if (plan.label == "busy_hour") return std::make_unique<BusyHour>(plan);
    return std::make_unique<ChildOrders>(plan);
}

}  // namespace scanner::simulator
