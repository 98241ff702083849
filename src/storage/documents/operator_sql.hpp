#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The statements of the operator's documents, for either database. Each runs in a transaction of its own; they throw
/// SqlError: conflict when `expected` is not the version that is there, not_found when nothing is.
namespace scanner::storage {

/// Announced with each change.
inline constexpr std::string_view kDocumentsChannel = "scanner_documents";

using ExpectedVersion = DocumentStore::Expected;

[[nodiscard]] OperatorDocuments read_documents(SqlSession& session);

// What is returned has its new version.
[[nodiscard]] OperatorSettings write_settings(SqlSession& session, OperatorSettings settings, ExpectedVersion expected,
                                              core::WallTime now);
[[nodiscard]] Watchlist write_watchlist(SqlSession& session, Watchlist watchlist, ExpectedVersion expected,
                                        core::WallTime now);
[[nodiscard]] ProfilePreset write_preset(SqlSession& session, ProfilePreset preset, ExpectedVersion expected,
                                         core::WallTime now);
[[nodiscard]] AlertRule write_rule(SqlSession& session, AlertRule rule, ExpectedVersion expected, core::WallTime now);
void remove_watchlist(SqlSession& session, const std::string& name, ExpectedVersion expected);
void remove_preset(SqlSession& session, const std::string& name, ExpectedVersion expected);
void remove_rule(SqlSession& session, const std::string& name, ExpectedVersion expected);

[[nodiscard]] DeadLetter write_dead_letter(SqlSession& session, DeadLetter letter);
[[nodiscard]] std::vector<DeadLetter> read_dead_letters(SqlSession& session, std::size_t limit);
void remove_dead_letter(SqlSession& session, std::int64_t id);

}  // namespace scanner::storage
