#include "storage/history/bar_builder.hpp"
#include "storage/history/cursor.hpp"
#include "storage/history/history_sql.hpp"
#include "storage/history/inputs_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace scanner::storage {
namespace {

/// One page of bars is made from no more 1m rows than this.
constexpr std::int64_t kMaxMinutes = 10'000;

std::int64_t number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw SqlError(core::ErrorCode::invalid_input, "cursor: not one of this query's pages");
    return value;
}

std::vector<std::string> parts_of(std::string_view kind, const std::string& cursor, std::size_t count) {
    auto parts = read_cursor(kind, cursor, count);
    if (!parts) throw SqlError(core::ErrorCode::invalid_input, "cursor: not one of this query's pages");
    return std::move(*parts);
}

/// The columns of RankingRow, of a table or subquery called r.
std::string ranking_columns(const SqlSession& session) {
    return session.time_of("r.ts") +
           ", r.sequence, r.profile, r.symbol, r.rank, r.score, r.last_price, r.qvol_usdt, r.spread_bps, r.slip_bps, "
           "r.manip_score, " +
           session.microseconds_of("r.ts");
}

RankingRow ranking_row(const SqlRow& row) {
    RankingRow ranking;
    ranking.time = row.time(0);
    ranking.sequence = row.count(1);
    ranking.profile = row.text(2);
    ranking.symbol = row.text(3);
    if (!row.is_null(4)) ranking.rank = row.small(4);
    ranking.score = row.is_null(5) ? 0.0 : row.real(5);
    ranking.last_price = row.maybe_real(6);
    ranking.qvol_usdt = row.maybe_real(7);
    ranking.spread_bps = row.maybe_real(8);
    ranking.slip_bps = row.maybe_real(9);
    ranking.manip_score = row.maybe_real(10);
    return ranking;
}

std::optional<CycleRecord> cycle_before(SqlSession& session, core::WallTime time) {
    std::optional<CycleRecord> cycle;
    session.execute("SELECT sequence, " + session.time_of("ts") +
                        ", default_profile, cycle_ms, requests, scanned, ranked, simulated, settings FROM cycles "
                        "WHERE ts <= ?1 ORDER BY ts DESC, sequence DESC LIMIT 1",
                    {time}, [&](const SqlRow& row) {
                        cycle.emplace();
                        cycle->sequence = row.count(0);
                        cycle->time = row.time(1);
                        cycle->default_profile = row.text(2);
                        cycle->cycle_ms = row.real(3);
                        cycle->requests = row.count(4);
                        cycle->scanned = row.count(5);
                        cycle->ranked = row.count(6);
                        cycle->simulated = row.integer(7) != 0;
                        cycle->settings_json = row.text(8);
                    });
    return cycle;
}

std::vector<std::string> flags_of(std::string_view text) {
    std::vector<std::string> flags;
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_array()) return flags;
    for (const auto& flag : parsed) {
        if (flag.is_string()) flags.push_back(flag.get<std::string>());
    }
    std::ranges::sort(flags);
    return flags;
}

std::vector<ClosedCandle> read_candles(SqlSession& session, const std::string& symbol, core::WallTime from,
                                       core::WallTime to) {
    std::vector<ClosedCandle> candles;
    session.execute("SELECT " + session.time_of("ts") +
                        ", open, high, low, close, volume, sequence FROM bars_1m_ohlc WHERE symbol = ?1 AND ts >= ?2 "
                        "AND ts < ?3 AND close IS NOT NULL ORDER BY ts",
                    {std::string_view(symbol), from, to}, [&](const SqlRow& row) {
                        ClosedCandle& candle = candles.emplace_back();
                        candle.symbol = symbol;
                        candle.open_time = row.time(0);
                        candle.close = row.real(4);
                        candle.open = row.maybe_real(1).value_or(candle.close);
                        candle.high = row.maybe_real(2).value_or(candle.close);
                        candle.low = row.maybe_real(3).value_or(candle.close);
                        candle.base_volume = row.maybe_real(5).value_or(0.0);
                        candle.sequence = row.count(6);
                    });
    return candles;
}

