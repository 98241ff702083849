#include "api/streams/stream_frame.hpp"

#include "api/answers/item_fields.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/number_fields.hpp"
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

/// A block of numbers; what was not measured is null.
template <class Owner>
void write_block(core::JsonWriter& json, const signals::NumbersView& numbers) {
    for (const auto& field : signals::number_fields<Owner>()) {
        number_field(json, field.name, signals::known(numbers, field));
    }
}

template <auto member>
void write_known(core::JsonWriter& json, std::string_view name, const signals::ContractNumbers& numbers) {
    number_field(json, name, signals::known<member>(numbers));
}

void write_metrics(core::JsonWriter& json, const signals::ContractNumbers& numbers) {
    using signals::Metrics;
    write_known<&Metrics::spread_bps>(json, "spread_bps", numbers);
    write_known<&Metrics::slip_bps>(json, "slip_bps", numbers);
    write_known<&Metrics::volume_zscore>(json, "volume_zscore", numbers);
    write_known<&Metrics::order_flow_imbalance>(json, "order_flow_imbalance", numbers);
    write_known<&Metrics::volatility_regime>(json, "volatility_regime", numbers);
    write_known<&Metrics::price_velocity>(json, "price_velocity", numbers);
    write_known<&Metrics::anomaly_score>(json, "anomaly_score", numbers);
    write_known<&Metrics::depth_to_volume_ratio>(json, "depth_to_volume_ratio", numbers);
}

void write_breakdown(core::JsonWriter& json, const signals::ScoreComponents& components,
                     const signals::NumbersView& numbers) {
    json.key("score_components").begin_object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        number_field(json, field.name, core::round_to(components.*field.member, kComponentDecimals));
    }
    json.end_object().key("execution_metrics").begin_object();
    write_block<signals::Execution>(json, numbers);
    json.end_object();
}

/// What an item of /rankings says beside the numbers.
void write_contract_facts(core::JsonWriter& json, const ranking::ContractSnapshot& snapshot) {
    const market::Contract& contract = *snapshot.data.contract;
    number_field(json, "funding_8h_pct", snapshot.numbers.metrics.funding_8h_pct);
    number_field(json, "funding_rate", snapshot.data.funding_rate);
    json.field("funding_interval_hours", contract.funding_interval_hours);
    json.field("listed_at", contract.listed_at.transform(core::format_time)).key("notes");
    write_value(json, std::span<const std::string>(snapshot.notes));
}

void write_item(core::JsonWriter& json, const ranking::Ranking& ranking, const ranking::RankedEntry& entry,
                const FrameContext& context) {
    const ranking::ContractSnapshot& snapshot = ranking.contract(entry.contract);
    const signals::NumbersView numbers = ranking.numbers_view(entry.contract);
    const signals::Manipulation& manipulation = snapshot.numbers.manipulation;
    json.begin_object()
        .field("symbol", snapshot.data.contract->symbol)
        .field("contract_code", snapshot.data.contract->contract_code)
        .field("rank", entry.rank)
        .field("rank_delta", entry.rank_delta);
    number_field(json, "score", entry.score);
    number_field(json, "last_price", snapshot.data.ticker.last);
    write_block<signals::Edges>(json, numbers);
    write_metrics(json, snapshot.numbers);
    number_field(json, "manipulation_score", manipulation.manip_score);
    json.key("manipulation_flags");
    write_value(json, std::span<const std::string_view>(manipulation.manip_flags));
    json.field("manipulation_threshold_exceeded", manipulation.manip_score >= context.manipulation_threshold);
    json.field("stale", context.stale || age_at_ranking(ranking, snapshot) > context.snapshots_ttl);
    number_field(json, "latency_ms", core::round_to(snapshot.data.fetch_latency_ms, 3));
    write_breakdown(json, entry.components, numbers);
    write_spark(json, snapshot.data.candles.get());
    write_contract_facts(json, snapshot);
    json.end_object();
}

bool is_wanted(const ranking::Ranking& ranking, const ranking::RankedEntry& entry, const StreamQuery& query) {
    if (!query.symbols) return true;
    return std::ranges::binary_search(*query.symbols, ranking.contract(entry.contract).data.contract->contract_code);
}

}  // namespace

std::optional<std::string> render_frame(const ranking::Ranking& ranking, const StreamQuery& query,
                                        const FrameContext& context) {
    const std::string& profile = query.profile ? *query.profile : ranking.settings.default_profile;
    const auto ranked = ranking.ranked.find(profile);
    if (ranked == ranking.ranked.end()) return std::nullopt;
    const auto top = static_cast<std::size_t>(std::max<std::int64_t>(query.top, 0));
    core::JsonWriter json(256 + kBytesPerItem * std::min(top, ranked->second.size()));
    const std::optional<double> gauge = market_gauge(ranking);
    json.begin_object().field("ts", core::format_time(ranking.time)).field("seq", ranking.sequence);
    if (ranking.settings.simulated) json.field("simulated", true);
    if (context.stale) json.field("stale", true);
    json.field("profile", profile);
    number_field(json, "market_gauge", gauge);
    json.field("volatility_bucket", gauge.transform(gauge_bucket)).field("top", query.top).key("items").begin_array();
    std::size_t shown = 0;
    for (const ranking::RankedEntry& entry : ranked->second) {
        if (shown == top) break;
        if (!is_wanted(ranking, entry, query)) continue;
        write_item(json, ranking, entry, context);
        ++shown;
    }
    json.end_array().end_object();
    return json.take();
}

std::optional<double> market_gauge(const ranking::Ranking& ranking) {
    double sum = 0.0;
    std::size_t count = 0;
    for (const ranking::ContractSnapshotPtr& snapshot : ranking.contracts) {
        const auto atr_pct = signals::known<&signals::Metrics::atr_pct>(snapshot->numbers);
        sum += atr_pct.value_or(0.0);
        count += atr_pct ? 1U : 0U;
    }
    if (count == 0) return std::nullopt;
    return core::round_to(sum / static_cast<double>(count), kComponentDecimals);
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
