#include "simulator/face/state/world.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scanner::simulator::face {
namespace {

using std::chrono::milliseconds;

/// Short enough that index prices are sampled every second whatever the speed.
constexpr milliseconds kSlice{200};

}  // namespace

World::World(std::unique_ptr<SimulatedMarket> market, std::uint64_t seed, double speed, WallTime start,
             const core::Clock& clock)
    : market_(std::move(market)),
      speed_(speed),
      clock_start_(start),
      market_start_(market_->now()),
      clock_(clock),
      directory_(market_->contracts(), market_->now()),
      books_(market_->contracts().size(), seed),
      records_(market_->contracts().size()),
      references_(market_->contracts().size()) {
    references_.sample(*market_, directory_);
    renew_books([](std::size_t) { return false; });
}

WallTime World::target() const {
    const auto passed = static_cast<double>((clock_.now() - clock_start_).count()) * speed_;
    return market_start_ + milliseconds(std::llround(std::max(0.0, passed)));
}

void World::set_speed(double speed) {
    market_start_ = target();
    clock_start_ = clock_.now();
    speed_ = speed;
}

milliseconds World::lag() const {
    return std::max(milliseconds(0), target() - market_->now());
}

void World::play(milliseconds budget) {
    const WallTime goal = target();
    const core::SteadyTime deadline = clock_.steady_now() + budget;
    while (market_->now() < goal) {
        market_->advance(std::min(goal, market_->now() + kSlice));
        references_.sample(*market_, directory_);
        if (clock_.steady_now() >= deadline) break;
    }
}

void World::renew_books(const std::function<bool(std::size_t)>& frozen) {
    books_.renew(*market_, frozen);
    for (std::size_t i = 0; i < records_.size(); ++i) {
        if (books_.book(i).matching_id > records_[i].newest().matching_id) look(i);
    }
}

const BookState& World::look(std::size_t contract) {
    records_[contract].look(*market_, contract);
    return records_[contract].newest();
}

}  // namespace scanner::simulator::face