std::vector<MinuteAggregate> read_minutes(SqlSession& session, const std::string& symbol, core::WallTime from,
                                          core::WallTime to) {
    std::vector<MinuteAggregate> minutes;
    session.execute("SELECT " + session.time_of("ts") +
                        ", close, atr_pct, spread_bps, top5_depth_usdt, ret_1, ret_15, funding_8h_pct, open_interest, "
                        "basis_bps, manip_score, manip_flags, samples, first_sequence, last_sequence FROM bars_1m "
                        "WHERE symbol = ?1 AND ts >= ?2 AND ts < ?3 ORDER BY ts",
                    {std::string_view(symbol), from, to}, [&](const SqlRow& row) {
                        MinuteAggregate& minute = minutes.emplace_back();
                        minute.symbol = symbol;
                        minute.minute = row.time(0);
                        minute.close = row.maybe_real(1).value_or(0.0);
                        minute.atr_pct = row.maybe_real(2);
                        minute.spread_bps = row.maybe_real(3).value_or(0.0);
                        minute.top5_depth_usdt = row.maybe_real(4).value_or(0.0);
                        minute.ret_1 = row.maybe_real(5);
                        minute.ret_15 = row.maybe_real(6);
                        minute.funding_8h_pct = row.maybe_real(7);
                        minute.open_interest = row.maybe_real(8);
                        minute.basis_bps = row.maybe_real(9);
                        minute.manip_score = row.maybe_real(10);
                        if (!row.is_null(11)) minute.manip_flags = flags_of(row.text(11));
                        minute.samples = row.small(12);
                        minute.first_sequence = row.count(13);
                        minute.last_sequence = row.count(14);
                    });
    return minutes;
}

/// The first minute of the contract in [from, to) that either table knows.
std::optional<core::WallTime> first_minute(SqlSession& session, const std::string& symbol, core::WallTime from,
                                           core::WallTime to) {
    std::optional<core::WallTime> first;
    for (const std::string_view table : {"bars_1m_ohlc", "bars_1m"}) {
        session.execute(fmt::format("SELECT {} FROM {} WHERE symbol = ?1 AND ts >= ?2 AND ts < ?3 ORDER BY ts LIMIT 1",
                                    session.time_of("ts"), table),
                        {std::string_view(symbol), from, to}, [&](const SqlRow& row) {
                            if (!first || row.time(0) < *first) first = row.time(0);
                        });
    }
    return first;
}

/// Joined here: planners expect a row or two of a moment, and would compare every ranking with every input.
void add_inputs(SqlSession& session, RankingAsOf& ranking, core::WallTime end) {
    if (ranking.rows.empty()) return;
    std::unordered_map<std::string_view, RankingRow*> by_symbol;
    for (RankingRow& row : ranking.rows) by_symbol.emplace(row.symbol, &row);
    InputsSchemas schemas;
    schemas.load(session);
    session.execute(fmt::format("SELECT i.symbol, {} FROM ranking_inputs i WHERE i.ts >= ?1 AND i.ts < ?2 AND "
                                "i.sequence = ?3",
                                InputsSchemas::kColumns),
                    {ranking.time, end, sql(ranking.sequence)}, [&](const SqlRow& row) {
                        const auto found = by_symbol.find(row.text(0));
                        if (found == by_symbol.end()) return;
                        RankingRow& ranked = *found->second;
                        ranked.inputs_json = schemas.render(row, 1, ranked.symbol);
                    });
}

using PlacesBySymbol = std::unordered_map<std::string, std::size_t>;

/// Gives the last of `rows` its inputs, which all profiles of a cycle share: `places` says where the cycle's contracts
/// came first. `same_time`: to the microsecond, the row before is of the same time.
void add_inputs(InputsSchemas& schemas, const SqlRow& row, bool same_time, std::vector<RankingRow>& rows,
                PlacesBySymbol& places) {
    const std::size_t place = rows.size() - 1;
    RankingRow& ranking = rows[place];
    if (!same_time || (place > 0 && rows[place - 1].sequence != ranking.sequence)) places.clear();
    const auto [first, is_first] = places.emplace(ranking.symbol, place);
    ranking.inputs_json = is_first ? schemas.render(row, 12, ranking.symbol) : rows[first->second].inputs_json;
}

}  // namespace

