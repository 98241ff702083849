#include "storage/sqlite/sqlite_session.hpp"

#include "scanner/core/bytes.hpp"
#include "scanner/storage/private_files.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fcntl.h>
#include <limits>
#include <map>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

constexpr int kBusyTimeoutMs = 5'000;
/// At the start, which goes on without a file that another program has locked and looks again later.
constexpr int kOpenTimeoutMs = 2'000;
/// Rows a transaction may hold; SQLite's own limit on variables does not matter to a prepared row.
constexpr std::size_t kMaxStatements = 128;

SqlError to_sql_error(const SQLite::Exception& error) {
    auto code = core::ErrorCode::internal;
    switch (error.getErrorCode()) {
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_NOMEM:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: code = core::ErrorCode::unavailable; break;
        // The session is sound: another program has the file.
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_INTERRUPT: code = core::ErrorCode::timeout; break;
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG: code = core::ErrorCode::invalid_input; break;
        default: break;
    }
    return {code, fmt::format("sqlite: {}", error.what())};
}

template <class F>
decltype(auto) translated(F&& function) {
    try {
        return std::forward<F>(function)();
    } catch (const SQLite::Exception& error) {
        const SqlError translation = to_sql_error(error);
        if (translation.code() == core::ErrorCode::invalid_input) throw DataRefused(translation.what());
        throw translation;
    }
}

/// Doubles, the lowest byte first; a null is not a number.
std::string reals_blob(Reals numbers) {
    std::string blob;
    blob.reserve(8 * numbers.size());
    core::ByteWriter out(blob);
    for (const std::optional<double>& number : numbers)
        out.real(number.value_or(std::numeric_limits<double>::quiet_NaN()));
    return blob;
}

void bind_value(SQLite::Statement& statement, int place, const SqlValue& value) {
    struct Binder {
        SQLite::Statement& statement;
        int place;
        void operator()(std::monostate) const { statement.bind(place); }
        void operator()(bool flag) const { statement.bind(place, flag ? 1 : 0); }
        void operator()(std::int64_t number) const { statement.bind(place, number); }
        void operator()(double number) const { statement.bind(place, number); }
        // Owned by the caller until the row is done.
        void operator()(std::string_view text) const { text_value(text); }
        void operator()(core::WallTime time) const { statement.bind(place, core::to_unix_ms(time)); }
        void operator()(JsonText json) const { text_value(json.text); }
        void operator()(Reals numbers) const {
            const std::string blob = reals_blob(numbers);
            statement.bind(place, blob.data(), static_cast<int>(blob.size()));
        }
        void text_value(std::string_view text) const { statement.bind(place, std::string(text)); }
    };
    std::visit(Binder{statement, place}, value);
}

class StatementRow final : public SqlRow {
public:
    explicit StatementRow(SQLite::Statement& statement) : statement_(statement) {}
    bool is_null(int column) const override { return statement_.isColumnNull(column); }
    std::int64_t integer(int column) const override { return statement_.getColumn(column).getInt64(); }
    double real(int column) const override { return statement_.getColumn(column).getDouble(); }
    std::string_view text(int column) const override {
        const SQLite::Column value = statement_.getColumn(column);
        const char* const text = value.getText();  // before the size: it may convert
        return {text, static_cast<std::size_t>(value.getBytes())};
    }
    std::vector<std::optional<double>> reals(int column) const override {
        const SQLite::Column value = statement_.getColumn(column);
        const auto* const bytes = static_cast<const char*>(value.getBlob());
        core::ByteReader in({bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(value.getBytes())});
        std::vector<std::optional<double>> numbers(in.rest().size() / 8);
        for (std::optional<double>& number : numbers) {
            const double real = in.real();
            if (std::isfinite(real)) number = real;
        }
        return numbers;
    }

private:
    SQLite::Statement& statement_;
};

