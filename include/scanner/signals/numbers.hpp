#pragma once

#include "scanner/signals/number_field.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// The one table of numbers. Whatever writes, reads, sorts by, filters by, documents or stores the numbers of a
/// contract iterates it; none of them lists names of its own. A new number is its function, its line here and its
/// paragraph in docs/metrics.md.
namespace scanner::signals {

/// The table, in the order in which answers show the numbers; those of a group stand together.
inline constexpr auto kNumbers = detail::numbered(std::to_array<NumberField>({
    detail::line<&Metrics::qvol_usdt>("qvol_usdt", "USDT", decimals(2), {.nullable = false},
                                      "Turnover of the last 24 h, both sides counted.", "ticker"),
    detail::line<&Metrics::atr_pct>("atr_pct", "%", decimals(6), {},
                                    "Mean true range of the last 50 candles in percent of the last close.",
                                    "closed candles"),
    detail::line<&Metrics::spread_bps>(
        "spread_bps", "bps", significant(6), {.nullable = false},
        "Bid to ask in basis points of the middle; 10 000 where there is no proper market.", "ticker"),
    detail::line<&Metrics::slip_bps>(
        "slip_bps", "bps", significant(6), {.nullable = false, .depends_on_request = true},
        "Cost of a market order of the notional, the worse of both sides; 10 000 where the book cannot fill it.",
        "book"),
    detail::line<&Metrics::top5_depth_usdt>("top5_depth_usdt", "USDT", decimals(2), {},
                                            "Value of the best five levels of both sides.", "book"),
    detail::line<&Metrics::ret_15>("ret_15", "%", decimals(6), {}, "Change over the last 15 candles.", "all candles"),
    detail::line<&Metrics::ret_1>("ret_1", "%", decimals(6), {}, "Change over the last candle.", "all candles"),
    detail::line<&Metrics::funding_8h_pct>("funding_8h_pct", "%", decimals(6), {.depends_on_request = true},
                                           "Rate of the coming funding settlement scaled to eight hours; positive: "
                                           "longs pay. Null where the exchange gives none.",
                                           "funding, contract list"),
    detail::line<&Metrics::open_interest>("open_interest", "base units", significant(12), {},
                                          "Open interest, one-sided; null where unknown.", "open interest"),
    detail::line<&Metrics::basis_bps>("basis_bps", "bps", decimals(4), {.depends_on_request = true},
                                      "Last price against the index price; null where either is missing.",
                                      "ticker, index"),
    detail::line<&Metrics::volume_zscore>(
        "volume_zscore", "σ", decimals(4), {.minimum = -10.0, .maximum = 10.0},
        "How unusual the newest candle's volume is, in standard deviations, within ±10.", "closed candles"),
    detail::line<&Metrics::order_flow_imbalance>(
        "order_flow_imbalance", "ratio", decimals(4), {.minimum = -1.0, .maximum = 1.0},
        "From -1 (only asks) to 1 (only bids), over the best ten levels.", "book"),
    detail::line<&Metrics::volatility_regime>(
        "volatility_regime", "ratio", decimals(4), {.minimum = -1.0, .maximum = 5.0},
        "Short volatility over long volatility, minus 1, within -1 and 5.", "closed candles"),
    detail::line<&Metrics::price_velocity>("price_velocity", "% a candle", decimals(6),
                                           {.minimum = -10.0, .maximum = 10.0},
                                           "Change a candle over the last five candles, within ±10.", "all candles"),
    detail::line<&Metrics::anomaly_score>("anomaly_score", "points", decimals(4), {.minimum = 0.0, .maximum = 100.0},
                                          "Likeness to a surge and its reversal, 0 to 100.", "closed and all candles"),
    detail::line<&Metrics::depth_to_volume_ratio>("depth_to_volume_ratio", "ratio", significant(6), {.minimum = 0.0},
                                                  "How many candles of the newest volume the near book would last.",
                                                  "book, closed candles"),
    detail::line<&Edges::liquidity_edge>("liquidity_edge", "σ", decimals(4), {},
                                         "Comparison with the rest of the cycle: liquidity.", "cross-section"),
    detail::line<&Edges::momentum_edge>("momentum_edge", "σ", decimals(4), {},
                                        "Comparison with the rest of the cycle: momentum.", "cross-section"),
    detail::line<&Edges::volatility_edge>("volatility_edge", "σ", decimals(4), {},
                                          "Comparison with the rest of the cycle: volatility.", "cross-section"),
    detail::line<&Edges::microstructure_edge>("microstructure_edge", "σ", decimals(4), {},
                                              "Comparison with the rest of the cycle: microstructure.",
                                              "cross-section"),
    detail::line<&Edges::anomaly_residual>("anomaly_residual", "σ", decimals(4), {},
                                           "The part of the anomaly score that the rest of the cycle does not explain.",
                                           "cross-section"),
    detail::line<&Manipulation::manip_score>("manip_score", "points", decimals(2), {.minimum = 0.0, .maximum = 100.0},
                                             "Likeness to manipulation, 0 to 100; null where no detector can tell.",
                                             "book, all candles, open interest, funding, previous cycle"),
    detail::line<&Momentum::z_15s>("z_15s", "σ", decimals(4), {},
                                   "Distance of the last close from the mean of 4 closes.", "all candles"),
    detail::line<&Momentum::z_1m>("z_1m", "σ", decimals(4), {},
                                  "Distance of the last close from the mean of 20 closes.", "all candles"),
    detail::line<&Momentum::z_5m>("z_5m", "σ", decimals(4), {},
                                  "Distance of the last close from the mean of 60 closes.", "all candles"),
    detail::line<&Momentum::vwap_distance>(
        "vwap_distance", "%", decimals(6),
        {}, "Last close against the volume-weighted average price of the closed candles.", "all candles"),
    detail::line<&Momentum::rsi14>("rsi14", "points", decimals(4), {.minimum = 0.0, .maximum = 100.0},
                                   "Cutler's RSI of the last 14 changes, 0 to 100.", "all candles"),
    detail::line<&Execution::queue_position>(
        "queue_position", "ratio", significant(6), {.minimum = 0.0, .maximum = 1.0},
        "How much of the queue at the best bid the test order would be, at most 1.", "book"),
    detail::line<&Execution::simulated_impact_bps>(
        "simulated_impact_bps", "bps", significant(6), {.nullable = false},
        "Cost of buying the test notional at market; 10 000 where the book cannot fill it.", "book"),
    detail::line<&Microstructure::depth_decay>(
        "depth_decay", "ratio", decimals(6), {.maximum = 1.0},
        "Part of the near book that went away since the previous cycle; negative: it grew.", "book, previous cycle"),
    detail::line<&Microstructure::trade_imbalance>(
        "trade_imbalance", "ratio", decimals(4), {.minimum = -10.0, .maximum = 10.0},
        "order_flow_imbalance times the unusualness of the volume.", "book, closed candles"),
    detail::line<&Microstructure::spoof_unwind>("spoof_unwind", "", all_digits(),
                                                {.type = FieldType::boolean, .nullable = false},
                                                "A wall of bids vanished.", "book, previous cycle"),
    detail::line<&Microstructure::passive_absorption>("passive_absorption", "", all_digits(),
                                                      {.type = FieldType::boolean, .nullable = false},
                                                      "Much volume and no movement.", "book, candles"),
    detail::line<&Microstructure::pump_signature>("pump_signature", "", all_digits(),
                                                  {.type = FieldType::boolean, .nullable = false},
                                                  "The price rises fast on unusual volume.", "candles"),
    detail::line<&Microstructure::dump_signature>("dump_signature", "", all_digits(),
                                                  {.type = FieldType::boolean, .nullable = false},
                                                  "The price falls fast on unusual volume.", "candles"),
    detail::line<&Microstructure::volatility_bucket>(
        "volatility_bucket", "", all_digits(), {.type = FieldType::text},
        "low, medium or high, by volatility_regime; null where the history is too short.", "closed candles"),
    detail::line<&ManipulationFeatures::imbalance>("imbalance", "ratio", decimals(4), {.minimum = -1.0, .maximum = 1.0},
                                                   "order_flow_imbalance over the best five levels.", "book"),
    detail::line<&ManipulationFeatures::order_flow_imbalance>("order_flow_imbalance", "ratio", decimals(4),
                                                              {.minimum = -1.0, .maximum = 1.0},
                                                              "As the metric of that name.", "book"),
    detail::line<&ManipulationFeatures::imbalance_delta>(
        "imbalance_delta", "ratio", decimals(4), {.minimum = -2.0, .maximum = 2.0},
        "Change of the imbalance since the previous cycle.", "book, previous cycle"),
    detail::line<&ManipulationFeatures::wall_ratio>(
        "wall_ratio", "ratio", decimals(4), {.minimum = 0.0, .maximum = 1.0},
        "The larger of the best bid and the best ask, as a part of the near book.", "book"),
    detail::line<&ManipulationFeatures::total_depth>("total_depth", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the best five levels of both sides.", "book"),
    detail::line<&ManipulationFeatures::wick_ratio>("wick_ratio", "ratio", decimals(4), {.minimum = 0.0},
                                                    "Range of the newest candle over the usual one.", "all candles"),
    detail::line<&ManipulationFeatures::oi_delta>("oi_delta", "ratio", decimals(4), {},
                                                  "Relative change of the open interest since the previous cycle.",
                                                  "open interest, previous cycle"),
    detail::line<&ManipulationFeatures::funding>("funding", "%", decimals(6), {}, "As the metric funding_8h_pct.",
                                                 "funding, contract list"),
    detail::line<&ManipulationFeatures::volume_zscore>("volume_zscore", "σ", decimals(2),
                                                       {.minimum = -10.0, .maximum = 10.0},
                                                       "As the metric of that name.", "closed candles"),
    detail::line<&ManipulationFeatures::volume_z_trend>(
        "volume_z_trend", "σ", decimals(4), {.minimum = -20.0, .maximum = 20.0},
        "Change of the volume's z-score since the previous cycle.", "closed candles, previous cycle"),
    detail::line<&ManipulationFeatures::vol_regime>("vol_regime", "ratio", decimals(4),
                                                    {.minimum = -1.0, .maximum = 5.0},
                                                    "As the metric volatility_regime.", "closed candles"),
    detail::line<&ManipulationFeatures::velocity>("velocity", "% a candle", decimals(4),
                                                  {.minimum = -10.0, .maximum = 10.0}, "As the metric price_velocity.",
                                                  "all candles"),
    detail::line<&ManipulationFeatures::velocity_trend>(
        "velocity_trend", "% a candle", decimals(4), {.minimum = -20.0, .maximum = 20.0},
        "Change of the velocity since the previous cycle.", "all candles, previous cycle"),
    detail::line<&ManipulationFeatures::pump_dump_score>("pump_dump_score", "points", decimals(2),
                                                         {.minimum = 0.0, .maximum = 100.0},
                                                         "As the metric anomaly_score.", "closed and all candles"),
    detail::line<&Metrics::listed_days>(
        "listed_days", "days", decimals(4), {.group = FieldGroup::listing, .minimum = 0.0},
        "Days since the listing, at least; null where the exchange does not say.", "contract list"),
    detail::line<&FlowNumbers::microprice>("microprice", "USDT", significant(12), {.minimum = 0.0},
                                           "Middle of the best prices, each weighted by the size on the other side.",
                                           "live book"),
    detail::line<&FlowNumbers::depth_10bps_bid_usdt>("depth_10bps_bid_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the bids within 10 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::depth_10bps_ask_usdt>("depth_10bps_ask_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the asks within 10 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::depth_25bps_bid_usdt>("depth_25bps_bid_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the bids within 25 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::depth_25bps_ask_usdt>("depth_25bps_ask_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the asks within 25 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::depth_50bps_bid_usdt>("depth_50bps_bid_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the bids within 50 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::depth_50bps_ask_usdt>("depth_50bps_ask_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                     "Value of the asks within 50 basis points of the middle.",
                                                     "live book"),
    detail::line<&FlowNumbers::firm_depth_bid_usdt>("firm_depth_bid_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                    "Value of the bids within 25 basis points that persist: the least "
                                                    "size of each price over 3 s, averaged over 15 s.",
                                                    "live book"),
    detail::line<&FlowNumbers::firm_depth_ask_usdt>("firm_depth_ask_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                    "Value of the asks within 25 basis points that persist: the least "
                                                    "size of each price over 3 s, averaged over 15 s.",
                                                    "live book"),
    detail::line<&FlowNumbers::firmness>("firmness", "ratio", decimals(4), {.minimum = 0.0, .maximum = 1.0},
                                         "Firm depth over what was quoted within 25 basis points in the same 15 s.",
                                         "live book"),
    detail::line<&FlowNumbers::ofi_10s>(
        "ofi_10s", "ratio", decimals(4), {},
        "Order-flow imbalance at the touch over 10 s, in mean sizes of the touch; positive: bids grew or asks went.",
        "live book"),
    detail::line<&FlowNumbers::tfi_60s>(
        "tfi_60s", "ratio", decimals(4), {.minimum = -1.0, .maximum = 1.0},
        "Taker buys minus taker sells over both, in USDT, over 60 s; null without trades.", "tape"),
    detail::line<&FlowNumbers::trades_60s>("trades_60s", "trades", decimals(0), {.minimum = 0.0},
                                           "Trades of the last 60 s.", "tape"),
    detail::line<&FlowNumbers::turnover_60s_usdt>("turnover_60s_usdt", "USDT", decimals(2), {.minimum = 0.0},
                                                  "Turnover of the last 60 s, one side counted.", "tape"),
    detail::line<&FlowNumbers::impact_bps_per_100k>("impact_bps_per_100k", "bps", significant(6), {},
                                                    "How far takers of 100 000 USDT move the middle, by a regression "
                                                    "on signed square-root value; null before 30 trades.",
                                                    "live book, tape"),
    detail::line<&FlowNumbers::liquidations_5m_long_usdt>(
        "liquidations_5m_long_usdt", "USDT", decimals(2),
        {.minimum = 0.0}, "Value of the long positions closed by force in the last 5 min.", "liquidations"),
    detail::line<&FlowNumbers::liquidations_5m_short_usdt>(
        "liquidations_5m_short_usdt", "USDT", decimals(2),
        {.minimum = 0.0}, "Value of the short positions closed by force in the last 5 min.", "liquidations"),
    detail::line<&FlowNumbers::recovery_ms>("recovery_ms", "ms", decimals(0), {.minimum = 0.0},
                                            "Median time in which depth within 10 basis points came back to 80 % after "
                                            "trades that took half of the touch, last hour.",
                                            "live book, tape"),
    detail::line<&Detection::manip_probability>(
        "manip_probability", "probability", decimals(6), {.minimum = 0.0, .maximum = 1.0},
        "Probability that manipulation of any kind was under way in the last 60 s; null where no detector can tell.",
        "tape, live book, index, open interest, funding"),
}));

/// What the values of a text are, by their position.
inline constexpr std::array<VolatilityBucket, 3> kVolatilityBuckets{VolatilityBucket::low, VolatilityBucket::medium,
                                                                    VolatilityBucket::high};

/// The lines of a group; empty for the groups of rows.
[[nodiscard]] constexpr std::span<const NumberField> numbers_of(FieldGroup group) noexcept {
    std::size_t begin = 0;
    while (begin < kNumbers.size() && kNumbers[begin].group != group) ++begin;
    std::size_t end = begin;
    while (end < kNumbers.size() && kNumbers[end].group == group) ++end;
    return std::span(kNumbers).subspan(begin, end - begin);
}

inline constexpr std::string_view kFeaturePrefix = "feature_";

/// The number of that name, or nothing; features have "feature_" in front.
[[nodiscard]] constexpr std::optional<Number> find_number(std::string_view name) noexcept {
    const bool is_feature = name.starts_with(kFeaturePrefix);
    if (is_feature) name.remove_prefix(kFeaturePrefix.size());
    for (const NumberField& field : kNumbers) {
        if (field.name == name && is_feature == (field.group == FieldGroup::features)) return field.number;
    }
    return std::nullopt;
}
/// The name under which find_number finds it.
[[nodiscard]] std::string to_string(Number number);

/// `"ret_15"_number`; a name that the table lacks does not compile.
[[nodiscard]] consteval Number operator""_number(const char* name, std::size_t size) {
    const std::optional<Number> number = find_number({name, size});
    if (!number) std::unreachable();  // not a constant expression, so it does not compile
    return *number;
}

/// The line of that group and name, or nullptr.
[[nodiscard]] const NumberField* find_number_field(FieldGroup group, std::string_view name) noexcept;

/// The line of a member; a member that the table lacks does not compile.
template <auto member>
[[nodiscard]] consteval const NumberField& field_of() {
    for (const NumberField& field : kNumbers) {
        if (field.get == &detail::Place<member>::get) return field;
    }
    std::unreachable();  // does not compile: the member has no line
}

/// The value, or nothing where it was not measured.
[[nodiscard]] constexpr std::optional<double> known(const NumbersView& view, const NumberField& field) {
    if (view.unknown.has(field.number)) return std::nullopt;
    return field.get(view);
}
/// The same by the member: known<&Metrics::ret_15>(numbers). `numbers`: a NumbersView, or a contract's own
/// ContractNumbers where the member is none of the edges and not of the flow.
template <auto member, class Numbers>
[[nodiscard]] constexpr std::optional<double> known(const Numbers& numbers) {
    constexpr const NumberField& kField = field_of<member>();
    if constexpr (kField.can_be_unknown) {
        if (numbers.unknown.has(kField.number)) return std::nullopt;
    }
    return detail::Place<member>::get_from(numbers);
}
/// The bucket, or nothing where the history is too short for one.
[[nodiscard]] constexpr std::optional<VolatilityBucket> known_bucket(const ContractNumbers& numbers) {
    if (numbers.unknown.has(field_of<&Microstructure::volatility_bucket>().number)) return std::nullopt;
    return numbers.microstructure.volatility_bucket;
}

/// The value as answers show it: known, and rounded to the digits that mean something.
[[nodiscard]] inline std::optional<double> shown(const NumbersView& view, const NumberField& field) {
    return rounded(known(view, field), field.digits);
}
template <auto member, class Numbers>
[[nodiscard]] std::optional<double> shown(const Numbers& numbers) {
    return rounded(known<member>(numbers), field_of<member>().digits);
}

/// The text that the value of a line of texts stands for.
[[nodiscard]] inline std::string_view text_of(double value) noexcept {
    return to_string(kVolatilityBuckets[static_cast<std::size_t>(value) % kVolatilityBuckets.size()]);
}

}  // namespace scanner::signals
