#pragma once

#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace scanner::app {

/// Makes the texts for the cache on a thread of its own: encoding a ranking of hundreds of contracts takes longer than
/// a request may wait for the loop. At most one is being made and one waits; a newer one replaces the one that waits,
/// because the cache keeps the newest only. Loop thread only.
class SnapshotWriter {
public:
    /// Called exactly once, on the writer's thread: what it refers to must be immutable and owned by it.
    using Make = std::function<std::vector<storage::SnapshotCache::Entry>()>;

    /// `executor`: that of the loop, which the entries are handed to the cache on.
    SnapshotWriter(boost::asio::any_io_executor executor, std::shared_ptr<storage::SnapshotCache> cache);
    /// Waits for the one that is being made; what it makes, and what waits, is lost unless it was drained before.
    ~SnapshotWriter();
    SnapshotWriter(const SnapshotWriter&) = delete;
    SnapshotWriter& operator=(const SnapshotWriter&) = delete;

    /// Returns at once. An exception of `make` is logged, and its entries are missing.
    void put(Make make);
    /// Waits until the cache has the newest entries, at most `grace`.
    [[nodiscard]] boost::asio::awaitable<void> drain(std::chrono::milliseconds grace);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace scanner::app
