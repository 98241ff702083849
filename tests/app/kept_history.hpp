#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <pqxx/pqxx>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace scanner::test {

/// What the database ended up with, counted by sequence number.
struct KeptHistory {
    std::int64_t cycles = 0;
    std::int64_t sequences = 0;        ///< different ones
    std::int64_t first = 0, last = 0;  ///< sequence
    std::int64_t rows = 0;             ///< of rankings, over all profiles
    std::int64_t doubled_rows = 0;     ///< beyond one of the same cycle, profile and contract
    std::int64_t wrong_rows = 0;       ///< cycles whose number of rows or of inputs is not what the cycle ranked
    std::int64_t minutes = 0;          ///< aggregates
    std::int64_t wrong_minutes = 0;    ///< aggregates that are not what the cycles of their minute come to, or missing

    [[nodiscard]] std::int64_t missing() const { return cycles == 0 ? 0 : last - first + 1 - sequences; }
    [[nodiscard]] std::int64_t doubled() const { return cycles - sequences; }
    [[nodiscard]] std::string text() const {
        return "cycles " + std::to_string(cycles) + " (" + std::to_string(first) + ".." + std::to_string(last) +
               "), missing " + std::to_string(missing()) + ", duplicate " + std::to_string(doubled()) +
               "; ranking rows " + std::to_string(rows) + ", duplicate " + std::to_string(doubled_rows) +
               ", cycles with wrong rows " + std::to_string(wrong_rows) + "; minute aggregates " +
               std::to_string(minutes) + ", wrong " + std::to_string(wrong_minutes);
    }
};

/// Runs a statement that gives one row of whole numbers.
using AskNumbers = std::function<std::vector<std::int64_t>(const std::string&)>;

/// `minute`: the expression for the start of the minute of inputs' ts; `number`: for a number out of inputs' JSON.
inline KeptHistory count_history(const AskNumbers& ask, const std::string& minute,
                                 const std::function<std::string(const std::string&)>& number) {
    KeptHistory kept;
    const auto cycles =
        ask("SELECT count(*), count(DISTINCT sequence), coalesce(min(sequence), 0), "
            "coalesce(max(sequence), 0) FROM cycles");
    kept.cycles = cycles[0];
    kept.sequences = cycles[1];
    kept.first = cycles[2];
    kept.last = cycles[3];
    const auto rows =
        ask("SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM rankings "
            "GROUP BY sequence, ts, profile, symbol) AS g");
    kept.rows = rows[0];
    kept.doubled_rows = rows[1];
    kept.wrong_rows =
        ask("SELECT count(*) FROM cycles c LEFT JOIN (SELECT sequence, ts, count(*) AS n FROM rankings "
            "GROUP BY sequence, ts) r ON r.sequence = c.sequence AND r.ts = c.ts LEFT JOIN (SELECT "
            "sequence, ts, count(*) AS n FROM ranking_inputs GROUP BY sequence, ts) i ON i.sequence = "
            "c.sequence AND i.ts = c.ts WHERE coalesce(r.n, 0) <> c.ranked OR coalesce(i.n, 0) <> "
            "c.scanned")[0];
    // What a minute should be is recomputed from the cycles' inputs, which are kept one by one.
    const std::string expected = "SELECT symbol, " + minute +
                                 " AS ts, count(*) AS n, min(sequence) AS f, max(sequence) AS l, max(" +
                                 number("manip_score") + ") AS manip FROM ranking_inputs GROUP BY 1, 2";
    const auto minutes = ask(
        "SELECT (SELECT count(*) FROM bars_1m), (SELECT count(*) FROM (" + expected +
        ") e LEFT JOIN bars_1m b ON "
        "b.symbol = e.symbol AND b.ts = e.ts LEFT JOIN ranking_inputs i ON i.symbol = e.symbol AND i.sequence = e.l "
        "WHERE b.ts IS NULL OR b.samples <> e.n OR b.first_sequence <> e.f OR b.last_sequence <> e.l OR "
        "abs(b.manip_score - e.manip) > 1e-9 OR abs(b.close - " +
        number("last_price") +
        ") > 1e-12 * abs(b.close)), "
        "(SELECT count(*) FROM (" +
        expected + ") e)");
    kept.minutes = minutes[0];
    kept.wrong_minutes = minutes[1] + (minutes[0] == minutes[2] ? 0 : 1);
    return kept;
}

inline KeptHistory count_postgres(const std::string& url) {
    pqxx::connection connection(url);
    pqxx::work work(connection);
    return count_history(
        [&](const std::string& statement) {
            const pqxx::result result = work.exec(statement);
            std::vector<std::int64_t> numbers;
            const pqxx::row row = result[0];
            for (pqxx::row::size_type i = 0; i < row.size(); ++i) numbers.push_back(row[i].as<std::int64_t>());
            return numbers;
        },
        "date_trunc('minute', ts)",
        [](const std::string& name) {
            return name == "manip_score" ? "(inputs -> 'manipulation' ->> 'manip_score')::float8"
                                         : "(i.inputs ->> '" + name + "')::float8";
        });
}

inline KeptHistory count_sqlite(const std::string& file) {
    const SQLite::Database database(file, SQLite::OPEN_READONLY);
    return count_history(
        [&](const std::string& statement) {
            SQLite::Statement query(database, statement);
            std::vector<std::int64_t> numbers;
            if (query.executeStep()) {
                for (int i = 0; i < query.getColumnCount(); ++i) numbers.push_back(query.getColumn(i).getInt64());
            }
            return numbers;
        },
        "ts / 60000 * 60000",
        [](const std::string& name) {
            return name == "manip_score" ? "json_extract(inputs, '$.manipulation.manip_score')"
                                         : "json_extract(i.inputs, '$." + name + "')";
        });
}

}  // namespace scanner::test
