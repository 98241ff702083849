#include "api/stream_frame.hpp"

#include "api/item_fields.hpp"
#include "api/scoring.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/signals/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

namespace scanner::api {
namespace {

constexpr std::size_t kSparkCloses = 30;
constexpr std::size_t kBytesPerItem = 1'800;  // with all components; only a first guess at the room needed
/// Components come unrounded; the last bits of a double are noise to a reader and a third of the frame.
constexpr int kComponentDecimals = 6;

void write_spark(core::JsonWriter& json, const std::vector<market::Candle>* candles) {
    json.key("spark").begin_array();
    if (candles != nullptr) {
        for (const market::Candle& candle : std::span(*candles).last(std::min(kSparkCloses, candles->size()))) {
            write_number(json, candle.close);
        }
    }
    json.end_array();
}

void write_edges(core::JsonWriter& json, const signals::Edges& edges) {
    number_field(json, "liquidity_edge", edges.liquidity_edge);
    number_field(json, "momentum_edge", edges.momentum_edge);
    number_field(json, "volatility_edge", edges.volatility_edge);
    number_field(json, "microstructure_edge", edges.microstructure_edge);
    number_field(json, "anomaly_residual", edges.anomaly_residual);
}

void write_metrics(core::JsonWriter& json, const signals::Metrics& metrics) {
    number_field(json, "spread_bps", metrics.spread_bps);
    number_field(json, "slip_bps", metrics.slip_bps);
    number_field(json, "volume_zscore", metrics.volume_zscore);
    number_field(json, "order_flow_imbalance", metrics.order_flow_imbalance);
    number_field(json, "volatility_regime", metrics.volatility_regime);
    number_field(json, "price_velocity", metrics.price_velocity);
    number_field(json, "anomaly_score", metrics.anomaly_score);
    number_field(json, "depth_to_volume_ratio", metrics.depth_to_volume_ratio);
}

void write_breakdown(core::JsonWriter& json, const signals::ScoreComponents& components,
                     const signals::Execution& execution) {
    json.key("score_components").begin_object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        number_field(json, field.name, core::round_to(components.*field.member, kComponentDecimals));
    }
    json.end_object().key("execution_metrics").begin_object();
    number_field(json, "queue_position", execution.queue_position);
    number_field(json, "simulated_impact_bps", execution.simulated_impact_bps);
    json.end_object();
}

void write_item(core::JsonWriter& json, const engine::Ranking& ranking, const engine::RankedEntry& entry,
                const FrameContext& context) {
    const engine::ContractSnapshot& snapshot = ranking.contracts[entry.contract];
    const signals::Manipulation& manipulation = snapshot.numbers.manipulation;
    json.begin_object()
        .field("symbol", snapshot.data.contract->symbol)
        .field("contract_code", snapshot.data.contract->contract_code)
        .field("rank", entry.rank)
        .field("rank_delta", entry.rank_delta);
    number_field(json, "score", entry.score);
    number_field(json, "last_price", snapshot.data.ticker.last);
    write_edges(json, snapshot.numbers.edges);
    write_metrics(json, snapshot.numbers.metrics);
    number_field(json, "manipulation_score", manipulation.manip_score);
    json.key("manipulation_flags");
    write_value(json, std::span<const std::string_view>(manipulation.manip_flags));
    json.field("manipulation_threshold_exceeded", manipulation.manip_score >= context.manipulation_threshold);
    json.field("stale", context.stale || age_at_ranking(ranking, snapshot) > context.snapshots_ttl);
    number_field(json, "latency_ms", core::round_to(snapshot.data.fetch_latency_ms, 3));
    write_breakdown(json, entry.components, snapshot.numbers.execution);
    write_spark(json, snapshot.data.candles.get());
    json.end_object();
}

bool is_wanted(const engine::Ranking& ranking, const engine::RankedEntry& entry, const StreamQuery& query) {
    if (!query.symbols) return true;
    return std::ranges::binary_search(*query.symbols, ranking.contracts[entry.contract].data.contract->contract_code);
}

}  // namespace

std::optional<std::string> render_frame(const engine::Ranking& ranking, const StreamQuery& query,
                                        const FrameContext& context) {
    const std::string& profile = query.profile ? *query.profile : ranking.settings.default_profile;
    const auto ranked = ranking.ranked.find(profile);
    if (ranked == ranking.ranked.end()) return std::nullopt;
    const auto top = static_cast<std::size_t>(std::max<std::int64_t>(query.top, 0));
    core::JsonWriter json(256 + kBytesPerItem * std::min(top, ranked->second.size()));
    const double gauge = market_gauge(ranking);
    json.begin_object().field("ts", core::format_time(ranking.time)).field("seq", ranking.sequence);
    if (ranking.settings.simulated) json.field("simulated", true);
    if (context.stale) json.field("stale", true);
    json.field("profile", profile);
    number_field(json, "market_gauge", gauge);
    json.field("volatility_bucket", gauge_bucket(gauge)).field("top", query.top).key("items").begin_array();
    std::size_t shown = 0;
    for (const engine::RankedEntry& entry : ranked->second) {
        if (shown == top) break;
        if (!is_wanted(ranking, entry, query)) continue;
        write_item(json, ranking, entry, context);
        ++shown;
    }
    json.end_array().end_object();
    return json.take();
}

double market_gauge(const engine::Ranking& ranking) {
    if (ranking.contracts.empty()) return 0.0;
    double sum = 0.0;
    for (const engine::ContractSnapshot& snapshot : ranking.contracts) sum += snapshot.numbers.metrics.atr_pct;
    return core::round_to(sum / static_cast<double>(ranking.contracts.size()), kComponentDecimals);
}

std::string_view gauge_bucket(double market_gauge) noexcept {
    if (market_gauge <= 1.5) return "low";
    return market_gauge <= 3.0 ? "medium" : "high";
}

std::string event_text(std::uint64_t id, std::string_view json) {
    return fmt::format("id: {}\nevent: ranking\ndata: {}\n\n", id, json);
}

std::string heartbeat_text(std::uint64_t number) {
    return fmt::format(R"({{"type":"heartbeat","seq":{}}})", number);
}

}  // namespace scanner::api
