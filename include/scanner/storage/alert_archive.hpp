#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/records.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace scanner::storage {

/// Alerts, newest first.
struct AlertsQuery {
    std::optional<std::string> rule;
    std::optional<std::string> symbol;  ///< unified
    std::optional<core::WallTime> from;
    std::optional<core::WallTime> to;  ///< exclusive
    std::size_t limit = 100;           ///< 1..kMaxPageRows
    std::string cursor;                ///< `next` of the page before; empty for the first
};
struct AlertsPage {
    std::vector<AlertRecord> rows;
    std::string next;
};

/// A delivery that was given up.
struct DeadLetter {
    std::int64_t id = 0;  ///< given by the database
    core::WallTime time;
    std::string rule;
    std::string symbol;
    std::string destination;  ///< "webhook", "redis"; never the address itself, which may hold a secret
    std::string payload_json;
    int attempts = 0;
    std::string last_error;
};

/// Alerts that fired, and the deliveries that were given up. Loop thread only. Reads and changes of dead letters go to
/// the database at once and fail with unavailable (or timeout) while it is away.
class AlertArchive {
public:
    virtual ~AlertArchive() = default;

    /// Written through the spool, like history: returns at once, and nothing is lost while the database is away.
    virtual void record_alerts(std::vector<AlertRecord> alerts) = 0;
    /// invalid_input: a limit out of its range, or a cursor that is not of this query.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<AlertsPage>> alerts(AlertsQuery query) = 0;

    /// What is returned is what is stored, with its new id.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<DeadLetter>> add_dead_letter(DeadLetter letter) = 0;
    /// The newest first, at most `limit` (1..kMaxPageRows).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<DeadLetter>>> dead_letters(
        std::size_t limit) = 0;
    /// not_found when there is no such letter.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> delete_dead_letter(std::int64_t id) = 0;
};

}  // namespace scanner::storage
