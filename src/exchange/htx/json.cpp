#include "exchange/htx/json.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

namespace scanner::exchange::htx {

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
    static constexpr std::size_t kLongest = 40;
    std::string text = simdjson::minify(value);
    if (text.size() <= kLongest) return text;
    std::size_t end = kLongest;
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
    if (number && !(*number > 0.0)) reject(key, fmt::format("{} is not above 0", *number));
    return number.value_or(0.0);
}

double FieldReader::not_negative(std::string_view key) {
    if (!require(key)) return 0.0;
    const auto number = optional_number(key);
    if (number && *number < 0.0) reject(key, fmt::format("{} is below 0", *number));
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
    if (!time) reject(key, fmt::format("{} is no time in milliseconds", *unix_ms));
    return time;
}

core::WallTime FieldReader::time(std::string_view key) {
    return require(key) ? optional_time(key).value_or(core::WallTime()) : core::WallTime();
}

std::optional<market::Level> FieldReader::optional_quote(std::string_view key, double contract_size) {
    const auto pair = optional_array(key);
    if (!pair || pair->size() == 0) return std::nullopt;
    element price_field;
    element contracts_field;
    if (pair->at(0).get(price_field) != simdjson::SUCCESS || pair->at(1).get(contracts_field) != simdjson::SUCCESS) {
        reject(key, "not [price, contracts]");
        return std::nullopt;
    }
    if (is_nothing(price_field) || is_nothing(contracts_field)) return std::nullopt;
    const auto price = to_number(price_field);
    const auto contracts = to_number(contracts_field);
    if (!price || !contracts || *price < 0.0 || *contracts < 0.0) {
        reject(key, fmt::format("[{}, {}] is no quote", describe(price_field), describe(contracts_field)));
        return std::nullopt;
    }
    const market::Level level{.price = *price, .size = core::DecimalUnit(contract_size).times(*contracts)};
    // A price or size of zero is another spelling of an empty side.
    if (!core::is_finite_positive(level.price) || !core::is_finite_positive(level.size)) return std::nullopt;
    return level;
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

std::string_view read_contract_code(FieldReader& row) {
    const auto code = row.text("contract_code");
    if (!row.ok()) return code;
    if (const auto fault = core::contract_code_fault(code)) row.reject("contract_code", *fault);
    return code;
}

bool is_usdt_swap(FieldReader& row) {
    const auto is_or_absent = [&row](std::string_view key, std::string_view wanted) {
        const auto text = row.optional_text(key);
        return text.empty() || text == wanted;
    };
    return is_or_absent("business_type", "swap") && is_or_absent("contract_type", "swap") &&
           is_or_absent("trade_partition", "USDT");
}

void check_channel(FieldReader& root, std::string_view contract_code) {
    static constexpr std::string_view kPrefix = "market.";
    const auto channel = root.optional_text("ch");
    if (channel.empty()) return;
    const bool about_it =
        channel.starts_with(kPrefix) && channel.size() > kPrefix.size() + contract_code.size() &&
        channel[kPrefix.size() + contract_code.size()] == '.' &&
        core::equal_ignoring_case(channel.substr(kPrefix.size(), contract_code.size()), contract_code);
    if (!about_it) root.reject("ch", fmt::format("{} is not about {}", channel, contract_code));
}

}  // namespace scanner::exchange::htx
