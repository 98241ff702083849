#pragma once

#include "scanner/core/metric_sink.hpp"
#include "scanner/exchange/exchange.hpp"

namespace scanner::exchange {

void collect(core::MetricSink& sink, const ExchangeStatus& status);

}  // namespace scanner::exchange
