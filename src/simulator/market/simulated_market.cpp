#include "simulator/market/catalogue.hpp"
#include "simulator/market/contract_simulation.hpp"
#include "simulator/market/scenarios/plan.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace scanner::simulator {
namespace {

constexpr std::size_t kHistoryMinutes = CandleStore::kCapacity - 40;
constexpr std::int64_t kWarmUpSeconds = 20;  // at least: the agents have settled when the first visitor comes
constexpr std::int64_t kChunkSeconds = 120;  // of the common factor at a time, so that a long jump needs no more memory

class Market final : public SimulatedMarket {
public:
    explicit Market(const MarketOptions& options);

    void advance(WallTime to) override;
    [[nodiscard]] WallTime now() const override { return now_; }
    [[nodiscard]] const std::vector<SimulatedContract>& contracts() const override { return listings_; }
    [[nodiscard]] BookState book(std::size_t contract, std::size_t levels) const override;
    [[nodiscard]] std::int64_t matching_id(std::size_t contract) const override;
    [[nodiscard]] TickerState ticker(std::size_t contract) const override;
    [[nodiscard]] std::vector<SimulatedCandle> minute_candles(std::size_t contract, std::size_t count) const override;
    [[nodiscard]] std::vector<SimulatedTrade> trades(std::size_t contract, std::size_t count) const override;
    [[nodiscard]] std::uint64_t fill_count(std::size_t contract) const override;
    [[nodiscard]] double index_price(std::size_t contract) const override;
    [[nodiscard]] double mark_price(std::size_t contract) const override;
    [[nodiscard]] FundingState funding(std::size_t contract) const override;
    [[nodiscard]] std::vector<FundingPoint> funding_history(std::size_t contract, std::size_t count) const override;
    [[nodiscard]] std::int64_t open_interest_contracts(std::size_t contract) const override;
    [[nodiscard]] std::vector<Label> labels(WallTime after) const override;

private:
    [[nodiscard]] const ContractSimulation* active(std::size_t contract) const {
        return contract < simulations_.size() ? simulations_[contract].get() : nullptr;
    }
    Market(const MarketOptions& options, const std::vector<CatalogueEntry>& catalogue);
    void play_to(Micros to);

    std::vector<SimulatedContract> listings_;
    std::vector<double> frozen_prices_;
    std::vector<std::unique_ptr<ContractSimulation>> simulations_;  ///< the active ones, which come first
    CommonFactor common_;
    CommonWindow window_;
    ScenarioPlanner planner_;
    WallTime start_;
    WallTime now_;
};

Market::Market(const MarketOptions& options) : Market(options, build_catalogue(options)) {}

Market::Market(const MarketOptions& options, const std::vector<CatalogueEntry>& catalogue)
    : common_(options.seed),
      planner_(options, catalogue, core::to_unix_ms(options.start) * 1000),
      start_(options.start),
      now_(options.start) {
    const std::int64_t begin = (core::to_unix_ms(options.start) / 1000 - kWarmUpSeconds) / 60 * 60;
    std::vector<CommonStep> history;
    history.reserve(kHistoryMinutes);
    for (std::size_t i = 0; i < kHistoryMinutes; ++i) history.push_back(common_.step(60.0));
    std::uint64_t stream = 1;
    for (const auto& entry : catalogue) {
        listings_.push_back(entry.listing);
        frozen_prices_.push_back(entry.price);
        if (entry.active) {
            simulations_.push_back(
                std::make_unique<ContractSimulation>(entry, options.seed, stream * 0x10000, history, begin));
        }
        ++stream;
    }
    window_.first_second = begin + 1;
    play_to(core::to_unix_ms(options.start) * 1000);
}

void Market::play_to(Micros to) {
    while (true) {
        const std::int64_t window_end = window_.first_second + kChunkSeconds;  // exclusive
        const Micros until = std::min(to, window_end * kSecond - 1);
        const std::int64_t seconds = until / kSecond - window_.first_second + 1;
        while (static_cast<std::int64_t>(window_.steps.size()) < seconds) window_.steps.push_back(common_.step(1.0));
        for (const auto& plan : planner_.plan_until(until)) simulations_[plan.contract]->plant(plan);
        for (auto& simulation : simulations_) simulation->play(until, window_);
        if (until == to) break;
        window_.first_second = window_end;
        window_.steps.clear();
    }
    for (std::size_t i = 0; i < simulations_.size(); ++i) {
        listings_[i].contract.next_funding_time = simulations_[i]->funding().state().funding_time;
    }
}

void Market::advance(WallTime to) {
    if (to <= now_) return;
    now_ = to;
    play_to(core::to_unix_ms(to) * 1000);
}

BookState Market::book(std::size_t contract, std::size_t levels) const {
    if (const auto* simulation = active(contract)) return simulation->venue().book_state(levels);
    BookState state;
    state.time = start_ - std::chrono::days(90);
    return state;
}

std::int64_t Market::matching_id(std::size_t contract) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? 0 : simulation->venue().matching_id();
}

