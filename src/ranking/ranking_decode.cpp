#include "scanner/core/symbol.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace scanner::ranking {
namespace {

using nlohmann::json;

/// What is wrong with the text; thrown inside this file only, where the way back up is long and every field can fail.
struct Flaw {
    std::string what;
    core::ErrorCode code = core::ErrorCode::malformed;
};

/// Nothing that is measured comes near it, and no sum or product of two such numbers leaves what a double can hold.
constexpr double kMaxMagnitude = 1e30;
constexpr double kMinPrice = 1e-18;
constexpr std::size_t kMaxDepth = 12;
constexpr std::size_t kMaxLevels = 1'000;
constexpr std::size_t kMaxCandles = 2'000;
constexpr std::size_t kMaxSpreads = 1'000;
constexpr std::size_t kMaxProfiles = 64;
constexpr std::size_t kMaxExclusions = 10'000;
constexpr std::size_t kMaxNameBytes = 80;  // a symbol is longer than its code
constexpr std::size_t kMaxTextBytes = 1'024;
/// The exchange's clock and ours are two.
constexpr std::chrono::minutes kMaxClockDifference{1};
constexpr std::chrono::hours kMaxPause{2};

const json& member(const json& object, std::string_view name) {
    if (!object.is_object()) throw Flaw{fmt::format("{}: not inside an object", name)};
    const auto found = object.find(name);
    if (found == object.end()) throw Flaw{fmt::format("{}: missing", name)};
    return *found;
}

double number(const json& value, std::string_view name) {
    if (!value.is_number()) throw Flaw{fmt::format("{}: not a number", name)};
    const double read = value.get<double>();
    if (!std::isfinite(read)) throw Flaw{fmt::format("{}: not finite", name)};
    if (std::abs(read) > kMaxMagnitude) throw Flaw{fmt::format("{}: beyond any measure", name)};
    return read;
}
double within(double read, std::string_view name, double least, double most) {
    if (read < least || read > most) throw Flaw{fmt::format("{}: not from {} to {}", name, least, most)};
    return read;
}
double number_in(const json& object, std::string_view name) {
    return number(member(object, name), name);
}
double number_in(const json& object, std::string_view name, double least, double most) {
    return within(number_in(object, name), name, least, most);
}
std::optional<double> maybe_number_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    return value.is_null() ? std::nullopt : std::optional(number(value, name));
}
/// The same of a member that earlier versions did not write.
const json* find_member(const json& object, std::string_view name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}
std::int64_t integer(const json& value, std::string_view name) {
    if (!value.is_number_integer()) throw Flaw{fmt::format("{}: not an integer", name)};
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        throw Flaw{fmt::format("{}: too large", name)};
    return value.get<std::int64_t>();
}
std::int64_t integer_in(const json& object, std::string_view name) {
    return integer(member(object, name), name);
}
std::int64_t integer_in(const json& object, std::string_view name, std::int64_t least, std::int64_t most) {
    const std::int64_t read = integer_in(object, name);
    if (read < least || read > most) throw Flaw{fmt::format("{}: not from {} to {}", name, least, most)};
    return read;
}
core::WallTime time_of(std::int64_t ms, std::string_view name) {
    if (!core::is_unix_ms(ms)) throw Flaw{fmt::format("{}: not a time from 1970 to 9999", name)};
    return core::from_unix_ms(ms);
}
core::WallTime time_in(const json& object, std::string_view name) {
    return time_of(integer_in(object, name), name);
}
std::string text_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    if (!value.is_string()) throw Flaw{fmt::format("{}: not a string", name)};
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kMaxTextBytes) throw Flaw{fmt::format("{}: too long", name)};
    return text;
}
std::string name_in(const json& object, std::string_view name) {
    std::string text = text_in(object, name);
    if (text.empty() || text.size() > kMaxNameBytes)
        throw Flaw{fmt::format("{}: not a name of 1 to {} bytes", name, kMaxNameBytes)};
    return text;
}
bool flag_in(const json& object, std::string_view name) {
    const json& value = member(object, name);
    if (!value.is_boolean()) throw Flaw{fmt::format("{}: not true or false", name)};
    return value.get<bool>();
}
const json& array_in(const json& object, std::string_view name, std::size_t most) {
    const json& value = member(object, name);
    if (!value.is_array()) throw Flaw{fmt::format("{}: not an array", name)};
    if (value.size() > most) throw Flaw{fmt::format("{}: more than {}", name, most)};
    return value;
}
const json& row_of(const json& value, std::string_view name, std::size_t size) {
    if (!value.is_array() || value.size() != size) throw Flaw{fmt::format("{}: not a row of {}", name, size)};
    return value;
}

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

