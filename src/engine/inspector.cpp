#include "scanner/engine/inspector.hpp"

#include "engine/shared_reads.hpp"

#include "scanner/engine/candle_series.hpp"
#include "scanner/net/semaphore.hpp"
#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/cross_section.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using exchange::BookAnswer;
using exchange::Bulk;
using exchange::CandleBatch;
using std::chrono::milliseconds;

/// What comes for all contracts in one call each.
struct BulkInputs {
    core::Result<Bulk<market::FundingRate>> funding;
    core::Result<Bulk<market::OpenInterest>> open_interest;
    core::Result<Bulk<market::IndexPrice>> index;
};
using BulkInputsPtr = std::shared_ptr<const BulkInputs>;

/// What comes for one contract.
struct OwnInputs {
    std::shared_ptr<const market::OrderBook> book;
    core::WallTime book_true_at;
    CandleSeries::View candles;
};

/// Shared with the readings, which may end after the inspector.
struct Desk {
    Desk(asio::any_io_executor executor, exchange::Exchange& of, const EngineView& view, const core::Clock& time,
         const InspectorOptions& how)
        : exchange(of),
          engine(view),
          clock(time),
          options(how),
          places(std::move(executor), how.concurrency, how.max_waiting) {}

    exchange::Exchange& exchange;
    const EngineView& engine;
    const core::Clock& clock;
    InspectorOptions options;
    net::Semaphore places;
    std::uint64_t readings = 0;
};
using DeskPtr = std::shared_ptr<Desk>;

core::SteadyTime soon(milliseconds delay) {
    return std::chrono::steady_clock::now() + delay;
}

asio::awaitable<core::Result<RecentTrades>> read_trades(DeskPtr desk,
                                                        std::shared_ptr<const market::Contract> contract) {
    const auto place = co_await desk->places.acquire(soon(desk->options.trades_deadline));
    if (!place) co_return std::unexpected(place.error());
    auto trades = co_await desk->exchange.trades(std::move(contract), desk->options.trade_count);
    if (!trades) co_return std::unexpected(trades.error());
    RecentTrades recent;
    recent.number = ++desk->readings;
    recent.read_at = desk->clock.now();
    recent.trades = std::move(*trades);
    co_return recent;
}

asio::awaitable<core::Result<BulkInputs>> read_bulk(DeskPtr desk, std::string code) {
    using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
    const std::vector<std::string> wanted{std::move(code)};
    auto [funding, open_interest, index] = co_await (
        desk->exchange.funding_rates(wanted) && desk->exchange.open_interest(wanted) && desk->exchange.index_prices());
    BulkInputs inputs{
        .funding = std::move(funding), .open_interest = std::move(open_interest), .index = std::move(index)};
    co_return inputs;
}

core::Result<OwnInputs> own_inputs(const Desk& desk, core::Result<BookAnswer> book, core::Result<CandleBatch> candles) {
    if (!book) return std::unexpected(book.error().within("order book"));
    if (!candles) return std::unexpected(candles.error().within("candles"));
    OwnInputs inputs;
    const milliseconds age = std::max(book->exchange_time - book->book.exchange_time, milliseconds(0));
    inputs.book_true_at = desk.clock.now() - age;
    inputs.book = std::make_shared<const market::OrderBook>(std::move(book->book));
    CandleSeries series(desk.options.candle_interval_minutes, std::max<std::size_t>(desk.options.candle_count, 2));
    series.merge(candles->candles);
    inputs.candles = series.view(candles->exchange_time);
    if (inputs.candles.candles == nullptr || inputs.candles.candles->empty()) {
        return core::fail(core::ErrorCode::not_found, "candles: the exchange has none");
    }
    return inputs;
}

/// The value for the contract, or nothing; a call that failed is said in `missing`.
template <class T>
const T* find_input(const core::Result<Bulk<T>>& bulk, const std::string& code, std::string_view name,
                    std::vector<std::string>& missing) {
    if (!bulk) {
        missing.push_back(fmt::format("{}: {}", name, bulk.error().message()));
        return nullptr;
    }
    const auto found = bulk->by_contract.find(code);
    return found == bulk->by_contract.end() ? nullptr : &found->second;
}

market::MarketData market_data(const UniverseEntry& entry, const OwnInputs& own,
                               const core::Result<BulkInputsPtr>& bulk, std::vector<std::string>& missing) {
    market::MarketData data;
    data.contract = entry.contract;
    const std::string& code = entry.contract->contract_code;
    data.ticker.contract_code = code;
    data.ticker.last = own.candles.candles->back().close;
    data.ticker.turnover_24h = entry.turnover_24h.value_or(0.0);
    if (!own.book->bids.empty()) data.ticker.bid = own.book->bids.front();
    if (!own.book->asks.empty()) data.ticker.ask = own.book->asks.front();
    data.order_book = own.book;
    data.candles = own.candles.candles;
    data.closed_candles = own.candles.closed;
    data.data_time = own.book_true_at;
    if (!bulk) {
        missing.push_back(fmt::format("funding, open interest, index price: {}", bulk.error().message()));
        return data;
    }
    if (const auto* funding = find_input((*bulk)->funding, code, "funding", missing)) {
        data.funding_rate = funding->rate;
    }
    if (const auto* open_interest = find_input((*bulk)->open_interest, code, "open interest", missing)) {
        data.open_interest = open_interest->base_amount;
    }
    if (const auto* index = find_input((*bulk)->index, code, "index price", missing)) {
        data.index_price = index->price;
    }
    return data;
}

