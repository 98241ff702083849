#pragma once

#include "scanner/api/scale.hpp"
#include "scanner/core/metric_sink.hpp"

namespace scanner::api {

/// scanner_scale_…: how this process stands to others; only where there are others (docs/api.md, "Metrics").
void collect(core::MetricSink& sink, const ScaleStatus& scale);

}  // namespace scanner::api
