#include "api/status/scale_metrics.hpp"

#include <chrono>

namespace scanner::api {

void collect(core::MetricSink& sink, const ScaleStatus& scale) {
    sink.gauge("scanner_scale_elected", "Whether this process makes the rankings: 1 elected, 0 not",
               scale.elected ? 1 : 0, {{"role", scale.role}});
    sink.gauge("scanner_scale_epoch", "Epoch of what is served; 0: nothing yet", scale.epoch);
    if (scale.lag) {
        sink.gauge("scanner_scale_lag_seconds", "From when the newest ranking was made until it was shown here",
                   std::chrono::duration<double>(*scale.lag).count());
    }
}

}  // namespace scanner::api
