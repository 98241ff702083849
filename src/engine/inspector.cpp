#include "scanner/engine/inspector.hpp"

#include "engine/candle_series.hpp"
#include "engine/exchange_clock.hpp"
#include "engine/input_ages.hpp"
#include "engine/shared_reads.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/semaphore.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/scoring.hpp"

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

using OptionalListsPtr = std::shared_ptr<const OptionalLists>;

/// What comes for one contract.
struct OwnInputs {
    std::shared_ptr<const market::OrderBook> book;
    LiveReadingPtr live;  ///< of the feed, whose book it is then; else nullptr
    CandleSeries::View candles;
    core::WallTime candles_read_at;  ///< the exchange's time in that answer
};

/// Shared with the readings, which may end after the inspector.
struct InspectorContext {
    InspectorContext(asio::any_io_executor executor, exchange::Exchange& of, const EngineView& view,
                     const core::Clock& time, const InspectorOptions& how, LiveView* feed)
        : exchange(of),
          engine(view),
          clock(time),
          options(how),
          live(feed),
          permits(std::move(executor), how.concurrency, how.max_waiting) {}

    exchange::Exchange& exchange;
    const EngineView& engine;
    const core::Clock& clock;
    InspectorOptions options;
    LiveView* live;  // nullptr without a feed
    net::Semaphore permits;
    ExchangeClock exchange_clock;
    std::uint64_t readings = 0;
};
using ContextPtr = std::shared_ptr<InspectorContext>;

core::SteadyTime soon(milliseconds delay) {
    return std::chrono::steady_clock::now() + delay;
}

asio::awaitable<core::Result<RecentTrades>> read_trades(ContextPtr context,
                                                        std::shared_ptr<const market::Contract> contract) {
    const auto permit = co_await context->permits.acquire(soon(context->options.trades_deadline));
    if (!permit) co_return std::unexpected(permit.error());
    auto trades = co_await context->exchange.trades(std::move(contract), context->options.trade_count);
    if (!trades) co_return std::unexpected(trades.error());
    RecentTrades recent;
    recent.number = ++context->readings;
    recent.read_at = context->clock.now();
    recent.trades = std::move(*trades);
    co_return recent;
}

template <class T>
void take(InspectorContext& context, OptionalList<T>& list, core::Result<Bulk<T>> answer, TimeSource source) {
    if (!answer) {
        list.problem = answer.error().message();
        return;
    }
    if (!answer->by_contract.empty()) {
        context.exchange_clock.note(source, answer->exchange_time, context.clock.steady_now());
    }
    list.bulk = std::move(*answer);
    list.problem.clear();
}

asio::awaitable<core::Result<OptionalLists>> read_bulk(ContextPtr context, std::string code) {
    using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
    const std::vector<std::string> wanted{std::move(code)};
    auto [funding, open_interest, index] =
        co_await (context->exchange.funding_rates(wanted) && context->exchange.open_interest(wanted) &&
                  context->exchange.index_prices());
    OptionalLists lists;
    take(*context, lists.funding, std::move(funding), TimeSource::funding);
    take(*context, lists.open_interest, std::move(open_interest), TimeSource::open_interest);
    take(*context, lists.index, std::move(index), TimeSource::index);
    co_return lists;
}

/// The feed's book where it is live, else by request.
asio::awaitable<core::Result<OwnInputs>> read_book(ContextPtr context,
                                                   std::shared_ptr<const market::Contract> contract) {
    OwnInputs inputs;
    if (context->live != nullptr) inputs.live = context->live->look(contract);
    if (inputs.live != nullptr && inputs.live->book == nullptr) inputs.live.reset();
    if (inputs.live != nullptr) {
        inputs.book = inputs.live->book;
        co_return inputs;
    }
    auto book = co_await context->exchange.order_book(std::move(contract));
    if (!book) co_return std::unexpected(book.error().within("order book"));
    context->exchange_clock.note(TimeSource::order_book, book->exchange_time, context->clock.steady_now());
    inputs.book = std::make_shared<const market::OrderBook>(std::move(book->book));
    co_return inputs;
}

