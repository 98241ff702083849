#pragma once

#include "storage/spool/batch_codec.hpp"
#include "storage/sql/sql.hpp"

#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/history.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The statements of history, for either database. Each runs in a transaction of its own; they throw SqlError.
namespace scanner::storage {

/// Everything that history keeps in rows over time, with a column `ts`.
inline constexpr std::array<std::string_view, 8> kHistoryTables{"rankings",     "ranking_inputs",     "cycles",
                                                                "alerts",       "alert_dead_letters", "bars_1m",
                                                                "bars_1m_ohlc", "manip_episodes"};

/// How far the database has got in a spool.
struct SpoolPosition {
    std::string spool_id;
    std::uint64_t number = 0;
};

/// Writes everything and the position, all or nothing. Batches that their authors may not write any more are left out;
/// returns how many.
std::size_t write_history(SqlSession& session, std::vector<HistoryBatch> batches, const SpoolPosition& position,
                          core::WallTime now);
/// 0 when the database has never seen this spool.
[[nodiscard]] std::uint64_t spool_position(SqlSession& session, std::string_view spool_id);
/// The highest sequence of any cycle; 0 without one.
[[nodiscard]] std::uint64_t last_sequence(SqlSession& session);

[[nodiscard]] RankingsPage read_rankings(SqlSession& session, const RankingsQuery& query);
[[nodiscard]] std::optional<RankingAsOf> read_ranking_as_of(SqlSession& session, core::WallTime time,
                                                            std::string_view profile);
[[nodiscard]] BarsPage read_bars(SqlSession& session, const BarsQuery& query);
[[nodiscard]] AlertsPage read_alerts(SqlSession& session, const AlertsQuery& query);

}  // namespace scanner::storage
