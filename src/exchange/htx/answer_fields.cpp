#include "exchange/htx/answer_fields.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

namespace scanner::exchange::htx {

using rest::describe;
using rest::is_nothing;
using rest::to_number;
using simdjson::dom::element;

std::optional<market::Level> read_quote(FieldReader& row, std::string_view key, double contract_size) {
    const auto pair = row.optional_array(key);
    if (!pair || pair->size() == 0) return std::nullopt;
    element price_field;
    element contracts_field;
    if (pair->at(0).get(price_field) != simdjson::SUCCESS || pair->at(1).get(contracts_field) != simdjson::SUCCESS) {
        row.reject(key, "not [price, contracts]");
        return std::nullopt;
    }
    if (is_nothing(price_field) || is_nothing(contracts_field)) return std::nullopt;
    const auto price = to_number(price_field);
    const auto contracts = to_number(contracts_field);
    if (!price || !contracts || *price < 0.0 || *contracts < 0.0) {
        row.reject(key, fmt::format("[{}, {}] is not a quote", describe(price_field), describe(contracts_field)));
        return std::nullopt;
    }
    const market::Level level{.price = *price, .size = core::DecimalUnit(contract_size).times(*contracts)};
    // A price or size of zero is another spelling of an empty side.
    if (!core::is_finite_positive(level.price) || !core::is_finite_positive(level.size)) return std::nullopt;
    return level;
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