class SqliteSession final : public SqlSession {
public:
    explicit SqliteSession(const std::filesystem::path& file)
        : database_(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX,
                    kOpenTimeoutMs) {
        // NOMUTEX: a session is one thread's, and interrupting it needs no lock; one for each column read is dear.
        // The first sets how the file is kept for good, the rest is this session's. FULL: a commit that was reported
        // survives a power cut, which is what lets the spool forget it.
        for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                                   "PRAGMA cache_size = -16000", "PRAGMA journal_size_limit = 67108864"}) {
            SQLite::Statement statement(database_, pragma);
            while (statement.executeStep()) {
            }
        }
        database_.setBusyTimeout(kBusyTimeoutMs);
    }

    void begin() override {
        translated([&] { database_.exec("BEGIN IMMEDIATE"); });
    }
    void commit() override {
        try {
            database_.exec("COMMIT");
        } catch (const SQLite::Exception& error) {
            rollback();  // a COMMIT that found the file busy leaves the transaction open
            throw to_sql_error(error);
        }
    }
    void rollback() noexcept override {
        if (sqlite3_get_autocommit(database_.getHandle()) != 0) return;
        sqlite3_exec(database_.getHandle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }

    std::size_t execute(std::string_view text, std::initializer_list<SqlValue> values,
                        const std::function<void(const SqlRow&)>& row) override {
        return translated([&] {
            SQLite::Statement& statement = prepared(text);
            const Reset reset{statement};
            // A statement may leave out the last of its values (a filter that was not asked for).
            const int places = statement.getBindParameterCount();
            int place = 0;
            for (const SqlValue& value : values) {
                if (++place <= places) bind_value(statement, place, value);
            }
            std::size_t rows = 0;
            const StatementRow view(statement);
            while (statement.executeStep()) {
                ++rows;
                if (row) row(view);
            }
            return rows > 0 ? rows : static_cast<std::size_t>(statement.getChanges());
        });
    }

    void insert(const BulkInsert& into, std::size_t count,
                const std::function<void(std::size_t, std::span<SqlValue>)>& fill) override {
        if (count == 0) return;
        std::string names;
        std::string places;
        for (const Column& column : into.columns) {
            names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
            places += places.empty() ? "?" : ", ?";
        }
        const std::string text =
            fmt::format("INSERT INTO {} ({}) VALUES ({}) {}", into.table, names, places, into.conflict);
        std::vector<SqlValue> row(into.columns.size());
        translated([&] {
            SQLite::Statement& statement = prepared(text);
            for (std::size_t i = 0; i < count; ++i) {
                fill(i, row);
                const Reset reset{statement};
                for (std::size_t column = 0; column < row.size(); ++column)
                    bind_value(statement, static_cast<int>(column) + 1, row[column]);
                statement.exec();
            }
        });
    }

    bool prune(std::string_view table, std::string_view time_column, core::WallTime before, std::size_t most) override {
        const std::string_view key = find_table(table).key.empty() ? "id" : find_table(table).key;
        const std::string text = fmt::format(
            "DELETE FROM {0} WHERE ({1}) IN (SELECT {1} FROM {0} WHERE {2} < ?1 LIMIT ?2)", table, key, time_column);
        return execute(text, {before, static_cast<std::int64_t>(most)}, {}) == most;
    }

    std::uint64_t bytes_of(std::span<const std::string_view> tables) override {
        static_cast<void>(tables);  // one file: the operator's own tables are small beside history
        std::int64_t pages = 0;
        for (const char* pragma : {"PRAGMA page_count", "PRAGMA freelist_count"}) {
            const std::int64_t sign = pages == 0 ? 1 : -1;
            execute(pragma, {}, [&](const SqlRow& row) { pages += sign * row.integer(0); });
        }
        std::int64_t page_bytes = 0;
        execute("PRAGMA page_size", {}, [&](const SqlRow& row) { page_bytes = row.integer(0); });
        return static_cast<std::uint64_t>(std::max<std::int64_t>(pages, 0) * page_bytes);
    }
    std::optional<core::WallTime> end_of_oldest_part(std::string_view table, std::string_view time_column) override {
        using std::chrono::days;
        std::optional<core::WallTime> end;
        execute(fmt::format("SELECT {0} FROM {1} ORDER BY {0} LIMIT 1", time_column, table), {},
                [&](const SqlRow& row) { end = std::chrono::floor<days>(row.time(0)) + days(1); });
        return end;
    }
    void note_removed(std::string_view table) override { static_cast<void>(table); }  // pages are counted

    std::string time_of(std::string_view column) const override { return std::string(column); }
    std::string microseconds_of(std::string_view column) const override { return fmt::format("{} * 1000", column); }
    std::string time_from_microseconds(std::string_view expression) const override {
        return fmt::format("({} / 1000)", expression);
    }
    std::string union_of(std::string_view left, std::string_view right) const override {
        return fmt::format(
            "(SELECT json_group_array(flag) FROM (SELECT value AS flag FROM json_each(coalesce({}, '[]')) UNION "
            "SELECT value FROM json_each(coalesce({}, '[]')) ORDER BY 1))",
            left, right);
    }

    void interrupt() noexcept override { sqlite3_interrupt(database_.getHandle()); }

private:
    struct Reset {
        SQLite::Statement& statement;
        ~Reset() {
            statement.tryReset();
            statement.clearBindings();
        }
    };

    SQLite::Statement& prepared(std::string_view text) {
        if (const auto found = statements_.find(text); found != statements_.end()) return *found->second;
        if (statements_.size() >= kMaxStatements) statements_.clear();
        auto statement = std::make_unique<SQLite::Statement>(database_, std::string(text));
        return *statements_.emplace(text, std::move(statement)).first->second;
    }

    SQLite::Database database_;
    std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> statements_;
};

