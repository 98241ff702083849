#pragma once

#include "exchange/rest/field_reader.hpp"

#include "scanner/market/market.hpp"

#include <optional>
#include <string_view>

/// What HTX's answers have in common. For the decoders' .cpp files only.
namespace scanner::exchange::htx {

using rest::Answer;
using rest::BulkAnswer;
using rest::FieldReader;
using rest::JsonParser;

/// Parses `answer` and settles whether it is a success. Every error form of the exchange ends here: rate_limited,
/// maintenance, not_found (unknown contract), unavailable (exchange busy), exchange_rejected, http_status, malformed.
[[nodiscard]] core::Result<simdjson::dom::object> open_answer(JsonParser& parser, const Answer& answer);

/// The contract code of a row; rejected when it is none (core::contract_code_fault).
[[nodiscard]] std::string_view read_contract_code(FieldReader& row);
/// [price, contracts]; nothing for a side that is empty.
[[nodiscard]] std::optional<market::Level> read_quote(FieldReader& row, std::string_view key, double contract_size);
/// False for what is not a perpetual swap in USDT: dated futures (in bulk answers now and then) and other partitions.
[[nodiscard]] bool is_usdt_swap(FieldReader& row);
/// Refuses an answer whose "ch" ("market.BTC-USDT.depth.step0") is about another contract.
void check_channel(FieldReader& root, std::string_view contract_code);

}  // namespace scanner::exchange::htx
