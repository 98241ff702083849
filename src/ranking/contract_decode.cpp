#include "ranking/contract_decode.hpp"

#include "scanner/core/symbol.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace scanner::ranking {
namespace {

constexpr double kMinPrice = 1e-18;
constexpr std::size_t kMaxLevels = 1'000;
constexpr std::size_t kMaxCandles = 2'000;
constexpr std::size_t kMaxSpreads = 1'000;
/// The exchange's clock and ours are two.
constexpr std::chrono::minutes kMaxClockDifference{1};

double bucket_of(const json& value, std::string_view name) {
    for (std::size_t i = 0; i < signals::kVolatilityBuckets.size(); ++i) {
        if (value.is_string() && value.get_ref<const std::string&>() == to_string(signals::kVolatilityBuckets[i]))
            return static_cast<double>(i);
    }
    throw Flaw{fmt::format("{}: unknown", name)};
}

double value_of(const json& value, const signals::NumberField& field) {
    switch (field.type) {
        case signals::FieldType::boolean:
            if (!value.is_boolean()) throw Flaw{fmt::format("{}: not true or false", field.name)};
            return value.get<bool>() ? 1.0 : 0.0;
        case signals::FieldType::text: return bucket_of(value, field.name);
        default: return number(value, field.name);
    }
}

/// A number that the version which wrote the text did not know yet is unknown, if that is something it can be.
void read_numbers(const json& from, signals::FieldGroup group, const signals::NumbersRef& into) {
    for (const signals::NumberField& field : signals::numbers_of(group)) {
        const json* const value = field.nullable ? find_member(from, field.name) : &member(from, field.name);
        if (value != nullptr) {
            field.set(into, value_of(*value, field));
        } else if (field.can_be_unknown) {
            (group == signals::FieldGroup::edges ? into.edges.unknown : into.numbers.unknown).add(field.number);
        }
    }
}

std::vector<market::Level> levels_in(const json& data, std::string_view name) {
    std::vector<market::Level> levels;
    for (const json& row : array_in(data, name, kMaxLevels)) {
        row_of(row, name, 2);
        levels.push_back({number(row[0], name), number(row[1], name)});
        if (levels.back().price <= 0.0 || levels.back().size <= 0.0)
            throw Flaw{fmt::format("{}: a level is not above 0", name)};
    }
    return levels;
}

std::shared_ptr<const market::Contract> contract_in(const json& data) {
    const json& from = member(data, "contract");
    market::Contract contract;
    contract.contract_code = name_in(from, "contract_code");
    contract.symbol = name_in(from, "symbol");
    if (contract.symbol != core::unified_symbol(contract.contract_code))
        throw Flaw{"symbol: not the one of contract_code"};
    contract.contract_size = number_in(from, "contract_size", kMinPrice, kMaxMagnitude);
    contract.price_tick = number_in(from, "price_tick", kMinPrice, kMaxMagnitude);
    contract.status = market::ContractStatus::listed;
    contract.asset_class = flag_in(from, "tradfi") ? market::AssetClass::tradfi : market::AssetClass::crypto;
    contract.funding_interval_hours = static_cast<int>(integer_in(from, "funding_interval_hours", 1, 168));
    if (const json* listed = find_member(from, "listed_at_ms")) {
        contract.listed_at = time_of(integer(*listed, "listed_at_ms"), "listed_at_ms");
    }
    return std::make_shared<const market::Contract>(std::move(contract));
}

std::vector<market::Candle> candles_in(const json& data) {
    std::vector<market::Candle> candles;
    for (const json& row : array_in(data, "candles", kMaxCandles)) {
        row_of(row, "candles", 6);
        static_cast<void>(time_of(integer(row[0], "candles"), "candles"));
        if (!candles.empty() && integer(row[0], "candles") <= candles.back().open_time_ms)
            throw Flaw{"candles: not in the order of their times"};
        candles.push_back({integer(row[0], "candles"), number(row[1], "candles"), number(row[2], "candles"),
                           number(row[3], "candles"), number(row[4], "candles"), number(row[5], "candles")});
    }
    return candles;
}

std::optional<core::WallTime> maybe_time_in(const json& from, std::string_view name) {
    const json& value = member(from, name);
    return value.is_null() ? std::nullopt : std::optional(time_of(integer(value, name), name));
}

market::InputState state_in(const json& from) {
    const std::string name = text_in(from, "state");
    for (const auto state : {market::InputState::live, market::InputState::stale, market::InputState::missing}) {
        if (name == market::to_string(state)) return state;
    }
    throw Flaw{"state: unknown"};
}

market::Inputs inputs_in(const json& data) {
    market::Inputs inputs;
    if (!data.contains("inputs")) return inputs;  // written before they were kept
    const json& from = member(data, "inputs");
    for (const market::Input input : market::kInputs) {
        const json& row = member(from, market::to_string(input));
        market::InputReading& reading = inputs[input];
        reading.state = state_in(row);
        reading.time = maybe_time_in(row, "time_ms");
        reading.true_at = maybe_time_in(row, "true_at_ms");
        reading.limit = std::chrono::milliseconds(integer_in(row, "limit_ms", 0, 86'400'000));
        reading.note = text_in(row, "note");
    }
    return inputs;
}

market::MarketData data_in(const json& from) {
    market::MarketData data;
    data.contract = contract_in(from);
    data.ticker.contract_code = data.contract->contract_code;
    data.ticker.last = number_in(from, "last", kMinPrice, kMaxMagnitude);
    data.ticker.base_volume_24h = number_in(from, "base_volume_24h", 0, kMaxMagnitude);
    data.ticker.turnover_24h = number_in(from, "turnover_24h", 0, kMaxMagnitude);
    data.funding_rate = maybe_number_in(from, "funding_rate");
    data.open_interest = maybe_number_in(from, "open_interest");
    data.index_price = maybe_number_in(from, "index_price");
    data.inputs = inputs_in(from);
    data.data_time = time_in(from, "data_time_ms");
    data.fetch_latency_ms = number_in(from, "fetch_latency_ms", 0, 1e9);
    market::OrderBook book;
    book.exchange_time = time_in(from, "book_time_ms");
    book.bids = levels_in(from, "bids");
    book.asks = levels_in(from, "asks");
    if (!book.bids.empty()) data.ticker.bid = book.bids.front();
    if (!book.asks.empty()) data.ticker.ask = book.asks.front();
    data.order_book = std::make_shared<const market::OrderBook>(std::move(book));
    auto candles = candles_in(from);
    const auto running = static_cast<std::size_t>(integer_in(from, "running_candles", 0, 1));
    if (running > candles.size()) throw Flaw{"running_candles: not 0 or 1"};
    data.closed_candles = candles.size() - running;
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    return data;
}

void read_manipulation(const json& from, const signals::NumbersRef& into) {
    read_numbers(from, signals::FieldGroup::manipulation, into);
    for (const json& name : array_in(from, "manip_flags", kMaxSpreads)) {
        const auto flag =
            name.is_string() ? signals::find_manipulation_flag(name.get_ref<const std::string&>()) : std::nullopt;
        if (!flag) throw Flaw{"manip_flags: unknown flag"};
        into.numbers.manipulation.manip_flags.push_back(*flag);
    }
    if (find_member(from, "quarantined") != nullptr) {
        into.numbers.detection.quarantined = flag_in(from, "quarantined");
    }
    if (const json* const probability = find_member(from, "probability")) {
        into.numbers.manipulation.probability = within(number(*probability, "probability"), "probability", 0, 1);
    }
    read_numbers(member(from, "features"), signals::FieldGroup::features, into);
}

/// Sorted into the contract's own and the edges.
void read_unknown(const json& from, signals::NumberSet& own, signals::NumberSet& of_edges) {
    const json* const names = find_member(from, "unknown");
    if (names == nullptr) return;
    if (!names->is_array()) throw Flaw{"unknown: not an array"};
    for (const json& name : *names) {
        const auto found = name.is_string() ? signals::find_number(name.get_ref<const std::string&>()) : std::nullopt;
        if (!found) throw Flaw{"unknown: no such number"};
        const bool is_edge = signals::kNumbers[static_cast<std::size_t>(*found)].group == signals::FieldGroup::edges;
        (is_edge ? of_edges : own).add(*found);
    }
}

std::vector<std::string> notes_in(const json& contract) {
    constexpr std::size_t kMaxNotes = 32;
    std::vector<std::string> notes;
    const json* const from = find_member(contract, "notes");
    if (from == nullptr) return notes;
    if (!from->is_array() || from->size() > kMaxNotes) throw Flaw{"notes: not an array of at most 32"};
    for (const json& note : *from) {
        if (!note.is_string() || note.get_ref<const std::string&>().size() > kMaxTextBytes) {
            throw Flaw{fmt::format("notes: not a text of at most {} bytes", kMaxTextBytes)};
        }
        notes.push_back(note.get<std::string>());
    }
    return notes;
}

void read_numbers_of(const json& from, const signals::NumbersRef& into) {
    using signals::FieldGroup;
    read_unknown(from, into.numbers.unknown, into.edges.unknown);
    for (const FieldGroup group : {FieldGroup::listing, FieldGroup::metrics, FieldGroup::edges, FieldGroup::momentum,
                                   FieldGroup::execution, FieldGroup::micro, FieldGroup::flow, FieldGroup::detection}) {
        read_numbers(from, group, into);
    }
    read_manipulation(member(from, "manipulation"), into);
}

/// What was read lies at or before the time at which it was ranked.
void check_times(const ContractSnapshot& snapshot, core::WallTime made_at) {
    const core::WallTime latest = made_at + kMaxClockDifference;
    const auto& candles = *snapshot.data.candles;
    const bool ahead = snapshot.data.data_time > latest || snapshot.data.order_book->exchange_time > latest ||
                       (!candles.empty() && core::from_unix_ms(candles.back().open_time_ms) > latest);
    if (ahead) throw Flaw{snapshot.data.contract->contract_code + ": read after it was ranked"};
}

}  // namespace

std::shared_ptr<const ContractSnapshot> decode_contract(const json& from, core::WallTime made_at, signals::Edges& edges,
                                                        signals::FlowNumbers& flow) {
    auto snapshot = std::make_shared<ContractSnapshot>();
    snapshot->data = data_in(member(from, "data"));
    read_numbers_of(member(from, "numbers"), {snapshot->numbers, edges, flow});
    for (const json& spread : array_in(from, "spread_history", kMaxSpreads)) {
        snapshot->spread_history.push_back(number(spread, "spread_history"));
    }
    snapshot->notes = notes_in(from);
    check_times(*snapshot, made_at);
    return snapshot;
}

}  // namespace scanner::ranking
