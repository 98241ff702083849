#include "scanner/api/metrics.hpp"

#include "api/status/process_stats.hpp"

#include "scanner/core/names.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

using Labels = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries kCycleBuckets{0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 90};
const prometheus::Histogram::BucketBoundaries kCallBuckets{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const prometheus::Histogram::BucketBoundaries kAnswerBuckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                             0.005,   0.01,   0.025,   0.1,    0.5};

template <class T>
concept Number = std::integral<T> || std::floating_point<T>;

/// Values that exist elsewhere and are only read when somebody asks.
class SampledFamilies {
public:
    template <Number Value>
    void gauge(std::string name, std::string help, Value value, const Labels& labels = {}) {
        prometheus::ClientMetric metric = labelled(labels);
        metric.gauge.value = static_cast<double>(value);
        add(std::move(name), std::move(help), prometheus::MetricType::Gauge, std::move(metric));
    }
    template <Number Value>
    void counter(std::string name, std::string help, Value value, const Labels& labels = {}) {
        prometheus::ClientMetric metric = labelled(labels);
        metric.counter.value = static_cast<double>(value);
        add(std::move(name), std::move(help), prometheus::MetricType::Counter, std::move(metric));
    }
    [[nodiscard]] std::vector<prometheus::MetricFamily> take() && { return std::move(families_); }

private:
    static prometheus::ClientMetric labelled(const Labels& labels) {
        prometheus::ClientMetric metric;
        for (const auto& [name, value] : labels)
            metric.label.push_back({.name = name, .value = core::visible_text(value)});
        return metric;
    }
    /// Values of one family must be added one after the other.
    void add(std::string name, std::string help, prometheus::MetricType type, prometheus::ClientMetric metric) {
        if (families_.empty() || families_.back().name != name) {
            families_.push_back({.name = std::move(name), .help = std::move(help), .type = type, .metric = {}});
        }
        families_.back().metric.push_back(std::move(metric));
    }

    std::vector<prometheus::MetricFamily> families_;
};

double breaker_value(net::CircuitState state) {
    switch (state) {
        case net::CircuitState::closed: return 0.0;
        case net::CircuitState::half_open: return 1.0;
        case net::CircuitState::open: break;
    }
    return 2.0;
}

/// The oldest of each input of the newest ranking; none where no contract has it.
void sample_inputs(SampledFamilies& families, const ranking::Ranking& ranking, double ranking_age_sec) {
    for (const market::Input input : market::kInputs) {
        std::optional<core::WallTime> oldest;
        for (const ranking::ContractSnapshotPtr& contract : ranking.contracts) {
            const market::InputReading& reading = contract->data.inputs[input];
            if (reading.state != market::InputState::live || !reading.true_at) continue;
            oldest = std::min(oldest.value_or(*reading.true_at), *reading.true_at);
        }
        if (!oldest) continue;
        const double at_ranking = std::chrono::duration<double>(ranking.time - *oldest).count();
        families.gauge("scanner_input_age_seconds", "Age of the oldest input in use of the newest ranking, by input",
                       ranking_age_sec + at_ranking, {{"input", std::string(market::to_string(input))}});
    }
}

void sample_ranking(SampledFamilies& families, const MetricsSample& sample) {
    const ranking::Ranking& ranking = *sample.ranking;
    families.gauge("scanner_ranking_age_seconds", "Time since the newest ranking was made", sample.ranking_age_sec);
    sample_inputs(families, ranking, sample.ranking_age_sec);
    families.gauge("scanner_ranking_sequence", "Sequence number of the newest ranking", ranking.sequence);
    families.gauge("scanner_symbols_scanned", "Contracts read in the last successful cycle", ranking.contracts.size());
    const auto ranked = ranking.ranked.find(ranking.settings.default_profile);
    families.gauge("scanner_symbols_ranked", "Contracts ranked under the default profile in the last successful cycle",
                   ranked == ranking.ranked.end() ? std::size_t{0} : ranked->second.size());
    for (const auto& [reason, count] : ranking.excluded_by_reason) {
        families.gauge("scanner_excluded_contracts", "Contracts left out of the last successful cycle, by reason",
                       count, {{"reason", reason}});
    }
}

