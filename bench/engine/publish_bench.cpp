// What it costs to publish a ranking while a feed tells of the market: the state is read, the numbers of the contracts
// that changed are computed, all of them are compared, scored under three profiles and ordered, and the ranking goes on
// the board with its universe. `anew` makes the same ranking of everything, as a first one is made. `make bench` runs
// it; bench/RESULTS.md has the limit.

#include "engine/market_state.hpp"
#include "engine/ranking_cycle.hpp"

#include "scanner/core/random.hpp"
#include "scanner/engine/ranking_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kContracts = 350;
constexpr std::size_t kOutside = 50;
constexpr std::size_t kCandles = 200;
constexpr std::size_t kLevels = 150;
constexpr std::int64_t kMinuteMs = 60'000;
const core::WallTime kStart = core::from_unix_ms(1'790'000'010'000);

class Market {
public:
    Market() {
        RankingCycleOptions options;
        options.settings.default_profile = "scalp";
        options.settings.notional_usdt = 5'000.0;
        options.settings.min_qvol_usdt = 2e7;
        options.settings.max_spread_bps = 8.0;
        options.profiles.assign(signals::builtin_profiles().begin(), signals::builtin_profiles().end());
        options.limits.max_index_gap = milliseconds(3'000);
        options.published_interval = milliseconds(1'000);
        cycle_.set_options(std::move(options));
        list();
        for (const auto& contract : contracts_) {
            if (const ContractStatePtr state = state_.find(contract->contract_code)) read(*state);
        }
        state_.exchange_clock().note(TimeSource::tickers, clock_.now(), clock_.steady_now());
        state_.exchange_clock().note(TimeSource::order_book, clock_.now(), clock_.steady_now());
        static_cast<void>(state_.exchange_clock().end_pass(clock_.now(), clock_.steady_now()));
        tell_lists();
    }

    /// New books and trades of `changed` contracts, here and there in the universe, and what their flow has become.
    void change(std::size_t changed) {
        clock_.advance(milliseconds(1));
        const std::size_t step = kContracts / std::max<std::size_t>(changed, 1);
        for (std::size_t i = 0; i < changed; ++i) tell(*state_.universe()[(i * step + moved_) % kContracts]);
        ++moved_;
        if (moved_ % 2'000 == 0) tell_lists();
    }
    void publish() {
        if (!cycle_.make({}, Rhythm::published)) std::abort();
    }
    [[nodiscard]] const ranking::Ranking& newest() const { return *board_.current(); }

private:
    void list() {
        Universe universe;
        exchange::Bulk<market::Ticker> tickers{.by_contract = {}, .exchange_time = clock_.now()};
        for (std::size_t i = 0; i < kContracts + kOutside; ++i) {
            auto contract = std::make_shared<market::Contract>();
            contract->contract_code = fmt::format("C{:03}-USDT", i * 37 % (kContracts + kOutside));
            contract->symbol = fmt::format("C{:03}/USDT:USDT", i * 37 % (kContracts + kOutside));
            contract->contract_size = 0.01;
            contract->status = market::ContractStatus::listed;
            market::Ticker ticker{.contract_code = contract->contract_code,
                                  .last = 100.0,
                                  .turnover_24h = 1e9 / static_cast<double>(1 + i / 8)};
            tickers.by_contract[contract->contract_code] = ticker;
            if (i < kContracts) {
                universe.candidates.push_back({contract, ticker});
            } else {
                universe.exclusions.push_back({contract->contract_code, "turnover_rank", ""});
            }
            contracts_.push_back(std::move(contract));
        }
        state_.set_contracts(contracts_);
        state_.set_universe(std::move(universe), std::move(tickers), receipt());
    }
    Receipt receipt() const {
        return {.source = InputSource::feed, .wall = clock_.now(), .steady = clock_.steady_now()};
    }
    void read(ContractState& state) {
        std::vector<market::Candle> candles;
        const std::int64_t running = core::to_unix_ms(clock_.now()) / kMinuteMs * kMinuteMs;
        for (std::size_t i = kCandles; i-- > 0;) {
            const double close = 100.0 + 0.1 * random_.normal();
            candles.push_back({running - static_cast<std::int64_t>(i) * kMinuteMs, close, close + 0.05, close - 0.05,
                               close, random_.lognormal(1'000.0, 0.5)});
        }
        state.candles.value.merge(candles);
        state.candles.touch(clock_.now(), receipt());
        tell(state);
    }
    void tell(ContractState& state) {
        auto book = std::make_shared<market::OrderBook>();
        const double mid = 100.0 + 0.05 * random_.normal();
        book->bids.reserve(kLevels);
        book->asks.reserve(kLevels);
        for (std::size_t i = 0; i < kLevels; ++i) {
            const double distance = 0.01 * (static_cast<double>(i) + 0.5);
            book->bids.push_back({mid - distance, random_.uniform(1.0, 500.0)});
            book->asks.push_back({mid + distance, random_.uniform(1.0, 500.0)});
        }
        book->exchange_time = clock_.now();
        state.book.take(std::move(book), clock_.now(), receipt());
        state.book_subscription = "live";
        state.tape = {.time = clock_.now(), .last = mid, .complete = true, .subscription = "live"};
        signals::FlowNumbers flow;
        flow.microprice = mid;
        state.flow = std::make_shared<const signals::FlowNumbers>(flow);
    }
    void tell_lists() {
        exchange::Bulk<market::FundingRate> funding{.by_contract = {}, .exchange_time = clock_.now()};
        exchange::Bulk<market::OpenInterest> interest{.by_contract = {}, .exchange_time = clock_.now()};
        exchange::Bulk<market::IndexPrice> index{.by_contract = {}, .exchange_time = clock_.now()};
        for (const auto& contract : contracts_) {
            funding.by_contract[contract->contract_code] = {0.0001, clock_.now() + std::chrono::hours(4)};
            interest.by_contract[contract->contract_code] = {1e5, 1e7};
            index.by_contract[contract->contract_code] = {100.0, clock_.now()};
        }
        state_.take(std::move(funding));
        state_.take(std::move(interest));
        state_.take(std::move(index));
    }

    core::Random random_{15};
    core::ManualClock clock_{kStart};
    Contracts contracts_;
    MarketState state_{1, kCandles};
    EngineObserver observer_;
    RankingBoard board_{clock_, {}, [] { return exchange::ExchangeStatus(); }};
    RankingCycle cycle_{clock_, state_, board_, observer_, {}};
    std::size_t moved_ = 0;
};

/// So many of the 350 changed since the last one.
template <std::size_t changed>
void publish(benchmark::State& state) {
    Market market;
    market.publish();
    for (auto _ : state) {
        state.PauseTiming();
        market.change(changed);
        state.ResumeTiming();
        market.publish();
    }
    state.counters["ranked"] = static_cast<double>(market.newest().ranked.at("scalp").size());
}
BENCHMARK_TEMPLATE(publish, 0)->Name("publish/0 of 350")->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(publish, 10)->Name("publish/10 of 350")->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(publish, 350)->Name("publish/350 of 350")->Unit(benchmark::kMicrosecond);

/// The first of a process: nothing is known yet.
void publish_anew(benchmark::State& state) {
    std::unique_ptr<Market> market;
    for (auto _ : state) {
        state.PauseTiming();
        market = std::make_unique<Market>();
        state.ResumeTiming();
        market->publish();
    }
}
BENCHMARK(publish_anew)->Name("publish/from scratch")->Unit(benchmark::kMicrosecond)->Iterations(40);

}  // namespace
}  // namespace scanner::engine

BENCHMARK_MAIN();