RankingsPage read_rankings(SqlSession& session, const RankingsQuery& query) {
    std::int64_t from_us = 0;
    std::int64_t sequence = 0;
    std::string profile;
    std::string symbol;
    std::string where = "r.ts >= ?1 AND r.ts < ?2";
    if (query.profile) where += " AND r.profile = ?3";
    if (query.symbol) where += " AND r.symbol = ?4";
    if (!query.cursor.empty()) {
        const auto parts = parts_of("r", query.cursor, 4);
        from_us = number(parts[0]);
        sequence = number(parts[1]);
        profile = parts[2];
        symbol = parts[3];
        const std::string after = session.time_from_microseconds("?9");
        where += fmt::format(" AND r.ts >= {0} AND (r.ts, r.sequence, r.profile, r.symbol) > ({0}, ?5, ?6, ?7)", after);
    }
    const std::string_view order = "ORDER BY r.ts, r.sequence, r.profile, r.symbol";
    std::string statement = fmt::format("SELECT r.* FROM rankings r WHERE {} {} LIMIT ?8", where, order);
    statement = query.with_inputs
                    ? fmt::format(
                          "SELECT {}, {} FROM ({}) r LEFT JOIN ranking_inputs i ON i.ts = r.ts AND "
                          "i.sequence = r.sequence AND i.symbol = r.symbol AND i.ts >= ?1 AND i.ts < ?2 {}",
                          ranking_columns(session), InputsSchemas::kColumns, statement, order)
                    : fmt::format("SELECT {} FROM ({}) r {}", ranking_columns(session), statement, order);
    RankingsPage page;
    std::int64_t last_us = 0;
    bool more = false;
    SqlTransaction transaction(session);
    InputsSchemas schemas;
    PlacesBySymbol places;
    if (query.with_inputs) schemas.load(session);
    session.execute(statement,
                    {query.from, query.to, std::string_view(query.profile ? *query.profile : profile),
                     std::string_view(query.symbol ? *query.symbol : symbol), sequence, std::string_view(profile),
                     std::string_view(symbol), static_cast<std::int64_t>(query.limit) + 1, from_us},
                    [&](const SqlRow& row) {
                        if (page.rows.size() < query.limit) {
                            page.rows.push_back(ranking_row(row));
                            const std::int64_t row_us = row.integer(11);
                            if (query.with_inputs) add_inputs(schemas, row, row_us == last_us, page.rows, places);
                            last_us = row_us;
                        } else {
                            more = true;
                        }
                    });
    if (more) {
        const RankingRow& last = page.rows.back();
        page.next =
            make_cursor("r", {std::to_string(last_us), std::to_string(last.sequence), last.profile, last.symbol});
    }
    return page;
}

std::optional<RankingAsOf> read_ranking_as_of(SqlSession& session, core::WallTime time, std::string_view profile) {
    SqlTransaction transaction(session);
    RankingAsOf ranking;
    ranking.cycle = cycle_before(session, time);
    bool found = ranking.cycle.has_value();
    if (found) {
        ranking.time = ranking.cycle->time;
        ranking.sequence = ranking.cycle->sequence;
    } else {
        session.execute("SELECT " + session.time_of("ts") +
                            ", sequence FROM rankings WHERE ts <= ?1 AND profile = ?2 ORDER BY ts DESC LIMIT 1",
                        {time, profile}, [&](const SqlRow& row) {
                            found = true;
                            ranking.time = row.time(0);
                            ranking.sequence = row.count(1);
                        });
    }
    if (!found) return std::nullopt;
    // The old service wrote to the microsecond: all of its rows within that millisecond.
    const core::WallTime end = ranking.time + std::chrono::milliseconds(1);
    session.execute(fmt::format("SELECT {} FROM rankings r WHERE r.ts >= ?1 AND r.ts < ?2 AND r.sequence = ?3 AND "
                                "r.profile = ?4 ORDER BY r.rank NULLS LAST, r.score DESC, r.symbol",
                                ranking_columns(session)),
                    {ranking.time, end, sql(ranking.sequence), profile},
                    [&](const SqlRow& row) { ranking.rows.push_back(ranking_row(row)); });
    add_inputs(session, ranking, end);
    return ranking;
}

