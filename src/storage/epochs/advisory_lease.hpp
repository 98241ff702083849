#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/storage/scanner_lease.hpp"

#include <chrono>
#include <memory>

namespace scanner::storage {

/// The lease where there is a Postgres and no Redis: an advisory lock of the database's session, which is the store's
/// own. A session that is lost has lost the lock, and the server gives it on only when it has noticed; the one who gets
/// it waits for a whole lease then, for the one before may not have noticed yet. There is no stream to fence: what the
/// old one may still write, its epoch decides. Loop thread only; `link` must outlive it.
[[nodiscard]] std::shared_ptr<ScannerLease> make_advisory_lease(DatabaseLink& link, std::chrono::milliseconds lease);

}  // namespace scanner::storage