core::Result<OwnInputs> own_inputs(InspectorContext& context, core::Result<OwnInputs> inputs,
                                   core::Result<CandleBatch> candles) {
    if (!inputs) return inputs;
    if (!candles) return std::unexpected(candles.error().within("candles"));
    context.exchange_clock.note(TimeSource::candles, candles->exchange_time, context.clock.steady_now());
    CandleSeries series(context.options.candle_interval_minutes,
                        std::max<std::size_t>(context.options.candle_count, 2));
    series.merge(candles->candles);
    inputs->candles_read_at = candles->exchange_time;
    inputs->candles = series.view(candles->exchange_time);
    return inputs;
}

/// The price is the newest trade's, or the running candle's, which is newer than the cycle's ticker; that has it where
/// no candle runs.
void take_price(market::Ticker& ticker, const UniverseEntry& entry, const OwnInputs& own) {
    ticker.contract_code = entry.contract->contract_code;
    ticker.turnover_24h = entry.turnover_24h.value_or(0.0);
    ticker.last = entry.last_price.value_or(0.0);
    ticker.time = entry.ticker_time;
    const LiveReading* const live = own.live.get();
    if (live != nullptr && live->tape_complete && live->tape_input.time && !live->trades.empty() &&
        *live->tape_input.time >= std::max(own.candles_read_at, ticker.time.value_or(own.candles_read_at))) {
        ticker.last = live->trades.back().price;
        ticker.time = live->tape_input.time;
        return;
    }
    const bool running = own.candles.closed < own.candles.candles->size();
    if (!running || (ticker.time && own.candles_read_at <= *ticker.time)) return;
    ticker.last = own.candles.candles->back().close;
    ticker.time = own.candles_read_at;
}

/// As the market state names them, where a feed is followed.
void name_sources(market::Inputs& inputs, const LiveReading& live) {
    for (const market::Input input : market::kInputs) inputs[input].source = market::InputSource::rest;
    market::InputReading& book = inputs[market::Input::order_book];
    book.source = market::InputSource::feed;
    book.subscription = live.book_input.subscription;
    const std::chrono::milliseconds limit = inputs[market::Input::ticker].limit;
    inputs.tape() = live.tape_input;
    inputs.tape().limit = limit;
}

/// Judged as in a cycle. What would keep it out of one is shown with its age: it is marked as not in the scan.
core::Result<market::MarketData> market_data(InspectorContext& context, const UniverseEntry& entry,
                                             const OwnInputs& own, const OptionalLists& lists) {
    market::MarketData data;
    data.contract = entry.contract;
    take_price(data.ticker, entry, own);
    if (!core::is_finite_positive(data.ticker.last)) {
        return core::fail(core::ErrorCode::not_found, "the exchange gives no price of it");
    }
    if (!own.book->bids.empty()) data.ticker.bid = own.book->bids.front();
    if (!own.book->asks.empty()) data.ticker.ask = own.book->asks.front();
    data.order_book = own.book;
    data.candles = own.candles.candles;
    data.closed_candles = own.candles.closed;
    const core::WallTime wall = context.clock.now();
    const JudgingTime now{.exchange = context.exchange_clock.end_pass(wall, context.clock.steady_now()), .own = wall};
    const auto reason = judge_inputs(
        data, lists, now,
        {.price = context.options.max_price_age, .candle_interval_minutes = context.options.candle_interval_minutes});
    if (own.live != nullptr) name_sources(data.inputs, *own.live);
    if (reason && reason->reason == "price_outside_book") data.inputs[market::Input::ticker].note = reason->detail;
    return data;
}

class InspectorImpl final : public Inspector {
public:
    InspectorImpl(asio::any_io_executor executor, exchange::Exchange& exchange, const EngineView& engine,
                  const core::Clock& clock, const InspectorOptions& options, LiveView* live)
        : context_(std::make_shared<InspectorContext>(executor, exchange, engine, clock, options, live)),
          trades_(std::make_shared<SharedReads<RecentTrades>>(
              executor, clock, limits(options, options.trades_deadline, options.trades_ttl))),
          bulk_(std::make_shared<SharedReads<OptionalLists>>(
              executor, clock, limits(options, options.contract_deadline, options.bulk_ttl))),
          contracts_(std::make_shared<SharedReads<ContractReading>>(
              executor, clock, limits(options, options.contract_deadline, options.contract_ttl))) {}

