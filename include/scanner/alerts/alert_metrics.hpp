#pragma once

#include "scanner/alerts/alert_types.hpp"
#include "scanner/core/metric_sink.hpp"

namespace scanner::alerts {

void collect(core::MetricSink& sink, const AlertStatistics& alerts);

}  // namespace scanner::alerts
