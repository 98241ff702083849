#include "scanner/signals/contract_numbers.hpp"

#include "signals/metrics_from_views.hpp"

#include "scanner/signals/metrics.hpp"
#include "scanner/signals/numbers.hpp"

namespace scanner::signals {

namespace {

void compute(const market::MarketData& data, const ContractViews& views, double notional_usdt, ContractState& previous,
             NumberSet unknown, ContractNumbers& numbers) {
    const market::OrderBook& book = book_of(data);
    numbers.metrics = compute_metrics(data, book, views, notional_usdt);
    numbers.momentum = compute_momentum(views);
    numbers.execution = compute_execution(book, notional_usdt);
    numbers.microstructure = compute_microstructure(numbers.metrics, previous.microstructure);
    const ManipulationInput input{.metrics = numbers.metrics,
                                  .book = book,
                                  .last_candle = views.candles.all.empty() ? nullptr : &views.candles.all.back(),
                                  .notional_usdt = notional_usdt,
                                  .unknown = unknown};
    compute_manipulation(input, previous.manipulation, numbers.manipulation);
    numbers.unknown = unknown;
}

}  // namespace

void compute_contract(const market::MarketData& data, double notional_usdt, ContractState& previous,
                      ContractNumbers& numbers) {
    compute(data, ContractViews(data), notional_usdt, previous, {}, numbers);
}

ContractNumbers compute_contract(const market::MarketData& data, double notional_usdt, ContractState& previous) {
    ContractNumbers numbers;
    compute_contract(data, notional_usdt, previous, numbers);
    return numbers;
}

void measure_contract(const market::MarketData& data, double notional_usdt, ContractState& previous,
                      ContractNumbers& numbers) {
    const ContractViews views(data);
    const NumberSet unknown = unknown_numbers(data, views, previous);
    compute(data, views, notional_usdt, previous, unknown, numbers);
    if (unknown.has("ret_15"_number)) {
        numbers.microstructure.pump_signature = false;
        numbers.microstructure.dump_signature = false;
    }
    previous.unknown = unknown;
}

}  // namespace scanner::signals
