#include "storage/history/episodes_sql.hpp"

#include "storage/history/cursor.hpp"
#include "storage/sql/schema.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace scanner::storage {
namespace {

std::int64_t number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw SqlError(core::ErrorCode::invalid_input, "cursor: not one of this query's pages");
    return value;
}

SqlValue json_or_null(std::string_view text) {
    return text.empty() ? SqlValue() : SqlValue(JsonText{text});
}

/// What episode_of reads, but for the context.
std::string episode_columns(const SqlSession& session) {
    return fmt::format(
        "{}, id, revision, symbol, flag, kind, phase, {}, probability, severity, simulated, details, "
        "verdict, note, {}, disposition_version",
        session.time_of("ts"), session.time_of("ended_at"), session.time_of("judged_at"));
}
constexpr int kEpisodeColumns = 16;

std::optional<double> number_of(const nlohmann::json& from, std::string_view name) {
    const auto found = from.find(name);
    if (found == from.end() || !found->is_number()) return std::nullopt;
    return found->get<double>();
}

std::uint64_t count_of(const nlohmann::json& from, std::string_view name) {
    const auto found = from.find(name);
    return found == from.end() || !found->is_number_unsigned() ? 0 : found->get<std::uint64_t>();
}

std::string text_of(const nlohmann::json& from, std::string_view name) {
    const auto found = from.find(name);
    return found == from.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

/// What a database gave back, where it is of the kind that was stored.
EpisodeDetails details_of(const std::string& stored) {
    const nlohmann::json json = nlohmann::json::parse(stored, nullptr, false);
    EpisodeDetails details;
    if (!json.is_object()) return details;
    if (const auto evidence = json.find("evidence"); evidence != json.end() && evidence->is_array()) {
        for (const nlohmann::json& item : *evidence) {
            if (!item.is_object()) continue;
            details.evidence.push_back({.name = text_of(item, "name"),
                                        .value = number_of(item, "value").value_or(0.0),
                                        .threshold = number_of(item, "threshold"),
                                        .unit = text_of(item, "unit")});
        }
    }
    details.price = number_of(json, "price");
    details.repetitions = count_of(json, "repetitions");
    details.trades = count_of(json, "trades");
    return details;
}

Episode episode_of(const SqlRow& row) {
    Episode episode;
    EpisodeRecord& record = episode.record;
    record.start = row.time(0);
    record.id = row.text(1);
    record.revision = row.count(2);
    record.symbol = row.text(3);
    record.flag = row.text(4);
    record.kind = row.text(5);
    record.phase = row.text(6);
    if (!row.is_null(7)) record.end = row.time(7);
    record.probability = row.maybe_real(8).value_or(0.0);
    record.severity = row.maybe_real(9).value_or(0.0);
    record.simulated = !row.is_null(10) && row.integer(10) != 0;
    if (!row.is_null(11)) record.details_json = row.text(11);
    episode.details = details_of(record.details_json);
    if (row.is_null(12)) return episode;
    const auto verdict = find_episode_verdict(row.text(12));
    if (!verdict) return episode;
    Disposition& disposition = episode.disposition.emplace();
    disposition.verdict = *verdict;
    if (!row.is_null(13)) disposition.note = row.text(13);
    if (!row.is_null(14)) disposition.at = row.time(14);
    disposition.version = row.is_null(15) ? 0 : static_cast<std::int64_t>(row.count(15));
    return episode;
}

std::optional<Episode> find_episode(SqlSession& session, std::string_view id) {
    std::optional<Episode> found;
    session.execute(fmt::format("SELECT {}, context FROM manip_episodes WHERE id = ?1", episode_columns(session)), {id},
                    [&](const SqlRow& row) {
                        found = episode_of(row);
                        if (!row.is_null(kEpisodeColumns)) found->record.context_json = row.text(kEpisodeColumns);
                    });
    return found;
}

}  // namespace

void write_episodes(SqlSession& session, const std::vector<EpisodeRecord>& rows) {
    static const std::vector<Column> kColumns = columns_of("manip_episodes");
    // What the operator said of it stays.
    static constexpr std::string_view kRule =
        "ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, phase = excluded.phase, ended_at = "
        "excluded.ended_at, probability = excluded.probability, severity = excluded.severity, details = "
        "excluded.details, context = coalesce(excluded.context, manip_episodes.context) "
        "WHERE excluded.revision > manip_episodes.revision";
    session.insert({.table = "manip_episodes", .columns = kColumns, .conflict = kRule}, rows.size(),
                   [&](std::size_t i, std::span<SqlValue> row) {
                       const EpisodeRecord& episode = rows[i];
                       const std::initializer_list<SqlValue> values{std::string_view(episode.id),
                                                                    episode.start,
                                                                    sql(episode.revision),
                                                                    std::string_view(episode.symbol),
                                                                    std::string_view(episode.flag),
                                                                    std::string_view(episode.kind),
                                                                    std::string_view(episode.phase),
                                                                    sql(episode.end),
                                                                    episode.probability,
                                                                    episode.severity,
                                                                    episode.simulated,
                                                                    json_or_null(episode.details_json),
                                                                    json_or_null(episode.context_json),
                                                                    SqlValue(),
                                                                    SqlValue(),
                                                                    SqlValue(),
                                                                    std::int64_t{0}};
                       std::ranges::copy(values, row.begin());
                   });
}

