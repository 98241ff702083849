// Candles: of trades, of mark price, premium and funding estimate, and the basis.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/encode/rows.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/state/candle_series.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

constexpr std::int64_t kMaxCandles = 2'000;

/// Which candles: the newest `size`, or those from `from` to `to` (Unix seconds).
struct Range {
    std::size_t size = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
};

/// `size` wins over from and to; one of the two ways must be there.
Selected<Range> parse_range(const Scene& scene, const Params& params) {
    if (params.has("size")) {
        const auto size = params.get_int("size");
        if (!size || *size < 1 || *size > kMaxCandles) {
            return std::unexpected(market_error(scene.now, "invalid size"));
        }
        return Range{.size = static_cast<std::size_t>(*size)};
    }
    const auto from = params.get_int("from");
    const auto to = params.get_int("to");
    if (!params.has("from") && !params.has("to")) return std::unexpected(market_error(scene.now, "invalid size"));
    if (!from || *from < 0) return std::unexpected(market_error(scene.now, "invalid from"));
    if (!to || *to < *from) return std::unexpected(market_error(scene.now, "invalid to"));
    return Range{.from = *from, .to = *to};
}

/// How many buckets back from now the range can reach.
std::size_t buckets_back(const Range& range, Period period, std::int64_t now_sec) {
    if (range.size > 0) return range.size;
    const auto length = static_cast<std::int64_t>(minutes_for(period, 1) * 60);
    const std::int64_t back = std::max<std::int64_t>(0, now_sec - range.from) / length + 2;
    return static_cast<std::size_t>(std::min<std::int64_t>(back, 1'000'000 / (length / 60) + 2));
}

template <class Candle>
void keep_range(std::vector<Candle>& candles, const Range& range) {
    if (range.size == 0) {
        std::erase_if(candles, [&](const Candle& candle) {
            return candle.open_time_sec < range.from || candle.open_time_sec > range.to;
        });
    }
    const std::size_t most = range.size > 0 ? range.size : static_cast<std::size_t>(kMaxCandles);
    if (candles.size() > most) candles.erase(candles.begin(), candles.end() - static_cast<std::ptrdiff_t>(most));
}

/// What every candle endpoint begins with.
struct CandleRequest {
    std::size_t contract = 0;
    Period period = Period::min1;
    Range range;
    std::size_t minutes = 0;  ///< to read from the market

    [[nodiscard]] static Selected<CandleRequest> read(const Scene& scene, const Params& params);
};

Selected<CandleRequest> CandleRequest::read(const Scene& scene, const Params& params) {
    const auto contract = market_contract(scene, params);
    if (!contract) return std::unexpected(contract.error());
    const auto period = parse_period(params.get("period"));
    if (!period) return std::unexpected(market_error(scene.now, "invalid period"));
    const auto range = parse_range(scene, params);
    if (!range) return std::unexpected(range.error());
    const std::int64_t now_sec = core::to_unix_ms(scene.market.now()) / 1'000;
    // One bucket more, because the first one may be cut.
    const std::size_t buckets = buckets_back(*range, *period, now_sec) + (*period == Period::min1 ? 0 : 1);
    return CandleRequest{
        .contract = *contract, .period = *period, .range = *range, .minutes = minutes_for(*period, buckets)};
}

void kline_row(JsonWriter& json, const WireContract& contract, const SimulatedCandle& candle) {
    json.begin_object().field("id", candle.open_time_sec);
    candle_fields(json, contract, candle);
    json.end_object();
}

std::vector<ReferenceCandle> requested_references(const Scene& scene, const CandleRequest& request) {
    auto buckets = reference_candles(scene, request.contract, request.period, request.minutes);
    keep_range(buckets, request.range);
    return buckets;
}

