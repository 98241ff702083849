#pragma once

#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace scanner::storage {

/// Connects (at most as long as the URL's connect_timeout, 3 s unless it says otherwise). Throws SqlError.
[[nodiscard]] std::unique_ptr<SqlSession> open_postgres_session(const std::string& url,
                                                                std::chrono::milliseconds statement_timeout);
/// Native partitions, or hypertables where the TimescaleDB extension is installed; takes over older tables.
[[nodiscard]] std::unique_ptr<SchemaDialect> make_postgres_dialect();

}  // namespace scanner::storage