void sample_exchange(SampledFamilies& families, const exchange::ExchangeStatus& status) {
    families.counter("scanner_exchange_requests_total", "Requests sent to the exchange, retries included",
                     status.requests);
    for (const auto& [code, count] : status.errors) {
        families.counter("scanner_exchange_errors_total", "Failed requests to the exchange, by kind", count,
                         {{"code", code}});
    }
    families.gauge("scanner_breaker_state", "Circuit breaker of the exchange: 0 closed, 1 half-open, 2 open",
                   breaker_value(status.state));
}

void sample_server(SampledFamilies& families, const net::HttpServerStatistics& server) {
    families.counter("scanner_http_connections_total", "Connections accepted, refused ones included", server.accepted);
    families.counter("scanner_http_connections_refused_total", "Connections beyond the limit", server.refused);
    families.counter("scanner_http_protocol_errors_total", "Requests that are no proper HTTP", server.protocol_errors);
    families.counter("scanner_http_request_timeouts_total", "Requests that did not arrive in time",
                     server.request_timeouts);
    families.counter("scanner_http_handler_exceptions_total", "Answers ended by an exception",
                     server.handler_exceptions);
    families.counter("scanner_http_slow_readers_dropped_total", "Clients dropped because they did not read",
                     server.slow_readers_dropped);
}

void sample_streams(SampledFamilies& families, const StreamStatistics& streams) {
    const auto subscribers = [&families](std::string kind, std::size_t count) {
        families.gauge("scanner_stream_subscribers", "Subscribers now, by kind", count, {{"kind", std::move(kind)}});
    };
    subscribers("websocket", streams.websockets);
    subscribers("events", streams.events);
    subscribers("heartbeat", streams.heartbeats);
    families.gauge("scanner_stream_channels", "Different parameter sets that are followed now", streams.channels);
    families.counter("scanner_stream_frames_rendered_total", "Frames made: one a ranking and parameter set",
                     streams.rendered);
    families.counter("scanner_stream_frames_sent_total", "Frames delivered to a subscriber", streams.sent);
    families.counter("scanner_stream_frames_conflated_total", "Frames passed over because a subscriber was behind",
                     streams.conflated);
    families.counter("scanner_stream_dropped_total", "Subscribers cut off because they did not read", streams.dropped);
    families.counter("scanner_stream_refused_total", "Subscribers turned away because there were too many",
                     streams.refused);
}

void sample_stores(SampledFamilies& families, const std::vector<storage::NamedStatus>& stores) {
    for (const auto& [name, status] : stores) {
        families.gauge("scanner_store_up",
                       "Whether a store takes what is written: 1 yes or embedded, 0 away or refusing",
                       status.usable() ? 1.0 : 0.0, {{"store", name}});
    }
    for (const auto& [name, status] : stores) {
        families.gauge("scanner_store_backlog", "Writes accepted and not yet done, by store", status.backlog,
                       {{"store", name}});
    }
    for (const auto& [name, status] : stores) {
        families.gauge("scanner_store_backlog_age_seconds", "Age of the oldest write not yet done, by store",
                       status.backlog_age_sec.value_or(0.0), {{"store", name}});
    }
    for (const auto& [name, status] : stores) {
        families.counter("scanner_store_dropped_total", "Writes given up for good, by store", status.dropped,
                         {{"store", name}});
    }
}

void sample_history(SampledFamilies& families, const storage::HistorySize& size) {
    families.gauge("scanner_history_bytes", "What history takes in the database, as last measured",
                   size.bytes.value_or(0));
    families.gauge("scanner_history_max_bytes", "The bound on it; 0: none", size.max_bytes);
    families.counter("scanner_history_removed_days_total", "Oldest days of history removed for the bound since start",
                     size.removed_days);
    families.gauge("scanner_history_over_bound", "1 while only the newest day is left and it exceeds the bound",
                   size.over ? 1.0 : 0.0);
}

