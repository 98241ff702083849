#include "exchange/htx/decode_contract.hpp"

#include "exchange/htx/answer_fields.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/core/numeric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace scanner::exchange::htx {

using core::ErrorCode;
using rest::describe;
using rest::to_number;
using simdjson::dom::element;

namespace {

enum class Order { descending, ascending };

core::Result<market::Level> read_level(element entry, const core::DecimalUnit& contract) {
    simdjson::dom::array pair;
    element price_field;
    element contracts_field;
    if (entry.get_array().get(pair) != simdjson::SUCCESS || pair.at(0).get(price_field) != simdjson::SUCCESS ||
        pair.at(1).get(contracts_field) != simdjson::SUCCESS) {
        return core::fail(ErrorCode::malformed, describe(entry) + " is not [price, contracts]");
    }
    const auto price = to_number(price_field);
    const auto contracts = to_number(contracts_field);
    if (!price || !core::is_finite_positive(*price)) {
        return core::fail(ErrorCode::malformed, fmt::format("price must be > 0, got {}", describe(price_field)));
    }
    const double size = contracts ? contract.times(*contracts) : 0.0;
    if (!core::is_finite_positive(size)) {
        return core::fail(ErrorCode::malformed, fmt::format("size must be > 0, got {}", describe(contracts_field)));
    }
    return market::Level{.price = *price, .size = size};
}

std::vector<market::Level> read_side(FieldReader& tick, std::string_view key, Order order,
                                     const core::DecimalUnit& contract) {
    std::vector<market::Level> levels;
    const auto entries = tick.optional_array(key);
    if (!entries) return levels;
    levels.reserve(entries->size());
    for (const element entry : *entries) {
        const auto level = read_level(entry, contract);
        const auto name = fmt::format("{}[{}]", key, levels.size());
        if (!level) {
            tick.reject(name, level.error().message());
            return {};
        }
        if (!levels.empty()) {
            const double before = levels.back().price;
            const bool sorted = order == Order::descending ? level->price < before : level->price > before;
            if (!sorted) {
                tick.reject(name, fmt::format("price {} does not {} from {}", level->price,
                                              order == Order::descending ? "descend" : "ascend", before));
                return {};
            }
        }
        levels.push_back(*level);
    }
    return levels;
}

market::Candle read_candle(FieldReader& row, const core::DecimalUnit& contract) {
    static constexpr std::int64_t kLatestSecond = 4'102'444'800;  // 2100; above it the time would be in milliseconds
    market::Candle candle;
    const auto second = row.integer("id");
    if (row.ok() && (second <= 0 || second > kLatestSecond)) {
        row.reject("id", fmt::format("{} is not a time in seconds", second));
        return candle;
    }
    candle.open_time_ms = second * 1000;
    candle.open = row.positive("open");
    candle.high = row.positive("high");
    candle.low = row.positive("low");
    candle.close = row.positive("close");
    candle.base_volume = contract.cleaned(row.not_negative("amount"));
    if (!row.ok()) return candle;
    if (candle.high < std::max(candle.open, candle.close)) row.reject("high", "below open or close");
    if (candle.low > std::min(candle.open, candle.close)) row.reject("low", "above open or close");
    return candle;
}

/// Where a candle may stand: on the grid, after the one before, not in the future.
void check_place(FieldReader& row, const market::Candle& candle, const CandleBatch& batch, std::int64_t interval_ms) {
    const auto time = candle.open_time_ms;
    if (time % interval_ms != 0) row.reject("id", fmt::format("{} is off the grid of the interval", time / 1000));
    if (!batch.candles.empty() && time <= batch.candles.back().open_time_ms) {
        row.reject("id",
                   fmt::format("{} does not come after {}", time / 1000, batch.candles.back().open_time_ms / 1000));
    }
    if (time > core::to_unix_ms(batch.exchange_time) + interval_ms) {
        row.reject("id", fmt::format("{} is in the future", time / 1000));
    }
}

template <class T>
void keep_newest(std::vector<T>& values, int count) {
    const auto most = static_cast<std::ptrdiff_t>(std::max(count, 0));
    if (std::ssize(values) > most) values.erase(values.begin(), values.end() - most);
}

std::size_t count_missing(const std::vector<market::Candle>& candles, std::int64_t interval_ms) {
    if (candles.empty()) return 0;
    const auto span = candles.back().open_time_ms - candles.front().open_time_ms;
    return static_cast<std::size_t>(span / interval_ms) + 1 - candles.size();
}

market::Side to_side(std::string_view direction) {
    if (direction == "buy") return market::Side::buy;
    if (direction == "sell") return market::Side::sell;
    return market::Side::unknown;  // HTX itself has sent ""
}

market::Trade read_trade(FieldReader& fill, const core::DecimalUnit& contract) {
    market::Trade trade;
    trade.trade_id = fill.integer("id");
    trade.price = fill.positive("price");
    // "amount" is contracts in trades, though base units nearly everywhere else.
    trade.size = contract.times(fill.positive("amount"));
    trade.taker_side = to_side(fill.optional_text("direction"));
    trade.time = fill.time("ts");
    if (fill.ok() && !core::is_finite_positive(trade.size)) fill.reject("amount", "not a finite size");
    return trade;
}

core::Result<void> read_match(element match, std::size_t position, const core::DecimalUnit& contract,
                              std::vector<market::Trade>& trades) {
    const auto name = fmt::format("data[{}]", position);
    simdjson::dom::object match_object;
    if (match.get_object().get(match_object) != simdjson::SUCCESS) {
        return core::fail(ErrorCode::malformed, name + ": not an object");
    }
    FieldReader reader(match_object, name);
    const auto fills = reader.array("data");
    if (!fills) return std::unexpected(reader.error());
    std::size_t index = 0;
    for (const element entry : *fills) {
        const auto fill_name = fmt::format("{}.data[{}]", name, index++);
        simdjson::dom::object fill_object;
        if (entry.get_object().get(fill_object) != simdjson::SUCCESS) {
            return core::fail(ErrorCode::malformed, fill_name + ": not an object");
        }
        FieldReader fill(fill_object, fill_name);
        trades.push_back(read_trade(fill, contract));
        if (!fill.ok()) return std::unexpected(fill.error());
    }
    return {};
}

}  // namespace

