#pragma once

#include "scanner/core/metric_sink.hpp"
#include "scanner/ranking/ranking.hpp"

namespace scanner::ranking {

/// Of the newest ranking, which was made `age_sec` seconds ago.
void collect(core::MetricSink& sink, const Ranking& ranking, double age_sec);

}  // namespace scanner::ranking
