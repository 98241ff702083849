#pragma once

#include "scanner/storage/inputs_schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <pqxx/pqxx>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <sqlite3.h>
#include <stdexcept>
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

/// Where a number stands in the arrays of `ranking_inputs`, from what the table `input_schemas` says.
inline std::size_t place_of(const std::string& fields, const std::string& name) {
    const auto schema = storage::decode_inputs_schema(fields);
    const auto place = schema ? schema->place_of(name == "manip_score" ? "manipulation.manip_score" : name)
                              : std::optional<std::size_t>();
    if (!place) throw std::runtime_error("no " + name + " among the stored inputs: " + fields);
    return *place;
}

/// `minute`: the expression for the start of the minute of inputs' ts; `number`: for a number out of inputs' array.
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
        [&](const std::string& name) {
            const pqxx::result fields = work.exec("SELECT fields FROM input_schemas ORDER BY id DESC LIMIT 1");
            return (name == "manip_score" ? "numbers[" : "i.numbers[") +
                   std::to_string(place_of(fields.empty() ? "" : fields[0][0].c_str(), name) + 1) + ']';
        });
}

/// SQL: the double at a place of a blob of doubles; null where it is not a number.
inline void number_at(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* const bytes = static_cast<const char*>(sqlite3_value_blob(values[0]));
    const auto place = static_cast<std::size_t>(sqlite3_value_int64(values[1]));
    double number = std::numeric_limits<double>::quiet_NaN();
    if (bytes != nullptr && 8 * (place + 1) <= static_cast<std::size_t>(sqlite3_value_bytes(values[0])))
        std::memcpy(&number, bytes + 8 * place, sizeof number);
    std::isnan(number) ? sqlite3_result_null(context) : sqlite3_result_double(context, number);
}

inline KeptHistory count_sqlite(const std::string& file) {
    SQLite::Database database(file, SQLite::OPEN_READONLY);
    database.createFunction("number_at", 2, true, nullptr, &number_at);
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
        [&](const std::string& name) {
            SQLite::Statement fields(database, "SELECT fields FROM input_schemas ORDER BY id DESC LIMIT 1");
            const std::string text = fields.executeStep() ? fields.getColumn(0).getString() : "";
            return (name == "manip_score" ? "number_at(numbers, " : "number_at(i.numbers, ") +
                   std::to_string(place_of(text, name)) + ')';
        });
}

}  // namespace scanner::test
