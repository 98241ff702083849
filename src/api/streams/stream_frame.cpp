#include "api/streams/stream_frame.hpp"

#include "api/answers/item_fields.hpp"
#include "api/answers/number_text.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

namespace scanner::api {
namespace {

constexpr std::size_t kSparkCloses = 30;
constexpr std::size_t kBytesPerItem = 2'000;  // with all components; only a first guess at the room needed
/// Components come unrounded; the last bits of a double are noise to a reader and a third of the frame.
constexpr signals::Digits kComponentDigits = signals::decimals(6);

void write_spark(core::JsonWriter& json, const std::vector<market::Candle>* candles) {
    json.key("spark").begin_array();
    if (candles != nullptr) {
        for (const market::Candle& candle : std::span(*candles).last(std::min(kSparkCloses, candles->size()))) {
            json.raw(NumberText(candle.close).view());
        }
    }
    json.end_array();
}

void write_breakdown(core::JsonWriter& json, const signals::ScoreComponents& components,
                     const signals::NumbersView& numbers) {
    json.key("score_components").begin_object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        json.key(field.name).raw(NumberText(components.*field.member, kComponentDigits).view());
    }
    json.end_object().key("execution_metrics").begin_object();
    write_numbers(json, signals::FieldGroup::execution, numbers);
    json.end_object();
}

/// A whole item as /rankings has it, and what only frames have.
void write_item(core::JsonWriter& json, const ranking::Ranking& ranking, const ranking::RankedEntry& entry,
                const FrameContext& context) {
    const ranking::ScoredContract item = ranking::cycle_item(ranking, entry);
    const ranking::ContractSnapshot& snapshot = *item.snapshot;
    const signals::NumbersView numbers = item.numbers();
    const signals::Manipulation& manipulation = snapshot.numbers.manipulation;
    json.begin_object();
    write_fields(json, item_fields_of(&ranking), item);
    // Under the names that frames had before they had whole items.
    number_field(json, "manipulation_score", signals::shown<&signals::Manipulation::manip_score>(numbers));
    json.key("manipulation_flags");
    write_value(json, std::span<const std::string_view>(manipulation.manip_flags));
    json.field("manipulation_threshold_exceeded", manipulation.manip_score >= context.manipulation_threshold);
    json.field("stale", context.stale || item.age > context.snapshots_ttl);
    number_field(json, "latency_ms", core::round_to(snapshot.data.fetch_latency_ms, 3));
    write_breakdown(json, entry.components, numbers);
    write_spark(json, snapshot.data.candles.get());
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
    json.field("manip_model", core::to_string(ranking.settings.manip_model)).field("profile", profile);
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
    return signals::rounded(sum / static_cast<double>(count), kComponentDigits);
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
