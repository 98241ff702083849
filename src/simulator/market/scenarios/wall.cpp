#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>

// A wall on one of the levels behind the touch. The manipulator pulls it before it trades; the twin lets it trade.
namespace scanner::simulator {
namespace {

class Wall final : public Episode {
public:
    explicit Wall(const EpisodePlan& plan)
        : Episode(plan), side_(random_side()), rank_(2 + static_cast<std::size_t>(random_.below(4))) {}

    Micros step(Stage& stage) override {
        if (phase_ == "pulled" || phase_ == "traded") return kNever;
        if (wall_ == kNoOrder) return build(stage);
        const auto left = stage.book().remaining(wall_);
        return plan_.manipulation ? guard(stage, left) : trade(stage, left);
    }

private:
    Micros build(Stage& stage) {
        phase_ = "standing";
        const auto& book = stage.book();
        const std::size_t levels = std::min<std::size_t>(6, book.depth(side_));
        const double level = static_cast<double>(book.contracts(side_, levels)) / static_cast<double>(levels);
        size_ = std::max<std::int64_t>(2, static_cast<std::int64_t>(plan_.intensity * level));
        wall_ = rest(stage, side_, book.level(side_, std::min(rank_, levels - 1)).price_ticks, size_);
        stage.agents.pressure_changed();
        return stage.now + seconds(0.05);
    }

    Micros guard(Stage& stage, std::int64_t left) {
        const bool touched = left == 0 || stage.book().best(side_) == stage.book().price_of(wall_);
        if (stage.now >= end() - seconds(2.0)) {
            phase_ = "pulled";
            cancel_all(stage);
            return stage.now + seconds(1.5);
        }
        // It might trade, or the market has moved away from it: away with it, and up again behind the touch.
        if (touched || left < size_ || levels_before(stage.book()) > 9) {
            cancel_all(stage);
            return build(stage);
        }
        return stage.now + seconds(0.05);
    }

    [[nodiscard]] std::size_t levels_before(const Book& book) const {
        const auto price = book.price_of(wall_);
        std::size_t rank = 0;
        while (rank < book.depth(side_) && rank < 10 && book.level(side_, rank).price_ticks != price) ++rank;
        return rank;
    }

    Micros trade(Stage& stage, std::int64_t left) {
        if (left == 0 || stage.now >= end() - seconds(2.0)) {
            phase_ = "traded";
            return stage.now + seconds(1.5);
        }
        const double progress = static_cast<double>(stage.now - plan_.start) / static_cast<double>(end() - plan_.start);
        if (progress > 0.5) {
            // Somebody who wants the size has seen it: he works through the levels to the wall and into it.
            const auto bite = std::max<std::int64_t>(
                1, static_cast<std::int64_t>(static_cast<double>(size_) * random_.uniform(0.05, 0.2)));
            static_cast<void>(stage.agents.send_taker(opposite(side_), bite, stage.book().price_of(wall_)));
        }
        return stage.now + seconds(random_.exponential(plan_.duration_s / 40.0));
    }

    Side side_;
    std::size_t rank_;
    OrderId wall_ = kNoOrder;
    std::int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Episode> make_wall(const EpisodePlan& plan) {
    return std::make_unique<Wall>(plan);
}

}  // namespace scanner::simulator
