#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>
#include <cmath>

// Layering: orders that are not meant, on levels 2 to 10 of one side, while a small real one waits on the other; then
// they are gone. Its twins rest as much and mean it: a maker who requotes both sides, an iceberg that refills.
namespace scanner::simulator {
namespace {

constexpr Micros kLook = 100'000;  // how often the trader looks at his orders

class Layering final : public Episode {
public:
    explicit Layering(const EpisodePlan& plan)
        : Episode(plan),
          fake_side_(random_side()),
          hold_s_(std::min(random_.log_uniform(0.2, 60.0), 0.5 * plan.duration_s)),
          linger_s_(std::min(random_.log_uniform(0.005, 10.0), 0.25 * plan.duration_s)),
          cycles_(static_cast<int>(random_.log_uniform(1.0, 51.0))) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        if (phase_ == "hold") return hold(stage);
        if (phase_ == "filled") return withdraw(stage);
        return build(stage);
    }

private:
    Micros build(Stage& stage) {
        if (cycles_-- <= 0) return kNever;
        phase_ = "hold";
        const auto& book = stage.book();
        const std::size_t last = std::min<std::size_t>(10, book.depth(fake_side_));
        const auto band = book.contracts(fake_side_, last) - book.contracts(fake_side_, 1);
        std::vector<std::int64_t> prices;
        for (std::size_t rank = 1; rank < last; ++rank) prices.push_back(book.level(fake_side_, rank).price_ticks);
        const double each = plan_.intensity * static_cast<double>(band) / static_cast<double>(prices.size());
        for (const auto price : prices) {
            rest(stage, fake_side_, price,
                 std::max<std::int64_t>(1, static_cast<std::int64_t>(each * random_.uniform(0.6, 1.4))));
        }
        const Side real_side = opposite(fake_side_);
        real_contracts_ = std::max<std::int64_t>(
            1, static_cast<std::int64_t>(static_cast<double>(book.level(real_side, 0).contracts) *
                                         random_.uniform(0.1, 0.5)));
        real_ = rest(stage, real_side, book.best(real_side) + sign_of(real_side), real_contracts_);
        decide_at_ = stage.now + seconds(hold_s_);
        stage.agents.pressure_changed();
        return stage.now + std::min(kLook, decide_at_ - stage.now);
    }

    Micros hold(Stage& stage) {
        const auto left = stage.venue().book().remaining(real_);
        if (left > 0 && stage.now < decide_at_) return stage.now + std::min(kLook, decide_at_ - stage.now);
        if (left > 0) {
            // Nobody came: he takes the price that the fake side has made for him, never his own layers.
            stage.venue().cancel(real_);
            const Side real_side = opposite(fake_side_);
            const auto& touch = stage.book().level(fake_side_, 0);
            static_cast<void>(stage.agents.send_taker(real_side, std::min(left, touch.contracts), touch.price_ticks));
        }
        phase_ = "filled";
        return stage.now + seconds(linger_s_);
    }

    Micros withdraw(Stage& stage) {
        phase_ = "withdrawn";
        cancel_all(stage);
        stage.agents.pressure_changed();
        return stage.now + seconds(random_.exponential(std::max(0.5, 0.5 * hold_s_)));
    }

    Side fake_side_;
    double hold_s_;
    double linger_s_;
    int cycles_;
    OrderId real_ = kNoOrder;
    std::int64_t real_contracts_ = 0;
    Micros decide_at_ = 0;
};

class MakerRequote final : public Episode {
public:
    explicit MakerRequote(const EpisodePlan& plan) : Episode(plan) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        std::int64_t left = 0;
        for (const auto id : orders_) left += stage.book().remaining(id);
        const bool drifted =
            std::abs(stage.agents.fair_ticks() - quoted_fair_) > 6.0 * stage.agents.half_spread_ticks();
        if (left == quoted_ && !drifted && !orders_.empty()) {
            phase_ = "quoting";
            return stage.now + kLook;
        }
        phase_ = "requoting";
        cancel_all(stage);
        quoted_ = 0;
        quoted_fair_ = stage.agents.fair_ticks();
        for (const Side side : {Side::buy, Side::sell}) {
            const auto& book = stage.book();
            const std::size_t last = std::min<std::size_t>(10, book.depth(side));
            const double each =
                plan_.intensity * static_cast<double>(book.contracts(side, last)) / static_cast<double>(last);
            std::vector<std::int64_t> prices;
            for (std::size_t rank = 1; rank < last; ++rank) prices.push_back(book.level(side, rank).price_ticks);
            for (const auto price : prices) {
                const auto id =
                    rest(stage, side, price,
                         std::max<std::int64_t>(1, static_cast<std::int64_t>(each * random_.uniform(0.7, 1.3))));
                quoted_ += stage.book().remaining(id);
            }
        }
        return stage.now + kLook;
    }

private:
    std::int64_t quoted_ = 0;
    double quoted_fair_ = 0.0;
};

class Iceberg final : public Episode {
public:
    explicit Iceberg(const EpisodePlan& plan) : Episode(plan), side_(random_side()) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        if (hidden_ == 0) {
            const auto& touch = stage.book().level(side_, 0);
            price_ = touch.price_ticks;
            tip_ = std::max<std::int64_t>(1, touch.contracts);
            hidden_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(plan_.intensity * static_cast<double>(tip_)));
        }
        if (orders_.empty() || stage.book().remaining(orders_.back()) == 0) {
            if (filled_ >= hidden_) return kNever;
            phase_ = "refill";
            const auto size = std::min(tip_, hidden_ - filled_);
            rest(stage, side_, price_, size);
            filled_ += size;
        } else {
            phase_ = "resting";
        }
        return stage.now + kLook;
    }

private:
    Side side_;
    std::int64_t price_ = 0;
    std::int64_t tip_ = 0;
    std::int64_t hidden_ = 0;
    std::int64_t filled_ = 0;
};

}  // namespace

std::unique_ptr<Episode> make_layering(const EpisodePlan& plan) {
    if (plan.manipulation) return std::make_unique<Layering>(plan);
    if (plan.label == "iceberg") return std::make_unique<Iceberg>(plan);
    return std::make_unique<MakerRequote>(plan);
}

}  // namespace scanner::simulator
