// What a cycle costs on one core: the numbers of a contract, the ranking of 350, a frame, and decoding beside
// nlohmann's DOM parse of the same bytes. `make bench` runs it; bench/RESULTS.md has the limits.

#include "allocation_counter.hpp"
#include "api/rankings/queries.hpp"
#include "api/streams/stream_frame.hpp"
#include "exchange/htx/decode_contract.hpp"

#include "scanner/core/random.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/signals/contract_numbers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <benchmark/benchmark.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner {
namespace {

constexpr std::size_t kCandles = 200;
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'790'000'040'000;  // a full minute

core::WallTime at(std::int64_t unix_ms) {
    return core::WallTime(std::chrono::milliseconds(unix_ms));
}

/// A market with the given depth and 200 candles, the last of them running; the same for a seed.
market::MarketData make_market(std::uint64_t seed, std::size_t levels) {
    core::Random random(seed);
    market::Contract contract;
    contract.contract_code = fmt::format("C{:03}-USDT", seed);
    contract.symbol = fmt::format("C{:03}/USDT:USDT", seed);
    contract.contract_size = 0.01;
    contract.price_tick = 0.01;
    contract.status = market::ContractStatus::listed;

    double price = random.log_uniform(1.0, 1000.0);
    auto candles = std::make_shared<std::vector<market::Candle>>();
    for (std::size_t i = 0; i < kCandles; ++i) {
        market::Candle candle;
        candle.open_time_ms = kStart + static_cast<std::int64_t>(i) * kMinute;
        candle.open = price;
        candle.close = price * (1.0 + 0.001 * random.normal());
        candle.high = std::max(candle.open, candle.close) * (1.0 + 0.0005 * random.uniform());
        candle.low = std::min(candle.open, candle.close) * (1.0 - 0.0005 * random.uniform());
        candle.base_volume = random.lognormal(10'000.0, 0.5);
        price = candle.close;
        candles->push_back(candle);
    }
    auto book = std::make_shared<market::OrderBook>();
    const double step = price * 0.0001;
    for (std::size_t i = 0; i < levels; ++i) {
        const double distance = step * (static_cast<double>(i) + 0.5);
        book->bids.push_back({price - distance, random.lognormal(500.0, 1.0)});
        book->asks.push_back({price + distance, random.lognormal(500.0, 1.0)});
    }
    book->exchange_time = at(kStart + kCandles * kMinute);

    market::MarketData data;
    data.ticker.contract_code = contract.contract_code;
    data.contract = std::make_shared<const market::Contract>(std::move(contract));
    data.ticker.bid = book->bids.front();
    data.ticker.ask = book->asks.front();
    data.ticker.last = price;
    data.ticker.turnover_24h = random.log_uniform(2.5e7, 1e9);
    data.ticker.base_volume_24h = data.ticker.turnover_24h / price;
    data.order_book = std::move(book);
    data.closed_candles = candles->size() - 1;
    data.candles = std::move(candles);
    data.funding_rate = 0.0001 * random.normal();
    data.open_interest = random.log_uniform(1e4, 1e6);
    data.index_price = price * (1.0 + 0.0002 * random.normal());
    data.data_time = at(kStart + kCandles * kMinute);
    return data;
}

void one_contract(benchmark::State& state) {
    const market::MarketData data = make_market(1, static_cast<std::size_t>(state.range(0)));
    signals::ContractState previous;
    signals::ContractNumbers numbers;
    for (int i = 0; i < 100; ++i) signals::compute_contract(data, 5'000.0, previous, numbers);
    const std::uint64_t before = bench::allocations();
    for ([[maybe_unused]] auto _ : state) {
        signals::compute_contract(data, 5'000.0, previous, numbers);
        benchmark::DoNotOptimize(numbers);
    }
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(bench::allocations() - before), benchmark::Counter::kAvgIterations);
}
BENCHMARK(one_contract)->Arg(50)->Arg(150)->Unit(benchmark::kMicrosecond);

ranking::RankerInput make_input(std::size_t contracts) {
    ranking::RankerInput input;
    for (std::size_t i = 0; i < contracts; ++i) {
        input.data.push_back(std::make_shared<const market::MarketData>(make_market(i, 150)));
    }
    return input;
}

ranking::RankingSettings settings() {
    ranking::RankingSettings settings;
    settings.default_profile = "scalp";
    settings.notional_usdt = 5'000.0;
    settings.min_qvol_usdt = 2e7;
    settings.max_spread_bps = 8.0;
    return settings;
}

/// Cycle after cycle of a market of which `read_of_ten` in ten contracts were read again.
void run_cycles(benchmark::State& state, std::size_t read_of_ten) {
    ranking::RankerInput market = make_input(static_cast<std::size_t>(state.range(0)));
    const std::vector<signals::Profile> profiles(signals::builtin_profiles().begin(),
                                                 signals::builtin_profiles().end());
    ranking::Ranker ranker;
    api::StreamQuery query;
    query.top = 50;
    std::uint64_t sequence = 0;
    std::size_t ranked = 0;
    for ([[maybe_unused]] auto _ : state) {
        ++sequence;
        for (std::size_t i = 0; i < market.data.size(); ++i) {
            if (i % 10 >= read_of_ten) continue;
            auto read = std::make_shared<market::MarketData>(*market.data[i]);
            read->fetch_latency_ms = static_cast<double>(sequence);
            market.data[i] = std::move(read);
        }
        const ranking::Ranking ranking =
            ranker.rank(market, settings(), profiles, {.sequence = sequence, .time = at(kStart + kCandles * kMinute)});
        ranked = ranking.ranked.at("scalp").size();
        auto frame = api::render_frame(ranking, query, {});
        benchmark::DoNotOptimize(frame);
    }
    state.counters["ranked"] = static_cast<double>(ranked);
}

/// Numbers, cross-section, three profiles, order, and the newest frame of the default query: everything was read anew.
void cycle(benchmark::State& state) {
    run_cycles(state, 10);
}
BENCHMARK(cycle)->Arg(130)->Arg(350)->Unit(benchmark::kMillisecond);

/// The same where nine contracts in ten are as they were.
void cycle_mostly_unchanged(benchmark::State& state) {
    run_cycles(state, 1);
}
BENCHMARK(cycle_mostly_unchanged)->Arg(130)->Arg(350)->Unit(benchmark::kMillisecond);

// -- decoding ---------------------------------------------------------------------------------------------------------

/// An answer of market/depth, written as HTX writes it.
std::string depth_body(const market::MarketData& data) {
    std::string text = R"({"ch":"market.C001-USDT.depth.step0","status":"ok","tick":{"asks":[)";
    const auto side = [&](const std::vector<market::Level>& levels) {
        for (std::size_t i = 0; i < levels.size(); ++i) {
            text += fmt::format("{}[{:.4f},{}]", i == 0 ? "" : ",", levels[i].price,
                                static_cast<std::int64_t>(levels[i].size / 0.01) + 1);
        }
    };
    side(data.order_book->asks);
    text += R"(],"bids":[)";
    side(data.order_book->bids);
    text += fmt::format(
        R"(],"ch":"market.C001-USDT.depth.step0","id":1790012040,"mrid":100023456789,"ts":{0},"version":1790012040}},"ts":{0}}})",
        kStart + static_cast<std::int64_t>(kCandles) * kMinute);
    return text;
}

/// An answer of market/history/kline.
std::string candles_body(const market::MarketData& data) {
    std::string text = R"({"ch":"market.C001-USDT.kline.1min","data":[)";
    for (std::size_t i = 0; i < data.candles->size(); ++i) {
        const market::Candle& candle = (*data.candles)[i];
        text += fmt::format(
            R"({}{{"amount":{:.4f},"close":{:.4f},"count":{},"high":{:.4f},"id":{},"low":{:.4f},"open":{:.4f},"trade_turnover":{:.6f},"vol":{}}})",
            i == 0 ? "" : ",", candle.base_volume, candle.close, 100 + i, candle.high, candle.open_time_ms / 1000,
            candle.low, candle.open, candle.base_volume * candle.close,
            static_cast<std::int64_t>(candle.base_volume / 0.01));
    }
    text += fmt::format(R"(],"status":"ok","ts":{}}})", kStart + static_cast<std::int64_t>(kCandles) * kMinute);
    return text;
}

template <class Decode>
void decode_bytes(benchmark::State& state, const std::string& body, Decode decode) {
    for ([[maybe_unused]] auto _ : state) {
        if (!decode(body)) {
            state.SkipWithError("the body does not decode");
            return;
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void decode_depth(benchmark::State& state) {
    const market::MarketData data = make_market(1, 150);
    exchange::rest::JsonParser parser;
    decode_bytes(state, depth_body(data), [&](const std::string& body) {
        auto book = exchange::htx::decode_order_book(parser, {200, body}, *data.contract);
        benchmark::DoNotOptimize(book);
        return book.has_value();
    });
}
BENCHMARK(decode_depth)->Unit(benchmark::kMicrosecond);

void decode_candles(benchmark::State& state) {
    const market::MarketData data = make_market(1, 150);
    exchange::rest::JsonParser parser;
    decode_bytes(state, candles_body(data), [&](const std::string& body) {
        auto candles = exchange::htx::decode_candles(parser, {200, body}, *data.contract, 1, kCandles);
        benchmark::DoNotOptimize(candles);
        return candles.has_value();
    });
}
BENCHMARK(decode_candles)->Unit(benchmark::kMicrosecond);

bool parse_dom(const std::string& body) {
    auto document = nlohmann::json::parse(body, nullptr, false);
    benchmark::DoNotOptimize(document);
    return !document.is_discarded();
}
void dom_depth(benchmark::State& state) {
    decode_bytes(state, depth_body(make_market(1, 150)), parse_dom);
}
BENCHMARK(dom_depth)->Unit(benchmark::kMicrosecond);
void dom_candles(benchmark::State& state) {
    decode_bytes(state, candles_body(make_market(1, 150)), parse_dom);
}
BENCHMARK(dom_candles)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace scanner

BENCHMARK_MAIN();
