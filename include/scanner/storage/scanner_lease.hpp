#pragma once

#include "scanner/core/error.hpp"
#include "scanner/core/url.hpp"
#include "scanner/storage/snapshot_cache.hpp"
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

/// One scanner of several is elected, and what it publishes. Keys, all under the prefix: `lease` (the token of who is
/// elected, with a time to live), `epoch` (counter), `stream:last` (hash: the last number that was published and its
/// epoch), `stream:rankings` (Redis Stream), `stream:snapshot` (hash). docs/architecture.md says how they work
/// together.
namespace scanner::storage {

/// The right to publish: an epoch of which there is one leader, and the token that the lease holds while it is.
struct Leadership {
    std::uint64_t epoch = 0;
    std::string token;
};

/// The newest number that was published, and in which epoch. Redis knows it as long as it keeps its data.
struct StreamPosition {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;

    friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

/// The lease is ours, and no one publishes any more: what the next epoch is decided from.
struct LeaseClaim {
    std::string token;
    std::uint64_t epoch = 0;             ///< the highest that Redis has seen; 0 for none
    std::optional<StreamPosition> last;  ///< nothing where nothing was published, or Redis lost it
    /// This run of the server, new with each of its starts: `last` may lack what was published in another run.
    std::string run;
};

struct ScannerLeaseOptions {
    core::RedisUrl url;
    std::string ca_bundle_path;  ///< for rediss://; empty: the system's
    std::string key_prefix;      ///< in front of every key
    std::chrono::milliseconds lease{2'000};
};

/// The lease on a prefix's keys. It is taken, then an epoch is installed, then it is renewed. Each call has a deadline
/// of a third of the lease and fails as unavailable or timeout while Redis is away; its outcome is unknown then. Loop
/// thread only.
class ScannerLease {
public:
    virtual ~ScannerLease() = default;
    /// Takes the lease under `token`, new for each attempt to be elected. Nothing when somebody else has it: an elected
    /// scanner, or one that runs alone (role `all`) on the same keys.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<LeaseClaim>>> acquire(
        std::string token) = 0;
    /// From now on `epoch` is the one that may publish. conflict: the lease is lost, or Redis has seen such an epoch.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Leadership>> install(std::string token,
                                                                                   std::uint64_t epoch) = 0;
    /// conflict: the lease is lost.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> renew(std::string token) = 0;
    /// Gives it back where it is ours, so that no one has to wait for it to run out.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> release(std::string token) = 0;
    /// Whose the lease is: its token, for people. Nothing while no one is elected.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<std::string>>> holder() = 0;
    [[nodiscard]] virtual StoreStatus status() const = 0;
    virtual void stop() = 0;
};

/// What one script publishes, all or nothing.
struct Publication {
    std::uint64_t seq = 0;
    int version = 1;                      ///< of the message: of `delta` and `snapshot`
    bool recorded = false;                ///< of the ranking: history keeps it
    std::string delta;                    ///< for the stream; empty: no entry
    std::optional<std::string> snapshot;  ///< everything that a replica starts with
    /// Other keys to SET, without the prefix: what readers of the cache find. A time to live of 0: none.
    std::vector<SnapshotCache::Entry> keys;
};

struct StreamEntry {
    std::string id;  ///< Redis' own, ascending
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    int version = 0;
    bool recorded = false;
    std::string delta;
};

struct StreamSnapshot {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    int version = 0;
    std::string bytes;
    std::string after;  ///< the id to read the stream after: no entry of a higher number is before it
};

struct RankingStreamOptions {
    core::RedisUrl url;
    std::string ca_bundle_path;
    std::string key_prefix;
    std::chrono::milliseconds kept{60'000};            ///< entries of the stream, by the server's clock
    std::size_t max_answer_bytes = 64U << 20U;         ///< of entries that are read at once, and of a snapshot
    std::chrono::milliseconds command_timeout{3'000};  ///< blocking on top
};

/// The stream of rankings on Redis. Publishing is one script that checks token and epoch first: an entry of an old
/// epoch cannot exist. One connection, on which commands are answered in their order: who blocks in read_after has
/// nothing else answered meanwhile. Loop thread only.
class RankingStream {
public:
    virtual ~RankingStream() = default;
    /// conflict: fenced, another one is elected or may be; nothing was written, and never will be under this
    /// leadership. Other errors: unknown whether it was written; publishing the same number again is safe and adds no
    /// second entry. invalid_input: a number below one that was published.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> publish(Leadership leadership,
                                                                             Publication publication) = 0;
    /// The newest; nothing when there is none.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<StreamSnapshot>>> snapshot() = 0;
    /// At most `kMaxEntries` entries after `id` ("0": all that are kept), waiting for one at most `block` (0: not at
    /// all; at most 2 s).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<StreamEntry>>> read_after(
        std::string id, std::chrono::milliseconds block) = 0;
    static constexpr std::size_t kMaxEntries = 64;
    /// The last number that was published.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<StreamPosition>>> last() = 0;
    [[nodiscard]] virtual StoreStatus status() const = 0;
    virtual void stop() = 0;
};

/// Both start connecting on the executor's loop at once; each has a connection of its own.
[[nodiscard]] std::shared_ptr<ScannerLease> make_scanner_lease(const boost::asio::any_io_executor& executor,
                                                               ScannerLeaseOptions options);
[[nodiscard]] std::shared_ptr<RankingStream> make_ranking_stream(const boost::asio::any_io_executor& executor,
                                                                 RankingStreamOptions options);

}  // namespace scanner::storage
