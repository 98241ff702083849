#pragma once

#include "scanner/signals/snapshot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

/// What a line of the table of numbers (numbers.hpp) is made of. Everything is constant or borrowed: any thread.
namespace scanner::signals {

/// A contract's numbers, edges and flow, to be filled.
struct NumbersRef {
    ContractNumbers& numbers;
    Edges& edges;
    FlowNumbers& flow;
};

/// What belongs together: shown in one block of an inspection, and next to each other everywhere else. Members of an
/// item of /rankings are of the groups from `ranking` to `manipulation`, and of `flow` and `detection`.
enum class FieldGroup : std::uint8_t {
    ranking,       ///< of a row, not of a contract: rank, score
    contract,      ///< what the exchange says of the contract
    market,        ///< read from the exchange as it is: last price, funding rate
    metrics,       ///< Metrics
    edges,         ///< Edges
    manipulation,  ///< Manipulation, but for the features
    momentum,
    execution,
    micro,
    features,   ///< ManipulationFeatures; other groups have numbers of the same names
    listing,    ///< the contract's age
    flow,       ///< FlowNumbers: items have them while there is a live feed
    detection,  ///< Detection: items have them under the measured model of manipulation
};
[[nodiscard]] std::string_view to_string(FieldGroup group) noexcept;

enum class FieldType : std::uint8_t { number, integer, boolean, text, time, texts };
[[nodiscard]] std::string_view to_string(FieldType type) noexcept;

/// How many digits of a number mean something. Answers, frames and exports are rounded to that; what is stored,
/// computed with, sorted by and compared is not.
struct Digits {
    enum class Kind : std::uint8_t { all, decimals, significant };
    Kind kind = Kind::all;  ///< all: as it is, because the exchange gave it so or because it is whole
    int count = 0;          ///< decimals 0..12, significant digits 1..15
};
[[nodiscard]] constexpr Digits all_digits() noexcept {
    return {};
}
[[nodiscard]] constexpr Digits decimals(int count) noexcept {
    return {.kind = Digits::Kind::decimals, .count = count};
}
[[nodiscard]] constexpr Digits significant(int count) noexcept {
    return {.kind = Digits::Kind::significant, .count = count};
}
/// `value`, which must be finite, to so many digits: the double nearest to that decimal number, so that it is printed
/// with no more digits than that. Rounding twice changes nothing.
[[nodiscard]] double rounded(double value, Digits digits) noexcept;
[[nodiscard]] std::optional<double> rounded(const std::optional<double>& value, Digits digits) noexcept;

/// What there is to know of a field, of the table or of a row, without a value of it.
struct FieldInfo {
    std::string_view name;  ///< unique within its group
    FieldGroup group = FieldGroup::metrics;
    std::string_view unit;  ///< "bps", "USDT", …; empty for what has none
    FieldType type = FieldType::number;
    bool nullable = true;             ///< whether answers may have null in its place
    bool depends_on_request = false;  ///< whether the same contract of the same cycle may differ between requests
    Digits digits;
    std::optional<double> minimum;  ///< where there is a least or a greatest value that the formula can give
    std::optional<double> maximum;
    std::string_view meaning;  ///< a sentence
    std::string_view source;   ///< the inputs that it is made of
};

/// A line of the table. Booleans are 0 and 1, texts the position among `texts`.
struct NumberField : FieldInfo {
    Number number{};              ///< its place in the table
    bool can_be_unknown = false;  ///< whether it may be marked as not measured; else it is there or null by itself
    /// As it was computed, neutral values included; nothing only where the member itself holds nothing.
    std::optional<double> (*get)(const NumbersView&) = nullptr;
    /// Nothing leaves the default in place, but in members that can hold nothing.
    void (*set)(const NumbersRef&, const std::optional<double>&) = nullptr;
    const char* block = nullptr;  ///< which struct the member is of: an address to compare
};

namespace detail {

template <class Owner, class Value>
Owner owner_of(Value Owner::*);
template <class Owner, class Value>
Value value_of(Value Owner::*);

/// The block of a contract's own numbers, const or not.
template <class Owner>
[[nodiscard]] constexpr auto& own_block(auto& numbers) noexcept {
    static_assert(!std::is_same_v<Owner, Edges> && !std::is_same_v<Owner, FlowNumbers>,
                  "edges and flow are the ranking's: take a NumbersView");
    if constexpr (std::is_same_v<Owner, Metrics>) {
        return numbers.metrics;
    } else if constexpr (std::is_same_v<Owner, Momentum>) {
        return numbers.momentum;
    } else if constexpr (std::is_same_v<Owner, Execution>) {
        return numbers.execution;
    } else if constexpr (std::is_same_v<Owner, Microstructure>) {
        return numbers.microstructure;
    } else if constexpr (std::is_same_v<Owner, Manipulation>) {
        return numbers.manipulation;
    } else if constexpr (std::is_same_v<Owner, Detection>) {
        return numbers.detection;
    } else {
        return numbers.manipulation.features;
    }
}
/// The block of a NumbersView, a NumbersRef or a contract's own numbers.
template <class Owner, class View>
[[nodiscard]] constexpr auto& block_in(const View& view) noexcept {
    if constexpr (std::is_same_v<View, ContractNumbers>) {
        return own_block<Owner>(view);
    } else if constexpr (std::is_same_v<Owner, Edges>) {
        return view.edges;
    } else if constexpr (std::is_same_v<Owner, FlowNumbers>) {
        return view.flow;
    } else {
        return own_block<Owner>(view.numbers);
    }
}

/// Its address stands for the struct.
template <class Owner>
inline constexpr char kBlock = 0;

/// Getter and setter of a member.
template <auto member>
struct Place {
    using Owner = decltype(owner_of(member));
    using Value = decltype(value_of(member));
    static constexpr bool kHoldsNothing = std::is_same_v<Value, std::optional<double>>;

