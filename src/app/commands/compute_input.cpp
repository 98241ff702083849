#include "app/commands/compute_input.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

namespace scanner::app {
namespace {

using Json = nlohmann::json;
template <class T>
using Parsed = std::expected<T, FieldProblem>;

std::unexpected<FieldProblem> problem(std::string field, std::string what) {
    return std::unexpected<FieldProblem>({.field = std::move(field), .what = std::move(what)});
}

/// The same problem seen from one level further out: "bid" of "ticker" is "ticker.bid", "[3]" of "bids" is "bids[3]".
std::unexpected<FieldProblem> inside(const std::string& outer, FieldProblem inner) {
    if (inner.field.empty()) return problem(outer, std::move(inner.what));
    const std::string_view joint = inner.field.front() == '[' ? "" : ".";
    return problem(outer + std::string(joint) + inner.field, std::move(inner.what));
}

std::string index_text(std::size_t index) {
    return "[" + std::to_string(index) + "]";
}

std::string must_be(std::string_view wanted, const Json& found) {
    return "must be " + std::string(wanted) + ", is " +
           (found.is_null() ? "null or missing" : "a JSON " + std::string(found.type_name()));
}

/// What a number may be.
enum class Range { any, not_negative, positive };

Parsed<double> number(const Json& value, Range range) {
    if (!value.is_number()) return problem("", must_be("a number", value));
    const double result = value.get<double>();
    if (!std::isfinite(result)) return problem("", "must be finite");
    if (range == Range::positive && !(result > 0.0)) return problem("", "must be greater than 0");
    if (range == Range::not_negative && result < 0.0) return problem("", "must not be negative");
    return result;
}

/// The member `key` of `object`, which is known to be one; null where it is absent.
const Json& member(const Json& object, const char* key) {
    static const Json kAbsent;
    const auto found = object.find(key);
    return found == object.end() ? kAbsent : *found;
}

Parsed<double> number_at(const Json& object, const char* key, Range range) {
    if (!object.contains(key)) return problem(key, "is missing");
    auto value = number(member(object, key), range);
    if (!value) return inside(key, std::move(value.error()));
    return value;
}

Parsed<std::optional<double>> optional_at(const Json& object, const char* key) {
    const Json& found = member(object, key);
    if (found.is_null()) return std::optional<double>();
    auto value = number(found, Range::any);
    if (!value) return inside(key, std::move(value.error()));
    return std::optional<double>(*value);
}

/// Reads an object into numbers: each field's name, range and where to put it. The first problem, if any.
struct NumberField {
    const char* key;
    Range range;
    double* target;
};
std::optional<FieldProblem> read_numbers(const Json& object, std::initializer_list<NumberField> fields) {
    for (const NumberField& field : fields) {
        const auto value = number_at(object, field.key, field.range);
        if (!value) return value.error();
        *field.target = *value;
    }
    return std::nullopt;
}

/// Reads every element of an array with `read`.
template <class T, class Read>
Parsed<std::vector<T>> array_of(const Json& value, std::string_view wanted, Read read) {
    if (!value.is_array()) return problem("", must_be(wanted, value));
    std::vector<T> result;
    result.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        auto element = read(value[i]);
        if (!element) return inside(index_text(i), std::move(element.error()));
        result.push_back(std::move(*element));
    }
    return result;
}

Parsed<market::Level> level(const Json& value) {
    if (!value.is_array() || value.size() != 2) return problem("", "must be [price, base size]");
    auto price = number(value[0], Range::positive);
    if (!price) return inside("[0]", std::move(price.error()));
    auto size = number(value[1], Range::not_negative);
    if (!size) return inside("[1]", std::move(size.error()));
    return market::Level{.price = *price, .size = *size};
}

Parsed<std::int64_t> whole_number(const Json& value) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
        return problem("", "is too large");
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    // Notebooks write whole numbers as 1760000060000.0.
    constexpr double kExact = 9007199254740992.0;
    if (value.is_number_float()) {
        const double real = value.get<double>();
        if (std::trunc(real) == real && std::fabs(real) <= kExact) return static_cast<std::int64_t>(real);
    }
    return problem("", must_be("a whole number", value));
}

Parsed<market::Candle> candle(const Json& value) {
    if (!value.is_array() || value.size() != 6) {
        return problem("", "must be [open time ms, open, high, low, close, base volume]");
    }
    market::Candle result;
    auto time = whole_number(value[0]);
    if (!time) return inside("[0]", std::move(time.error()));
    result.open_time_ms = *time;
    double* const targets[] = {&result.open, &result.high, &result.low, &result.close, &result.base_volume};
    for (std::size_t i = 0; i < std::size(targets); ++i) {
        auto part = number(value[i + 1], Range::not_negative);
        if (!part) return inside(index_text(i + 1), std::move(part.error()));
        *targets[i] = *part;
    }
    return result;
}

