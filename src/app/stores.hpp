#pragma once

#include "app/snapshot_writer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/history_feed.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/snapshot_cache.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace scanner::app {

/// The database that the settings name, unopened. `clock` must outlive it.
[[nodiscard]] std::unique_ptr<storage::Store> make_database(boost::asio::any_io_executor executor,
                                                            const settings::Settings& settings,
                                                            const core::Clock& clock);

/// What outlives the process: Redis (where it is set) for the newest ranking, the database for history and the
/// operator's state. Loop thread only; `settings` and `clock` must outlive it.
class Stores {
public:
    Stores(boost::asio::any_io_executor executor, const settings::Settings& settings, const core::Clock& clock);

    /// Opens the database and restores the newest ranking, so that a restart within the time to live serves at once and
    /// the sequence goes on. Waits a moment for stores that are away, then goes on without them. Fails where waiting
    /// cannot help (data folder, schema, another scanner live on the same Redis keys). A ranking of another exchange or
    /// installation, one from the future, and one that is out of any bound are neither restored nor recorded.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> open(engine::Engine& engine);
    /// Hands every recorded ranking of `engine` to the stores. Not for one scanner among several, which `keep`s what it
    /// has published.
    void follow(engine::Engine& engine);
    /// Hands a recorded ranking to history, which takes each once.
    void keep(const ranking::RankingPtr& ranking) { feed_->accept(ranking); }
    /// The highest number that a ranking may have had, as far as was known at the start.
    [[nodiscard]] std::uint64_t known_sequence() const { return known_sequence_; }
    [[nodiscard]] std::vector<storage::NamedStatus> health() const;
    [[nodiscard]] storage::Store& database() { return *database_; }
    /// nullptr without Redis.
    [[nodiscard]] storage::Publisher* publisher() { return redis_.publisher.get(); }
    [[nodiscard]] boost::asio::awaitable<void> close(std::chrono::milliseconds grace);

private:
    [[nodiscard]] boost::asio::awaitable<ranking::RankingPtr> cached_ranking();
    void cache(const ranking::RankingPtr& ranking);

    const settings::Settings& settings_;
    const core::Clock& clock_;
    ranking::RankingOrigin origin_;
    ranking::RankingLimits limits_;
    storage::RedisStore redis_;               ///< empty without SCANNER_REDIS_URL
    std::unique_ptr<SnapshotWriter> writer_;  ///< nullptr without it
    std::unique_ptr<storage::Store> database_;
    std::shared_ptr<engine::HistoryFeed> feed_;
    std::uint64_t known_sequence_ = 0;
};

}  // namespace scanner::app
