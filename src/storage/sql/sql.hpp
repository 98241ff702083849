#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The part of SQL that both databases share: one session, blocking, on the database thread. Inside of this layer
/// errors are exceptions (SqlError); storage/database.hpp turns them into values.
namespace scanner::storage {

/// unavailable: the connection is lost or the database cannot take anything now; timeout: the statement took too long;
/// invalid_input: this data will never be taken; conflict: the schema is newer; internal: anything else.
class SqlError : public std::runtime_error {
public:
    SqlError(core::ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] core::ErrorCode code() const noexcept { return code_; }

private:
    core::ErrorCode code_;
};

/// The database refused the data (invalid_input); what it said of them is for the log, not for clients.
class DataRefused : public SqlError {
public:
    explicit DataRefused(const std::string& message) : SqlError(core::ErrorCode::invalid_input, message) {}
};

/// Text that is JSON.
struct JsonText {
    std::string_view text;
};
/// Numbers of a column of type reals; borrowed.
using Reals = std::span<const std::optional<double>>;
/// A value for a statement; texts and arrays are borrowed.
using SqlValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string_view, core::WallTime, JsonText, Reals>;

template <class T>
[[nodiscard]] SqlValue sql(const std::optional<T>& value) {
    return value ? SqlValue(*value) : SqlValue();
}
[[nodiscard]] inline SqlValue sql(const std::optional<std::string>& value) {
    return value ? SqlValue(std::string_view(*value)) : SqlValue();
}
[[nodiscard]] inline SqlValue sql(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

/// A row of an answer; valid during the callback only.
class SqlRow {
public:
    virtual ~SqlRow() = default;
    [[nodiscard]] virtual bool is_null(int column) const = 0;
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;  ///< booleans are 0 and 1
    [[nodiscard]] virtual double real(int column) const = 0;
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    /// Of a column of type reals; what is not finite is nothing.
    [[nodiscard]] virtual std::vector<std::optional<double>> reals(int column) const = 0;

    /// Nothing for null and for what is not finite.
    [[nodiscard]] std::optional<double> maybe_real(int column) const {
        if (is_null(column) || !std::isfinite(real(column))) return std::nullopt;
        return real(column);
    }
    /// 0 for values that no count or sequence number can have: the row is not ours, or was changed.
    [[nodiscard]] std::uint64_t count(int column) const {
        const std::int64_t number = integer(column);
        return number < 0 || number > kMaxCount ? 0 : static_cast<std::uint64_t>(number);
    }
    /// The nearest that an int can hold.
    [[nodiscard]] int small(int column) const {
        return static_cast<int>(std::clamp<std::int64_t>(integer(column), std::numeric_limits<int>::min(),
                                                         std::numeric_limits<int>::max()));
    }
    static constexpr std::int64_t kMaxCount = (1LL << 53U) - 1;
    /// A column selected through SqlSession::time_of.
    [[nodiscard]] core::WallTime time(int column) const { return core::from_unix_ms(integer(column)); }
};

enum class ColumnType {
    identity,
    time,
    integer,
    real,
    text,
    json,
    boolean,
    reals,  ///< an array of numbers; a blob of doubles where the database has no arrays
};

struct Column {
    std::string_view name;
    ColumnType type = ColumnType::text;
    std::string_view constraint = "";  ///< "NOT NULL DEFAULT 0"
};

/// A table that many rows are put into at once.
struct BulkInsert {
    std::string_view table;
    std::span<const Column> columns;
    std::string_view conflict;          ///< "ON CONFLICT …": the same words for both databases
    std::string_view time_column = "";  ///< of partitioned tables
    /// Hardly a row is ever there already: a way that is faster and cannot settle conflicts may be tried first.
    bool mostly_new = false;
};

class SqlSession {
public:
    virtual ~SqlSession() = default;

    /// Statements run inside of a transaction; one at a time.
    virtual void begin() = 0;
    virtual void commit() = 0;
    /// Never throws: what cannot be rolled back was never committed.
    virtual void rollback() noexcept = 0;

    /// "?1", "?2" … stand for the values. Calls `row` for each row of the answer. Returns the number of rows that it
    /// has, or that were changed.
    virtual std::size_t execute(std::string_view statement, std::initializer_list<SqlValue> values,
                                const std::function<void(const SqlRow&)>& row) = 0;
    std::size_t execute(std::string_view statement, std::initializer_list<SqlValue> values = {}) {
        return execute(statement, values, {});
    }

    /// Puts `count` rows in; `fill` writes row `i`, a value per column.
    virtual void insert(const BulkInsert& into, std::size_t count,
                        const std::function<void(std::size_t i, std::span<SqlValue> row)>& fill) = 0;

    /// Deletes at most `most` rows of before `before`, or whole partitions. True when there may be more.
    virtual bool prune(std::string_view table, std::string_view time_column, core::WallTime before,
                       std::size_t most) = 0;

    /// The bytes that these tables take, indices included: what pruning gives back, if not always to the disk.
    virtual std::uint64_t bytes_of(std::span<const std::string_view> tables) = 0;
    /// Where the oldest part of the table ends that pruning can remove: a partition, or a day of rows (UTC). Nothing
    /// for an empty table.
    virtual std::optional<core::WallTime> end_of_oldest_part(std::string_view table, std::string_view time_column) = 0;
    /// Some rows were deleted: measures the table's size again.
    virtual void note_removed(std::string_view table) = 0;

    /// The expression that selects a time column, as milliseconds since the epoch, rounded down.
    [[nodiscard]] virtual std::string time_of(std::string_view column) const = 0;
    /// The same in microseconds: rows of an older service may be that fine.
    [[nodiscard]] virtual std::string microseconds_of(std::string_view column) const = 0;
    /// The time that so many microseconds since the epoch are.
    [[nodiscard]] virtual std::string time_from_microseconds(std::string_view expression) const = 0;
    /// The union of two JSON arrays of texts, sorted.
    [[nodiscard]] virtual std::string union_of(std::string_view left, std::string_view right) const = 0;

    /// Tells those who listen, in this process or another, that something was changed, once the transaction is
    /// committed. No one hears it where the database cannot say so.
    virtual void announce(std::string_view channel) { static_cast<void>(channel); }

    /// Ends the statement that runs, from any thread. The session may be unusable after it.
    virtual void interrupt() noexcept = 0;
};

/// Rolls back unless committed.
class SqlTransaction {
public:
    explicit SqlTransaction(SqlSession& session) : session_(&session) { session.begin(); }
    ~SqlTransaction() {
        if (session_ != nullptr) session_->rollback();
    }
    SqlTransaction(const SqlTransaction&) = delete;
    SqlTransaction& operator=(const SqlTransaction&) = delete;
    void commit() { std::exchange(session_, nullptr)->commit(); }

private:
    SqlSession* session_;
};

}  // namespace scanner::storage