    [[nodiscard]] static constexpr std::optional<double> get(const NumbersView& view) { return get_from(view); }
    template <class View>
    [[nodiscard]] static constexpr std::optional<double> get_from(const View& view) {
        const Value& value = block_in<Owner>(view).*member;
        if constexpr (kHoldsNothing) {
            return value;
        } else {
            return static_cast<double>(value);
        }
    }
    static constexpr void set(const NumbersRef& into, const std::optional<double>& value) {
        Value& place = block_in<Owner>(into).*member;
        if constexpr (kHoldsNothing) {
            place = value;
        } else if (value) {
            if constexpr (std::is_same_v<Value, bool>) {
                place = *value != 0.0;
            } else if constexpr (std::is_same_v<Value, double>) {
                place = *value;
            } else {
                place = static_cast<Value>(static_cast<int>(*value));
            }
        }
    }
};

template <class Owner>
[[nodiscard]] consteval FieldGroup group_of() {
    if (std::is_same_v<Owner, Metrics>) return FieldGroup::metrics;
    if (std::is_same_v<Owner, Edges>) return FieldGroup::edges;
    if (std::is_same_v<Owner, Momentum>) return FieldGroup::momentum;
    if (std::is_same_v<Owner, Execution>) return FieldGroup::execution;
    if (std::is_same_v<Owner, Microstructure>) return FieldGroup::micro;
    if (std::is_same_v<Owner, Manipulation>) return FieldGroup::manipulation;
    if (std::is_same_v<Owner, FlowNumbers>) return FieldGroup::flow;
    if (std::is_same_v<Owner, Detection>) return FieldGroup::detection;
    return FieldGroup::features;
}

/// What most lines need not say.
struct LineOptions {
    std::optional<FieldGroup> group;  ///< without it the one of the struct
    FieldType type = FieldType::number;
    bool nullable = true;
    bool depends_on_request = false;
    std::optional<double> minimum;
    std::optional<double> maximum;
};

template <auto member>
[[nodiscard]] consteval NumberField line(std::string_view name, std::string_view unit, Digits digits,
                                         const LineOptions& options, std::string_view meaning,
                                         std::string_view source) {
    using Owner = typename Place<member>::Owner;
    return {{.name = name,
             .group = options.group.value_or(group_of<Owner>()),
             .unit = unit,
             .type = options.type,
             .nullable = options.nullable,
             .depends_on_request = options.depends_on_request,
             .digits = digits,
             .minimum = options.minimum,
             .maximum = options.maximum,
             .meaning = meaning,
             .source = source},
            {},
            options.nullable && !Place<member>::kHoldsNothing,
            &Place<member>::get,
            &Place<member>::set,
            &kBlock<Owner>};
}

/// The lines with their places.
template <std::size_t count>
[[nodiscard]] consteval std::array<NumberField, count> numbered(std::array<NumberField, count> lines) {
    static_assert(count <= kMaxNumbers);
    for (std::size_t i = 0; i < count; ++i) lines[i].number = static_cast<Number>(i);
    return lines;
}

}  // namespace detail

}  // namespace scanner::signals
