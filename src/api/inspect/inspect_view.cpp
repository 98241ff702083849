#include "api/inspect/inspect_view.hpp"

#include "api/answers/envelope.hpp"
#include "api/inspect/bars.hpp"
#include "api/inspect/live_view.hpp"
#include "api/rankings/rankings_view.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/score.hpp"
#include "scanner/signals/slippage.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace scanner::api {
namespace {

constexpr std::size_t kLevels = 10;
constexpr std::size_t kBars = 60;
constexpr std::size_t kTrades = 50;
/// Of what the score and the manipulation model are made of.
constexpr signals::Digits kPartDigits = signals::decimals(6);

using signals::FieldGroup;

using ranking::Assessment;

void write_levels(core::JsonWriter& json, std::string_view name, const std::vector<market::Level>& levels) {
    json.key(name).begin_array();
    for (const market::Level& level : std::span(levels).first(std::min(kLevels, levels.size()))) {
        json.begin_array();
        write_number(json, level.price);
        write_number(json, level.size);
        json.end_array();
    }
    json.end_array();
}

/// Finer than any contract size: what a sum of sizes has beyond it is the sum's own error.
constexpr int kSizeDecimals = 9;

/// What stands on a side, all of it: the levels that are shown are few.
void write_whole(core::JsonWriter& json, std::string_view name, const std::vector<market::Level>& levels) {
    double size = 0.0;
    for (const market::Level& level : levels) size += level.size;
    json.key(name).begin_object().field("levels", levels.size());
    number_field(json, "size", core::round_to(size, kSizeDecimals));
    json.end_object();
}

void write_orderbook(core::JsonWriter& json, const market::OrderBook* book) {
    json.key("orderbook");
    if (book == nullptr) {
        json.null();
        return;
    }
    json.begin_object().field("ts", core::format_time(book->exchange_time));
    // Beyond what JSON readers take for whole numbers, as trades' ids are.
    json.key("matching_id");
    if (book->matching_id > 0) {
        json.value(std::to_string(book->matching_id));
    } else {
        json.null();
    }
    write_levels(json, "bids", book->bids);
    write_levels(json, "asks", book->asks);
    write_whole(json, "whole_bids", book->bids);
    write_whole(json, "whole_asks", book->asks);
    json.end_object();
}

/// What taking each of some notionals costs in the book that is shown: one answer instead of a ranking for each. Null
/// where it holds less.
void write_slippage(core::JsonWriter& json, const market::OrderBook* book) {
    json.key("slippage");
    if (book == nullptr) {
        json.null();
        return;
    }
    constexpr signals::Digits kDigits = signals::field_of<&signals::Metrics::slip_bps>().digits;
    const signals::SlippageCurve curve = signals::slippage_curve(*book);
    json.begin_array();
    for (std::size_t i = 0; i < curve.size(); ++i) {
        json.begin_object();
        number_field(json, "notional_usdt", signals::kSlippageNotionals[i]);
        number_field(
            json, "slip_bps",
            curve[i] < signals::kUnknownBps ? std::optional(signals::rounded(curve[i], kDigits)) : std::nullopt);
        json.end_object();
    }
    json.end_array();
}

void write_bars(core::JsonWriter& json, std::string_view name, const std::vector<Bar>& bars) {
    json.key(name).begin_array();
    for (const Bar& bar : std::span(bars).last(std::min(kBars, bars.size()))) {
        json.begin_object().field("ts", core::format_time(core::from_unix_ms(bar.candle.open_time_ms)));
        number_field(json, "open", bar.candle.open);
        number_field(json, "high", bar.candle.high);
        number_field(json, "low", bar.candle.low);
        number_field(json, "close", bar.candle.close);
        number_field(json, "volume", bar.candle.base_volume);
        json.field("closed", bar.closed).end_object();
    }
    json.end_array();
}

std::optional<double> score_of(const Assessment& assessment) {
    if (assessment.rejection != signals::Rejection::none) return std::nullopt;
    return assessment.item.score;
}

/// Every field of an item, for a contract that may have neither score nor rank.
void write_snapshot(core::JsonWriter& json, const ranking::Ranking& ranking, const Assessment& assessment) {
    const bool unranked = assessment.rejection != signals::Rejection::none || assessment.item.rank == 0;
    json.key("snapshot").begin_object();
    for (const ItemField& field : item_fields_of(&ranking)) {
        json.key(field.name);
        write_value(json, unranked && field.needs_rank ? FieldValue() : shown(field, assessment.item));
    }
    const market::MarketData& data = assessment.item.snapshot->data;
    number_field(json, "index_price", data.index_price);
    number_field(json, "latency_ms", core::round_to(data.fetch_latency_ms, 3));
    json.field("data_ts", core::format_time(data.data_time)).end_object();
}

void write_group(core::JsonWriter& json, FieldGroup group, const signals::NumbersView& numbers) {
    json.key(to_string(group)).begin_object();
    write_numbers(json, group, numbers);
    json.end_object();
}

void write_metrics(core::JsonWriter& json, const Assessment& assessment) {
    json.key("metrics").begin_object();
    write_numbers(json, FieldGroup::execution, assessment.item.numbers());
    for (const signals::ComponentField& field : signals::component_fields()) {
        number_field(json, field.name, signals::rounded(assessment.item.components.*field.member, kPartDigits));
    }
    json.end_object();
}

/// Why each flag was raised: the comparisons that it rests on.
void write_flag_details(core::JsonWriter& json, const std::vector<signals::FlagDetail>& details) {
    json.key("flag_details").begin_array();
    for (const signals::FlagDetail& detail : details) {
        json.begin_object().field("flag", detail.flag);
        const auto known = std::ranges::find(signals::manipulation_flags(), detail.flag, &signals::FlagInfo::name);
        if (known != signals::manipulation_flags().end()) json.field("meaning", known->meaning);
        number_field(json, "severity", detail.severity);
        json.key("evidence").begin_array();
        for (const signals::FlagEvidence& evidence :
             std::span(detail.evidence).first(std::min(detail.evidence_count, detail.evidence.size()))) {
            json.begin_object().field("quantity", evidence.quantity);
            number_field(json, "value", signals::rounded(evidence.value, kPartDigits));
            json.field("is", evidence.above ? "above" : "below");
            number_field(json, "threshold", evidence.threshold);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

/// What is under way by the detectors, and of which flags they cannot tell.
void write_episodes(core::JsonWriter& json, const signals::DetectorVerdict& verdict) {
    json.key("episodes").begin_array();
    for (const signals::OpenEpisode& episode : verdict.episodes) {
        json.begin_object()
            .field("id", episode.id)
            .field("flag", episode.flag)
            .field("phase", episode.phase)
            .field("start", core::format_time(episode.start));
        number_field(json, "probability", signals::rounded(episode.probability, kPartDigits));
        number_field(json, "severity", signals::rounded(episode.severity, kPartDigits));
        json.end_object();
    }
    json.end_array().key("unknown_flags");
    write_value(json, std::span<const std::string_view>(verdict.unknown_flags));
    json.key("quarantined_until");
    if (verdict.quarantined_until) {
        json.value(core::format_time(*verdict.quarantined_until));
    } else {
        json.null();
    }
}

void write_manipulation(core::JsonWriter& json, const signals::NumbersView& numbers) {
    const signals::Manipulation& manipulation = numbers.numbers.manipulation;
    json.key("manipulation").begin_object();
    number_field(json, "score", signals::shown<&signals::Manipulation::manip_score>(numbers));
    json.key("flags");
    write_value(json, std::span<const std::string_view>(manipulation.manip_flags));
    json.key("features").begin_object();
    write_numbers(json, FieldGroup::features, numbers);
    json.end_object().key("contributions").begin_array();
    for (const signals::ManipulationContribution& contribution : manipulation.contributions) {
        json.begin_object().field("feature", contribution.feature);
        number_field(json, "value", signals::rounded(contribution.value, kPartDigits));
        json.end_object();
    }
    json.end_array();
    // A ranking from before a restart has no verdict any more, but what was not known then is no 0 now.
    const signals::Detection& detection = numbers.numbers.detection;
    const bool measured = detection.quarantined.has_value();
    number_field(json, "probability",
                 measured ? signals::shown<&signals::Detection::manip_probability>(numbers)
                          : std::optional(signals::rounded(manipulation.probability, kPartDigits)));
    write_flag_details(json, manipulation.flag_details);
    if (detection.verdict != nullptr) write_episodes(json, *detection.verdict);
    json.end_object();
}

/// Ids exceed what JSON readers take for whole numbers, so they are text.
void write_trades(core::JsonWriter& json, const InspectExtras& extras) {
    const bool from_feed = extras.live != nullptr && extras.live->tape_complete;
    if (!from_feed && extras.trades == nullptr) {
        json.key("trades_read_at").null().key("trades").null();
        return;
    }
    const std::span<const market::Trade> trades = from_feed ? extras.live->trades : extras.trades->trades;
    json.field("trades_read_at", core::format_time(from_feed ? extras.live->read_at : extras.trades->read_at));
    json.key("trades").begin_array();
    for (const market::Trade& trade : trades.last(std::min(kTrades, trades.size()))) {
        json.begin_object()
            .field("ts", core::format_time(trade.time))
            .field("id", std::to_string(trade.trade_id))
            .field("side", market::to_string(trade.taker_side));
        number_field(json, "price", trade.price);
        number_field(json, "size", trade.size);
        json.end_object();
    }
    json.end_array();
}

/// When the answer was true: with the cycle, or when the contract was read by itself.
void write_time_members(core::JsonWriter& json, const ranking::Ranking& ranking,
                        const ranking::ContractSnapshot& snapshot, const InspectExtras& extras) {
    if (extras.reading == nullptr) {
        write_scan_members(json, ranking, snapshot.data.data_time);
        json.field("in_scan", true);
        return;
    }
    const core::WallTime read_at = extras.reading->read_at;
    json.field("ts", core::format_time(read_at)).field("seq", ranking.sequence);
    if (ranking.settings.simulated) json.field("simulated", true);
    json.field("data_age_ms", std::max<std::int64_t>(0, (read_at - snapshot.data.data_time).count()))
        .field("next_scan_at", core::format_time(ranking.next_scan_at));
    write_manip_model(json, ranking);
    json.field("in_scan", false).field("reason", extras.reason).field("detail", extras.detail);
}

/// Who told an input, where a live feed is followed; without one there is one source, and nothing to tell.
void write_source(core::JsonWriter& json, const market::InputReading& reading) {
    json.field("source", market::to_string(reading.source));
    if (!reading.subscription.empty()) json.field("subscription", reading.subscription);
}

void write_input(core::JsonWriter& json, std::string_view name, const market::InputReading& reading, core::WallTime at,
                 bool with_source) {
    json.key(name).begin_object();
    json.key("time");
    if (reading.time) {
        json.value(core::format_time(*reading.time));
    } else {
        json.null();
    }
    json.key("age_ms");
    if (reading.true_at) {
        json.value((at - *reading.true_at).count());
    } else {
        json.null();
    }
    json.field("limit_ms", reading.limit.count()).field("state", market::to_string(reading.state)).key("note");
    if (reading.note.empty()) {
        json.null();
    } else {
        json.value(reading.note);
    }
    if (with_source) write_source(json, reading);
    json.end_object();
}

/// How old each input was at that moment: when the numbers were made of them, or when the feed was read.
void write_inputs(core::JsonWriter& json, const market::Inputs& inputs, core::WallTime at) {
    const bool followed = !inputs[market::Input::order_book].subscription.empty();
    json.key("inputs").begin_object();
    for (const market::Input input : market::kInputs) {
        write_input(json, market::to_string(input), inputs[input], at, followed);
    }
    if (followed) write_input(json, "tape", inputs.tape(), at, true);
    json.end_object();
}

std::string card_of(const ranking::Ranking& ranking, const Assessment& assessment, const InspectExtras& extras) {
    const ranking::ContractSnapshot& snapshot = *assessment.item.snapshot;
    core::JsonWriter json(512);
    json.begin_object();
    write_time_members(json, ranking, snapshot, extras);
    json.field("symbol", snapshot.data.contract->symbol).field("contract_code", snapshot.data.contract->contract_code);
    number_field(json, "score", score_of(assessment));
    number_field(json, "liquidity_edge", signals::shown<&signals::Edges::liquidity_edge>(assessment.item.numbers()));
    number_field(json, "momentum_edge", signals::shown<&signals::Edges::momentum_edge>(assessment.item.numbers()));
    number_field(json, "last_price", snapshot.data.ticker.last);
    number_field(json, "manip_score", signals::shown<&signals::Manipulation::manip_score>(snapshot.numbers));
    json.end_object();
    return json.take();
}

std::string page_of(const ranking::Ranking& ranking, const Assessment& assessment, const std::string& profile,
                    const InspectExtras& extras) {
    const ranking::ContractSnapshot& snapshot = *assessment.item.snapshot;
    core::JsonWriter json(32U << 10U);
    json.begin_object();
    write_time_members(json, ranking, snapshot, extras);
    json.field("symbol", snapshot.data.contract->symbol).field("contract_code", snapshot.data.contract->contract_code);
    json.field("profile", profile);
    number_field(json, "score", score_of(assessment));
    json.key("rejection");
    if (assessment.rejection == signals::Rejection::none) {
        json.null();
    } else {
        json.value(signals::to_string(assessment.rejection));
    }
    write_snapshot(json, ranking, assessment);
    const bool live_book = extras.live != nullptr && extras.live->book != nullptr;
    const market::OrderBook* book = live_book ? extras.live->book.get() : snapshot.data.order_book.get();
    write_orderbook(json, book);
    write_slippage(json, book);
    write_group(json, FieldGroup::momentum, assessment.item.numbers());
    write_group(json, FieldGroup::micro, assessment.item.numbers());
    write_metrics(json, assessment);
    write_manipulation(json, assessment.item.numbers());
    const std::span<const market::Candle> candles =
        snapshot.data.candles == nullptr ? std::span<const market::Candle>() : std::span(*snapshot.data.candles);
    write_bars(json, "bars_1m", bars_of(candles, snapshot.data.closed_candles, 1));
    write_bars(json, "bars_5m", bars_of(candles, snapshot.data.closed_candles, 5));
    json.key("spread_history").begin_array();
    constexpr signals::Digits kSpreadDigits = signals::field_of<&signals::Metrics::spread_bps>().digits;
    for (const double spread : snapshot.spread_history) write_number(json, signals::rounded(spread, kSpreadDigits));
    json.end_array();
    write_trades(json, extras);
    write_live(json, extras.live.get());
    const core::WallTime made_at = extras.reading == nullptr ? ranking.time : extras.reading->read_at;
    if (extras.live == nullptr) {
        write_inputs(json, snapshot.data.inputs, made_at);
    } else {
        write_inputs(json, inputs_at(snapshot.data.inputs, *extras.live), extras.live->read_at);
    }
    std::vector<std::string> notes = snapshot.notes;
    notes.insert(notes.end(), extras.notes.begin(), extras.notes.end());
    json.key("notes");
    write_strings(json, notes);
    json.end_object();
    return json.take();
}

}  // namespace

Rendered render_inspection(const ranking::Ranking& ranking, const InspectedContract& contract,
                           const InspectQuery& query, const InspectExtras& extras) {
    // No detector watches a contract outside of the scan: what the seed model says of it is not what the answer's model
    // would.
    std::optional<ranking::ContractSnapshot> unwatched;
    if (ranking.is_measured() && !contract.snapshot.numbers.detection.quarantined) {
        unwatched.emplace(contract.snapshot);
        signals::take_verdict(unwatched->numbers, nullptr);
    }
    const auto assessment = assess(ranking, unwatched ? *unwatched : contract.snapshot, contract.edges,
                                   cycle_scoring(ranking.settings, query.profile), contract.flow);
    return {std::string(kJsonType),
            query.card ? card_of(ranking, assessment, extras) : page_of(ranking, assessment, query.profile, extras),
            stamp_of(ranking, contract.snapshot.data.data_time)};
}

}  // namespace scanner::api
