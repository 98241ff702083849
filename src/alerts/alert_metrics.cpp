#include "scanner/alerts/alert_metrics.hpp"

namespace scanner::alerts {

void collect(core::MetricSink& sink, const AlertStatistics& alerts) {
    for (const auto& [rule, count] : alerts.fired) {
        sink.counter("scanner_alerts_total", "Alerts that fired, by rule", count, {{"rule", rule}});
    }
    sink.counter("scanner_alerts_published_total", "Alerts handed to Redis", alerts.published);
    sink.counter("scanner_alert_webhook_delivered_total", "Webhooks that the receiver took", alerts.delivered);
    sink.counter("scanner_alert_webhook_failures_total", "Attempts to post a webhook that failed",
                 alerts.failed_attempts);
    sink.counter("scanner_alert_dead_letters_total", "Deliveries given up", alerts.dead_letters);
    sink.counter("scanner_alert_dead_letters_lost_total", "Deliveries given up that the database never took",
                 alerts.dead_letters_lost);
    sink.gauge("scanner_alerts_waiting", "Alerts that wait for the webhook", alerts.waiting);
    sink.gauge("scanner_alert_rules", "Alert rules, by state", alerts.rules_enabled, {{"state", "enabled"}});
    sink.gauge("scanner_alert_rules", "Alert rules, by state", alerts.rules_broken, {{"state", "broken"}});
    sink.gauge("scanner_alert_states", "Tracked (rule, contract) states", alerts.states);
}

}  // namespace scanner::alerts
