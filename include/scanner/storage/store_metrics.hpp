#pragma once

#include "scanner/core/metric_sink.hpp"
#include "scanner/storage/store_status.hpp"

#include <span>

namespace scanner::storage {

void collect(core::MetricSink& sink, std::span<const NamedStatus> stores);
void collect(core::MetricSink& sink, const HistorySize& size);

}  // namespace scanner::storage
