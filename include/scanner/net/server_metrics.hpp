#pragma once

#include "scanner/core/metric_sink.hpp"
#include "scanner/net/http_server_options.hpp"

namespace scanner::net {

void collect(core::MetricSink& sink, const HttpServerStatistics& server);

}  // namespace scanner::net
