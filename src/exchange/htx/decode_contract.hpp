#pragma once

#include "exchange/rest/answer.hpp"

#include <vector>

/// Answers about one contract. Anything wrong in one makes the whole answer malformed: a book or a chart with a hole in
/// it gives wrong numbers, not fewer.
namespace scanner::exchange::htx {

/// market/depth, step0. An empty side may be an empty array or simply absent. Refuses levels that are not positive and
/// finite, bids that do not descend, asks that do not ascend. A bid at or above the best ask is left to the reader to
/// judge: between snapshots the exchange does show that.
[[nodiscard]] core::Result<BookAnswer> decode_order_book(rest::JsonParser& parser, const rest::Answer& answer,
                                                         const market::Contract& contract);

/// market/history/kline. Refuses candles off the grid of `interval_minutes`, out of order, twice, in the future, with
/// high below or low above open and close. Nothing is filled in: intervals that the exchange left out are counted.
/// At most the newest `count` are kept.
[[nodiscard]] core::Result<CandleBatch> decode_candles(rest::JsonParser& parser, const rest::Answer& answer,
                                                       const market::Contract& contract, int interval_minutes,
                                                       int count);

/// market/history/trade, sorted by (time, id) because the order of the answer is not documented. A fill that comes
/// twice is kept once. At most the newest `count` are kept.
[[nodiscard]] core::Result<std::vector<market::Trade>> decode_trades(rest::JsonParser& parser,
                                                                     const rest::Answer& answer,
                                                                     const market::Contract& contract, int count);

}  // namespace scanner::exchange::htx
