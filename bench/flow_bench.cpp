// What a live feed costs the accumulators of one contract, events alone: a trade, a change of a book of 150 levels a
// side, and taking the numbers. None of them may allocate. `make bench` runs it; bench/RESULTS.md has the limits.

#include "allocation_counter.hpp"

#include "scanner/core/random.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/tape.hpp"
#include "scanner/signals/flow/contract_flow.hpp"

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

/// Books that follow each other: some sizes change each time, every fourth time a level goes and another comes, and now
/// and then the whole book moves by a tick.
std::vector<market::LiveBook> make_books() {
    core::Random random(15);
    std::vector<market::Level> bids;
    std::vector<market::Level> asks;
    std::vector<market::LiveBook> books;
    int middle = 100'000;
    const auto build = [&] {
        bids.clear();
        asks.clear();
        for (int i = 0; i < kLevels; ++i) {
            bids.push_back({0.01 * (middle - 1 - i), random.uniform(1.0, 50.0)});
            asks.push_back({0.01 * (middle + 1 + i), random.uniform(1.0, 50.0)});
        }
    };
    build();
    for (std::size_t i = 0; i < kBooks; ++i) {
        if (i % 16 == 15) {
            middle += random.uniform(0.0, 1.0) < 0.5 ? 1 : -1;
            build();
        }
        for (int change = 0; change < 8; ++change) {
            auto& side = change % 2 == 0 ? bids : asks;
            side[static_cast<std::size_t>(random.uniform(0.0, 60.0))].size = random.uniform(1.0, 50.0);
        }
        if (i % 4 == 3) bids.erase(bids.begin() + static_cast<std::ptrdiff_t>(random.uniform(1.0, 60.0)));
        market::LiveBook& book = books.emplace_back();
        book.reset({.bids = bids, .asks = asks, .exchange_time = {}});
    }
    return books;
}

signals::ContractFlow followed() {
    signals::ContractFlow flow;
    flow.on_tape_filled({}, at(kStart));
    flow.on_liquidations_known(at(kStart));
    return flow;
}

void report(benchmark::State& state, std::uint64_t before) {
    state.counters["allocations"] = static_cast<double>(bench::allocations() - before);
    state.counters["bytes"] = static_cast<double>(signals::ContractFlow::memory());
}

/// `range`: milliseconds between two changes; 100 is the feed's own pace, 10 a busy market.
void book_change(benchmark::State& state) {
    const auto books = make_books();
    signals::ContractFlow flow = followed();
    std::int64_t now = kStart;
    std::size_t next = 0;
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        now += state.range(0);
        flow.on_book(books[next++ % kBooks], at(now));
    }
    report(state, before);
}
BENCHMARK(book_change)->Arg(10)->Arg(100);

void trade(benchmark::State& state) {
    const auto books = make_books();
    signals::ContractFlow flow = followed();
    flow.on_book(books[0], at(kStart));
    std::int64_t now = kStart;
    market::Trade made{.price = 1'000.0, .size = 2.0, .taker_side = market::Side::buy};
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        now += state.range(0);
        ++made.trade_id;
        made.time = at(now - 40);
        made.taker_side = made.trade_id % 3 == 0 ? market::Side::sell : market::Side::buy;
        flow.on_trades({&made, 1}, at(now));
    }
    report(state, before);
}
BENCHMARK(trade)->Arg(1)->Arg(50);

/// De-duplication alone.
void tape(benchmark::State& state) {
    market::Tape tape;
    market::Trade made{.price = 1'000.0, .size = 2.0, .taker_side = market::Side::buy};
    for (; made.trade_id < 10'000; ++made.trade_id) benchmark::DoNotOptimize(tape.add({&made, 1}));
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        ++made.trade_id;
        benchmark::DoNotOptimize(tape.add({&made, 1}));
    }
    report(state, before);
}
BENCHMARK(tape);

void numbers(benchmark::State& state) {
    const auto books = make_books();
    signals::ContractFlow flow = followed();
    std::int64_t now = kStart;
    market::Trade made{.price = 1'000.0, .size = 2.0, .taker_side = market::Side::buy};
    for (int i = 0; i < 3'000; ++i) {
        now += 30;
        flow.on_book(books[static_cast<std::size_t>(i) % kBooks], at(now));
        made.trade_id = i;
        made.time = at(now);
        flow.on_trades({&made, 1}, at(now));
    }
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        benchmark::DoNotOptimize(flow.numbers(at(now)));
        benchmark::DoNotOptimize(flow.next_change_at(at(now)));
    }
    report(state, before);
}
BENCHMARK(numbers);

}  // namespace
}  // namespace scanner

BENCHMARK_MAIN();