core::Result<BookAnswer> decode_order_book(JsonParser& parser, const Answer& answer, const market::Contract& contract) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    check_channel(root, contract.contract_code);
    BookAnswer result;
    result.exchange_time = root.time("ts");
    const auto tick_object = root.object("tick");
    if (!tick_object || !root.ok()) return std::unexpected(root.error());
    FieldReader tick(*tick_object, "tick");
    result.book.exchange_time = tick.time("ts");
    result.book.matching_id = tick.optional_integer("mrid").value_or(0);
    const core::DecimalUnit unit(contract.contract_size);
    result.book.bids = read_side(tick, "bids", Order::descending, unit);
    result.book.asks = read_side(tick, "asks", Order::ascending, unit);
    if (!tick.ok()) return std::unexpected(tick.error());
    return result;
}

core::Result<CandleBatch> decode_candles(JsonParser& parser, const Answer& answer, const market::Contract& contract,
                                         int interval_minutes, int count) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    check_channel(root, contract.contract_code);
    CandleBatch batch;
    batch.exchange_time = root.time("ts");
    const auto data = root.array("data");
    if (!data || !root.ok()) return std::unexpected(root.error());

    const std::int64_t interval_ms = std::int64_t{60'000} * interval_minutes;
    const core::DecimalUnit unit(contract.contract_size);
    batch.candles.reserve(data->size());
    for (const element entry : *data) {
        const auto name = fmt::format("data[{}]", batch.candles.size());
        simdjson::dom::object object;
        if (entry.get_object().get(object) != simdjson::SUCCESS) {
            return core::fail(ErrorCode::malformed, name + ": not an object");
        }
        FieldReader row(object, name);
        const auto candle = read_candle(row, unit);
        if (row.ok()) check_place(row, candle, batch, interval_ms);
        if (!row.ok()) return std::unexpected(row.error());
        batch.candles.push_back(candle);
    }
    keep_newest(batch.candles, count);
    batch.missing_intervals = count_missing(batch.candles, interval_ms);
    return batch;
}

core::Result<std::vector<market::Trade>> decode_trades(JsonParser& parser, const Answer& answer,
                                                       const market::Contract& contract, int count) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    check_channel(root, contract.contract_code);
    const auto data = root.array("data");
    if (!data || !root.ok()) return std::unexpected(root.error());

    const core::DecimalUnit unit(contract.contract_size);
    std::vector<market::Trade> trades;
    std::size_t position = 0;
    for (const element match : *data) {
        if (auto read = read_match(match, position++, unit, trades); !read) {
            return std::unexpected(read.error());
        }
    }
    std::ranges::sort(trades, {}, [](const market::Trade& trade) { return std::tuple(trade.time, trade.trade_id); });
    const auto repeated = std::ranges::unique(trades, {}, &market::Trade::trade_id);
    trades.erase(repeated.begin(), repeated.end());
    keep_newest(trades, count);
    return trades;
}

}  // namespace scanner::exchange::htx
