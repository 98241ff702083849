// What the detectors of manipulation of one contract cost: a trade, a change of a book of 150 levels a side, and a
// verdict. `make bench` runs it; bench/RESULTS.md has the limits.

#include "allocation_counter.hpp"

#include "scanner/core/random.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <benchmark/benchmark.h>
#include <cstdint>
#include <vector>

namespace scanner {
namespace {

constexpr std::int64_t kStart = 1'790'000'040'000;
constexpr int kLevels = 150;
constexpr std::size_t kBooks = 512;

core::WallTime at(std::int64_t unix_ms) {
    return core::from_unix_ms(unix_ms);
}

std::vector<market::LiveBook> make_books() {
    core::Random random(17);
    std::vector<market::LiveBook> books;
    std::vector<market::Level> bids;
    std::vector<market::Level> asks;
    for (std::size_t i = 0; i < kBooks; ++i) {
        const double middle = 1'000.0 + 0.01 * static_cast<double>(i % 8);
        bids.clear();
        asks.clear();
        for (int level = 0; level < kLevels; ++level) {
            bids.push_back({middle - 0.01 * (1 + level), random.uniform(20.0, 50.0)});
            asks.push_back({middle + 0.01 * (1 + level), random.uniform(20.0, 50.0)});
        }
        books.emplace_back().reset({.bids = bids, .asks = asks, .exchange_time = {}});
    }
    return books;
}

/// Detectors with an hour behind them, so that every yardstick is known.
signals::ContractDetectors warm(const std::vector<market::LiveBook>& books, std::int64_t& now) {
    signals::ContractDetectors detectors;
    for (int second = 0; second < 3'600; ++second) {
        now += 1'000;
        const market::Trade trade{.trade_id = now,
                                  .price = second % 2 == 0 ? 999.99 : 1'000.01,
                                  .size = 2.0 + second % 5,
                                  .taker_side = second % 2 == 0 ? market::Side::sell : market::Side::buy,
                                  .time = at(now)};
        detectors.on_index(1'000.0, at(now));
        detectors.on_trades({&trade, 1}, at(now));
        detectors.on_book(books[static_cast<std::size_t>(second) % kBooks], at(now));
        if (second % 15 == 0) detectors.on_open_interest(1e6 + second % 2, at(now));
    }
    return detectors;
}

void report(benchmark::State& state, std::uint64_t before) {
    state.counters["allocations"] = static_cast<double>(bench::allocations() - before);
    state.counters["bytes"] = static_cast<double>(signals::ContractDetectors::memory());
}

void book_change(benchmark::State& state) {
    const auto books = make_books();
    std::int64_t now = kStart;
    auto detectors = warm(books, now);
    std::size_t next = 0;
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        now += state.range(0);
        detectors.on_book(books[next++ % kBooks], at(now));
    }
    report(state, before);
}
BENCHMARK(book_change)->Arg(10)->Arg(100);

/// Sizes differ as those of real trades do, and each is compared with those of the last half minute.
void trade(benchmark::State& state) {
    const auto books = make_books();
    std::int64_t now = kStart;
    auto detectors = warm(books, now);
    market::Trade made{.price = 1'000.0, .size = 2.0, .taker_side = market::Side::buy};
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        now += state.range(0);
        ++made.trade_id;
        made.size = 2.0 + static_cast<double>(made.trade_id % 37);
        made.time = at(now - 40);
        made.taker_side = made.trade_id % 3 == 0 ? market::Side::sell : market::Side::buy;
        detectors.on_trades({&made, 1}, at(now));
    }
    report(state, before);
}
BENCHMARK(trade)->Arg(5)->Arg(200);

void second(benchmark::State& state) {
    const auto books = make_books();
    std::int64_t now = kStart;
    auto detectors = warm(books, now);
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        now += 1'000;
        detectors.on_index(1'000.0, at(now));
        benchmark::DoNotOptimize(detectors.verdict(at(now)));
    }
    report(state, before);
}
BENCHMARK(second);

}  // namespace
}  // namespace scanner

BENCHMARK_MAIN();