void sample_alerts(SampledFamilies& families, const alerts::AlertStatistics& alerts) {
    for (const auto& [rule, count] : alerts.rung) {
        families.counter("scanner_alerts_total", "Alerts that rang, by rule", count, {{"rule", rule}});
    }
    families.counter("scanner_alerts_published_total", "Alerts handed to Redis", alerts.published);
    families.counter("scanner_alert_webhook_delivered_total", "Webhooks that the receiver took", alerts.delivered);
    families.counter("scanner_alert_webhook_failures_total", "Attempts to post a webhook that failed",
                     alerts.failed_attempts);
    families.counter("scanner_alert_dead_letters_total", "Deliveries given up", alerts.dead_letters);
    families.counter("scanner_alert_dead_letters_lost_total", "Deliveries given up that the database never took",
                     alerts.dead_letters_lost);
    families.gauge("scanner_alerts_waiting", "Alerts that wait for the webhook", alerts.waiting);
    families.gauge("scanner_alert_rules", "Alert rules, by state", alerts.rules_enabled, {{"state", "enabled"}});
    families.gauge("scanner_alert_rules", "Alert rules, by state", alerts.rules_broken, {{"state", "broken"}});
    families.gauge("scanner_alert_states", "Contracts of rules that something is remembered of", alerts.states);
}

std::vector<prometheus::MetricFamily> sampled_families(const MetricsSample& sample) {
    SampledFamilies families;
    if (sample.ranking != nullptr) sample_ranking(families, sample);
    sample_exchange(families, sample.health.exchange);
    if (sample.server) sample_server(families, *sample.server);
    if (sample.streams) sample_streams(families, *sample.streams);
    sample_stores(families, sample.stores);
    if (sample.history) sample_history(families, *sample.history);
    if (sample.alerts) sample_alerts(families, *sample.alerts);
    families.gauge("scanner_cycle_failure_streak", "Failed cycles in a row", sample.health.failure_streak);
    families.gauge("scanner_uptime_seconds", "Time since the service started", sample.uptime_sec);
    const ProcessStats process = read_process_stats();
    if (process.resident_bytes) {
        families.gauge("process_resident_memory_bytes", "Resident memory", *process.resident_bytes);
    }
    families.counter("process_cpu_seconds_total", "User and system CPU time", process.cpu_seconds);
    return std::move(families).take();
}

/// A family whose members are made as their label values turn up, and found again without a lookup of label maps. They
/// are few (routes, methods, codes), so that looking through them costs less than building a key would.
template <class Metric>
class Members {
public:
    using Make = std::function<Metric&(const std::vector<std::string>&)>;
    explicit Members(Make make) : make_(std::move(make)) {}
    Metric& at(std::initializer_list<std::string_view> values) {
        for (const Member& member : members_) {
            if (std::ranges::equal(member.values, values)) return *member.metric;
        }
        std::vector<std::string> labels(values.begin(), values.end());
        Metric& made = make_(labels);
        members_.push_back({.values = std::move(labels), .metric = &made});
        return made;
    }

private:
    struct Member {
        std::vector<std::string> values;
        Metric* metric;
    };
    Make make_;
    std::vector<Member> members_;
};

/// What is counted of requests with one route and status.
struct AnsweredRequests {
    std::string route;
    int status;
    prometheus::Counter* count;
    prometheus::Histogram* seconds;
};

}  // namespace

struct Metrics::Impl {
    explicit Impl(std::string_view version) {
        prometheus::BuildGauge()
            .Name("scanner_build_info")
            .Help("Always 1; the version as a label")
            .Register(registry)
            .Add({{"version", std::string(version)}})
            .Set(1.0);
        // There from the first scrape on, so that a rate over them has a beginning.
        cache_hits.at({"rendered"});
        cache_misses.at({"rendered"});
    }

