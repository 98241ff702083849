#include "exchange/htx/decode_contracts.hpp"

#include "exchange/htx/answer_fields.hpp"
#include "exchange/rest/rows.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

namespace scanner::exchange::htx {

using market::AssetClass;
using market::ContractStatus;

namespace {

constexpr int kUsualFundingIntervalHours = 8;  // before 2023 rows had no settlement_period; it was 8 h for all

ContractStatus to_status(std::int64_t number) {
    static constexpr std::array kStatuses{
        ContractStatus::delisting,  ContractStatus::listed,     ContractStatus::pending,
        ContractStatus::suspended,  ContractStatus::suspending, ContractStatus::in_settlement,
        ContractStatus::delivering, ContractStatus::settled,    ContractStatus::delivered,
    };
    if (number < 0 || number >= static_cast<std::int64_t>(kStatuses.size())) return ContractStatus::unknown;
    return kStatuses[static_cast<std::size_t>(number)];
}

/// HTX marks what is not a coin in either list: XOM has labels ["stock"] and no tradfi_labels at all.
AssetClass read_asset_class(FieldReader& row) {
    static constexpr std::array<std::string_view, 5> kTradfiLabels{"tradfi", "stock", "indices", "commodities",
                                                                   "metals"};
    if (const auto tradfi = row.optional_array("tradfi_labels"); tradfi && tradfi->size() > 0) {
        return AssetClass::tradfi;
    }
    const auto labels = row.optional_array("labels");
    if (!labels) return AssetClass::crypto;
    for (const simdjson::dom::element element : *labels) {
        std::string_view label;
        if (element.get_string().get(label) != simdjson::SUCCESS) continue;
        if (std::ranges::find(kTradfiLabels, label) != kTradfiLabels.end()) return AssetClass::tradfi;
    }
    return AssetClass::crypto;
}

int read_funding_interval(FieldReader& row) {
    const auto hours = row.optional_integer("settlement_period");
    if (hours && (*hours < 1 || *hours > 24)) {
        row.reject("settlement_period", fmt::format("{} is not a number of hours from 1 to 24", *hours));
    }
    return static_cast<int>(hours.value_or(kUsualFundingIntervalHours));
}

/// "20201021": a day in UTC+8. Whatever is no day of a calendar is none: it decides nothing but an age.
std::optional<core::WallTime> read_listing_day(const FieldReader& row) {
    using namespace std::chrono;
    constexpr hours kExchangeOffset{8};
    const auto number = row.integer_if_any("create_date");
    if (!number || *number < 20'010'101 || *number > 21'001'231) return std::nullopt;
    const year_month_day date{year(static_cast<int>(*number / 10'000)),
                              month(static_cast<unsigned>(*number / 100 % 100)),
                              day(static_cast<unsigned>(*number % 100))};
    if (!date.ok()) return std::nullopt;
    return core::WallTime(sys_days(date).time_since_epoch() - kExchangeOffset);
}

market::Contract read_contract(FieldReader& row, std::string_view code) {
    market::Contract contract;
    contract.contract_code = code;
    contract.symbol = core::unified_symbol(code);
    contract.contract_size = row.positive("contract_size");
    contract.price_tick = row.positive("price_tick");
    contract.status = to_status(row.integer("contract_status"));
    contract.asset_class = read_asset_class(row);
    contract.funding_interval_hours = read_funding_interval(row);
    contract.next_funding_time = row.optional_time("settlement_date");
    contract.listed_at = read_listing_day(row);
    return contract;
}

/// The contract that a row which could not be read is about.
market::Contract unreadable_contract(const RowProblem& row) {
    market::Contract contract;
    const bool too_long = row.contract_code.size() > 2 * core::kMaxNameBytes;
    contract.contract_code = too_long ? fmt::format("a name of {} bytes", row.contract_code.size()) : row.contract_code;
    contract.symbol = core::unified_symbol(contract.contract_code);
    contract.unreadable = row.problem;
    return contract;
}

}  // namespace

core::Result<ContractsAnswer> decode_contracts(JsonParser& parser, const Answer& answer) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    ContractsAnswer result;
    result.list.exchange_time = root.time("ts");
    const auto data = root.array("data");
    if (!data || !root.ok()) return std::unexpected(root.error());

    std::unordered_map<std::string_view, std::size_t> place;  // in the list, by contract code
    auto& contracts = result.list.contracts;
    auto rows = rest::read_rows(*data, "data", read_contract_code, [&](FieldReader& row, std::string_view code) {
        if (!is_usdt_swap(row)) return false;
        auto contract = read_contract(row, code);
        if (!row.ok()) return false;
        const auto [held, added] = place.try_emplace(code, contracts.size());
        if (added) {
            contracts.push_back(std::move(contract));
            return true;
        }
        // A contract that is listed again leaves its dead row in the list, before the live one or behind it.
        market::Contract& other = contracts[held->second];
        const bool revived = other.status != ContractStatus::listed && contract.status == ContractStatus::listed;
        if (revived) std::swap(other, contract);
        row.reject("contract_code",
                   fmt::format("listed twice; the row with status {} is left out", market::to_string(contract.status)));
        return false;
    });
    if (!rows) return std::unexpected(rows.error());
    if (contracts.empty()) return core::fail(core::ErrorCode::malformed, "data: not a single contract");
    for (const RowProblem& problem : rows->problems) {
        if (place.try_emplace(problem.contract_code, contracts.size()).second) {
            contracts.push_back(unreadable_contract(problem));
        }
    }
    result.problems = std::move(rows->problems);
    return result;
}

}  // namespace scanner::exchange::htx
