#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/url.hpp"
#include "scanner/storage/store_status.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::storage {

/// The newest snapshots and rankings by key, each with a time to live (`snaps:latest`, `rank:<profile>`). Losing
/// them costs no more than a warm start. Loop thread only; every call is bounded in time.
class SnapshotCache {
public:
    virtual ~SnapshotCache() = default;
    struct Entry {
        std::string key;
        std::shared_ptr<const std::string> value;
        std::chrono::milliseconds ttl{0};
    };
    /// Takes the entries for writing and returns at once: the cycle never waits for the store. A value that waits is
    /// replaced by a newer one of its key, so the backlog is bounded by the number of keys.
    virtual void put(std::vector<Entry> entries) = 0;
    /// malformed: the value is longer than `max_bytes`; it is not read then.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<std::string>>> get(
        std::string key, std::size_t max_bytes) = 0;
    [[nodiscard]] virtual StoreStatus status() const = 0;
    /// Writes what waits, for at most `grace`, then closes.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::chrono::milliseconds grace) = 0;
};

/// Publishes messages to the listeners of a channel (Redis pub/sub). Loop thread only.
class Publisher {
public:
    virtual ~Publisher() = default;
    /// Queues the message; the queue is bounded (256) and drops its oldest when full, which is counted. A message that
    /// the server refuses is sent again later.
    virtual void publish(std::string channel, std::shared_ptr<const std::string> message) = 0;
    /// Messages that the server accepted, with or without a subscriber.
    [[nodiscard]] virtual std::uint64_t published() const = 0;
    [[nodiscard]] virtual StoreStatus status() const = 0;
};

/// In this process, for when there is no Redis: keeps the values until their time is over. `clock` must outlive it.
[[nodiscard]] std::unique_ptr<SnapshotCache> make_memory_cache(const core::Clock& clock);

struct RedisStoreOptions {
    core::RedisUrl url;
    std::string ca_bundle_path;   ///< for rediss://; empty: the system's
    std::string key_prefix;       ///< in front of every key and channel
    std::string installation_id;  ///< said in the lease, for people
    std::size_t max_value_bytes = 16U << 20U;
    /// Whether the prefix has to be this process' alone before it writes. One of several scanners writes the keys with
    /// its RankingStream, and here only publishes messages.
    bool exclusive = true;
};

/// The right to write under a prefix, which one scanner has at a time. The lease is a key of its own with a short time
/// to live, renewed while its holder lives. Loop thread only.
class PrefixLease {
public:
    virtual ~PrefixLease() = default;
    /// Takes the lease, once Redis is there, which is waited for at most `patience`. One that is held by another is
    /// watched until it has run out, at most `kLeaseTime` after its holder's end (at once where that was a process of
    /// this machine), or was renewed: then it is refused as conflict. A Redis that is away or rejects the lease is no
    /// refusal.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> claim(std::chrono::milliseconds patience) = 0;
    static constexpr std::chrono::milliseconds kLeaseTime{8'000};
};

/// Redis as a cache and as a publisher, over one connection that looks after itself. While another scanner holds the
/// prefix's lease nothing is written or published, unless this one is the older.
struct RedisStore {
    std::shared_ptr<SnapshotCache> cache;
    std::shared_ptr<Publisher> publisher;
    std::shared_ptr<PrefixLease> lease;
};
/// Starts connecting on the executor's loop at once.
[[nodiscard]] RedisStore make_redis_store(boost::asio::any_io_executor executor, RedisStoreOptions options);

}  // namespace scanner::storage
