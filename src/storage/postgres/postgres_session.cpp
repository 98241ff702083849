#include "storage/postgres/postgres_session.hpp"

#include "storage/postgres/postgres_partitions.hpp"
#include "storage/postgres/postgres_text.hpp"
#include "storage/postgres/pqxx_compat.hpp"

#include <fmt/format.h>
#include <pqxx/pqxx>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <sys/socket.h>
#include <utility>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// libpqxx 6.4 (Debian 12) drops an empty result of libpq, 2 KB, for each session that it finds lost: at most one a
// reconnect. Named here and not in the environment, so that it also holds in the programs that the tests start; by
// version, so that a leak beneath any other libpqxx is told.
// NOLINTBEGIN(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpqxx-6.4.so\n";
}
// NOLINTEND(bugprone-reserved-identifier)
#endif
#endif

namespace scanner::storage {
namespace {

constexpr std::size_t kMaxRows = 5'000;
constexpr std::size_t kMaxStatementBytes = 4U << 20U;

core::ErrorCode code_of(std::string_view state) {
    const std::string_view kind = state.substr(0, 2);
    if (state == "57014") return core::ErrorCode::timeout;
    if (kind == "22" || kind == "23") return core::ErrorCode::invalid_input;
    if (kind == "08" || kind == "57" || kind == "53" || kind == "40" || kind == "55" || kind == "25")
        return core::ErrorCode::unavailable;
    return core::ErrorCode::internal;
}

std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace(line, '\n', ' ');
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

template <class F>
decltype(auto) translated(F&& function) {
    try {
        return std::forward<F>(function)();
    } catch (const pqxx::broken_connection& error) {
        throw SqlError(core::ErrorCode::unavailable, "postgres: " + one_line(error.what()));
    } catch (const pqxx::in_doubt_error&) {
        throw SqlError(core::ErrorCode::unavailable, "postgres: lost the connection while committing");
    } catch (const pqxx::sql_error& error) {
        // Without a state the server never answered: the connection is gone.
        const auto code = error.sqlstate().empty() ? core::ErrorCode::unavailable : code_of(error.sqlstate());
        if (code == core::ErrorCode::invalid_input) throw DataRefused("postgres: " + one_line(error.what()));
        throw SqlError(code, "postgres: " + one_line(error.what()));
    } catch (const pqxx::failure& error) {
        throw SqlError(core::ErrorCode::unavailable, "postgres: " + one_line(error.what()));
    }
}

template <class T>
T parsed(std::string_view text) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

class ResultRow final : public SqlRow {
public:
    explicit ResultRow(const pqxx::row& row) : row_(row) {}
    bool is_null(int column) const override { return field(column).is_null(); }
    std::int64_t integer(int column) const override {
        const std::string_view value = text(column);
        if (value == "t") return 1;
        return value == "f" ? 0 : parsed<std::int64_t>(value);
    }
    double real(int column) const override { return parsed<double>(text(column)); }
    std::vector<std::optional<double>> reals(int column) const override {
        return is_null(column) ? std::vector<std::optional<double>>() : parse_reals(text(column));
    }
    std::string_view text(int column) const override {
        const pqxx::field value = field(column);
        return {value.c_str(), value.size()};
    }

private:
    pqxx::field field(int column) const { return row_[static_cast<pqxx::row::size_type>(column)]; }
    const pqxx::row& row_;
};

class PostgresSession final : public SqlSession {
    using Fill = std::function<void(std::size_t, std::span<SqlValue>)>;

public:
    PostgresSession(const std::string& url, std::chrono::milliseconds statement_timeout) {
        translated([&] {
            connection_ = std::make_unique<pqxx::connection>(with_connection_defaults(url));
            pqxx_compat::inhibit_reactivation(*connection_);
            pqxx::work setup(*connection_);
            setup.exec(
                fmt::format("SET TimeZone = 'UTC'; SET client_encoding = 'UTF8'; "
                            "SET standard_conforming_strings = on; SET extra_float_digits = 3; "
                            "SET client_min_messages = warning; SET statement_timeout = {}; "
                            "SET lock_timeout = 5000",
                            statement_timeout.count()));
            // Only a commit that is on disk lets the spool forget; stronger settings of the server stay.
            setup.exec(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'");
            check(setup);
            setup.commit();
        });
        socket_ = connection_->sock();
    }
    ~PostgresSession() override {
        rollback();
        const std::scoped_lock guard(mutex_);
        socket_ = -1;
        try {
            connection_.reset();
        } catch (...) {  // NOLINT(bugprone-empty-catch): a farewell that cannot be said
        }
    }

    void begin() override {
        translated([&] { transaction_ = std::make_unique<pqxx::work>(*connection_); });
    }
    void commit() override {
        const auto transaction = std::move(transaction_);
        translated([&] { transaction->commit(); });
    }
    void rollback() noexcept override {
        try {
            transaction_.reset();
        } catch (...) {  // NOLINT(bugprone-empty-catch): never committed, then
        }
    }

    std::size_t execute(std::string_view statement, std::initializer_list<SqlValue> values,
                        const std::function<void(const SqlRow&)>& row) override {
        const BoundStatement bound = with_parameters(statement, values);
        return translated([&] {
            const pqxx::result result = pqxx_compat::execute(*transaction_, bound.text, bound.values);
            if (row) {
                for (const pqxx::row& each : result) row(ResultRow(each));
            }
            return result.columns() > 0 ? static_cast<std::size_t>(result.size())
                                        : static_cast<std::size_t>(result.affected_rows());
        });
    }

    void insert(const BulkInsert& into, std::size_t count, const Fill& fill) override {
        std::vector<SqlValue> row(into.columns.size());
        if (!into.time_column.empty()) make_partitions(into, count, row, fill);
        for (std::size_t done = 0; done < count;) {
            const auto copied = into.mostly_new && copies_ ? copy_some(into, done, count, row, fill) : std::nullopt;
            done = copied ? *copied : insert_some(into, done, count, row, fill);
        }
    }

    bool prune(std::string_view table, std::string_view time_column, core::WallTime before, std::size_t most) override {
        switch (storage_of(*this, table)) {
            case TableStorage::partitioned: return drop_old_partition(*this, find_table(table), before);
            case TableStorage::hypertable:
                execute(fmt::format("SELECT drop_chunks('{}', older_than => ?1)", table), {before}, {});
                return false;
            case TableStorage::plain: break;
        }
        const std::string text =
            fmt::format("DELETE FROM {0} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {0} WHERE {1} < ?1 LIMIT ?2))", table,
                        time_column);
        return execute(text, {before, static_cast<std::int64_t>(most)}, {}) == most;
    }

    std::uint64_t bytes_of(std::span<const std::string_view> tables) override {
        std::uint64_t bytes = 0;
        for (const std::string_view table : tables) bytes += postgres_bytes_of(*this, table);
        return bytes;
    }
    std::optional<core::WallTime> end_of_oldest_part(std::string_view table, std::string_view time_column) override {
        return postgres_end_of_oldest_part(*this, table, time_column);
    }
    void note_removed(std::string_view table) override {
        if (storage_of(*this, table) == TableStorage::plain) execute(fmt::format("ANALYZE {}", table), {}, {});
    }

    std::string time_of(std::string_view column) const override {
        // Before Postgres 14 extract() is a double: half a microsecond keeps a whole millisecond whole.
        return fmt::format("floor(extract(epoch FROM {}) * 1000 + 0.0005)::bigint", column);
    }
    std::string microseconds_of(std::string_view column) const override {
        return fmt::format("(extract(epoch FROM {}) * 1000000)::bigint", column);
    }
    std::string time_from_microseconds(std::string_view expression) const override {
        return fmt::format("('epoch'::timestamptz + {} * interval '1 microsecond')", expression);
    }
    std::string union_of(std::string_view left, std::string_view right) const override {
        const auto array = [](std::string_view what) {
            return fmt::format("CASE jsonb_typeof({0}) WHEN 'array' THEN {0} ELSE '[]'::jsonb END", what);
        };
        return fmt::format(
            "(SELECT coalesce(jsonb_agg(DISTINCT flag ORDER BY flag), '[]'::jsonb) FROM jsonb_array_elements({} || {}) "
            "AS all_flags (flag))",
            array(left), array(right));
    }

    void announce(std::string_view channel) override { execute("SELECT pg_notify(?1, '')", {channel}, {}); }

    void interrupt() noexcept override {
        const std::scoped_lock guard(mutex_);
        if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
    }

private:
    /// A database that will take nothing is not connected to: what waits for it stays in the spool, and its state says
    /// why.
    void check(pqxx::work& setup) {
        const pqxx::result facts = setup.exec(
            "SELECT current_setting('server_encoding'), current_setting('transaction_read_only'), "
            "pg_is_in_recovery()");
        const std::string_view encoding = facts[0][0].c_str();
        copies_ = encoding == "UTF8";
        // SQL_ASCII keeps bytes as they are.
        if (!copies_ && encoding != "SQL_ASCII")
            throw SqlError(
                core::ErrorCode::unavailable,
                fmt::format("postgres: the encoding of the database is {}, which cannot hold the names of contracts: "
                            "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C'",
                            encoding));
        if (facts[0][2].c_str() == std::string_view("t"))
            throw SqlError(core::ErrorCode::unavailable,
                           "postgres: the server is a standby and takes no writes: name the primary in "
                           "SCANNER_POSTGRES_URL, or all of its hosts with target_session_attrs=read-write");
        if (facts[0][1].c_str() == std::string_view("on"))
            throw SqlError(core::ErrorCode::unavailable,
                           "postgres: the database takes no writes: default_transaction_read_only is on for the "
                           "server, the database or the user");
    }

    void make_partitions(const BulkInsert& into, std::size_t count, std::vector<SqlValue>& row, const Fill& fill) {
        const auto column = std::ranges::find(into.columns, into.time_column, &Column::name);
        const auto place = static_cast<std::size_t>(column - into.columns.begin());
        std::vector<core::WallTime> times;
        times.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            fill(i, row);
            times.push_back(std::get<core::WallTime>(row[place]));
        }
        if (count > 0 && storage_of(*this, into.table) == TableStorage::partitioned)
            storage::make_partitions(*this, find_table(into.table), times);
    }