void reference_row(JsonWriter& json, std::int64_t id, const Ohlc& values) {
    json.begin_object().field("amount", "0");
    decimal_string_field(json, "close", values.close, Print::plain);
    json.field("count", "0");
    decimal_string_field(json, "high", values.high, Print::plain);
    json.field("id", id);
    decimal_string_field(json, "low", values.low, Print::plain);
    decimal_string_field(json, "open", values.open, Print::plain);
    json.field("trade_turnover", "0").field("vol", "0").end_object();
}

/// The answer of the three reference klines: `values` turns a bucket into what the kline is of.
template <class Values>
std::string reference_kline(const Scene& scene, const Params& params, std::string_view name, Values values) {
    const auto request = CandleRequest::read(scene, params);
    if (!request) return request.error();
    const WireContract& contract = scene.directory[request->contract];
    const auto candles = requested_references(scene, *request);
    JsonWriter json(candles.size() * 150 + 128);
    json.begin_object();
    json.field("ch", "market." + contract.code + "." + std::string(name) + "." + std::string(params.get("period")));
    json.key("data").begin_array();
    for (const ReferenceCandle& candle : candles) reference_row(json, candle.open_time_sec, values(contract, candle));
    json.end_array().field("status", "ok");
    return end_answer(json, scene);
}

}  // namespace

void candle_fields(JsonWriter& json, const WireContract& contract, const SimulatedCandle& candle) {
    const auto price = [&](std::string_view name, double value) {
        steps_field(json, name, to_ticks(value, contract.price), contract.price, Print::number);
    };
    price("open", candle.open);
    price("close", candle.close);
    price("high", candle.high);
    price("low", candle.low);
    steps_field(json, "amount", candle.doubled_contracts, contract.size, Print::dotted);
    json.field("vol", candle.doubled_contracts);
    decimal_field(json, "trade_turnover", tidy(candle.doubled_turnover_usdt, contract.turnover_scale), Print::dotted);
    json.field("count", candle.doubled_count);
}