BarsPage read_bars(SqlSession& session, const BarsQuery& query) {
    using std::chrono::minutes;
    // Whole bars only: those that begin in the range.
    const auto floor_to_bar = [&](core::WallTime time) {
        const auto since = std::chrono::floor<minutes>(time).time_since_epoch();
        return core::WallTime(since - since % query.interval);
    };
    const auto ceil_to_bar = [&](core::WallTime time) {
        const core::WallTime start = floor_to_bar(time);
        return start < time ? start + query.interval : start;
    };
    core::WallTime from = query.from;
    if (!query.cursor.empty()) from = std::max(from, core::from_unix_ms(number(parts_of("b", query.cursor, 1)[0])));
    from = ceil_to_bar(from);
    const core::WallTime to = ceil_to_bar(query.to);
    BarsPage page;
    SqlTransaction transaction(session);
    const auto first = first_minute(session, query.symbol, from, to);
    if (!first) return page;
    const auto bars = std::min<std::int64_t>(static_cast<std::int64_t>(query.limit),
                                             std::max<std::int64_t>(kMaxMinutes / query.interval.count(), 1));
    const core::WallTime begin = floor_to_bar(*first);
    const core::WallTime end = std::min(to, core::WallTime(begin + bars * query.interval));
    page.rows = build_bars(query.interval, read_candles(session, query.symbol, begin, end),
                           read_minutes(session, query.symbol, begin, end));
    if (const auto next = first_minute(session, query.symbol, end, to))
        page.next = make_cursor("b", {std::to_string(core::to_unix_ms(floor_to_bar(*next)))});
    return page;
}

AlertsPage read_alerts(SqlSession& session, const AlertsQuery& query) {
    std::string where = "id > 0";
    core::WallTime before;
    std::int64_t before_id = 0;
    if (query.rule) where += " AND rule = ?1";
    if (query.symbol) where += " AND symbol = ?2";
    if (query.from) where += " AND ts >= ?3";
    if (query.to) where += " AND ts < ?4";
    if (!query.cursor.empty()) {
        const auto parts = parts_of("a", query.cursor, 2);
        before = core::from_unix_ms(number(parts[0]));
        before_id = number(parts[1]);
        where += " AND (ts, id) < (?5, ?6)";
    }
    AlertsPage page;
    SqlTransaction transaction(session);
    session.execute(fmt::format("SELECT id, rule, symbol, {}, sequence, payload FROM alerts WHERE {} ORDER BY ts DESC, "
                                "id DESC LIMIT ?7",
                                session.time_of("ts"), where),
                    {std::string_view(query.rule ? *query.rule : ""),
                     std::string_view(query.symbol ? *query.symbol : ""), query.from.value_or(before),
                     query.to.value_or(before), before, before_id, static_cast<std::int64_t>(query.limit) + 1},
                    [&](const SqlRow& row) {
                        AlertRecord& alert = page.rows.emplace_back();
                        alert.id = row.integer(0);
                        alert.rule = row.text(1);
                        alert.symbol = row.text(2);
                        alert.time = row.time(3);
                        alert.sequence = row.count(4);
                        alert.payload_json = row.text(5);
                    });
    if (page.rows.size() > query.limit) {
        page.rows.pop_back();
        const AlertRecord& last = page.rows.back();
        page.next = make_cursor("a", {std::to_string(core::to_unix_ms(last.time)), std::to_string(last.id)});
    }
    return page;
}

}  // namespace scanner::storage