/// How the contract would have stood among those of the cycle.
signals::Edges edges_among(const Ranking& ranking, const signals::ContractNumbers& numbers) {
    std::vector<signals::ContractNumbers> all;
    all.reserve(ranking.contracts.size() + 1);
    for (const ContractSnapshot& other : ranking.contracts) all.push_back(other.numbers);
    all.push_back(numbers);
    std::vector<signals::ContractNumbers*> pointers;
    pointers.reserve(all.size());
    for (signals::ContractNumbers& each : all) pointers.push_back(&each);
    signals::apply_cross_section(pointers);
    return all.back().edges;
}

class InspectorImpl final : public Inspector {
public:
    InspectorImpl(asio::any_io_executor executor, exchange::Exchange& exchange, const EngineView& engine,
                  const core::Clock& clock, const InspectorOptions& options)
        : desk_(std::make_shared<Desk>(executor, exchange, engine, clock, options)),
          trades_(std::make_shared<SharedReads<RecentTrades>>(
              executor, clock, limits(options, options.trades_deadline, options.trades_ttl))),
          bulk_(std::make_shared<SharedReads<BulkInputs>>(
              executor, clock, limits(options, options.contract_deadline, options.bulk_ttl))),
          contracts_(std::make_shared<SharedReads<ContractReading>>(
              executor, clock, limits(options, options.contract_deadline, options.contract_ttl))) {}

    asio::awaitable<core::Result<RecentTradesPtr>> trades(std::shared_ptr<const market::Contract> contract) override {
        std::string key = contract->contract_code;
        auto read = [desk = desk_, contract = std::move(contract)] { return read_trades(desk, contract); };
        return trades_->get(std::move(key), std::move(read));
    }

    asio::awaitable<core::Result<ContractReadingPtr>> contract(UniverseEntry entry) override {
        std::string key = entry.contract->contract_code;
        auto read = [desk = desk_, bulk = bulk_, entry = std::move(entry)] { return read_contract(desk, bulk, entry); };
        return contracts_->get(std::move(key), std::move(read));
    }

    asio::awaitable<core::Result<void>> stop(milliseconds grace) override {
        const core::SteadyTime deadline = soon(grace);
        auto trades = co_await trades_->stop(deadline);
        auto contracts = co_await contracts_->stop(deadline);
        auto bulk = co_await bulk_->stop(deadline);
        if (!trades) co_return trades;
        if (!contracts) co_return contracts;
        co_return bulk;
    }

private:
    using BulkReads = std::shared_ptr<SharedReads<BulkInputs>>;

    static SharedReadLimits limits(const InspectorOptions& options, milliseconds deadline, milliseconds ttl) {
        return {.deadline = deadline, .ttl = ttl, .failure_ttl = options.failure_ttl, .max_kept = options.max_kept};
    }

    static asio::awaitable<core::Result<BulkInputsPtr>> bulk_inputs(DeskPtr desk, BulkReads bulk, std::string code) {
        // A call for all is everybody's; the fallback's answer holds this contract alone.
        const exchange::ExchangeStatus status = desk->exchange.status();
        std::string key = status.funding_fallback || status.open_interest_fallback ? code : std::string();
        auto read = [desk, code = std::move(code)] { return read_bulk(desk, code); };
        return bulk->get(std::move(key), std::move(read));
    }

    static asio::awaitable<core::Result<ContractReading>> read_contract(DeskPtr desk, BulkReads bulk,
                                                                        UniverseEntry entry) {
        using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
        const auto place = co_await desk->places.acquire(soon(desk->options.contract_deadline));
        if (!place) co_return std::unexpected(place.error());
        const auto began = desk->clock.steady_now();
        auto [book, candles, bulk_answer] =
            co_await (desk->exchange.order_book(entry.contract) &&
                      desk->exchange.candles(entry.contract, desk->options.candle_interval_minutes,
                                             static_cast<int>(desk->options.candle_count)) &&
                      bulk_inputs(desk, bulk, entry.contract->contract_code));
        auto own = own_inputs(*desk, std::move(book), std::move(candles));
        if (!own) co_return std::unexpected(own.error());
        ContractReading reading;
        reading.ranking = desk->engine.current();
        if (reading.ranking == nullptr) {
            co_return core::fail(core::ErrorCode::unavailable, "there is no ranking to compare it with yet");
        }
        const std::chrono::duration<double, std::milli> took = desk->clock.steady_now() - began;
        reading.number = ++desk->readings;
        reading.read_at = desk->clock.now();
        market::MarketData data = market_data(entry, *own, bulk_answer, reading.missing);
        data.fetch_latency_ms = took.count();
        compute(reading, std::move(data));
        co_return reading;
    }

    static void compute(ContractReading& reading, market::MarketData data) {
        signals::ContractState first_cycle;
        ContractSnapshot& snapshot = reading.snapshot;
        snapshot.data = std::move(data);
        snapshot.numbers =
            signals::compute_contract(snapshot.data, reading.ranking->settings.notional_usdt, first_cycle);
        snapshot.numbers.edges = edges_among(*reading.ranking, snapshot.numbers);
        snapshot.spread_history = {snapshot.numbers.metrics.spread_bps};
    }

    DeskPtr desk_;
    std::shared_ptr<SharedReads<RecentTrades>> trades_;
    BulkReads bulk_;
    std::shared_ptr<SharedReads<ContractReading>> contracts_;
};

}  // namespace

std::unique_ptr<Inspector> make_inspector(asio::any_io_executor executor, exchange::Exchange& exchange,
                                          const EngineView& engine, const core::Clock& clock,
                                          InspectorOptions options) {
    return std::make_unique<InspectorImpl>(std::move(executor), exchange, engine, clock, options);
}

}  // namespace scanner::engine