std::vector<SimulatedCandle> trade_candles(const Scene& scene, std::size_t contract, Period period,
                                           std::size_t minutes) {
    // The exchange has no candle of minutes that its clock, or a fault, says are yet to come.
    const bool stopped = scene.stopped && scene.stopped(contract);
    const WallTime end = stopped ? std::min(scene.now, scene.candles_until) : scene.now;
    const auto hidden = std::max(scene.market.now() - end, std::chrono::milliseconds(0));
    const auto hidden_minutes = static_cast<std::size_t>(std::chrono::ceil<std::chrono::minutes>(hidden).count());
    auto candles = scene.market.minute_candles(contract, minutes + hidden_minutes);
    std::erase_if(candles, [&](const auto& candle) { return candle.open_time_sec * 1'000 > core::to_unix_ms(end); });
    return aggregate(candles, period);
}

std::vector<ReferenceCandle> reference_candles(const Scene& scene, std::size_t contract, Period period,
                                               std::size_t minutes) {
    std::vector<ReferenceCandle> buckets;
    for (const auto& minute : scene.references.minutes(scene.market, contract, minutes)) {
        const std::int64_t start = bucket_start(period, minute.open_time_sec);
        if (buckets.empty() || buckets.back().open_time_sec != start) {
            buckets.push_back({start, minute.index, minute.mark});
        } else {
            buckets.back().index.add(minute.index);
            buckets.back().mark.add(minute.mark);
        }
    }
    return buckets;
}

Ohlc mark_price_values(const WireContract& contract, const ReferenceCandle& candle) {
    const int scale = contract.price.scale + 1;
    return {tidy(candle.mark.open, scale), tidy(candle.mark.high, scale), tidy(candle.mark.low, scale),
            tidy(candle.mark.close, scale)};
}

Ohlc premium_index_values(const ReferenceCandle& candle) {
    const auto premium = [](double mark, double index) { return index > 0.0 ? tidy(mark / index - 1.0, 12) : 0.0; };
    const double open = premium(candle.mark.open, candle.index.open);
    const double close = premium(candle.mark.close, candle.index.close);
    return {open, std::max(open, close), std::min(open, close), close};
}

double price_of_type(const Ohlc& ohlc, std::string_view price_type) {
    if (price_type == "close") return ohlc.close;
    if (price_type == "high") return ohlc.high;
    if (price_type == "low") return ohlc.low;
    if (price_type == "average") return (ohlc.high + ohlc.low) / 2.0;
    return ohlc.open;
}

FundingRates::FundingRates(const SimulatedMarket& market, std::size_t contract)
    : coming_(market.funding(contract).rate) {
    for (const FundingPoint& point : market.funding_history(contract, 500)) {
        settled_[core::to_unix_ms(point.funding_time) / 1'000] = point.rate;
    }
}

double FundingRates::at(std::int64_t time_sec) const {
    const auto settled = settled_.upper_bound(time_sec);
    return tidy(settled == settled_.end() ? coming_ : settled->second, 12);
}

void basis_fields(JsonWriter& json, const WireContract& contract, double price, double index) {
    decimal_string_field(json, "basis", price - index, Print::plain);
    decimal_string_field(json, "basis_rate", index > 0.0 ? (price - index) / index : 0.0, Print::plain);
    decimal_string_field(json, "contract_price", tidy(price, contract.price.scale + 1), Print::plain);
}

std::string kline(const Scene& scene, const Params& params) {
    const auto request = CandleRequest::read(scene, params);
    if (!request) return request.error();
    const WireContract& contract = scene.directory[request->contract];
    auto candles = trade_candles(scene, request->contract, request->period, request->minutes);
    keep_range(candles, request->range);
    JsonWriter json(candles.size() * 150 + 128);
    json.begin_object().field("ch", "market." + contract.code + ".kline." + std::string(params.get("period")));
    json.field("ts", scene.ts()).field("status", "ok").key("data").begin_array();
    for (const SimulatedCandle& candle : candles) kline_row(json, contract, candle);
    json.end_array().end_object();
    return json.take();
}

std::string mark_price_kline(const Scene& scene, const Params& params) {
    return reference_kline(scene, params, "mark_price", mark_price_values);
}

std::string premium_index_kline(const Scene& scene, const Params& params) {
    return reference_kline(scene, params, "premium_index", [](const WireContract&, const ReferenceCandle& candle) {
        return premium_index_values(candle);
    });
}

std::string estimated_rate_kline(const Scene& scene, const Params& params) {
    const auto contract = market_contract(scene, params);
    if (!contract) return contract.error();
    const FundingRates rates(scene.market, *contract);
    return reference_kline(scene, params, "estimated_rate", [&](const WireContract&, const ReferenceCandle& candle) {
        return Ohlc::flat(rates.at(candle.open_time_sec));
    });
}

std::string basis(const Scene& scene, const Params& params) {
    const auto request = CandleRequest::read(scene, params);
    if (!request) return request.error();
    const std::string_view price_type = params.has("basis_price_type") ? params.get("basis_price_type") : "open";
    const WireContract& contract = scene.directory[request->contract];
    std::map<std::int64_t, Ohlc> traded;
    for (const auto& c : aggregate(scene.market.minute_candles(request->contract, request->minutes), request->period)) {
        traded[c.open_time_sec] = {c.open, c.high, c.low, c.close};
    }
    JsonWriter json(4'096);
    json.begin_object().field("ch", "market." + contract.code + ".basis." + std::string(params.get("period")) + "." +
                                        std::string(price_type));
    json.key("data").begin_array();
    for (const ReferenceCandle& candle : requested_references(scene, *request)) {
        const auto trades = traded.find(candle.open_time_sec);
        if (trades == traded.end()) continue;
        const double price = price_of_type(trades->second, price_type);
        const double index = price_of_type(candle.index, price_type);
        json.begin_object();
        basis_fields(json, contract, price, index);
        json.field("id", candle.open_time_sec);
        decimal_string_field(json, "index_price", index, Print::plain);
        json.end_object();
    }
    json.end_array().field("status", "ok");
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
