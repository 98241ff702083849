#pragma once

#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace scanner::engine {

struct RankingPublisherOptions {
    ranking::RankingOrigin origin;
    std::size_t max_per_second = 4;                   ///< more are conflated
    std::chrono::milliseconds snapshots_ttl{90'000};  ///< of the cache's newest ranking
    std::chrono::milliseconds rankings_ttl{90'000};   ///< of the cache's orders
    std::chrono::milliseconds retry_interval{100};    ///< after a failure
};

struct RankingPublisherStatus {
    std::uint64_t published = 0;     ///< entries of the stream
    std::uint64_t whole = 0;         ///< of them: those that need no ranking before
    std::uint64_t conflated = 0;     ///< rankings that a newer one took the place of
    std::uint64_t failed = 0;        ///< attempts
    std::uint64_t stream_bytes = 0;  ///< of the entries
    std::uint64_t snapshots = 0;
    std::uint64_t snapshot_bytes = 0;
    std::uint64_t last_sequence = 0;  ///< that Redis confirmed
    std::string last_error;           ///< empty after a success
};

/// Passes an elected scanner's rankings on to replicas: packs them (what takes long on a thread of its own) and has the
/// fenced script publish them: first the entry of the stream, and once that is there, of a recorded one, the snapshot
/// that replicas begin with and what readers of the cache find, which take ten times as long to make. A ranking that
/// has not left when a newer one comes is left out, but the newest recorded one; after a failure the next entry is a
/// whole ranking, so that no replica has to wait for what may be lost. A recorded one whose answer was lost is sent
/// again before anything newer. Loop thread only.
class RankingPublisher {
public:
    virtual ~RankingPublisher() = default;
    /// From now on in this name, until `retire` or until it was fenced. Begins with a whole ranking.
    virtual void lead(storage::Leadership leadership) = 0;
    /// What has not left yet is dropped.
    virtual void retire() = 0;
    /// Returns at once. Dropped while no one leads.
    virtual void publish(Publication publication) = 0;
    /// Called with each ranking that Redis has confirmed, once and in order: what follows from a ranking that may never
    /// have been published is not told to anybody.
    virtual void on_confirmed(std::function<void(const ranking::RankingPtr&)> callback) = 0;
    /// Called with each recorded ranking that was sent, once, when it is known what became of it: `published` where
    /// Redis confirmed it; otherwise its time in office ended before an answer came, and it may have been published or
    /// not. Not called for one that was refused or never sent.
    virtual void on_recorded(std::function<void(const ranking::RankingPtr&, bool published)> callback) = 0;
    /// Called when Redis says that another scanner is, or may be, elected; nothing more is published then.
    virtual void on_fenced(std::function<void()> callback) = 0;
    /// Waits until what was given has left, at most so long.
    [[nodiscard]] virtual boost::asio::awaitable<void> drain(std::chrono::milliseconds grace) = 0;
    /// Publishes until stopped. Run it once.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    virtual void stop() = 0;
    [[nodiscard]] virtual const RankingPublisherStatus& status() const = 0;
};

/// `stream` is stopped with it.
[[nodiscard]] std::unique_ptr<RankingPublisher> make_ranking_publisher(boost::asio::any_io_executor executor,
                                                                       std::shared_ptr<storage::RankingStream> stream,
                                                                       RankingPublisherOptions options);

}  // namespace scanner::engine
