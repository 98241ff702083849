#pragma once

#include "simulator/face/state/candle_series.hpp"
#include "simulator/face/state/scene.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Pieces of answers that REST and WebSocket have in common. Pure.
namespace scanner::simulator::face {

[[nodiscard]] constexpr std::int64_t trade_id(const SimulatedTrade& trade) {
    return trade.match_id * 10'000 + trade.fill_index;
}
/// "buy", "sell", and now and then "", as the exchange does not always tell: every 256th match, always the same ones.
[[nodiscard]] std::string_view trade_direction(const SimulatedTrade& trade);
/// USDT, both sides counted.
[[nodiscard]] std::string trade_turnover_text(const SimulatedTrade& trade, const WireContract& contract);
/// The fills of one match, oldest first, apart from the others.
[[nodiscard]] std::vector<std::span<const SimulatedTrade>> split_matches(std::span<const SimulatedTrade> trades);

/// A contract as the list of contracts has it, and what of its rules the elements say: whole objects.
void contract_row(core::JsonWriter& json, const Scene& scene, std::size_t contract, bool former = false);
void elements_row(core::JsonWriter& json, const Scene& scene, std::size_t contract);

/// open, close, high, low, amount, vol, trade_turnover and count of a candle, as members.
void candle_fields(core::JsonWriter& json, const WireContract& contract, const SimulatedCandle& candle);
/// Candles of a contract from its newest `minutes`, the running one last.
[[nodiscard]] std::vector<SimulatedCandle> trade_candles(const Scene& scene, std::size_t contract, Period period,
                                                         std::size_t minutes);
/// The same of index and mark price.
[[nodiscard]] std::vector<ReferenceCandle> reference_candles(const Scene& scene, std::size_t contract, Period period,
                                                             std::size_t minutes);

/// What a reference candle's kline is of: prices and rates, as numbers.
[[nodiscard]] Ohlc mark_price_values(const WireContract& contract, const ReferenceCandle& candle);
[[nodiscard]] Ohlc premium_index_values(const ReferenceCandle& candle);
/// The price of that name: "open", "close", "high", "low" or "average".
[[nodiscard]] double price_of_type(const Ohlc& ohlc, std::string_view price_type);
/// The rate that was, or is about to be, settled at the end of the funding interval in which `time_sec` lies.
class FundingRates {
public:
    FundingRates(const SimulatedMarket& market, std::size_t contract);
    [[nodiscard]] double at(std::int64_t time_sec) const;

private:
    std::map<std::int64_t, double> settled_;
    double coming_;
};
/// contract_price, index_price, basis and basis_rate of one bucket, as members.
void basis_fields(core::JsonWriter& json, const WireContract& contract, double price, double index);

}  // namespace scanner::simulator::face