void read_numbers_of(const json& from, signals::ContractNumbers& numbers, signals::Edges& edges) {
    using signals::FieldGroup;
    read_unknown(from, numbers.unknown, edges.unknown);
    const signals::NumbersRef into{numbers, edges};
    for (const FieldGroup group : {FieldGroup::listing, FieldGroup::metrics, FieldGroup::edges, FieldGroup::momentum,
                                   FieldGroup::execution, FieldGroup::micro, FieldGroup::flow}) {
        read_numbers(from, group, into);
    }
    read_manipulation(member(from, "manipulation"), into);
}

/// The components of `ranked` as they were written; false where earlier versions, or ones with other components, did
/// not write them.
bool read_components(const json& profile, std::vector<RankedEntry>& ranked) {
    const json* const from = find_member(profile, "components");
    if (from == nullptr || !std::ranges::all_of(signals::component_fields(), [&](const auto& field) {
            return find_member(*from, field.name) != nullptr;
        })) {
        return false;
    }
    for (const signals::ComponentField& field : signals::component_fields()) {
        const json& values = row_of(*find_member(*from, field.name), field.name, ranked.size());
        for (std::size_t i = 0; i < ranked.size(); ++i)
            ranked[i].components.*field.member = number(values[i], field.name);
    }
    return true;
}

void read_profile(const json& from, Ranking& ranking) {
    signals::Profile profile;
    profile.name = name_in(from, "name");
    if (ranking.ranked.contains(profile.name)) throw Flaw{"profiles: one twice"};
    for (const auto& field : signals::weight_fields()) {
        profile.weights.*field.member = number_in(member(from, "weights"), field.name);
    }
    std::vector<RankedEntry> ranked;
    std::vector<bool> taken(ranking.contracts.size());
    for (const json& row : array_in(from, "ranked", ranking.contracts.size())) {
        row_of(row, "ranked", 3);
        RankedEntry entry;
        entry.contract = static_cast<std::size_t>(integer(row[0], "ranked"));
        if (entry.contract >= ranking.contracts.size()) throw Flaw{"ranked: no such contract"};
        if (taken[entry.contract]) throw Flaw{"ranked: a contract twice"};
        taken[entry.contract] = true;
        entry.score = number(row[1], "ranked");
        entry.rank = static_cast<int>(ranked.size()) + 1;
        if (!row[2].is_null())
            entry.rank_delta =
                static_cast<int>(within(static_cast<double>(integer(row[2], "ranked")), "ranked", -1e6, 1e6));
        ranked.push_back(entry);
    }
    const Scoring scoring = cycle_scoring(ranking.settings, profile.name);
    ranking.profiles.push_back(std::move(profile));
    if (!read_components(from, ranked)) {
        for (RankedEntry& entry : ranked) {
            const std::size_t i = entry.contract;
            entry.components = assess(ranking, ranking.contract(i), ranking.edges[i], scoring).item.components;
        }
    }
    ranking.ranked[scoring.profile] = std::move(ranked);
}

