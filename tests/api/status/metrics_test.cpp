#include "scanner/api/metrics.hpp"

#include "api/sample.hpp"

#include "scanner/engine/engine_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace scanner::api {
namespace {

using testing::HasSubstr;
using testing::Not;

MetricsSample sample_with_ranking() {
    MetricsSample sample;
    sample.ranking = std::make_shared<const ranking::Ranking>(test::make_ranking());
    sample.ranking_age_sec = 2.5;
    sample.uptime_sec = 60.0;
    return sample;
}

TEST(Metrics, keep_the_names_that_dashboards_know) {
    engine::EngineMetrics counted;
    counted.on_cycle(test::make_ranking());
    counted.on_cycle_error(core::Error(core::ErrorCode::timeout, "slow"), 4'000.0);
    counted.on_exchange_request("order_book", 0.2, std::nullopt);
    counted.on_exchange_request("order_book", 0.3, core::ErrorCode::timeout);
    counted.on_exchange_request("order_book", 31.0, std::nullopt);
    Metrics metrics("1.2.3");
    metrics.add_source([&counted](core::MetricSink& sink) { counted.collect(sink); });
    metrics.on_cache_lookup("rendered", true);
    metrics.on_cache_lookup("rendered", true);
    metrics.on_cache_lookup("rendered", false);
    const std::string text = metrics.render(sample_with_ranking());
    EXPECT_THAT(text, HasSubstr("scanner_build_info{version=\"1.2.3\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE scanner_cycle_duration_seconds histogram\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cycle_duration_seconds_count 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cycle_duration_seconds_sum 5.25\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cycles_total 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cycle_errors_total 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cache_hits_total{cache=\"rendered\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cache_misses_total{cache=\"rendered\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_exchange_call_latency_seconds_count{method=\"order_book\"} 3\n"));
    for (const char* const bucket :
         {"{method=\"order_book\",le=\"0.1\"} 0\n", "{method=\"order_book\",le=\"0.25\"} 1\n",
          "{method=\"order_book\",le=\"30\"} 2\n", "{method=\"order_book\",le=\"+Inf\"} 3\n"})
        EXPECT_THAT(text, HasSubstr(std::string("scanner_exchange_call_latency_seconds_bucket") + bucket));
    EXPECT_THAT(text, HasSubstr("scanner_exchange_call_errors_total{code=\"timeout\",method=\"order_book\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_symbols_scanned 6\n"));
    EXPECT_THAT(text, HasSubstr("scanner_symbols_ranked 4\n"));
    EXPECT_THAT(text, HasSubstr("scanner_ranking_age_seconds 2.5\n"));
    EXPECT_THAT(text, HasSubstr("scanner_excluded_contracts{reason=\"spread\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_excluded_contracts{reason=\"inactive\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
}

TEST(Metrics, count_how_old_inputs_are_while_a_feed_is_followed) {
    engine::EngineMetrics counted;
    Metrics metrics("1");
    metrics.add_source([&counted](core::MetricSink& sink) { counted.collect(sink); });
    ranking::Ranking ranking = test::make_ranking();
    market::Inputs& inputs = edit_contract(ranking, 0).data.inputs;
    inputs[market::Input::order_book].true_at = ranking.time - std::chrono::milliseconds(300);
    inputs.tape().true_at = ranking.time - std::chrono::milliseconds(40'000);
    counted.on_cycle(ranking);
    EXPECT_THAT(metrics.render({}), Not(HasSubstr("scanner_feed_input_age_seconds")));
    ranking.has_flow = true;
    counted.on_cycle(ranking);
    const std::string text = metrics.render({});
    for (const char* const line : {"_bucket{input=\"order_book\",le=\"0.25\"} 0\n", "_count{input=\"order_book\"} 1\n",
                                   "_bucket{input=\"order_book\",le=\"0.5\"} 1\n", "_sum{input=\"order_book\"} 0.3\n",
                                   "_bucket{input=\"tape\",le=\"30\"} 0\n", "_bucket{input=\"tape\",le=\"60\"} 1\n"})
        EXPECT_THAT(text, HasSubstr(std::string("scanner_feed_input_age_seconds") + line));
}

TEST(Metrics, tell_the_breaker_and_what_the_exchange_was_asked) {
    const Metrics metrics("1");
    MetricsSample sample;
    sample.health.exchange.requests = 42;
    sample.health.exchange.errors = {{"rate_limited", 2}, {"timeout", 1}};
    sample.health.failure_streak = 3;
    for (const auto& [state, value] :
         {std::pair(net::CircuitState::closed, "0"), std::pair(net::CircuitState::half_open, "1"),
          std::pair(net::CircuitState::open, "2")}) {
        sample.health.exchange.state = state;
        EXPECT_THAT(metrics.render(sample), HasSubstr(std::string("scanner_breaker_state ") + value + "\n"));
    }
    const std::string text = metrics.render(sample);
    EXPECT_THAT(text, HasSubstr("scanner_exchange_requests_total 42\n"));
    EXPECT_THAT(text, HasSubstr("scanner_exchange_errors_total{code=\"rate_limited\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_exchange_errors_total{code=\"timeout\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cycle_failure_streak 3\n"));
    EXPECT_THAT(text, Not(HasSubstr("scanner_ranking_age_seconds")));  // no ranking, no age
}

TEST(Metrics, count_answers_by_route_and_status) {
    Metrics metrics("1");
    metrics.on_http_request("/rankings", 200, 0.001);
    metrics.on_http_request("/rankings", 200, 0.001);
    metrics.on_http_request("/rankings", 422, 0.0001);
    MetricsSample sample;
    sample.server = net::HttpServerStatistics{.accepted = 5, .slow_readers_dropped = 1};
    const std::string text = metrics.render(sample);
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"200\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"422\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_request_duration_seconds_count{route=\"/rankings\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_connections_total 5\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_slow_readers_dropped_total 1\n"));
}

TEST(Metrics, tell_how_the_stores_do) {
    MetricsSample sample;
    sample.stores = {
        {.name = "redis", .status = {.state = storage::StoreState::embedded}},
        {.name = "postgres", .status = {.state = storage::StoreState::down, .backlog = 17, .backlog_age_sec = 2.5}}};
    sample.history = storage::HistorySize{.bytes = 1'500, .max_bytes = 1'000, .removed_days = 3, .over = true};
    const std::string text = Metrics("1").render(sample);
    EXPECT_THAT(text, HasSubstr("scanner_store_up{store=\"redis\"} 1\nscanner_store_up{store=\"postgres\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("scanner_store_backlog{store=\"postgres\"} 17\n"));
    EXPECT_THAT(text, HasSubstr("scanner_store_backlog_age_seconds{store=\"postgres\"} 2.5\n"));
    EXPECT_THAT(text, HasSubstr("scanner_history_bytes 1500\n"));
    EXPECT_THAT(text, HasSubstr("scanner_history_max_bytes 1000\n"));
    EXPECT_THAT(text, HasSubstr("scanner_history_removed_days_total 3\n"));
    EXPECT_THAT(text, HasSubstr("scanner_history_over_bound 1\n"));
}

TEST(Metrics, give_every_family_its_type_once) {
    Metrics metrics("1");
    const std::string text = metrics.render(sample_with_ranking());
    std::size_t families = 0;
    for (std::size_t at = text.find("# TYPE "); at != std::string::npos; at = text.find("# TYPE ", at + 1)) {
        const std::string line = text.substr(at, text.find('\n', at) - at + 1);
        const std::string name = line.substr(0, line.rfind(' ') + 1);
        EXPECT_EQ(text.find(name), text.rfind(name)) << name;
        ++families;
    }
    EXPECT_GT(families, 8U);
}

}  // namespace
}  // namespace scanner::api
