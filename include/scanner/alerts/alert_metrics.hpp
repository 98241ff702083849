#pragma once

#include "scanner/alerts/alert_service.hpp"
#include "scanner/core/metric_sink.hpp"

namespace scanner::alerts {

void collect(core::MetricSink& sink, const AlertStatistics& alerts);

}  // namespace scanner::alerts
