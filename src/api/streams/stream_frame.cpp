#include "api/streams/stream_frame.hpp"

#include "api/answers/item_fields.hpp"
#include "api/answers/member_lists.hpp"
#include "api/answers/number_text.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace scanner::api {
namespace {

constexpr std::size_t kSparkCloses = 30;
constexpr std::size_t kBytesPerItem = 2'000;  // with all components; only a first guess at the room needed
/// Components come unrounded; the last bits of a double are noise to a reader and a third of the frame.
constexpr signals::Digits kComponentDigits = signals::decimals(6);

/// An item of a frame, and what the members that only frames have depend on.
struct FrameItem {
    const ranking::Ranking& ranking;
    const ranking::RankedEntry& entry;
    const FrameContext& context;
    ranking::ScoredContract item;
};

void write_spark(core::JsonWriter& json, const FrameItem& of) {
    const std::vector<market::Candle>* const candles = of.item.snapshot->data.candles.get();
    json.begin_array();
    if (candles != nullptr) {
        for (const market::Candle& candle : std::span(*candles).last(std::min(kSparkCloses, candles->size()))) {
            json.raw(NumberText(candle.close).view());
        }
    }
    json.end_array();
}

void write_components(core::JsonWriter& json, const FrameItem& of) {
    json.begin_object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        json.key(field.name).raw(NumberText(of.entry.components.*field.member, kComponentDigits).view());
    }
    json.end_object();
}

void write_execution(core::JsonWriter& json, const FrameItem& of) {
    json.begin_object();
    write_numbers(json, signals::FieldGroup::execution, of.item.numbers());
    json.end_object();
}

/// A member of items that only frames have.
struct FrameMember {
    std::string_view name;
    void (*write)(core::JsonWriter& json, const FrameItem& of);
    bool on_request = false;  ///< only where `fields` names it
};

/// Behind the fields of items, in this order. The first two under the names that frames had before they had whole
/// items.
constexpr auto kFrameMembers = std::to_array<FrameMember>({
    {"manipulation_score",
     [](core::JsonWriter& json, const FrameItem& of) {
         write_number(json, signals::shown<&signals::Manipulation::manip_score>(of.item.numbers()));
     }},
    {"manipulation_flags",
     [](core::JsonWriter& json, const FrameItem& of) {
         write_value(json, std::span<const std::string_view>(of.item.snapshot->numbers.manipulation.manip_flags));
     }},
    {"manipulation_threshold_exceeded",
     [](core::JsonWriter& json, const FrameItem& of) {
         // A score that the detectors cannot tell is over no threshold, and under none.
         const auto score = signals::known<&signals::Manipulation::manip_score>(of.item.snapshot->numbers);
         if (score) {
             json.value(*score >= of.context.manipulation_threshold);
         } else {
             json.null();
         }
     }},
    {"stale", [](core::JsonWriter& json,
                 const FrameItem& of) { json.value(of.context.stale || of.item.age > of.context.snapshots_ttl); }},
    {"latency_ms",
     [](core::JsonWriter& json, const FrameItem& of) {
         write_number(json, core::round_to(of.item.snapshot->data.fetch_latency_ms, 3));
     }},
    {"score_components", &write_components},
    {"execution_metrics", &write_execution},
    {"spark", &write_spark},
    {kInputsMember,
     [](core::JsonWriter& json, const FrameItem& of) {
         write_inputs_member(json, of.item.snapshot->data.inputs, of.ranking.time);
     },
     true},
});

constexpr auto kFrameMemberNames = [] {
    std::array<std::string_view, kFrameMembers.size()> names;
    std::ranges::transform(kFrameMembers, names.begin(), &FrameMember::name);
    return names;
}();

/// A whole item as /rankings has it and what only frames have, or the members that were asked for.
void write_item(core::JsonWriter& json, const FrameItem& of, const StreamQuery& query) {
    json.begin_object();
    if (!query.fields) {
        write_fields(json, item_fields_of(&of.ranking), of.item);
        for (const FrameMember& member : kFrameMembers) {
            if (member.on_request) continue;
            json.key(member.name);
            member.write(json, of);
        }
    } else {
        for (const ItemMember& member : *query.fields) {
            if (member.field != nullptr) {
                write_fields(json, {member.field, 1}, of.item);
                continue;
            }
            json.key(member.name);
            std::ranges::find(kFrameMembers, member.name, &FrameMember::name)->write(json, of);
        }
    }
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
    if (ranking.epoch != 0) json.field("epoch", ranking.epoch);
    if (ranking.settings.simulated) json.field("simulated", true);
    if (context.replay) json.field("replay", true);
    if (context.stale) json.field("stale", true);
    json.field("manip_model", core::to_string(ranking.settings.manip_model)).field("profile", profile);
    number_field(json, "market_gauge", gauge);
    json.field("volatility_bucket", gauge.transform(gauge_bucket)).field("top", query.top).key("items").begin_array();
    std::size_t shown = 0;
    for (const ranking::RankedEntry& entry : ranked->second) {
        if (shown == top) break;
        if (!is_wanted(ranking, entry, query)) continue;
        write_item(json, {ranking, entry, context, ranking::cycle_item(ranking, entry)}, query);
        ++shown;
    }
    json.end_array().end_object();
    return json.take();
}

std::span<const std::string_view> frame_members() noexcept {
    return kFrameMemberNames;
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
