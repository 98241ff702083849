#include "exchange/rest/field_reader.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

namespace scanner::exchange::rest {

using simdjson::dom::element;
using simdjson::dom::element_type;

namespace {

constexpr std::int64_t kEarliestMs = 1'000'000'000'000;  // 2001; a time in seconds stays below it until the year 33658
constexpr std::int64_t kLatestMs = 4'102'444'800'000;    // 2100

}  // namespace

JsonParser::JsonParser() : impl_(std::make_unique<Impl>()) {}
JsonParser::~JsonParser() = default;

std::optional<double> to_number(element value) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return core::parse_double(text);
    if (value.type() != element_type::INT64 && value.type() != element_type::UINT64 &&
        value.type() != element_type::DOUBLE) {
        return std::nullopt;
    }
    double number = 0.0;
    if (value.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<std::int64_t> to_integer(element value) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return core::parse_int(text);
    if (value.type() != element_type::INT64) return std::nullopt;
    std::int64_t number = 0;
    if (value.get_int64().get(number) != simdjson::SUCCESS) return std::nullopt;
    return number;
}

bool is_nothing(element value) {
    if (value.is_null()) return true;
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS && (text.empty() || text == "null");
}

std::optional<core::WallTime> to_time(std::int64_t unix_ms) {
    if (unix_ms < kEarliestMs || unix_ms > kLatestMs) return std::nullopt;
    return core::from_unix_ms(unix_ms);
}

std::string describe(element value) {
    static constexpr std::size_t kMaxBytes = 40;
    std::string text = simdjson::minify(value);
    if (text.size() <= kMaxBytes) return text;
    std::size_t end = kMaxBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a UTF-8 character
    return text.substr(0, end) + "…";
}

std::optional<element> FieldReader::find(std::string_view key) const {
    element value;
    if (object_.at_key(key).get(value) != simdjson::SUCCESS || is_nothing(value)) return std::nullopt;
    return value;
}

std::optional<element> FieldReader::require(std::string_view key) {
    auto value = find(key);
    if (!value) reject(key, "missing");
    return value;
}

void FieldReader::reject(std::string_view key, std::string_view why) {
    if (!problem_.empty()) return;
    const std::string shown = core::visible_text(why);  // it may quote the answer
    problem_ = path_.empty() ? fmt::format("{}: {}", key, shown) : fmt::format("{}.{}: {}", path_, key, shown);
}

std::string_view FieldReader::text(std::string_view key) {
    const auto value = require(key);
    if (!value) return {};
    std::string_view text;
    if (value->get_string().get(text) != simdjson::SUCCESS) {
        reject(key, fmt::format("{} is not text", describe(*value)));
    }
    return text;
}

std::string_view FieldReader::optional_text(std::string_view key) {
    return find(key) ? text(key) : std::string_view();
}

std::optional<double> FieldReader::optional_number(std::string_view key) {
    const auto value = find(key);
    if (!value) return std::nullopt;
    const auto number = to_number(*value);
    if (!number) reject(key, fmt::format("{} is not a finite number", describe(*value)));
    return number;
}

double FieldReader::positive(std::string_view key) {
    if (!require(key)) return 0.0;
    const auto number = optional_number(key);
    if (number && !(*number > 0.0)) reject(key, fmt::format("must be > 0, got {}", *number));
    return number.value_or(0.0);
}

double FieldReader::not_negative(std::string_view key) {
    if (!require(key)) return 0.0;
    const auto number = optional_number(key);
    if (number && *number < 0.0) reject(key, fmt::format("must be >= 0, got {}", *number));
    return number.value_or(0.0);
}

std::optional<std::int64_t> FieldReader::optional_integer(std::string_view key) {
    const auto value = find(key);
    if (!value) return std::nullopt;
    const auto number = to_integer(*value);
    if (!number) reject(key, fmt::format("{} is not a 64-bit integer", describe(*value)));
    return number;
}

std::optional<std::int64_t> FieldReader::integer_if_any(std::string_view key) const {
    const auto value = find(key);
    return value ? to_integer(*value) : std::nullopt;
}

std::int64_t FieldReader::integer(std::string_view key) {
    return require(key) ? optional_integer(key).value_or(0) : 0;
}

std::optional<core::WallTime> FieldReader::optional_time(std::string_view key) {
    const auto unix_ms = optional_integer(key);
    if (!unix_ms) return std::nullopt;
    const auto time = to_time(*unix_ms);
    if (!time) reject(key, fmt::format("{} is not a time in milliseconds", *unix_ms));
    return time;
}

core::WallTime FieldReader::time(std::string_view key) {
    return require(key) ? optional_time(key).value_or(core::WallTime()) : core::WallTime();
}

std::optional<simdjson::dom::array> FieldReader::optional_array(std::string_view key) {
    const auto value = find(key);
    if (!value) return std::nullopt;
    simdjson::dom::array array;
    if (value->get_array().get(array) != simdjson::SUCCESS) {
        reject(key, fmt::format("{} is not an array", describe(*value)));
        return std::nullopt;
    }
    return array;
}

std::optional<simdjson::dom::array> FieldReader::array(std::string_view key) {
    if (!require(key)) return std::nullopt;
    return optional_array(key);
}

std::optional<simdjson::dom::object> FieldReader::object(std::string_view key) {
    const auto value = require(key);
    if (!value) return std::nullopt;
    simdjson::dom::object object;
    if (value->get_object().get(object) != simdjson::SUCCESS) {
        reject(key, fmt::format("{} is not an object", describe(*value)));
        return std::nullopt;
    }
    return object;
}

}  // namespace scanner::exchange::rest
