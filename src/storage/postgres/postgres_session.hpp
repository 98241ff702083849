#pragma once

#include "storage/sql/change_watch.hpp"
#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::storage {

/// Connects (at most as long as the URL's connect_timeout, 3 s unless it says otherwise). Throws SqlError.
[[nodiscard]] std::unique_ptr<SqlSession> open_postgres_session(const std::string& url,
                                                                std::chrono::milliseconds statement_timeout);
/// Hears what `announce` says of `channel` in other sessions. Connects as above; throws SqlError.
[[nodiscard]] std::unique_ptr<ChangeListener> listen_to_postgres(const std::string& url, std::string_view channel);
/// Native partitions, or hypertables where the TimescaleDB extension is installed; takes over older tables.
[[nodiscard]] std::unique_ptr<SchemaDialect> make_postgres_dialect();

}  // namespace scanner::storage
