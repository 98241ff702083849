#include "simulator/market/contract_simulation.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::simulator {
namespace {

constexpr double kPremiumMemorySeconds = 1'200.0;

}  // namespace

ContractSimulation::ContractSimulation(const CatalogueEntry& entry, std::uint64_t seed, std::uint64_t stream,
                                       std::span<const CommonStep> history, std::int64_t begin_seconds)
    : profile_(entry.profile),
      random_(seed, stream),
      venue_(entry.listing, profile_, seed, stream),
      index_(profile_, seed, stream ^ 0x1DE),
      funding_(profile_, entry.listing.contract.funding_interval_hours, random_, begin_seconds),
      agents_(profile_, venue_, seed, stream),
      next_second_(begin_seconds + 1),
      contract_code_(entry.listing.contract.contract_code) {
    premium_ = write_history(profile_, history, begin_seconds, index_, venue_, random_);
    smoothed_premium_ = premium_;
    venue_.set_time(begin_seconds * kSecond);
    agents_.open(begin_seconds * kSecond, conditions(begin_seconds, history.back()));
}

ContractSimulation::~ContractSimulation() = default;

Conditions ContractSimulation::conditions(std::int64_t second, const CommonStep& common) const {
    return {.index = index_.price(),
            .premium = premium_,
            .volatility = index_.volatility(),
            .stress = common.stress,
            .cycle = day_cycle(profile_, second)};
}

void ContractSimulation::on_second(std::int64_t second, const CommonStep& common) {
    venue_.set_time(second * kSecond);
    const auto cycle = day_cycle(profile_, second);
    index_.step(1.0, common, cycle.volatility);
    const double mean = profile_.premium_mean_bps * 1e-4;
    const double sd = profile_.premium_sd_bps * 1e-4;
    premium_ +=
        (mean - premium_) / kPremiumMemorySeconds + sd * std::sqrt(2.0 / kPremiumMemorySeconds) * random_.normal();
    const auto& book = venue_.book();
    const double middle =
        0.5 * (venue_.scale().price(book.best(Side::buy)) + venue_.scale().price(book.best(Side::sell)));
    const double premium = middle / index_.price() - 1.0;
    smoothed_premium_ += (premium - smoothed_premium_) / 60.0;
    funding_.sample(second, premium);
    agents_.on_second(second * kSecond, conditions(second, common));
    agents_.liquidate(mark_price() / venue_.scale().tick());
    label_second(second);
}

void ContractSimulation::plant(const EpisodePlan& plan) {
    const auto later =
        std::ranges::find_if(planted_, [&](const EpisodePlan& other) { return other.start > plan.start; });
    planted_.insert(later, plan);
}

Micros ContractSimulation::next_episode_event() const {
    if (episode_) return episode_at_;
    return planted_.empty() ? kNever : std::max(planted_.front().start, venue_.time());
}

void ContractSimulation::step_episode(Micros now) {
    Stage stage{.agents = agents_, .index = index_, .now = now};
    agents_.set_time(now);
    if (!episode_) {
        planted_.front().start = now;
        episode_ = make_episode(planted_.front());
        planted_.pop_front();
    }
    episode_at_ = episode_->step(stage);
    const auto& plan = episode_->plan();
    if (episode_at_ != kNever) {  // an agent that sleeps past it is woken for it
        const Micros end = plan.start + static_cast<Micros>(plan.duration_s * 1e6);
        episode_at_ = std::max(now + 1, std::min(episode_at_, end));
    }
    last_label_ = {.time = {},
                   .contract_code = contract_code_,
                   .kind = std::string(plan.label),
                   .manipulation = plan.manipulation,
                   .phase = std::string(episode_->phase()),
                   .intensity = plan.intensity,
                   .episode = plan.id};
    label_due_ = true;
    if (episode_at_ != kNever) return;
    episode_->finish(stage);
    episode_.reset();
}

void ContractSimulation::label_second(std::int64_t second) {
    if (!label_due_) return;
    last_label_.time = core::from_unix_ms(second * 1000);
    labels_.push_back(last_label_);
    label_due_ = episode_ != nullptr;
    while (labels_.front().time < last_label_.time - std::chrono::hours(1)) labels_.pop_front();
}

void ContractSimulation::play(Micros to, const CommonWindow& common) {
    while (true) {
        const Micros tick = next_second_ * kSecond;
        const Micros event = agents_.next_event();
        const Micros scene = next_episode_event();
        if (std::min({tick, event, scene}) > to) break;
        if (scene <= tick && scene <= event) {
            venue_.set_time(scene);
            step_episode(scene);
        } else if (tick <= event) {
            on_second(next_second_, common.at(next_second_));
            ++next_second_;
        } else {
            venue_.set_time(event);
            agents_.run_event();
        }
    }
    venue_.set_time(to);
}

TickerState ContractSimulation::ticker() const {
    TickerState ticker;
    venue_.candles().fill_ticker(ticker);
    const auto& book = venue_.book();
    const auto best = [&book](Side side) {
        const auto& level = book.level(side, 0);
        return BookLevel{.price_ticks = level.price_ticks, .contracts = level.contracts};
    };
    if (!book.empty(Side::buy)) ticker.bid = best(Side::buy);
    if (!book.empty(Side::sell)) ticker.ask = best(Side::sell);
    return ticker;
}

}  // namespace scanner::simulator
