#include "storage/epochs/epochs_sql.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace scanner::storage {

// Rows are changed even where nothing changes: that holds them until the transaction has ended.

bool accept_author(SqlSession& session, const Author& author, bool cycle) {
    if (author.epoch == 0) return true;
    // As `accepts`.
    return session.execute(cycle
                               ? "UPDATE scanner_epochs SET written = CASE WHEN written < ?2 THEN ?2 ELSE written END "
                                 "WHERE epoch = ?1 AND (closed IS NULL OR closed >= ?2)"
                               : "UPDATE scanner_epochs SET written = written "
                                 "WHERE epoch = ?1 AND (closed IS NULL OR closed >= ?2)",
                           {sql(author.epoch), sql(author.sequence)}) == 1;
}

bool is_in_office(SqlSession& session, const Author& author) {
    return author.epoch == 0 ||
           session.execute("UPDATE scanner_epochs SET written = written WHERE epoch = ?1 AND closed IS NULL",
                           {sql(author.epoch)}) == 1;
}

EpochPlan open_epoch(SqlSession& session, const LeaseClaim& claim, std::uint64_t known, core::WallTime now) {
    SqlTransaction transaction(session);
    // A writer in an open epoch is waited for, and so is another who opens one. Two who find no row to wait at
    // open the same epoch, and the key lets one of them.
    session.execute("UPDATE scanner_epochs SET written = written WHERE closed IS NULL");
    session.execute("SELECT coalesce(max(sequence), 0) FROM cycles WHERE sequence BETWEEN 0 AND ?1",
                    {SqlRow::kMaxCount}, [&](const SqlRow& row) { known = std::max(known, row.count(0)); });
    std::vector<EpochRow> rows;
    session.execute(
        "SELECT epoch, reserved, written, closed, run FROM scanner_epochs WHERE closed IS NULL OR "
        "epoch = (SELECT max(epoch) FROM scanner_epochs)",
        {}, [&](const SqlRow& row) {
            EpochRow& epoch = rows.emplace_back();
            epoch.epoch = row.count(0);
            epoch.reserved = row.count(1);
            epoch.written = row.count(2);
            if (!row.is_null(3)) epoch.closed = row.count(3);
            if (!row.is_null(4)) epoch.run = row.text(4);
        });
    EpochPlan plan = plan_epoch(rows, claim, known);
    for (const auto& [epoch, closed] : plan.closings) {
        session.execute("UPDATE scanner_epochs SET closed = ?2, closed_at = ?3 WHERE epoch = ?1 AND closed IS NULL",
                        {sql(epoch), sql(closed), now});
    }
    session.execute(
        "INSERT INTO scanner_epochs (epoch, opened_at, reserved, written, run, holder) VALUES (?1, ?2, ?3, 0, ?4, ?5)",
        {sql(plan.opened.epoch), now, sql(plan.opened.reserved), std::string_view(plan.opened.run),
         std::string_view(claim.token)});
    transaction.commit();
    return plan;
}

bool reserve_numbers(SqlSession& session, std::uint64_t epoch, std::uint64_t up_to) {
    SqlTransaction transaction(session);
    const std::size_t changed = session.execute(
        "UPDATE scanner_epochs SET reserved = CASE WHEN reserved < ?2 THEN ?2 ELSE reserved END "
        "WHERE epoch = ?1 AND closed IS NULL",
        {sql(epoch), sql(up_to)});
    transaction.commit();
    return changed == 1;
}

}  // namespace scanner::storage