void read_settings(const json& from, Ranking& ranking, const RankingLimits& limits) {
    ranking.sequence = static_cast<std::uint64_t>(integer_in(from, "seq", 1, static_cast<std::int64_t>(kMaxSequence)));
    ranking.time = time_in(from, "time_ms");
    if (ranking.time > limits.now + RankingLimits::kMaxAhead)
        throw Flaw{fmt::format("time_ms: {} is ahead of the clock, which says {}", core::format_time(ranking.time),
                               core::format_time(limits.now))};
    ranking.next_scan_at = time_in(from, "next_scan_at_ms");
    if (ranking.next_scan_at < ranking.time || ranking.next_scan_at > ranking.time + kMaxPause)
        throw Flaw{"next_scan_at_ms: not soon after time_ms"};
    ranking.cycle_ms = number_in(from, "cycle_ms", 0, 1e9);
    ranking.requests = static_cast<std::uint64_t>(integer_in(from, "requests", 0, 1'000'000'000));
    ranking.settings.default_profile = name_in(from, "default_profile");
    ranking.settings.notional_usdt = number_in(from, "notional_usdt", 0, 1e12);
    ranking.settings.min_qvol_usdt = number_in(from, "min_qvol_usdt", 0, 1e15);
    ranking.settings.max_spread_bps = number_in(from, "max_spread_bps", 0, 10'000);
    if (const json* days = find_member(from, "min_listed_days")) {
        ranking.settings.min_listed_days = within(number(*days, "min_listed_days"), "min_listed_days", 0, 1e6);
    }
    ranking.settings.include_carry = flag_in(from, "include_carry");
    ranking.settings.simulated = flag_in(from, "simulated");
    ranking.has_flow = find_member(from, "has_flow") != nullptr && flag_in(from, "has_flow");
}

void check_origin(const json& from, const RankingOrigin& origin) {
    const RankingOrigin found{.exchange = text_in(from, "exchange"), .installation = text_in(from, "installation")};
    if (found == origin) return;
    throw Flaw{fmt::format("it is of exchange \"{}\" and installation \"{}\", not of \"{}\" and \"{}\"", found.exchange,
                           found.installation, origin.exchange, origin.installation),
               core::ErrorCode::conflict};
}

/// What was read lies at or before the time at which it was ranked.
void check_times(const ContractSnapshot& snapshot, core::WallTime made_at) {
    const core::WallTime latest = made_at + kMaxClockDifference;
    const auto& candles = *snapshot.data.candles;
    const bool ahead = snapshot.data.data_time > latest || snapshot.data.order_book->exchange_time > latest ||
                       (!candles.empty() && core::from_unix_ms(candles.back().open_time_ms) > latest);
    if (ahead) throw Flaw{snapshot.data.contract->contract_code + ": read after it was ranked"};
}

RankingPtr read_ranking(const json& from, const RankingOrigin& origin, const RankingLimits& limits) {
    if (integer_in(from, "format") != 1) throw Flaw{"format: not one that this version knows"};
    check_origin(from, origin);
    auto ranking = std::make_shared<Ranking>();
    read_settings(from, *ranking, limits);
    for (const json& contract : array_in(from, "contracts", limits.max_contracts)) {
        auto made = std::make_shared<ContractSnapshot>();
        ContractSnapshot& snapshot = *made;
        snapshot.data = data_in(member(contract, "data"));
        read_numbers_of(member(contract, "numbers"), snapshot.numbers, ranking->edges.emplace_back());
        for (const json& spread : array_in(contract, "spread_history", kMaxSpreads)) {
            snapshot.spread_history.push_back(number(spread, "spread_history"));
        }
        snapshot.notes = notes_in(contract);
        check_times(snapshot, ranking->time);
        const std::string& code = snapshot.data.contract->contract_code;
        if (!ranking->contracts.empty() && ranking->contracts.back()->data.contract->contract_code >= code)
            throw Flaw{code + ": twice, or not in the order of the codes"};
        ranking->contracts.push_back(std::move(made));
    }
    for (const json& profile : array_in(from, "profiles", kMaxProfiles)) read_profile(profile, *ranking);
    for (const json& row : array_in(from, "exclusions", kMaxExclusions)) {
        row_of(row, "exclusions", 3);
        if (!row[0].is_string() || !row[1].is_string() || !row[2].is_string()) throw Flaw{"exclusions: not strings"};
        ranking->exclusions.push_back({row[0], row[1], row[2]});
        ++ranking->excluded_by_reason[ranking->exclusions.back().reason];
    }
    return ranking;
}

}  // namespace

core::Result<RankingPtr> decode_ranking(std::string_view text, const RankingOrigin& origin,
                                        const RankingLimits& limits) {
    if (text.size() > limits.max_bytes())
        return core::fail(core::ErrorCode::malformed, fmt::format("ranking: more than {} bytes", limits.max_bytes()));
    std::size_t values = 0;
    const auto bounded = [&](int depth, json::parse_event_t event, const json&) {
        if (depth > static_cast<int>(kMaxDepth)) throw Flaw{fmt::format("nested deeper than {} levels", kMaxDepth)};
        const bool ends = event == json::parse_event_t::object_end || event == json::parse_event_t::array_end;
        if (!ends && ++values > limits.max_values()) throw Flaw{"more values than its contracts can have"};
        return true;
    };
    try {
        const json parsed = json::parse(text, bounded, false);
        if (parsed.is_discarded()) throw Flaw{"not JSON"};
        return read_ranking(parsed, origin, limits);
    } catch (const Flaw& flaw) {
        return core::fail(flaw.code, "ranking: " + flaw.what);
    } catch (const std::exception& thrown) {
        return core::fail(core::ErrorCode::malformed, std::string("ranking: ") + thrown.what());
    }
}

}  // namespace scanner::ranking