    /// Puts rows from `first` on in by COPY, as many as make a statement, and says where it ended. Nothing when the
    /// server does not take them that way, as when one is there already; then none of them is in.
    std::optional<std::size_t> copy_some(const BulkInsert& into, std::size_t first, std::size_t count,
                                         std::vector<SqlValue>& row, const Fill& fill) {
        return translated([&]() -> std::optional<std::size_t> {
            try {
                pqxx::subtransaction attempt(*transaction_, "copy_attempt");
                std::vector<std::string> names;
                for (const Column& column : into.columns) names.emplace_back(column.name);
                pqxx_compat::CopyStream copy(attempt, into.table, names);
                std::string text;
                std::vector<std::optional<std::size_t>> places(row.size());
                std::vector<const char*> fields(row.size());
                std::size_t bytes = 0;
                std::size_t next = first;
                while (next < count && next - first < kMaxRows && bytes < kMaxStatementBytes) {
                    fill(next++, row);
                    text.clear();
                    for (std::size_t column = 0; column < row.size(); ++column) {
                        const std::size_t place = text.size();
                        places[column] = append_field(text, row[column]) ? std::optional(place) : std::nullopt;
                        text += '\0';
                    }
                    std::ranges::transform(places, fields.begin(), [&](const std::optional<std::size_t>& place) {
                        return place ? text.data() + *place : nullptr;
                    });
                    copy.write(fields);
                    bytes += text.size();
                }
                copy.complete();
                attempt.commit();
                return next;
            } catch (const pqxx::sql_error& error) {
                // A row that is there, or a table of other types than ours, which INSERT converts to.
                const auto code = error.sqlstate().empty() ? core::ErrorCode::unavailable : code_of(error.sqlstate());
                if (code != core::ErrorCode::invalid_input && code != core::ErrorCode::internal) throw;
                return std::nullopt;
            }
        });
    }

