#pragma once

#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include <string>
#include <vector>

namespace scanner::storage {

/// Makes a table of an older service fit for this program's statements, and leaves every row, column and name as it was
/// (README.md): columns that are missing are added, types that are too narrow are widened, what would refuse our rows
/// (NOT NULL on columns that we do not know, unique keys that are coarser than ours) is relaxed. Adds a sentence for
/// each change. Inside of the migration's transaction.
void adopt_table(SqlSession& session, const Table& table, std::vector<std::string>& steps);

}  // namespace scanner::storage
