#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

/// The second table: what a row of a ranking has. It includes the table of numbers (signals/numbers.hpp) and adds what
/// belongs to the row or the contract and is no number of ours: rank, score, age, symbol. Items, frames, CSV,
/// `fields=`, sorting, the rule language, OpenAPI fragments, `GET /fields` and the tables of the documents iterate it;
/// none of them lists names of its own. A new member of rows is its line here and its row in docs/api.md.
namespace scanner::ranking {

/// Null, a number, a condition, a text, a time or a list of texts. Borrowed from the ranking.
using RowValue = std::variant<std::monostate, double, std::int64_t, bool, std::string_view, core::WallTime,
                              std::span<const std::string_view>, std::span<const std::string>>;
[[nodiscard]] inline bool is_null(const RowValue& value) noexcept {
    return std::holds_alternative<std::monostate>(value);
}

/// Where a field is found beside its name.
struct RowTraits {
    bool in_items = true;          ///< a member of items, frames and exports, which have them in the table's order
    bool in_rules = true;          ///< whether rules may name it
    bool in_past = true;           ///< whether history keeps it: items of /rankings?as_of= have it
    bool ascending_first = false;  ///< whether sorting by it without `order` begins with the least
    bool needs_rank = false;       ///< null for a contract without a place in the ranking
    bool needs_feed = false;       ///< items have it while there is a live feed, and where `fields` names it
    bool needs_detectors = false;  ///< items have it with the measured model, and where `fields` names it
    bool is_place = false;         ///< the place itself, which what others there are changes too
};

/// A line of the table.
struct RowField : signals::FieldInfo, RowTraits {
    RowValue (*get)(const ScoredContract&) = nullptr;  ///< with all its digits: what is sorted by and compared
};

/// Whether items can be sorted by it: lists have no order.
[[nodiscard]] constexpr bool is_sortable(const RowField& field) noexcept {
    return field.in_items && field.type != signals::FieldType::texts;
}

namespace detail {

using signals::FieldGroup;
using signals::FieldInfo;
using signals::FieldType;

[[nodiscard]] constexpr RowValue maybe(const std::optional<double>& value) {
    return value ? RowValue(*value) : RowValue();
}

inline constexpr auto kBeforeNumbers = std::to_array<RowField>({
    {{.name = "symbol",
      .group = FieldGroup::contract,
      .type = FieldType::text,
      .nullable = false,
      .meaning = "The contract's unified name.",
      .source = "contract list"},
     {.ascending_first = true},
     [](const ScoredContract& item) { return RowValue(std::string_view(item.snapshot->data.contract->symbol)); }},
    {{.name = "contract_code",
      .group = FieldGroup::contract,
      .type = FieldType::text,
      .nullable = false,
      .meaning = "The same by the exchange's own code.",
      .source = "contract list"},
     {.ascending_first = true},
     [](const ScoredContract& item) {
         return RowValue(std::string_view(item.snapshot->data.contract->contract_code));
     }},
    {{.name = "rank",
      .group = FieldGroup::ranking,
      .type = FieldType::integer,
      .nullable = false,
      .depends_on_request = true,
      .minimum = 1.0,
      .meaning = "1 is the best, among all contracts that this request ranks.",
      .source = "score"},
     {.ascending_first = true, .needs_rank = true, .is_place = true},
     [](const ScoredContract& item) { return RowValue(std::int64_t{item.rank}); }},
    {{.name = "rank_delta",
      .group = FieldGroup::ranking,
      .type = FieldType::integer,
      .depends_on_request = true,
      .meaning = "Previous rank minus this one: positive is up; null where it was not ranked before.",
      .source = "score, previous cycle"},
     {.in_past = false, .needs_rank = true},
     [](const ScoredContract& item) {
         return item.rank_delta ? RowValue(std::int64_t{*item.rank_delta}) : RowValue();
     }},
    {{.name = "score",
      .group = FieldGroup::ranking,
      .unit = "points",
      .nullable = false,
      .depends_on_request = true,
      .digits = signals::decimals(4),
      .meaning = "The score under the profile.",
      .source = "all numbers"},
     {.needs_rank = true},
     [](const ScoredContract& item) { return RowValue(item.score); }},
    {{.name = "last_price",
      .group = FieldGroup::market,
      .unit = "USDT",
      .nullable = false,
      .meaning = "Last traded price.",
      .source = "ticker"},
     {},
     [](const ScoredContract& item) { return RowValue(item.snapshot->data.ticker.last); }},
});
/// They stand behind the number of funding that is made of them.
inline constexpr auto kBehindFunding = std::to_array<RowField>({
    {{.name = "funding_rate",
      .group = FieldGroup::market,
      .unit = "fraction",
      .depends_on_request = true,
      .meaning = "Rate of the coming settlement as a fraction per interval, as the exchange gives it.",
      .source = "funding"},
     {},
     [](const ScoredContract& item) { return maybe(item.funding_rate); }},
    {{.name = "funding_interval_hours",
      .group = FieldGroup::contract,
      .unit = "hours",
      .type = FieldType::integer,
      .nullable = false,
      .minimum = 1.0,
      .meaning = "Hours between two settlements.",
      .source = "contract list"},
     {.ascending_first = true},
     [](const ScoredContract& item) {
         return RowValue(std::int64_t{item.snapshot->data.contract->funding_interval_hours});
     }},
});
inline constexpr auto kBehindNumbers = std::to_array<RowField>({
    {{.name = "manip_flags",
      .group = FieldGroup::manipulation,
      .type = FieldType::texts,
      .nullable = false,
      .meaning = "What was noticed.",
      .source = "book, all candles, open interest, funding, previous cycle"},
     {},
     [](const ScoredContract& item) {
         return RowValue(std::span<const std::string_view>(item.snapshot->numbers.manipulation.manip_flags));
     }},
    {{.name = "age_ms",
      .group = FieldGroup::market,
      .unit = "ms",
      .type = FieldType::integer,
      .nullable = false,
      .minimum = 0.0,
      .meaning = "Age of the contract's inputs when the ranking was made.",
      .source = "ticker, book"},
     {.ascending_first = true},
     [](const ScoredContract& item) { return RowValue(std::int64_t{item.age.count()}); }},
    {{.name = "listed_at",
      .group = FieldGroup::contract,
      .type = FieldType::time,
      .meaning = "Start of the day of the listing; null where the exchange does not say.",
      .source = "contract list"},
     {.in_rules = false},  // listed_days is what rules compare
     [](const ScoredContract& item) {
         const auto& listed = item.snapshot->data.contract->listed_at;
         return listed ? RowValue(*listed) : RowValue();
     }},
    {{.name = "notes",
      .group = FieldGroup::ranking,
      .type = FieldType::texts,
      .nullable = false,
      .meaning = "What is unknown or was not measured, a sentence each; mostly empty.",
      .source = "all inputs"},
     {.in_rules = false},
     [](const ScoredContract& item) { return RowValue(std::span<const std::string>(item.snapshot->notes)); }},
});

/// With the measured model of manipulation only.
inline constexpr auto kOfDetectors = std::to_array<RowField>({
    {{.name = "quarantined",
      .group = FieldGroup::detection,
      .type = FieldType::boolean,
      .meaning = "Whether it is ranked below every contract that is not, for likeness to manipulation.",
      .source = "manip_score of the last 5 min"},
     {.in_past = false, .needs_detectors = true},
     [](const ScoredContract& item) {
         const auto& quarantined = item.snapshot->numbers.detection.quarantined;
         return quarantined ? RowValue(*quarantined) : RowValue();
     }},
    {{.name = "rank_raw",
      .group = FieldGroup::ranking,
      .type = FieldType::integer,
      .depends_on_request = true,
      .minimum = 1.0,
      .meaning = "The rank that it had without quarantine.",
      .source = "score"},
     {.in_past = false, .ascending_first = true, .needs_rank = true, .needs_detectors = true},
     [](const ScoredContract& item) { return item.rank_raw ? RowValue(std::int64_t{*item.rank_raw}) : RowValue(); }},
});

/// The numbers that a request may change, as this one has them.
struct RequestNumber {
    const signals::NumberField* field;
    std::optional<double> (*get)(const ScoredContract&);
};
inline constexpr auto kRequestNumbers = std::to_array<RequestNumber>({
    {&signals::field_of<&signals::Metrics::slip_bps>(),
     [](const ScoredContract& item) { return std::optional(item.slip_bps); }},
    {&signals::field_of<&signals::Metrics::funding_8h_pct>(),
     [](const ScoredContract& item) { return item.funding_8h_pct; }},
    {&signals::field_of<&signals::Metrics::basis_bps>(), [](const ScoredContract& item) { return item.basis_bps; }},
});
[[nodiscard]] constexpr const RequestNumber* find_request_number(std::size_t line) {
    const auto* const found = std::ranges::find(kRequestNumbers, &signals::kNumbers[line], &RequestNumber::field);
    return found == kRequestNumbers.end() ? nullptr : found;
}

/// A number of the table, null where it was not measured.
template <std::size_t line>
[[nodiscard]] RowValue number(const ScoredContract& item) {
    constexpr const signals::NumberField& kField = signals::kNumbers[line];
    if constexpr (constexpr const RequestNumber* kOfRequest = find_request_number(line); kOfRequest != nullptr) {
        return maybe(kOfRequest->get(item));
    } else if constexpr (kField.type == FieldType::number) {
        return maybe(signals::known(item.numbers(), kField));
    } else {
        const std::optional<double> value = signals::known(item.numbers(), kField);
        if (!value) return {};
        if constexpr (kField.type == FieldType::boolean) {
            return *value != 0.0;
        } else {
            static_assert(kField.type == FieldType::text);
            return signals::text_of(*value);
        }
    }
}

/// Where the numbers of a group are found. A new group does not compile until it is here.
[[nodiscard]] consteval RowTraits traits_of(FieldGroup group) {
    switch (group) {
        case FieldGroup::metrics:
        case FieldGroup::edges:
        case FieldGroup::manipulation: return {};
        case FieldGroup::flow: return {.needs_feed = true};
        case FieldGroup::detection: return {.in_past = false, .needs_detectors = true};
        case FieldGroup::momentum:
        case FieldGroup::execution:
        case FieldGroup::micro:
        case FieldGroup::listing: return {.in_items = false, .in_past = false};
        // They repeat metrics under the names of the manipulation model, which rules do not speak.
        case FieldGroup::features: return {.in_items = false, .in_rules = false, .in_past = false};
        case FieldGroup::ranking:
        case FieldGroup::contract:
        case FieldGroup::market: break;
    }
    std::unreachable();  // no group of numbers: does not compile
}

template <std::size_t line>
[[nodiscard]] consteval RowField row_of_number() {
    // A number that depends on the request and is not among them would be served from texts made for another request.
    static_assert(signals::kNumbers[line].depends_on_request == (find_request_number(line) != nullptr));
    return {signals::kNumbers[line], traits_of(signals::kNumbers[line].group), &number<line>};
}

template <std::size_t... line>
[[nodiscard]] consteval auto make_row_fields(std::index_sequence<line...> /*lines*/) {
    constexpr std::array<RowField, sizeof...(line)> kOfNumbers{row_of_number<line>()...};
    std::array<RowField, kBeforeNumbers.size() + kOfNumbers.size() + kBehindFunding.size() + kBehindNumbers.size() +
                             kOfDetectors.size()>
        all{};
    auto* end = std::ranges::copy(kBeforeNumbers, all.begin()).out;
    for (const RowField& field : kOfNumbers) {
        if (!field.in_items || field.needs_feed || field.needs_detectors) continue;
        *end++ = field;
        if (field.name == "funding_8h_pct") end = std::ranges::copy(kBehindFunding, end).out;
    }
    end = std::ranges::copy(kBehindNumbers, end).out;
    end = std::ranges::copy_if(kOfNumbers, end, &RowField::needs_detectors).out;
    end = std::ranges::copy(kOfDetectors, end).out;
    end = std::ranges::copy_if(kOfNumbers, end, &RowField::needs_feed).out;
    std::ranges::copy_if(kOfNumbers, end, [](const RowField& field) { return !field.in_items; });
    return all;
}

}  // namespace detail

/// The table: the fields of items in their order, then what only inspections and rules have.
inline constexpr auto kRowFields = detail::make_row_fields(std::make_index_sequence<signals::kNumbers.size()>());

inline constexpr auto kItemFieldCount =
    static_cast<std::size_t>(std::ranges::count_if(kRowFields, [](const RowField& field) { return field.in_items; }));
static_assert(std::ranges::is_partitioned(kRowFields, [](const RowField& field) { return field.in_items; }));

namespace detail {
constexpr bool is_plain(const RowField& field) {
    return !field.needs_feed && !field.needs_detectors;
}
inline constexpr auto kPlainCount =
    static_cast<std::size_t>(std::ranges::count_if(std::span(kRowFields).first(kItemFieldCount), is_plain));
inline constexpr auto kFeedCount = static_cast<std::size_t>(
    std::ranges::count_if(std::span(kRowFields).first(kItemFieldCount), &RowField::needs_feed));
/// Those of a ranking with a feed and without detectors: the only choice that does not stand together in the table.
inline constexpr auto kFieldsWithFeed = [] {
    std::array<RowField, kPlainCount + kFeedCount> fields{};
    std::ranges::copy_if(std::span(kRowFields).first(kItemFieldCount), fields.begin(),
                         [](const RowField& field) { return !field.needs_detectors; });
    return fields;
}();
}  // namespace detail
static_assert(std::ranges::is_partitioned(std::span(kRowFields).first(kItemFieldCount), detail::is_plain));
static_assert(std::ranges::is_partitioned(std::span(kRowFields).first(kItemFieldCount),
                                          [](const RowField& field) { return !field.needs_feed; }));

/// The fields of an item, in the order in which items show them.
[[nodiscard]] constexpr std::span<const RowField> item_fields() noexcept {
    return std::span(kRowFields).first(kItemFieldCount);
}
/// Those of an item of a ranking with or without a feed and the measured model that was not asked for particular ones.
[[nodiscard]] constexpr std::span<const RowField> item_fields_with(bool feed, bool detectors) noexcept {
    if (feed && !detectors) return detail::kFieldsWithFeed;
    if (feed) return item_fields();
    return item_fields().first(detectors ? kItemFieldCount - detail::kFeedCount : detail::kPlainCount);
}
/// Those of an item of `ranking` that was not asked for particular ones: what a live feed or the detectors tell is left
/// out where there were none. With nullptr, of one without either.
[[nodiscard]] constexpr std::span<const RowField> item_fields_of(const Ranking* ranking) noexcept {
    if (ranking == nullptr) return item_fields_with(false, false);
    return item_fields_with(ranking->has_flow, ranking->is_measured());
}
/// Among the fields of items, whose names are unique; nullptr for a name that none has.
[[nodiscard]] const RowField* find_item_field(std::string_view name) noexcept;

/// Whether the request takes slippage and carry as the cycle did, so that only the score is left to tell items apart.
[[nodiscard]] bool is_as_in_cycle(const ScoredContract& item);

}  // namespace scanner::ranking