std::string_view type_name(ColumnType type) {
    switch (type) {
        case ColumnType::identity: return "INTEGER PRIMARY KEY AUTOINCREMENT";
        case ColumnType::time:
        case ColumnType::integer:
        case ColumnType::boolean: return "INTEGER";
        case ColumnType::real: return "REAL";
        case ColumnType::text:
        case ColumnType::json: return "TEXT";
        case ColumnType::reals: return "BLOB";
    }
    return "TEXT";
}

class SqliteDialect final : public SchemaDialect {
public:
    void lock(SqlSession& session) override {
        static_cast<void>(session);  // BEGIN IMMEDIATE has it already
    }

    void make_table(SqlSession& session, const Table& table, std::vector<std::string>& steps) override {
        std::size_t existing = 0;
        session.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1", {table.name},
                        [&](const SqlRow& row) { existing = static_cast<std::size_t>(row.integer(0)); });
        if (existing > 0) return;
        std::string columns;
        bool has_identity = false;
        for (const Column& column : table.columns) {
            columns += fmt::format("{}{} {} {}", columns.empty() ? "" : ", ", column.name, type_name(column.type),
                                   column.constraint);
            has_identity = has_identity || column.type == ColumnType::identity;
        }
        if (!table.key.empty()) columns += fmt::format(", {} ({})", has_identity ? "UNIQUE" : "PRIMARY KEY", table.key);
        const bool clustered = !table.key.empty() && !has_identity && !table.long_rows;
        session.execute(fmt::format("CREATE TABLE {} ({}){}", table.name, columns, clustered ? " WITHOUT ROWID" : ""));
        for (const Index& index : table.indices)
            session.execute(fmt::format("CREATE INDEX {} ON {} ({})", index.name, table.name, index.columns));
        if (table.prune_by_time) session.execute(fmt::format("CREATE INDEX {0}_ts ON {0} (ts)", table.name));
        steps.push_back(fmt::format("made table {}", table.name));
    }

    void add_columns(SqlSession& session, std::string_view table, std::span<const Column> columns,
                     std::vector<std::string>& steps) override {
        for (const Column& column : columns) {
            session.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table, column.name, type_name(column.type)));
            steps.push_back(fmt::format("added {}.{}", table, column.name));
        }
    }
};

}  // namespace

std::unique_ptr<SqlSession> open_sqlite_session(const std::filesystem::path& file) {
    // Made here and not by SQLite, which follows the umask; what it makes beside it has the same rights.
    static_cast<void>(open_private_file(file, O_RDWR | O_CREAT | O_EXCL));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::path beside = file;
        beside += suffix;
        make_private(beside);
    }
    return translated([&] { return std::make_unique<SqliteSession>(file); });
}

std::unique_ptr<SchemaDialect> make_sqlite_dialect() {
    return std::make_unique<SqliteDialect>();
}

}  // namespace scanner::storage
