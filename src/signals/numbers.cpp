#include "scanner/signals/numbers.hpp"

#include "scanner/core/numeric.hpp"

#include <boost/pfr/tuple_size.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace scanner::signals {
namespace {

constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// For what no exact power of ten reaches, which is rare: by way of its text.
double reread(double value, int digits) noexcept {
    std::array<char, 64> text{};
    const auto printed =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, digits - 1);
    double read = value;
    std::from_chars(text.data(), printed.ptr, read);
    return read;
}

/// One division or multiplication of a whole number by an exact power of ten: the nearest double.
double to_significant(double value, int digits) noexcept {
    if (value == 0.0) return 0.0;
    const int places = digits - 1 - static_cast<int>(std::floor(std::log10(std::fabs(value))));
    const auto most = static_cast<int>(kPowers.size()) - 1;
    if (places < -most || places > most) return reread(value, digits);
    const double power = kPowers[static_cast<std::size_t>(std::abs(places))];
    return places >= 0 ? std::nearbyint(value * power) / power : std::nearbyint(value / power) * power;
}

/// How many lines of the table are of a block.
template <class Owner>
consteval std::size_t lines_of() {
    return static_cast<std::size_t>(std::ranges::count_if(
        kNumbers, [](const NumberField& field) { return field.block == &detail::kBlock<Owner>; }));
}

// A member that has no line is a number that nothing shows and nothing stores.
static_assert(lines_of<Metrics>() == boost::pfr::tuple_size_v<Metrics>);
static_assert(lines_of<Edges>() + 1 == boost::pfr::tuple_size_v<Edges>, "but for the set of unknown ones");
static_assert(lines_of<Momentum>() == boost::pfr::tuple_size_v<Momentum>);
static_assert(lines_of<Execution>() == boost::pfr::tuple_size_v<Execution>);
static_assert(lines_of<Microstructure>() == boost::pfr::tuple_size_v<Microstructure>);
static_assert(lines_of<FlowNumbers>() == boost::pfr::tuple_size_v<FlowNumbers>);
static_assert(lines_of<ManipulationFeatures>() == boost::pfr::tuple_size_v<ManipulationFeatures>);

consteval bool groups_stand_together() {
    std::size_t lines = 0;
    for (int group = 0; group <= static_cast<int>(FieldGroup::detection); ++group) {
        lines += numbers_of(static_cast<FieldGroup>(group)).size();
    }
    return lines == kNumbers.size();
}
static_assert(groups_stand_together());

}  // namespace

std::string_view to_string(FieldGroup group) noexcept {
    switch (group) {
        case FieldGroup::ranking: return "ranking";
        case FieldGroup::contract: return "contract";
        case FieldGroup::market: return "market";
        case FieldGroup::metrics: return "metrics";
        case FieldGroup::edges: return "edges";
        case FieldGroup::manipulation: return "manipulation";
        case FieldGroup::momentum: return "momentum";
        case FieldGroup::execution: return "execution";
        case FieldGroup::micro: return "micro";
        case FieldGroup::features: return "features";
        case FieldGroup::listing: return "listing";
        case FieldGroup::flow: return "flow";
        case FieldGroup::detection: return "detection";
    }
    return "";
}

std::string_view to_string(FieldType type) noexcept {
    switch (type) {
        case FieldType::number: return "number";
        case FieldType::integer: return "integer";
        case FieldType::boolean: return "boolean";
        case FieldType::text: return "text";
        case FieldType::time: return "time";
        case FieldType::texts: return "texts";
    }
    return "";
}

std::string to_string(Number number) {
    const NumberField& field = kNumbers.at(static_cast<std::size_t>(number));
    return std::string(field.group == FieldGroup::features ? kFeaturePrefix : "").append(field.name);
}

double rounded(double value, Digits digits) noexcept {
    switch (digits.kind) {
        case Digits::Kind::all: return value;
        case Digits::Kind::decimals: return core::round_to(value, digits.count);
        case Digits::Kind::significant: return to_significant(value, digits.count);
    }
    return value;
}

std::optional<double> rounded(const std::optional<double>& value, Digits digits) noexcept {
    return value ? std::optional(rounded(*value, digits)) : std::nullopt;
}

const NumberField* find_number_field(FieldGroup group, std::string_view name) noexcept {
    const auto lines = numbers_of(group);
    const auto found = std::ranges::find(lines, name, &NumberField::name);
    return found == lines.end() ? nullptr : &*found;
}

}  // namespace scanner::signals
