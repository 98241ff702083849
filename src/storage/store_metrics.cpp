#include "scanner/storage/store_metrics.hpp"

namespace scanner::storage {

void collect(core::MetricSink& sink, std::span<const NamedStatus> stores) {
    for (const auto& [name, kind, status] : stores) {
        sink.gauge("scanner_store_up", "Whether a store takes what is written: 1 yes or embedded, 0 away or refusing",
                   status.usable() ? 1 : 0, {{"store", name}});
    }
    for (const auto& [name, kind, status] : stores) {
        sink.gauge("scanner_store_backlog", "Writes accepted and not yet done, by store", status.backlog,
                   {{"store", name}});
    }
    for (const auto& [name, kind, status] : stores) {
        sink.gauge("scanner_store_backlog_age_seconds", "Age of the oldest write not yet done, by store",
                   status.backlog_age_sec.value_or(0.0), {{"store", name}});
    }
    for (const auto& [name, kind, status] : stores) {
        sink.counter("scanner_store_dropped_total", "Writes given up for good, by store", status.dropped,
                     {{"store", name}});
    }
}

void collect(core::MetricSink& sink, const HistorySize& size) {
    sink.gauge("scanner_history_bytes", "What history takes in the database, as last measured", size.bytes.value_or(0));
    sink.gauge("scanner_history_max_bytes", "The bound on it; 0: none", size.max_bytes);
    sink.counter("scanner_history_removed_days_total", "Oldest days of history removed for the bound since start",
                 size.removed_days);
    sink.gauge("scanner_history_over_bound", "1 while only the newest day is left and it exceeds the bound",
               size.over ? 1 : 0);
}

}  // namespace scanner::storage
