#include "scanner/exchange/exchange_metrics.hpp"

namespace scanner::exchange {
namespace {

int number_of(net::CircuitState state) {
    switch (state) {
        case net::CircuitState::closed: return 0;
        case net::CircuitState::half_open: return 1;
        case net::CircuitState::open: break;
    }
    return 2;
}

}  // namespace

void collect(core::MetricSink& sink, const ExchangeStatus& status) {
    sink.counter("scanner_exchange_requests_total", "Requests sent to the exchange, retries included", status.requests);
    for (const auto& [code, count] : status.errors) {
        sink.counter("scanner_exchange_errors_total", "Failed requests to the exchange, by kind", count,
                     {{"code", code}});
    }
    sink.gauge("scanner_breaker_state", "Circuit breaker of the exchange: 0 closed, 1 half-open, 2 open",
               number_of(status.state));
}

}  // namespace scanner::exchange
