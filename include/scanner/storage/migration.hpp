#pragma once

#include "scanner/core/error.hpp"

#include <string>
#include <vector>

namespace scanner::storage {

/// Result of a migration.
struct MigrationReport {
    int from_version = 0;  ///< 0: there was no schema of this program
    int to_version = 0;
    std::vector<std::string> steps;  ///< sentences, in order; empty when there was nothing to do
};

/// Brings the schema up to date now; for `market-scanner migrate`. Blocks. conflict: the schema is newer than this
/// program; unavailable: the database is away.
[[nodiscard]] core::Result<MigrationReport> migrate_sqlite(const std::string& data_dir);
[[nodiscard]] core::Result<MigrationReport> migrate_postgres(const std::string& url);

}  // namespace scanner::storage
