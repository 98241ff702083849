#include "api/status/status_views.hpp"

#include "api/answers/envelope.hpp"
#include "api/rankings/rankings_view.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/signals/snapshot.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

namespace scanner::api {
namespace {

void time_field(core::JsonWriter& json, std::string_view name, const std::optional<core::WallTime>& time) {
    json.key(name);
    if (time) {
        json.value(core::format_time(*time));
    } else {
        json.null();
    }
}

/// To three decimals: milliseconds to the microsecond, seconds to the millisecond.
std::optional<double> rounded(const std::optional<double>& time) {
    if (!time) return std::nullopt;
    return core::round_to(*time, 3);
}

/// Empty text means that there is none.
void text_field(core::JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

void write_contract(core::JsonWriter& json, const engine::UniverseEntry& entry) {
    const market::Contract& contract = *entry.contract;
    json.begin_object().field("symbol", contract.symbol).field("contract_code", contract.contract_code);
    // Of a row that could not be read only the names are known.
    const bool known = contract.unreadable.empty();
    number_field(json, "contract_size", known ? std::optional(contract.contract_size) : std::nullopt);
    number_field(json, "price_tick", known ? std::optional(contract.price_tick) : std::nullopt);
    json.field("status", market::to_string(contract.status));
    text_field(json, "asset_class", known ? std::string(market::to_string(contract.asset_class)) : std::string());
    json.key("funding_interval_hours");
    if (known) {
        json.value(contract.funding_interval_hours);
    } else {
        json.null();
    }
    time_field(json, "next_funding_time", contract.next_funding_time);
    time_field(json, "listed_at", contract.listed_at);
    number_field(json, "qvol_usdt", entry.turnover_24h);
    json.field("in_scan", entry.scanned);
    text_field(json, "reason", entry.reason);
    text_field(json, "detail", entry.detail);
    json.end_object();
}

void write_adapter(core::JsonWriter& json, const exchange::ExchangeStatus& status) {
    json.key("adapter")
        .begin_object()
        .field("exchange", status.exchange)
        .field("state", net::to_string(status.state))
        .field("fail_count", status.fail_count);
    number_field(json, "cooldown_remaining", core::round_to(status.cooldown_remaining_sec, 3));
    json.field("threshold", status.threshold).field("requests", status.requests).key("errors").begin_object();
    for (const auto& [code, count] : status.errors) json.field(code, count);
    json.end_object();
    text_field(json, "last_error", status.last_error);
    json.field("funding_fallback", status.funding_fallback)
        .field("open_interest_fallback", status.open_interest_fallback)
        .end_object();
}

/// Books by state, connections, and what has gone wrong.
void write_feed(core::JsonWriter& json, const engine::FeedHealth& feed, bool required) {
    const exchange::FeedStatus& status = feed.status;
    std::map<std::string_view, std::size_t> books;
    for (const auto& [code, state] : status.books) ++books[exchange::to_string(state)];
    json.key("feed").begin_object().field("required", required).key("connections").begin_array();
    for (const exchange::FeedConnectionStatus& connection : status.connections) {
        json.begin_object()
            .field("name", connection.name)
            .field("state", exchange::to_string(connection.state))
            .field("topics", connection.topics);
        text_field(json, "last_error", connection.last_error);
        json.end_object();
    }
    json.end_array().key("notices").begin_array();
    for (const exchange::FeedNoticeStatus& notice : status.notices) {
        json.begin_object()
            .field("topic", notice.topic)
            .field("state", exchange::to_string(notice.state))
            .field("failures", notice.failures);
        text_field(json, "last_error", notice.last_error);
        json.end_object();
    }
    json.end_array().key("books").begin_object();
    for (const auto& [state, count] : books) json.field(state, count);
    json.end_object();
    number_field(json, "oldest_book_sec", rounded(feed.oldest_book_sec));
    json.field("tapes_incomplete", feed.tapes_incomplete)
        .field("frames", status.frames)
        .field("wire_bytes", status.wire_bytes)
        .field("inflated_bytes", status.inflated_bytes)
        .field("ignored_frames", status.ignored_frames)
        .field("unreadable_frames", status.unreadable_frames)
        .field("gaps", status.gaps)
        .field("reconnections", status.reconnections)
        .key("resubscriptions")
        .begin_object();
    for (const auto& [cause, count] : status.resubscriptions) json.field(cause, count);
    json.end_object().key("audits").begin_object();
    for (const engine::AuditResult result : engine::kAuditResults) {
        json.field(engine::to_string(result), feed.audits[static_cast<std::size_t>(result)]);
    }
    json.end_object()
        .field("fall_backs", feed.fall_backs)
        .field("tapes_filled", feed.tapes_filled)
        .field("rankings_between_scans", feed.published)
        .end_object();
}

void write_symbol_health(core::JsonWriter& json, const std::vector<engine::SymbolHealth>& symbols) {
    json.key("symbols").begin_object();
    for (const engine::SymbolHealth& symbol : symbols) {
        json.key(symbol.symbol).begin_object();
        number_field(json, "latency_ms", rounded(symbol.latency_ms));
        // Seconds, as clients of the service before this one know it.
        number_field(json, "stale", rounded(symbol.age_sec));
        json.field("is_stale", symbol.is_stale);
        time_field(json, "last_seen", symbol.last_seen);
        const auto bucket = symbol.volatility_bucket;
        text_field(json, "volatility_bucket", bucket ? std::string(signals::to_string(*bucket)) : std::string());
        json.end_object();
    }
    json.end_object();
}

void write_ranking_state(core::JsonWriter& json, const HealthReport& report) {
    json.key("ranking");
    if (report.ranking == nullptr) {
        json.null();
        return;
    }
    json.begin_object()
        .field("seq", report.ranking->sequence)
        .field("ts", core::format_time(report.ranking->time))
        .field("age_ms", report.ranking_age.count())
        .field("fresh", report.fresh)
        .field("contracts", report.ranking->contracts.size())
        .end_object();
}

void write_stores(core::JsonWriter& json, const std::vector<storage::NamedStatus>& stores) {
    json.key("stores").begin_object();
    for (const auto& [name, kind, status] : stores) {
        json.key(name)
            .begin_object()
            .field("kind", kind)
            .field("state", storage::to_string(status.state))
            .field("backlog", status.backlog);
        text_field(json, "last_error", status.last_error);
        json.end_object();
    }
    json.end_object();
}

void write_history(core::JsonWriter& json, const storage::HistorySize& size) {
    json.key("history").begin_object().field("bytes", size.bytes).key("max_bytes");
    if (size.max_bytes == 0) {
        json.null();
    } else {
        json.value(size.max_bytes);
    }
    json.field("removed_days", size.removed_days)
        .field("removed_before", size.removed_before.transform(core::format_time))
        .field("over", size.over)
        .end_object();
}

void write_streams(core::JsonWriter& json, const StreamStatistics& streams) {
    json.key("streams")
        .begin_object()
        .field("subscribers", streams.subscribers())
        .field("conflated", streams.conflated)
        .field("dropped", streams.dropped)
        .field("refused", streams.refused)
        .key("kinds")
        .begin_object()
        .field("websocket", streams.websockets)
        .field("events", streams.events)
        .field("heartbeat", streams.heartbeats)
        .end_object()
        .field("channels", streams.channels)
        .field("rendered", streams.rendered)
        .field("sent", streams.sent)
        .end_object();
}

void write_alerts(core::JsonWriter& json, const alerts::AlertStatistics& alerts) {
    std::uint64_t fired = 0;
    for (const auto& [rule, count] : alerts.fired) fired += count;
    json.key("alerts")
        .begin_object()
        .field("rules_enabled", alerts.rules_enabled)
        .field("rules_broken", alerts.rules_broken)
        .field("fired", fired)
        .field("rung", fired)  // the old name, for clients that know it
        .field("published", alerts.published)
        .field("delivered", alerts.delivered)
        .field("failed_attempts", alerts.failed_attempts)
        .field("waiting", alerts.waiting)
        .field("dead_letters", alerts.dead_letters);
    text_field(json, "last_error", alerts.last_error);
    json.key("rules_that_cannot_fire").begin_array();
    for (const std::string& rule : alerts.rules_that_cannot_fire) json.value(rule);
    json.end_array().key("webhook_format");
    if (alerts.webhook_format) {
        json.value(core::to_string(*alerts.webhook_format));
    } else {
        json.null();
    }
    json.end_object();
}

void write_scale(core::JsonWriter& json, const std::optional<ScaleStatus>& scale) {
    json.key("scale");
    if (!scale) {
        json.null();
        return;
    }
    json.begin_object()
        .field("role", scale->role)
        .field("epoch", scale->epoch)
        .field("elected", scale->elected)
        .field("lease_ms", scale->lease.count())
        .field("lag_ms", scale->lag.transform(&std::chrono::milliseconds::count));
    text_field(json, "leader", scale->leader);
    text_field(json, "problem", scale->problem);
    json.end_object();
}

}  // namespace

std::string exchange_json(const exchange::ExchangeDescription& exchange) {
    core::JsonWriter json(512);
    json.begin_object()
        .field("name", exchange.name)
        .field("display_name", exchange.display_name)
        .field("contract_page", exchange.contract_page)
        .end_object();
    return json.take();
}

Rendered render_symbols(const std::vector<engine::UniverseEntry>& universe, const ranking::Ranking* ranking) {
    core::JsonWriter json(256 + 360 * universe.size());
    json.begin_object();
    if (ranking != nullptr) {
        json.field("ts", core::format_time(ranking->time)).field("seq", ranking->sequence);
        if (ranking->settings.simulated) json.field("simulated", true);
    } else {
        json.key("ts").null().key("seq").null();
    }
    const auto scanned = std::ranges::count_if(universe, [](const auto& entry) { return entry.scanned; });
    json.field("total", universe.size()).field("in_scan", scanned).key("items").begin_array();
    for (const engine::UniverseEntry& entry : universe) write_contract(json, entry);
    json.end_array().end_object();
    std::optional<ScanStamp> stamp;
    if (ranking != nullptr) stamp = stamp_of(*ranking, std::nullopt);
    return {std::string(kJsonType), json.take(), stamp};
}

Rendered render_health(const HealthReport& report) {
    const engine::HealthDetails& health = report.health;
    core::JsonWriter json(16U << 10U);
    json.begin_object();
    if (report.replay) json.field("replay", true);
    if (report.ranking != nullptr && report.ranking->settings.simulated) json.field("simulated", true);
    number_field(json, "last_cycle_ms", rounded(health.last_cycle_ms));
    time_field(json, "last_success", health.last_success);
    text_field(json, "last_error", health.last_error);
    json.field("failure_streak", health.failure_streak).field("cycle_count", health.cycle_count);
    number_field(json, "backoff_sec", health.backoff_sec);
    time_field(json, "next_scan_at", report.next_scan_at);
    json.field("scan_interval_ms", report.scan_interval.count());
    json.key("recent_cycle_ms").begin_array();
    for (const double cycle_ms : health.recent_cycle_ms) write_number(json, core::round_to(cycle_ms, 3));
    json.end_array();
    write_ranking_state(json, report);
    write_adapter(json, health.exchange);
    if (health.feed) write_feed(json, *health.feed, report.feed_required);
    write_symbol_health(json, health.symbols);
    if (report.stores) write_stores(json, *report.stores);
    if (report.history) write_history(json, *report.history);
    if (report.streams) write_streams(json, *report.streams);
    if (report.alerts) write_alerts(json, *report.alerts);
    write_scale(json, report.scale);
    json.field("version", report.version);
    number_field(json, "uptime_sec", core::round_to(report.uptime_sec, 3));
    json.end_object();
    std::optional<ScanStamp> stamp;
    if (report.ranking != nullptr) stamp = stamp_of(*report.ranking, std::nullopt);
    return {std::string(kJsonType), json.take(), stamp};
}

}  // namespace scanner::api