    prometheus::Counter& counter(const std::string& name, const std::string& help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
    }
    Members<prometheus::Counter> counters(const std::string& name, const std::string& help,
                                          std::vector<std::string> labels) {
        auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
        return Members<prometheus::Counter>(
            [&family, labels = std::move(labels)](const std::vector<std::string>& values) -> prometheus::Counter& {
                return family.Add(pair_up(labels, values));
            });
    }
    Members<prometheus::Histogram> histograms(const std::string& name, const std::string& help,
                                              std::vector<std::string> labels,
                                              const prometheus::Histogram::BucketBoundaries& buckets) {
        auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        return Members<prometheus::Histogram>([&family, labels = std::move(labels), &buckets](
                                                  const std::vector<std::string>& values) -> prometheus::Histogram& {
            return family.Add(pair_up(labels, values), buckets);
        });
    }
    static Labels pair_up(const std::vector<std::string>& names, const std::vector<std::string>& values) {
        Labels labels;
        for (std::size_t i = 0; i < names.size(); ++i) labels.emplace(names[i], values.at(i));
        return labels;
    }

    prometheus::Registry registry;
    prometheus::Histogram& cycle_seconds = prometheus::BuildHistogram()
                                               .Name("scanner_cycle_duration_seconds")
                                               .Help("How long scan cycles take, failed ones included")
                                               .Register(registry)
                                               .Add({}, kCycleBuckets);
    prometheus::Counter& cycles = counter("scanner_cycles_total", "Scan cycles that made a ranking");
    prometheus::Counter& cycle_errors = counter("scanner_cycle_errors_total", "Scan cycles that failed");
    Members<prometheus::Counter> cache_hits =
        counters("scanner_cache_hits_total", "Lookups that a cache answered", {"cache"});
    Members<prometheus::Counter> cache_misses =
        counters("scanner_cache_misses_total", "Lookups that a cache could not answer", {"cache"});
    Members<prometheus::Histogram> exchange_seconds = histograms(
        "scanner_exchange_call_latency_seconds",
        "How long calls to the exchange take, waits for the budget and retries included", {"method"}, kCallBuckets);
    Members<prometheus::Counter> exchange_failures =
        counters("scanner_exchange_call_errors_total", "Calls to the exchange that failed after their retries",
                 {"method", "code"});
    Members<prometheus::Counter> http_requests =
        counters("scanner_http_requests_total", "Requests answered, by route and status", {"route", "status"});
    Members<prometheus::Histogram> http_seconds =
        histograms("scanner_http_request_duration_seconds", "How long answers take to make, sending not included",
                   {"route"}, kAnswerBuckets);
    std::vector<AnsweredRequests> answered_requests;  ///< of the two above, one for each pair that turned up

    AnsweredRequests& answered(std::string_view route, int status) {
        for (AnsweredRequests& known : answered_requests) {
            if (known.status == status && known.route == route) return known;
        }
        return answered_requests.emplace_back(AnsweredRequests{
            .route = std::string(route),
            .status = status,
            .count = &http_requests.at({route, std::to_string(status)}),
            .seconds = &http_seconds.at({route}),
        });
    }
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>(version)) {}
Metrics::~Metrics() = default;

void Metrics::on_cycle(const ranking::Ranking& ranking) {
    impl_->cycles.Increment();
    impl_->cycle_seconds.Observe(ranking.cycle_ms / 1000.0);
}

void Metrics::on_cycle_error(const core::Error&, double cycle_ms) {
    impl_->cycle_errors.Increment();
    impl_->cycle_seconds.Observe(cycle_ms / 1000.0);
}

void Metrics::on_exchange_call(std::string_view method, double seconds, std::optional<core::ErrorCode> error) {
    impl_->exchange_seconds.at({method}).Observe(seconds);
    if (error) impl_->exchange_failures.at({method, core::to_string(*error)}).Increment();
}

void Metrics::on_cache_lookup(std::string_view cache, bool hit) {
    (hit ? impl_->cache_hits : impl_->cache_misses).at({cache}).Increment();
}

void Metrics::on_http_request(std::string_view route, int status, double seconds) {
    const AnsweredRequests& requests = impl_->answered(route, status);
    requests.count->Increment();
    requests.seconds->Observe(seconds);
}

std::string Metrics::render(const MetricsSample& sample) const {
    std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
    for (auto& family : sampled_families(sample)) families.push_back(std::move(family));
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace scanner::api