Parsed<market::Ticker> ticker(const Json& value) {
    if (!value.is_object()) return problem("", must_be("an object", value));
    market::Ticker result;
    auto bid = optional_at(value, "bid");
    if (!bid) return std::unexpected(std::move(bid.error()));
    auto ask = optional_at(value, "ask");
    if (!ask) return std::unexpected(std::move(ask.error()));
    auto last = optional_at(value, "last");
    if (!last) return std::unexpected(std::move(last.error()));
    // The case knows the best prices only; nothing is computed from the quotes' sizes.
    if (const std::optional<double>& price = *bid) result.bid = market::Level{.price = *price, .size = 0.0};
    if (const std::optional<double>& price = *ask) result.ask = market::Level{.price = *price, .size = 0.0};
    result.last = last->value_or(0.0);
    if (auto wrong = read_numbers(value, {{"quote_volume", Range::not_negative, &result.turnover_24h}})) {
        return std::unexpected(std::move(*wrong));
    }
    return result;
}

Parsed<market::OrderBook> order_book(const Json& value) {
    if (!value.is_object()) return problem("", must_be("an object", value));
    market::OrderBook book;
    for (auto [key, side] : {std::pair{"bids", &book.bids}, std::pair{"asks", &book.asks}}) {
        auto levels = array_of<market::Level>(member(value, key), "an array of [price, base size]", level);
        if (!levels) return inside(key, std::move(levels.error()));
        *side = std::move(*levels);
    }
    return book;
}

Parsed<market::MarketData> market_data(const Json& value) {
    market::MarketData data;
    auto quotes = ticker(member(value, "ticker"));
    if (!quotes) return inside("ticker", std::move(quotes.error()));
    data.ticker = std::move(*quotes);
    auto book = order_book(member(value, "order_book"));
    if (!book) return inside("order_book", std::move(book.error()));
    data.order_book = std::make_shared<const market::OrderBook>(std::move(*book));
    auto candles = array_of<market::Candle>(member(value, "candles"), "an array of candles", candle);
    if (!candles) return inside("candles", std::move(candles.error()));
    data.closed_candles = candles->size();
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(*candles));
    for (auto [key, target] :
         {std::pair{"funding_rate", &data.funding_rate}, std::pair{"open_interest", &data.open_interest},
          std::pair{"index_price", &data.index_price}}) {
        auto part = optional_at(value, key);
        if (!part) return std::unexpected(std::move(part.error()));
        *target = *part;
    }
    return data;
}

Parsed<CycleSymbol> symbol(const Json& value) {
    constexpr std::size_t kMaxNameLength = 256;
    if (!value.is_object()) return problem("", must_be("an object", value));
    const Json& name = member(value, "symbol");
    if (!name.is_string()) return problem("symbol", must_be("a string", name));
    CycleSymbol result{.symbol = name.get<std::string>()};
    if (result.symbol.empty() || result.symbol.size() > kMaxNameLength) {
        return problem("symbol", "must have 1 to 256 bytes");
    }
    auto data = market_data(value);
    if (!data) return std::unexpected(std::move(data.error()));
    result.data = std::move(*data);
    return result;
}

Parsed<CycleSettings> settings(const Json& value) {
    if (!value.is_object()) return problem("", must_be("an object", value));
    CycleSettings result;
    if (auto wrong = read_numbers(value, {{"notional_usdt", Range::positive, &result.notional_usdt},
                                          {"min_qvol_usdt", Range::not_negative, &result.min_qvol_usdt},
                                          {"max_spread_bps", Range::not_negative, &result.max_spread_bps}})) {
        return std::unexpected(std::move(*wrong));
    }
    return result;
}

/// A contract's memory goes by its symbol: twice in one cycle would make it its own predecessor.
std::optional<FieldProblem> find_duplicate(const std::vector<CycleSymbol>& symbols) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
        if (!seen.insert(symbols[i].symbol).second) {
            return FieldProblem{.field = "symbols" + index_text(i) + ".symbol", .what = "appears twice in this cycle"};
        }
    }
    return std::nullopt;
}

Parsed<CycleInput> cycle_input(const Json& value) {
    if (!value.is_object()) return problem("", must_be("a JSON object", value));
    CycleInput result;
    auto cycle = whole_number(member(value, "cycle"));
    if (!cycle) return inside("cycle", std::move(cycle.error()));
    result.cycle = *cycle;
    auto limits = settings(member(value, "settings"));
    if (!limits) return inside("settings", std::move(limits.error()));
    result.settings = *limits;
    auto symbols = array_of<CycleSymbol>(member(value, "symbols"), "an array of contracts", symbol);
    if (!symbols) return inside("symbols", std::move(symbols.error()));
    result.symbols = std::move(*symbols);
    if (auto twice = find_duplicate(result.symbols)) return std::unexpected(std::move(*twice));
    return result;
}

/// The library's message without its own prefix, and short: it may quote a megabyte of what it read.
std::string readable(std::string_view what) {
    constexpr std::size_t kMaxLength = 200;
    if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
    return std::string(what.substr(0, kMaxLength)) + (what.size() > kMaxLength ? "..." : "");
}

}  // namespace

std::expected<CycleInput, FieldProblem> parse_cycle(std::string_view line) {
    Json value;
    try {
        value = Json::parse(line);
    } catch (const Json::exception& error) {
        return problem("", "not valid JSON: " + readable(error.what()));
    }
    return cycle_input(value);
}

}  // namespace scanner::app
