#include "scanner/api/metrics.hpp"

#include "api/status/process_stats.hpp"
#include "api/streams/stream_metrics.hpp"

#include "scanner/alerts/alert_metrics.hpp"
#include "scanner/core/names.hpp"
#include "scanner/engine/engine_metrics.hpp"
#include "scanner/net/server_metrics.hpp"
#include "scanner/ranking/ranking_metrics.hpp"
#include "scanner/storage/store_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

using Labels = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries kAnswerBuckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                             0.005,   0.01,   0.025,   0.1,    0.5};

/// The rooms' metrics in the library's form.
class Families final : public core::MetricSink {
public:
    explicit Families(std::vector<prometheus::MetricFamily> families) : families_(std::move(families)) {}
    [[nodiscard]] std::vector<prometheus::MetricFamily> take() && { return std::move(families_); }

private:
    void add_gauge(std::string_view name, std::string_view help, double value, core::MetricLabels labels) override {
        add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
    }
    void add_counter(std::string_view name, std::string_view help, double value, core::MetricLabels labels) override {
        add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
    }
    void add_histogram(std::string_view name, std::string_view help, const core::Histogram& histogram,
                       core::MetricLabels labels) override {
        auto& added = add(name, help, prometheus::MetricType::Histogram, labels).histogram;
        added.sample_sum = histogram.sum();
        const auto bounds = histogram.bounds();
        const auto counts = histogram.counts();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            added.sample_count += counts[i];
            added.bucket.push_back(
                {.cumulative_count = added.sample_count,
                 .upper_bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
        }
    }
    prometheus::ClientMetric& add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                  core::MetricLabels labels) {
        if (families_.empty() || families_.back().name != name) {
            families_.push_back({.name = std::string(name), .help = std::string(help), .type = type, .metric = {}});
        }
        prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
        for (const auto& [label, value] : labels)
            metric.label.push_back({.name = std::string(label), .value = core::visible_text(value)});
        return metric;
    }

    std::vector<prometheus::MetricFamily> families_;
};

void collect_process(core::MetricSink& sink, double uptime_sec) {
    sink.gauge("scanner_uptime_seconds", "Time since the service started", uptime_sec);
    const ProcessStats process = read_process_stats();
    if (process.resident_bytes) {
        sink.gauge("process_resident_memory_bytes", "Resident memory", *process.resident_bytes);
    }
    sink.counter("process_cpu_seconds_total", "User and system CPU time", process.cpu_seconds);
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
        // Present from the first scrape on, so that rates have a starting value.
        cache_hits.at({"rendered"});
        cache_misses.at({"rendered"});
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
    std::vector<Source> sources;
    Members<prometheus::Counter> cache_hits =
        counters("scanner_cache_hits_total", "Lookups that a cache answered", {"cache"});
    Members<prometheus::Counter> cache_misses =
        counters("scanner_cache_misses_total", "Lookups that a cache could not answer", {"cache"});
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

void Metrics::add_source(Source source) {
    impl_->sources.push_back(std::move(source));
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
    Families families(impl_->registry.Collect());
    for (const Source& source : impl_->sources) source(families);
    if (sample.ranking != nullptr) ranking::collect(families, *sample.ranking, sample.ranking_age_sec);
    engine::collect(families, sample.health);
    if (sample.server) net::collect(families, *sample.server);
    if (sample.streams) collect(families, *sample.streams);
    storage::collect(families, sample.stores);
    if (sample.history) storage::collect(families, *sample.history);
    if (sample.alerts) alerts::collect(families, *sample.alerts);
    collect_process(families, sample.uptime_sec);
    return prometheus::TextSerializer().Serialize(std::move(families).take());
}

}  // namespace scanner::api
