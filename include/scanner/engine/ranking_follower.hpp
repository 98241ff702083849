#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace scanner::engine {

struct RankingFollowerOptions {
    ranking::RankingOrigin origin;
    std::chrono::milliseconds block{2'000};         ///< one wait for the stream
    std::chrono::milliseconds retry_interval{200};  ///< after a failure, and while there is no snapshot
};

struct RankingFollowerStatus {
    std::uint64_t epoch = 0;                       ///< of the newest ranking
    std::uint64_t sequence = 0;                    ///< of the newest ranking; 0: none yet
    std::optional<std::chrono::milliseconds> lag;  ///< from when it was made until it was shown here
    std::uint64_t deltas = 0;                      ///< applied
    std::uint64_t snapshots = 0;                   ///< begun with
    std::uint64_t holes = 0;                       ///< entries that changed a ranking which was not there
    std::uint64_t refused = 0;                     ///< messages: a newer version's, a stranger's, damaged ones
    std::string problem;                           ///< why the newest message could not be used; empty when it could
};

/// A source of rankings that another process makes: reads the newest snapshot and then the stream, and publishes to the
/// board what the scanner published, with the same numbers, times and universe. While Redis is away, or what it has
/// cannot be used, the board keeps what it has, which grows old by its own rule. Long messages are taken apart on a
/// thread of its own. Loop thread only.
class RankingFollower {
public:
    virtual ~RankingFollower() = default;
    /// Follows until stopped. Run it once.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    virtual void stop() = 0;
    /// Nothing is shown while it pauses: this process makes the rankings itself. Afterwards it begins anew.
    virtual void pause(bool paused) = 0;
    [[nodiscard]] virtual const RankingFollowerStatus& status() const = 0;
};

/// `stream` must be no one else's: it blocks. It is stopped with it. `board` and `clock` must outlive it.
[[nodiscard]] std::unique_ptr<RankingFollower> make_ranking_follower(boost::asio::any_io_executor executor,
                                                                     std::shared_ptr<storage::RankingStream> stream,
                                                                     RankingBoard& board, const core::Clock& clock,
                                                                     RankingFollowerOptions options);

}  // namespace scanner::engine
