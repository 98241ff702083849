#include "api/status/scale_metrics.hpp"

#include <chrono>
#include <string_view>

namespace scanner::api {

namespace {

void collect(core::MetricSink& sink, std::string_view name, std::string_view help, const LiveReadCounts& counts) {
    sink.counter(name, help, counts.answered, {{"outcome", "answered"}});
    sink.counter(name, help, counts.failed, {{"outcome", "failed"}});
}

}  // namespace

void collect(core::MetricSink& sink, const ScaleStatus& scale) {
    sink.gauge("scanner_scale_elected", "Whether this process makes the rankings: 1 elected, 0 not",
               scale.elected ? 1 : 0, {{"role", scale.role}});
    sink.gauge("scanner_scale_epoch", "Epoch of what is served; 0: nothing yet", scale.epoch);
    collect(sink, "scanner_scale_live_reads_total", "Live reads that were asked of the elected scanner, by outcome",
            scale.live_reads_asked);
    collect(sink, "scanner_scale_live_reads_served_total",
            "Live reads that others asked of this process while it was elected, by outcome", scale.live_reads_served);
    if (scale.lag) {
        sink.gauge("scanner_scale_lag_seconds", "From when the newest ranking was made until it was shown here",
                   std::chrono::duration<double>(*scale.lag).count());
    }
}

}  // namespace scanner::api
