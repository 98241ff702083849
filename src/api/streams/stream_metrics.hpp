#pragma once

#include "scanner/api/stream_hub.hpp"
#include "scanner/core/metric_sink.hpp"

namespace scanner::api {

void collect(core::MetricSink& sink, const StreamStatistics& streams);

}  // namespace scanner::api
