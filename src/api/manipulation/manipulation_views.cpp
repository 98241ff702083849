#include "api/manipulation/manipulation_views.hpp"

#include "api/answers/envelope.hpp"
#include "api/answers/item_fields.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace scanner::api {
namespace {

constexpr signals::Digits kDigits = signals::decimals(6);

/// The normal quantile of 97.5 %.
constexpr double kZ = 1.959963984540054;

void write_time(core::JsonWriter& json, std::string_view name, const std::optional<core::WallTime>& time) {
    json.key(name);
    if (time) {
        json.value(core::format_time(*time));
    } else {
        json.null();
    }
}

void write_details(core::JsonWriter& json, const storage::EpisodeDetails& details) {
    json.key("evidence").begin_array();
    for (const storage::EpisodeEvidence& item : details.evidence) {
        json.begin_object().field("name", item.name);
        number_field(json, "value", signals::rounded(item.value, kDigits));
        number_field(json, "threshold", signals::rounded(item.threshold, kDigits));
        json.field("unit", item.unit).end_object();
    }
    json.end_array();
    number_field(json, "price", details.price);
    json.field("repetitions", details.repetitions).field("trades", details.trades);
}

void write_disposition(core::JsonWriter& json, const std::optional<storage::Disposition>& disposition) {
    json.key("disposition");
    if (!disposition) {
        json.null();
        return;
    }
    json.begin_object()
        .field("verdict", to_string(disposition->verdict))
        .field("note", disposition->note)
        .field("at", core::format_time(disposition->at))
        .end_object();
}

/// The members of an episode, without the braces around them.
void write_members(core::JsonWriter& json, const storage::Episode& episode) {
    const storage::EpisodeRecord& record = episode.record;
    json.field("id", record.id)
        .field("symbol", record.symbol)
        .field("contract_code", core::parse_symbol(record.symbol).value_or(record.symbol))
        .field("flag", record.flag)
        .field("kind", record.kind)
        .field("phase", record.phase)
        .field("status", record.end ? "ended" : "open")
        .field("start", core::format_time(record.start));
    write_time(json, "end", record.end);
    number_field(json, "probability", signals::rounded(record.probability, kDigits));
    number_field(json, "severity", signals::rounded(record.severity, kDigits));
    json.field("simulated", record.simulated);
    write_details(json, episode.details);
    write_disposition(json, episode.disposition);
}

const storage::FlagDispositions* find_judged(const std::vector<storage::FlagDispositions>& judged,
                                             std::string_view flag) {
    const auto found = std::ranges::find(judged, flag, &storage::FlagDispositions::flag);
    return found == judged.end() ? nullptr : &*found;
}

void write_precision(core::JsonWriter& json, const storage::FlagDispositions* judged) {
    static const storage::FlagDispositions kNone;
    const storage::FlagDispositions& counts = judged == nullptr ? kNone : *judged;
    const auto share = wilson_share(counts.manipulation, counts.manipulation + counts.benign);
    const auto part = [&share](double Share::* member) {
        return share ? std::optional(signals::rounded((*share).*member, kDigits)) : std::nullopt;
    };
    json.begin_object();
    number_field(json, "value", part(&Share::value));
    number_field(json, "low", part(&Share::low));
    number_field(json, "high", part(&Share::high));
    json.field("manipulation", counts.manipulation)
        .field("benign", counts.benign)
        .field("unsure", counts.unsure)
        .end_object();
}

}  // namespace

std::optional<Share> wilson_share(std::uint64_t count, std::uint64_t of) {
    if (of == 0) return std::nullopt;
    const double n = static_cast<double>(of);
    const double share = static_cast<double>(count) / n;
    const double z2 = kZ * kZ;
    const double middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    const double half = kZ / (1.0 + z2 / n) * std::sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n));
    return Share{.value = share,
                 .low = count == 0 ? 0.0 : std::max(0.0, middle - half),
                 .high = count == of ? 1.0 : std::min(1.0, middle + half)};
}

Rendered render_flags(core::ManipModel model, const std::optional<std::vector<storage::FlagDispositions>>& judged) {
    core::JsonWriter json(4'096);
    json.begin_object().field("manip_model", core::to_string(model)).field("window_days", 7).key("items").begin_array();
    for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
        json.begin_object().field("name", flag.name).key("alias");
        if (flag.alias.empty()) {
            json.null();
        } else {
            json.value(flag.alias);
        }
        json.field("kind", to_string(flag.kind))
            .field("manipulation", flag.manipulation)
            .field("needs_feed", flag.needs_feed)
            .field("needs", flag.needs)
            .field("claim", flag.claim)
            .key("precision_7d");
        if (judged) {
            write_precision(json, find_judged(*judged, flag.name));
        } else {
            json.null();
        }
        json.end_object();
    }
    json.end_array().end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

Rendered render_episodes(const storage::EpisodesPage& page) {
    core::JsonWriter json(256 + page.rows.size() * 768);
    json.begin_object().key("items").begin_array();
    for (const storage::Episode& episode : page.rows) {
        json.begin_object();
        write_members(json, episode);
        json.end_object();
    }
    json.end_array();
    write_next_cursor(json, page.next);
    json.end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

std::string ndjson_of(std::span<const storage::Episode> episodes) {
    std::string lines;
    core::JsonWriter json(768);
    for (const storage::Episode& episode : episodes) {
        json.begin_object();
        write_members(json, episode);
        json.end_object();
        lines += json.take();
        lines += '\n';
    }
    return lines;
}

Rendered render_episode(const storage::Episode& episode) {
    const std::string& context = episode.record.context_json;
    core::JsonWriter json(1'024 + context.size());
    json.begin_object();
    write_members(json, episode);
    const auto flag = signals::find_detector_flag(episode.record.flag);
    json.key("claim");
    if (flag) {
        json.value(signals::info(*flag).claim);
    } else {
        json.null();
    }
    json.key("context");
    if (!context.empty() && nlohmann::json::accept(context)) {
        json.raw(context);
    } else {
        json.null();
    }
    json.end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

}  // namespace scanner::api
