#include "storage/epochs/advisory_lease.hpp"

#include "scanner/core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Of this program's elections, among whatever else takes advisory locks in the database: "scanner".
constexpr std::int64_t kLock = 0x7363616e6e6572;

core::Error lost() {
    return {core::ErrorCode::conflict, "postgres: the session that had the lock is gone"};
}

class AdvisoryLease final : public ScannerLease {
public:
    AdvisoryLease(DatabaseLink& link, milliseconds lease)
        : link_(link), lease_(lease), timeout_(std::max(lease / 3, milliseconds(100))) {}

    asio::awaitable<core::Result<std::optional<LeaseClaim>>> acquire(std::string token) override {
        if (!has_session()) {
            const auto got = co_await ask("SELECT CASE WHEN pg_try_advisory_lock(?1) THEN 1 ELSE 0 END");
            if (!got) co_return std::unexpected(got.error());
            if (!*got) co_return std::nullopt;
            session_ = link_.connections();
            since_ = SteadyClock::now();
        }
        if (SteadyClock::now() < since_ + lease_) co_return std::nullopt;
        if (auto held = co_await check(); !held) co_return std::unexpected(held.error());
        co_return LeaseClaim{.token = std::move(token), .epoch = 0, .last = {}, .run = {}};
    }

    asio::awaitable<core::Result<Leadership>> install(std::string token, std::uint64_t epoch) override {
        if (auto held = co_await check(); !held) co_return std::unexpected(held.error());
        co_return Leadership{.epoch = epoch, .token = std::move(token)};
    }

    asio::awaitable<core::Result<void>> renew(std::string /*token*/) override { return check(); }

    asio::awaitable<core::Result<void>> release(std::string /*token*/) override {
        if (!has_session()) co_return core::Result<void>{};
        session_.reset();
        // All: it may have been taken twice, where the answer to the first was lost.
        const auto released = co_await ask("SELECT ?1::bigint FROM (SELECT pg_advisory_unlock_all()) AS unlocked");
        if (!released) co_return std::unexpected(released.error());
        co_return core::Result<void>{};
    }

    /// Whose session it is the database knows by its process there, not by a name of ours.
    asio::awaitable<core::Result<std::optional<std::string>>> holder() override { co_return std::nullopt; }

    StoreStatus status() const override {
        StoreStatus status;
        status.state = link_.shown_state();
        status.last_error = link_.last_error();
        return status;
    }

    void stop() override {}

private:
    bool has_session() const { return session_ && link_.ready() && *session_ == link_.connections(); }

    /// Whether the lock is this session's, as the database says.
    asio::awaitable<core::Result<void>> check() {
        if (!has_session()) {
            session_.reset();
            co_return std::unexpected(lost());
        }
        const std::uint64_t session = *session_;
        // The two halves of the key, as pg_locks has them.
        const auto held = co_await ask(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND "
            "((classid::bigint << 32) | objid::bigint) = ?1");
        if (session != link_.connections() || (held && !*held)) {
            session_.reset();
            co_return std::unexpected(lost());
        }
        if (!held) co_return std::unexpected(held.error());
        co_return core::Result<void>{};
    }

    asio::awaitable<core::Result<bool>> ask(std::string statement) {
        std::function<bool(SqlSession&)> work = [statement = std::move(statement)](SqlSession& session) {
            SqlTransaction transaction(session);
            bool yes = false;
            session.execute(statement, {kLock}, [&](const SqlRow& row) { yes = row.integer(0) > 0; });
            transaction.commit();
            return yes;
        };
        return link_.call<bool>(std::move(work), timeout_);
    }

    DatabaseLink& link_;
    milliseconds lease_;
    milliseconds timeout_;
    std::optional<std::uint64_t> session_;  ///< the connection that has the lock
    SteadyClock::time_point since_;
};

}  // namespace

std::shared_ptr<ScannerLease> make_advisory_lease(DatabaseLink& link, milliseconds lease) {
    return std::make_shared<AdvisoryLease>(link, lease);
}

}  // namespace scanner::storage