EpisodesPage read_episodes(SqlSession& session, const EpisodesQuery& query) {
    std::string where = "1 = 1";
    core::WallTime before;
    std::string before_id;
    if (query.symbol) where += " AND symbol = ?1";
    if (query.flag) where += " AND flag = ?2";
    if (query.from) where += " AND ts >= ?3";
    if (query.to) where += " AND ts < ?4";
    if (query.status)
        where += *query.status == EpisodeStatus::open ? " AND ended_at IS NULL" : " AND ended_at IS NOT NULL";
    if (!query.cursor.empty()) {
        const auto parts = read_cursor("e", query.cursor, 2);
        if (!parts) throw SqlError(core::ErrorCode::invalid_input, "cursor: not one of this query's pages");
        before = core::from_unix_ms(number((*parts)[0]));
        before_id = (*parts)[1];
        where += " AND (ts, id) < (?5, ?6)";
    }
    EpisodesPage page;
    SqlTransaction transaction(session);
    session.execute(
        fmt::format("SELECT {} FROM manip_episodes WHERE {} ORDER BY ts DESC, id DESC LIMIT ?7",
                    episode_columns(session), where),
        {std::string_view(query.symbol ? *query.symbol : ""), std::string_view(query.flag ? *query.flag : ""),
         query.from.value_or(before), query.to.value_or(before), before, std::string_view(before_id),
         static_cast<std::int64_t>(query.limit) + 1},
        [&](const SqlRow& row) { page.rows.push_back(episode_of(row)); });
    if (page.rows.size() > query.limit) {
        page.rows.pop_back();
        const EpisodeRecord& last = page.rows.back().record;
        page.next = make_cursor("e", {std::to_string(core::to_unix_ms(last.start)), last.id});
    }
    return page;
}

std::optional<Episode> read_episode(SqlSession& session, std::string_view id) {
    SqlTransaction transaction(session);
    return find_episode(session, id);
}

bool write_disposition(SqlSession& session, std::string_view id, const Disposition& disposition,
                       std::optional<std::int64_t> expected) {
    SqlTransaction transaction(session);
    const std::string condition = expected ? " AND disposition_version = ?5" : "";
    const std::size_t changed = session.execute(
        "UPDATE manip_episodes SET verdict = ?2, note = ?3, judged_at = ?4, disposition_version = "
        "disposition_version + 1 WHERE id = ?1" +
            condition,
        {id, to_string(disposition.verdict), std::string_view(disposition.note), disposition.at, expected.value_or(0)});
    transaction.commit();
    return changed > 0;
}

std::vector<FlagDispositions> read_dispositions(SqlSession& session, core::WallTime from, core::WallTime to) {
    std::vector<FlagDispositions> flags;
    SqlTransaction transaction(session);
    session.execute(
        "SELECT flag, verdict, count(*) FROM manip_episodes WHERE ts >= ?1 AND ts < ?2 AND verdict IS NOT "
        "NULL GROUP BY flag, verdict ORDER BY flag",
        {from, to}, [&](const SqlRow& row) {
            const auto verdict = find_episode_verdict(row.text(1));
            if (!verdict) return;
            if (flags.empty() || flags.back().flag != row.text(0)) {
                flags.emplace_back().flag = row.text(0);
            }
            FlagDispositions& of_flag = flags.back();
            switch (*verdict) {
                case EpisodeVerdict::manipulation: of_flag.manipulation += row.count(2); break;
                case EpisodeVerdict::benign: of_flag.benign += row.count(2); break;
                case EpisodeVerdict::unsure: of_flag.unsure += row.count(2); break;
            }
        });
    return flags;
}

std::string_view to_string(EpisodeVerdict verdict) noexcept {
    switch (verdict) {
        case EpisodeVerdict::manipulation: return "manipulation";
        case EpisodeVerdict::benign: return "benign";
        case EpisodeVerdict::unsure: return "unsure";
    }
    return "unsure";
}

std::optional<EpisodeVerdict> find_episode_verdict(std::string_view name) noexcept {
    for (const auto verdict : {EpisodeVerdict::manipulation, EpisodeVerdict::benign, EpisodeVerdict::unsure}) {
        if (name == to_string(verdict)) return verdict;
    }
    return std::nullopt;
}

}  // namespace scanner::storage
