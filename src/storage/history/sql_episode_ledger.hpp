#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/storage/episodes.hpp"
#include "scanner/storage/history.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {

/// The ledger in one of the history's tables. Loop thread only; must outlive its coroutines.
class SqlEpisodeLedger final : public EpisodeLedger {
public:
    /// `link` must outlive it; `record` puts a batch into the spool.
    SqlEpisodeLedger(DatabaseLink& link, std::function<void(HistoryBatch)> record)
        : link_(link), record_(std::move(record)) {}

    void record_episodes(std::vector<EpisodeRecord> episodes) override;
    boost::asio::awaitable<core::Result<EpisodesPage>> episodes(EpisodesQuery query) override;
    boost::asio::awaitable<core::Result<Episode>> episode(std::string id) override;
    boost::asio::awaitable<core::Result<Episode>> judge(std::string id, Disposition disposition,
                                                        std::optional<std::int64_t> expected) override;
    boost::asio::awaitable<core::Result<std::vector<FlagDispositions>>> dispositions(core::WallTime from,
                                                                                     core::WallTime to) override;

private:
    DatabaseLink& link_;
    std::function<void(HistoryBatch)> record_;
};

}  // namespace scanner::storage