TickerState Market::ticker(std::size_t contract) const {
    if (const auto* simulation = active(contract)) return simulation->ticker();
    const double price = frozen_prices_.at(contract);
    TickerState ticker;
    ticker.open = ticker.high = ticker.low = ticker.last = price;
    return ticker;
}

std::vector<SimulatedCandle> Market::minute_candles(std::size_t contract, std::size_t count) const {
    if (const auto* simulation = active(contract)) return simulation->venue().candles().newest(count);
    std::vector<SimulatedCandle> flat;
    if (listings_.at(contract).delisted_ghost) return flat;
    const std::int64_t running = core::to_unix_ms(now_) / 60'000 * 60;
    const double price = frozen_prices_[contract];
    for (std::size_t age = std::min(count, CandleStore::kCapacity); age-- > 0;) {
        flat.push_back({.open_time_sec = running - 60 * static_cast<std::int64_t>(age),
                        .open = price,
                        .high = price,
                        .low = price,
                        .close = price});
    }
    return flat;
}

std::vector<SimulatedTrade> Market::trades(std::size_t contract, std::size_t count) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? std::vector<SimulatedTrade>{} : simulation->venue().newest_trades(count);
}

std::uint64_t Market::fill_count(std::size_t contract) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? 0 : simulation->venue().fill_count();
}

double Market::index_price(std::size_t contract) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? frozen_prices_.at(contract) : simulation->index_price();
}

double Market::mark_price(std::size_t contract) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? frozen_prices_.at(contract) : simulation->mark_price();
}

FundingState Market::funding(std::size_t contract) const {
    if (const auto* simulation = active(contract)) return simulation->funding().state();
    return {.rate = 0.0, .funding_time = start_ - std::chrono::days(90)};
}

std::vector<FundingPoint> Market::funding_history(std::size_t contract, std::size_t count) const {
    const auto* simulation = active(contract);
    return simulation == nullptr ? std::vector<FundingPoint>{} : simulation->funding().history(count);
}

std::int64_t Market::open_interest_contracts(std::size_t contract) const {
    if (const auto* simulation = active(contract)) return simulation->venue().open_interest();
    return listings_.at(contract).delisted_ghost ? 11 : 0;
}

std::vector<Label> Market::labels(WallTime after) const {
    std::vector<Label> labels;
    for (const auto& simulation : simulations_) {
        const auto& all = simulation->labels();
        const auto first = std::ranges::upper_bound(all, after, {}, &Label::time);
        labels.insert(labels.end(), first, all.end());
    }
    std::ranges::sort(labels, {}, [](const Label& label) { return std::pair(label.time, label.episode); });
    return labels;
}

}  // namespace

std::unique_ptr<SimulatedMarket> make_market(const MarketOptions& options) {
    return std::make_unique<Market>(options);
}

}  // namespace scanner::simulator
