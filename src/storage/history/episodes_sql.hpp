#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/storage/episodes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// The statements of the ledger, for either database. Reads and dispositions run in a transaction of their own; all
/// throw SqlError.
namespace scanner::storage {

/// Puts states of episodes into the ledger, in the transaction of the caller; an id at most once.
void write_episodes(SqlSession& session, const std::vector<EpisodeRecord>& rows);
[[nodiscard]] EpisodesPage read_episodes(SqlSession& session, const EpisodesQuery& query);
/// Nothing where there is none of that id.
[[nodiscard]] std::optional<Episode> read_episode(SqlSession& session, std::string_view id);
/// False where another disposition than the expected one stands.
[[nodiscard]] bool write_disposition(SqlSession& session, std::string_view id, const Disposition& disposition,
                                     std::optional<std::int64_t> expected);
[[nodiscard]] std::vector<FlagDispositions> read_dispositions(SqlSession& session, core::WallTime from,
                                                              core::WallTime to);

}  // namespace scanner::storage