    asio::awaitable<core::Result<RecentTradesPtr>> trades(std::shared_ptr<const market::Contract> contract) override {
        std::string key = contract->contract_code;
        auto read = [context = context_, contract = std::move(contract)] { return read_trades(context, contract); };
        return trades_->get(std::move(key), std::move(read));
    }

    asio::awaitable<core::Result<ContractReadingPtr>> contract(UniverseEntry entry) override {
        std::string key = entry.contract->contract_code;
        auto read = [context = context_, bulk = bulk_, entry = std::move(entry)] {
            return read_contract(context, bulk, entry);
        };
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
    using BulkReads = std::shared_ptr<SharedReads<OptionalLists>>;

    static SharedReadLimits limits(const InspectorOptions& options, milliseconds deadline, milliseconds ttl) {
        return {.deadline = deadline, .ttl = ttl, .failure_ttl = options.failure_ttl, .max_kept = options.max_kept};
    }

    static asio::awaitable<core::Result<OptionalListsPtr>> bulk_inputs(ContextPtr context, BulkReads bulk,
                                                                       std::string code) {
        // One call answers for all contracts; the fallback's answer holds this contract alone.
        const exchange::ExchangeStatus status = context->exchange.status();
        std::string key = status.funding_fallback || status.open_interest_fallback ? code : std::string();
        auto read = [context, code = std::move(code)] { return read_bulk(context, code); };
        return bulk->get(std::move(key), std::move(read));
    }

    static asio::awaitable<core::Result<ContractReading>> read_contract(ContextPtr context, BulkReads bulk,
                                                                        UniverseEntry entry) {
        using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
        const auto permit = co_await context->permits.acquire(soon(context->options.contract_deadline));
        if (!permit) co_return std::unexpected(permit.error());
        const auto began = context->clock.steady_now();
        auto [book, candles, bulk_answer] =
            co_await (read_book(context, entry.contract) &&
                      context->exchange.candles(entry.contract, context->options.candle_interval_minutes,
                                                static_cast<int>(context->options.candle_count)) &&
                      bulk_inputs(context, bulk, entry.contract->contract_code));
        auto own = own_inputs(*context, std::move(book), std::move(candles));
        if (!own) co_return std::unexpected(own.error());
        ContractReading reading;
        reading.ranking = context->engine.current();
        if (reading.ranking == nullptr) {
            co_return core::fail(core::ErrorCode::unavailable, "there is no ranking to compare it with yet");
        }
        const std::chrono::duration<double, std::milli> took = context->clock.steady_now() - began;
        reading.number = ++context->readings;
        reading.read_at = context->clock.now();
        auto data = market_data(*context, entry, *own, optional_lists(bulk_answer));
        if (!data) co_return std::unexpected(data.error());
        data->fetch_latency_ms = took.count();
        reading.snapshot = ranking::snapshot_alone(std::move(*data), reading.ranking->settings.notional_usdt);
        if (own->live != nullptr) reading.flow = own->live->flow;
        reading.edges = ranking::edges_among(*reading.ranking, reading.snapshot.numbers);
        co_return reading;
    }

    static OptionalLists optional_lists(const core::Result<OptionalListsPtr>& answer) {
        if (answer) return **answer;
        OptionalLists none;
        none.funding.problem = none.open_interest.problem = none.index.problem = answer.error().message();
        return none;
    }

    ContextPtr context_;
    std::shared_ptr<SharedReads<RecentTrades>> trades_;
    BulkReads bulk_;
    std::shared_ptr<SharedReads<ContractReading>> contracts_;
};

}  // namespace

std::unique_ptr<Inspector> make_inspector(asio::any_io_executor executor, exchange::Exchange& exchange,
                                          const EngineView& engine, const core::Clock& clock, InspectorOptions options,
                                          LiveView* live) {
    return std::make_unique<InspectorImpl>(std::move(executor), exchange, engine, clock, options, live);
}

}  // namespace scanner::engine
