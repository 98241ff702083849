#include "ranking/json_fields.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace scanner::ranking {
namespace {

constexpr std::size_t kMaxNameBytes = 80;  // a symbol is longer than its code

}  // namespace

const json& member(const json& object, std::string_view name) {
    if (!object.is_object()) throw Flaw{fmt::format("{}: not inside an object", name)};
    const auto found = object.find(name);
    if (found == object.end()) throw Flaw{fmt::format("{}: missing", name)};
    return *found;
}

double number(const json& value, std::string_view name) {
    if (!value.is_number()) throw Flaw{fmt::format("{}: not a number", name)};
    const double read = value.get<double>();
    if (!std::isfinite(read)) throw Flaw{fmt::format("{}: not finite", name)};
    if (std::abs(read) > kMaxMagnitude) throw Flaw{fmt::format("{}: beyond any measure", name)};
    return read;
}

double within(double read, std::string_view name, double least, double most) {
    if (read < least || read > most) throw Flaw{fmt::format("{}: not from {} to {}", name, least, most)};
    return read;
}

double number_in(const json& object, std::string_view name) {
    return number(member(object, name), name);
}

double number_in(const json& object, std::string_view name, double least, double most) {
    return within(number_in(object, name), name, least, most);
}

std::optional<double> maybe_number_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    return value.is_null() ? std::nullopt : std::optional(number(value, name));
}

const json* find_member(const json& object, std::string_view name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t integer(const json& value, std::string_view name) {
    if (!value.is_number_integer()) throw Flaw{fmt::format("{}: not an integer", name)};
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        throw Flaw{fmt::format("{}: too large", name)};
    return value.get<std::int64_t>();
}

std::int64_t integer_in(const json& object, std::string_view name) {
    return integer(member(object, name), name);
}

std::int64_t integer_in(const json& object, std::string_view name, std::int64_t least, std::int64_t most) {
    const std::int64_t read = integer_in(object, name);
    if (read < least || read > most) throw Flaw{fmt::format("{}: not from {} to {}", name, least, most)};
    return read;
}

core::WallTime time_of(std::int64_t ms, std::string_view name) {
    if (!core::is_unix_ms(ms)) throw Flaw{fmt::format("{}: not a time from 1970 to 9999", name)};
    return core::from_unix_ms(ms);
}

core::WallTime time_in(const json& object, std::string_view name) {
    return time_of(integer_in(object, name), name);
}

std::string text_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    if (!value.is_string()) throw Flaw{fmt::format("{}: not a string", name)};
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kMaxTextBytes) throw Flaw{fmt::format("{}: too long", name)};
    return text;
}

std::string name_in(const json& object, std::string_view name) {
    std::string text = text_in(object, name);
    if (text.empty() || text.size() > kMaxNameBytes)
        throw Flaw{fmt::format("{}: not a name of 1 to {} bytes", name, kMaxNameBytes)};
    return text;
}

bool flag_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    if (!value.is_boolean()) throw Flaw{fmt::format("{}: not true or false", name)};
    return value.get<bool>();
}

const json& array_in(const json& object, std::string_view name, std::size_t most) {
    const json& value = member(object, name);
    if (!value.is_array()) throw Flaw{fmt::format("{}: not an array", name)};
    if (value.size() > most) throw Flaw{fmt::format("{}: more than {}", name, most)};
    return value;
}

const json& row_of(const json& value, std::string_view name, std::size_t size) {
    if (!value.is_array() || value.size() != size) throw Flaw{fmt::format("{}: not a row of {}", name, size)};
    return value;
}

}  // namespace scanner::ranking
