#pragma once

#include "exchange/rest/answer.hpp"

#include <string>
#include <unordered_map>

namespace scanner::exchange::htx {

/// Base units in one contract, by contract code.
using ContractSizes = std::unordered_map<std::string, double>;

/// batch_merged, version 1. Rows of contracts without a known size are left out without blame: the size of their quotes
/// cannot be told.
[[nodiscard]] core::Result<rest::BulkAnswer<market::Ticker>> decode_tickers(rest::JsonParser& parser,
                                                                            const rest::Answer& answer,
                                                                            const ContractSizes& sizes);

/// swap_batch_funding_rate. Dated futures have neither rate nor time.
[[nodiscard]] core::Result<rest::BulkAnswer<market::FundingRate>> decode_funding(rest::JsonParser& parser,
                                                                                 const rest::Answer& answer);

/// v5/market/funding_rate: the same fields for the contracts that were asked for, maybe none.
[[nodiscard]] core::Result<rest::BulkAnswer<market::FundingRate>> decode_v5_funding(rest::JsonParser& parser,
                                                                                    const rest::Answer& answer);

/// swap_open_interest. Suspended and delisted contracts are in it.
[[nodiscard]] core::Result<rest::BulkAnswer<market::OpenInterest>> decode_open_interest(rest::JsonParser& parser,
                                                                                        const rest::Answer& answer);

/// v5/market/open_interest: one contract, which must be `contract_code`.
[[nodiscard]] core::Result<rest::BulkAnswer<market::OpenInterest>> decode_v5_open_interest(
    rest::JsonParser& parser, const rest::Answer& answer, std::string_view contract_code);

/// swap_index. Rows of delisted contracts stay in it for years: each has its own time, by which the reader judges it.
[[nodiscard]] core::Result<rest::BulkAnswer<market::IndexPrice>> decode_index(rest::JsonParser& parser,
                                                                              const rest::Answer& answer);

}  // namespace scanner::exchange::htx
