#include "exchange/htx/decode_bulk.hpp"

#include "exchange/htx/answer_fields.hpp"
#include "exchange/rest/rows.hpp"

#include <cmath>

namespace scanner::exchange::htx {
namespace {

// A contract that was delisted and listed again may have two rows: the one that lives on is kept.
bool supersedes(const market::Ticker& row, const market::Ticker& held) {
    return row.turnover_24h > held.turnover_24h;
}
bool supersedes(const market::FundingRate& row, const market::FundingRate& held) {
    return row.funding_time > held.funding_time;
}
bool supersedes(const market::OpenInterest& row, const market::OpenInterest& held) {
    return row.value_usdt > held.value_usdt;
}
bool supersedes(const market::IndexPrice& row, const market::IndexPrice& held) {
    return row.time > held.time;
}

/// The frame of every bulk answer: envelope, "ts", the array under `key`, a value a row, the last word on duplicates.
/// Not a single row of ours is malformed, unless `may_be_empty`.
/// `read(FieldReader& row, std::string_view code)` gives the row's value, or nothing to skip it.
template <class T, class Read>
core::Result<BulkAnswer<T>> decode_rows(JsonParser& parser, const Answer& answer, std::string_view key,
                                        bool may_be_empty, Read read) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    BulkAnswer<T> result;
    result.bulk.exchange_time = root.time("ts");
    const auto data = root.array(key);
    if (!data || !root.ok()) return std::unexpected(root.error());

    auto rows = rest::read_rows(*data, key, read_contract_code, [&](FieldReader& row, std::string_view code) {
        std::optional<T> value = read(row, code);
        if (!row.ok() || !value) return false;
        const auto [held, added] = result.bulk.by_contract.try_emplace(std::string(code), *value);
        if (added) return true;
        if (supersedes(*value, held->second)) held->second = std::move(*value);
        row.reject("contract_code", "listed twice");
        return false;
    });
    if (!rows) return std::unexpected(rows.error());
    if (result.bulk.by_contract.empty() && !may_be_empty) {
        return core::fail(core::ErrorCode::malformed,
                          fmt::format("{}: none of {} rows is about a contract of ours", key, data->size()));
    }
    result.problems = std::move(rows->problems);
    return result;
}

market::OpenInterest read_open_interest(FieldReader& row) {
    // "amount" is base units here, "volume" the same in contracts.
    return {.base_amount = row.not_negative("amount"), .value_usdt = row.not_negative("value")};
}

std::optional<market::FundingRate> read_funding(FieldReader& row, std::string_view) {
    market::FundingRate funding;
    funding.rate = row.optional_number("funding_rate");
    funding.funding_time = row.optional_time("funding_time");
    // Caps are a few percent; 100 % per interval is a unit error.
    if (funding.rate && std::abs(*funding.rate) >= 1.0) row.reject("funding_rate", "100 % or more");
    return funding;
}

}  // namespace

core::Result<BulkAnswer<market::Ticker>> decode_tickers(JsonParser& parser, const Answer& answer,
                                                        const ContractSizes& sizes) {
    using market::Ticker;
    return decode_rows<Ticker>(parser, answer, "ticks", false,
                               [&sizes](FieldReader& row, std::string_view code) -> std::optional<Ticker> {
                                   const auto size = sizes.find(std::string(code));
                                   if (size == sizes.end() || !is_usdt_swap(row)) return std::nullopt;
                                   Ticker ticker;
                                   ticker.contract_code = code;
                                   ticker.bid = read_quote(row, "bid", size->second);
                                   ticker.ask = read_quote(row, "ask", size->second);
                                   ticker.last = row.positive("close");
                                   ticker.time = row.optional_time("ts");
                                   ticker.base_volume_24h = row.not_negative("amount");
                                   ticker.contract_volume_24h = row.optional_number("vol").value_or(0.0);
                                   if (ticker.contract_volume_24h < 0.0) row.reject("vol", "below 0");
                                   ticker.turnover_24h = row.not_negative("trade_turnover");
                                   return ticker;
                               });
}

core::Result<BulkAnswer<market::FundingRate>> decode_funding(JsonParser& parser, const Answer& answer) {
    return decode_rows<market::FundingRate>(parser, answer, "data", false, read_funding);
}

core::Result<BulkAnswer<market::FundingRate>> decode_v5_funding(JsonParser& parser, const Answer& answer) {
    return decode_rows<market::FundingRate>(parser, answer, "data", true, read_funding);
}

core::Result<BulkAnswer<market::OpenInterest>> decode_open_interest(JsonParser& parser, const Answer& answer) {
    using market::OpenInterest;
    return decode_rows<OpenInterest>(parser, answer, "data", false,
                                     [](FieldReader& row, std::string_view) -> std::optional<OpenInterest> {
                                         if (!is_usdt_swap(row)) return std::nullopt;
                                         return read_open_interest(row);
                                     });
}

core::Result<BulkAnswer<market::OpenInterest>> decode_v5_open_interest(JsonParser& parser, const Answer& answer,
                                                                       std::string_view contract_code) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    BulkAnswer<market::OpenInterest> result;
    result.bulk.exchange_time = root.time("ts");
    const auto data = root.object("data");
    if (!data || !root.ok()) return std::unexpected(root.error());
    FieldReader row(*data, "data");
    const auto code = read_contract_code(row);
    if (row.ok() && code != contract_code) row.reject("contract_code", fmt::format("{} was not asked for", code));
    const auto open_interest = read_open_interest(row);
    if (!row.ok()) return std::unexpected(row.error());
    result.bulk.by_contract.emplace(code, open_interest);
    return result;
}

core::Result<BulkAnswer<market::IndexPrice>> decode_index(JsonParser& parser, const Answer& answer) {
    using market::IndexPrice;
    return decode_rows<IndexPrice>(
        parser, answer, "data", false, [](FieldReader& row, std::string_view) -> std::optional<IndexPrice> {
            if (!is_usdt_swap(row)) return std::nullopt;
            return IndexPrice{.price = row.positive("index_price"), .time = row.time("index_ts")};
        });
}

}  // namespace scanner::exchange::htx
