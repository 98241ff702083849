#pragma once

#include <pqxx/pqxx>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where libpqxx 6 (Debian 12) and 7 (Debian 13) differ. For sources of this folder alone: it pulls in libpqxx.
namespace scanner::storage::pqxx_compat {

/// libpqxx 6 connects anew behind our back when a session is lost, without its settings; a lost one is to stay lost.
inline void inhibit_reactivation([[maybe_unused]] pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma clang diagnostic pop
#endif
}

/// Runs a statement with `$1`, `$2` … standing for the values, which the server reads from their text form. Without
/// values several statements may be one text.
inline pqxx::result execute(pqxx::transaction_base& transaction, const std::string& statement,
                            const std::vector<std::string>& values) {
    if (values.empty()) return transaction.exec(statement);
#if PQXX_VERSION_MAJOR < 7
    return transaction.exec_params(statement, pqxx::prepare::make_dynamic_params(values));
#else
    pqxx::params parameters;
    parameters.reserve(values.size());
    for (const std::string& value : values) parameters.append(value);
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 10
    return transaction.exec(statement, parameters);
#else
    return transaction.exec_params(statement, parameters);
#endif
#endif
}

/// Rows on their way into a table by COPY. The ways to begin one differ between the two, and 6 takes a row only as
/// something whose size the compiler knows.
class CopyStream {
public:
    CopyStream(pqxx::transaction_base& transaction, std::string_view table, const std::vector<std::string>& columns)
        : stream_(begin(transaction, table, columns)) {}

    /// As many fields as there are columns; null for none.
    void write(std::span<const char* const> fields) { write_sized(fields, std::make_index_sequence<kMaxColumns>()); }
    /// Throws what the server had to say about any of the rows.
    void complete() { stream_.complete(); }

private:
    static constexpr std::size_t kMaxColumns = 12;

    static pqxx::stream_to begin(pqxx::transaction_base& transaction, std::string_view table,
                                 const std::vector<std::string>& columns) {
#if PQXX_VERSION_MAJOR >= 7
        std::string names;
        for (const std::string& column : columns) names += (names.empty() ? "" : ", ") + column;
        return pqxx::stream_to::raw_table(transaction, table, names);
#else
        return pqxx::stream_to(transaction, std::string(table), columns);
#endif
    }
    template <std::size_t... I>
    void write_sized(std::span<const char* const> fields, std::index_sequence<I...>) {
        if (!(write_if<I + 1>(fields) || ...)) throw std::logic_error("a table has more columns than a copy can carry");
    }
    template <std::size_t N>
    bool write_if(std::span<const char* const> fields) {
        if (fields.size() != N) return false;
        std::array<const char*, N> row{};
        std::ranges::copy(fields, row.begin());
        stream_ << row;
        return true;
    }

    pqxx::stream_to stream_;
};

}  // namespace scanner::storage::pqxx_compat