    /// The same by INSERT, which settles conflicts.
    std::size_t insert_some(const BulkInsert& into, std::size_t first, std::size_t count, std::vector<SqlValue>& row,
                            const Fill& fill) {
        std::vector<std::string> arrays(into.columns.size());
        std::size_t bytes = 0;
        std::size_t next = first;
        while (next < count && next - first < kMaxRows && bytes < kMaxStatementBytes) {
            fill(next, row);
            for (std::size_t column = 0; column < row.size(); ++column) {
                const std::size_t before = arrays[column].size();
                if (next > first) arrays[column] += ',';
                append_array_element(arrays[column], row[column]);
                bytes += arrays[column].size() - before;
            }
            ++next;
        }
        for (std::string& array : arrays) array = '{' + array + '}';
        insert_arrays(into, arrays);
        return next;
    }

    /// An array of arrays would be one long one, so arrays travel as texts.
    void insert_arrays(const BulkInsert& into, const std::vector<std::string>& arrays) {
        std::string names;
        std::string taken;
        std::string given;
        for (std::size_t i = 0; i < arrays.size(); ++i) {
            const Column& column = into.columns[i];
            const std::string_view comma = i == 0 ? "" : ", ";
            const bool is_array = column.type == ColumnType::reals;
            names += fmt::format("{}{}", comma, column.name);
            taken += fmt::format("{}given.{}{}", comma, column.name, is_array ? "::double precision[]" : "");
            given += fmt::format("{}${}::{}[]", comma, i + 1, is_array ? "text" : postgres_type(column.type));
        }
        const std::string text = fmt::format("INSERT INTO {0} ({1}) SELECT {2} FROM unnest({3}) AS given ({1}) {4}",
                                             into.table, names, taken, given, into.conflict);
        translated([&] { pqxx_compat::execute(*transaction_, text, arrays); });
    }

    std::unique_ptr<pqxx::connection> connection_;
    std::unique_ptr<pqxx::work> transaction_;
    std::mutex mutex_;  // guards socket_ against interrupt()
    int socket_ = -1;
    /// libpqxx 6 writes bytes beyond ASCII as escapes, which a server of another encoding takes for its own.
    bool copies_ = false;
};

}  // namespace

std::unique_ptr<SqlSession> open_postgres_session(const std::string& url, std::chrono::milliseconds statement_timeout) {
    return std::make_unique<PostgresSession>(url, statement_timeout);
}

}  // namespace scanner::storage
