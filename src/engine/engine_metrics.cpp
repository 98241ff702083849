#include "scanner/engine/engine_metrics.hpp"

#include "scanner/exchange/exchange_metrics.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace scanner::engine {
namespace {

constexpr std::array kCycleSeconds{0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 60.0, 90.0};
constexpr std::array kRequestSeconds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

/// From what a frame brings to the longest limit of an input.
constexpr std::array kAgeSeconds{0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 300.0};

}  // namespace

EngineMetrics::EngineMetrics() : cycle_seconds_(kCycleSeconds) {}

void EngineMetrics::on_cycle(const ranking::Ranking& ranking) {
    ++cycles_;
    cycle_seconds_.observe(ranking.cycle_ms / 1000.0);
    if (ranking.has_flow) observe_ages(ranking);
}

void EngineMetrics::observe_ages(const ranking::Ranking& ranking) {
    input_ages_.resize(market::kInputs.size() + 1, core::Histogram(kAgeSeconds));
    const auto observe = [&](core::Histogram& ages, const market::InputReading& reading) {
        if (!reading.true_at) return;
        ages.observe(std::max(0.0, std::chrono::duration<double>(ranking.time - *reading.true_at).count()));
    };
    for (const ranking::ContractSnapshotPtr& contract : ranking.contracts) {
        const market::Inputs& inputs = contract->data.inputs;
        for (std::size_t i = 0; i < market::kInputs.size(); ++i) observe(input_ages_[i], inputs[market::kInputs[i]]);
        observe(input_ages_.back(), inputs.tape());
    }
}

void EngineMetrics::on_cycle_error(const core::Error&, double cycle_ms) {
    ++cycle_errors_;
    cycle_seconds_.observe(cycle_ms / 1000.0);
}

void EngineMetrics::on_exchange_request(std::string_view method, double seconds, std::optional<core::ErrorCode> error) {
    auto known = std::ranges::find(methods_, method, &Method::name);
    if (known == methods_.end())
        known = methods_.insert(known, {std::string(method), core::Histogram(kRequestSeconds)});
    known->seconds.observe(seconds);
    if (!error) return;
    const auto failed = std::ranges::find_if(
        failures_, [&](const Failures& each) { return each.method == method && each.code == *error; });
    if (failed != failures_.end()) {
        ++failed->count;
    } else {
        failures_.push_back({.method = std::string(method), .code = *error, .count = 1});
    }
}

void EngineMetrics::collect(core::MetricSink& sink) const {
    sink.counter("scanner_cycles_total", "Scan cycles that made a ranking", cycles_);
    sink.counter("scanner_cycle_errors_total", "Scan cycles that failed", cycle_errors_);
    sink.histogram("scanner_cycle_duration_seconds", "How long scan cycles take, failed ones included", cycle_seconds_);
    for (std::size_t i = 0; i < input_ages_.size(); ++i) {
        sink.histogram("scanner_feed_input_age_seconds",
                       "How old the inputs of each contract of a recorded ranking are, by input", input_ages_[i],
                       {{"input", i < market::kInputs.size() ? market::to_string(market::kInputs[i]) : "tape"}});
    }
    for (const Method& method : methods_) {
        sink.histogram("scanner_exchange_call_latency_seconds",
                       "How long the exchange takes to answer one request, each retry being one of its own; waits for "
                       "the budget and between retries are not in it",
                       method.seconds, {{"method", method.name}});
    }
    for (const Failures& failures : failures_) {
        sink.counter("scanner_exchange_call_errors_total",
                     "Requests to the exchange that failed, also those whose retry succeeded", failures.count,
                     {{"code", core::to_string(failures.code)}, {"method", failures.method}});
    }
}

namespace {

void collect_connections(core::MetricSink& sink, const exchange::FeedStatus& status) {
    for (const exchange::ConnectionState state : exchange::kConnectionStates) {
        const auto count = std::ranges::count(status.connections, state, &exchange::FeedConnectionStatus::state);
        sink.gauge("scanner_feed_connections", "Connections of the live feed, by state", static_cast<double>(count),
                   {{"state", exchange::to_string(state)}});
    }
    for (const exchange::BookState state : exchange::kBookStates) {
        const auto count = std::ranges::count_if(status.books, [&](const auto& book) { return book.second == state; });
        sink.gauge("scanner_feed_books", "Contracts of the live feed, by the state of their book",
                   static_cast<double>(count), {{"state", exchange::to_string(state)}});
    }
}

void collect(core::MetricSink& sink, const FeedHealth& feed) {
    const exchange::FeedStatus& status = feed.status;
    collect_connections(sink, status);
    sink.counter("scanner_feed_frames_total", "Frames of the live feed that were read", status.frames);
    sink.counter("scanner_feed_bytes_total", "Bytes of the live feed as they came over the wire", status.wire_bytes);
    sink.counter("scanner_feed_inflated_bytes_total", "The same after decompression", status.inflated_bytes);
    sink.counter("scanner_feed_ignored_frames_total", "Frames of unknown topics or shapes", status.ignored_frames);
    sink.counter("scanner_feed_unreadable_frames_total", "Frames that could not be read", status.unreadable_frames);
    sink.counter("scanner_feed_gaps_total", "Changes of books that were missing", status.gaps);
    sink.counter("scanner_feed_reconnections_total", "Connections that ended and were made again",
                 status.reconnections);
    // All of them from the first scrape on, so that a rate over them has a beginning.
    for (const std::string_view cause : exchange::kResubscriptionCauses) {
        const auto counted = status.resubscriptions.find(std::string(cause));
        sink.counter("scanner_feed_resubscriptions_total", "Subscriptions that were begun again, by cause",
                     counted == status.resubscriptions.end() ? 0 : counted->second, {{"cause", cause}});
    }
    for (const AuditResult result : kAuditResults) {
        sink.counter("scanner_feed_audits_total", "Live books compared with the answer to a request, by result",
                     feed.audits[static_cast<std::size_t>(result)], {{"result", to_string(result)}});
    }
    sink.counter("scanner_feed_fall_backs_total", "Books read by request because their live ones could not be used",
                 feed.fall_backs);
    sink.gauge("scanner_feed_tapes_incomplete", "Contracts whose tape has a hole",
               static_cast<double>(feed.tapes_incomplete));
    sink.gauge("scanner_feed_oldest_book_seconds", "Longest time since a live book was last confirmed",
               feed.oldest_book_sec.value_or(0.0));
    sink.counter("scanner_feed_candles_checked_total",
                 "Closed candles that the tape told and a request was compared with", feed.candles_checked);
    sink.counter("scanner_feed_candle_mismatches_total", "Of these, those that were not the same",
                 feed.candle_mismatches);
    sink.counter("scanner_feed_rankings_total", "Rankings that were published between two scans", feed.published);
}

}  // namespace

void collect(core::MetricSink& sink, const HealthDetails& health) {
    exchange::collect(sink, health.exchange);
    sink.gauge("scanner_cycle_failure_streak", "Failed cycles in a row", health.failure_streak);
    if (health.feed) collect(sink, *health.feed);
}

}  // namespace scanner::engine
