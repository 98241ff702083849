#pragma once

#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include <filesystem>
#include <memory>

namespace scanner::storage {

/// Opens (or makes) the file: WAL, every commit synced. Throws SqlError.
[[nodiscard]] std::unique_ptr<SqlSession> open_sqlite_session(const std::filesystem::path& file);
[[nodiscard]] std::unique_ptr<SchemaDialect> make_sqlite_dialect();

}  // namespace scanner::storage
