#pragma once

#include "scanner/ranking/ranking.hpp"
#include "scanner/storage/history.hpp"

#include <memory>

namespace scanner::engine {

/// The rows that history keeps of `ranking`, except candles: all scanned contracts, and the rankings under every
/// profile. Pure.
[[nodiscard]] storage::HistoryBatch history_batch(const ranking::Ranking& ranking);

/// Takes each recorded ranking to history, once: `board.on_recorded([feed](RankingPtr r) { feed->accept(std::move(r));
/// })`. Costs the loop only the hand-over: the rows are made on the history's own thread, from the shared,
/// immutable ranking. Candles are recorded once, when they have closed. Loop thread only.
///
/// After a warm start give it the restored ranking too: a ranking that was served may have been lost on its way to the
/// disk, and is written then; one that was not lost changes nothing.
class HistoryFeed {
public:
    virtual ~HistoryFeed() = default;
    virtual void accept(ranking::RankingPtr ranking) = 0;
};

/// `history` must outlive it.
[[nodiscard]] std::shared_ptr<HistoryFeed> make_history_feed(storage::History& history);

}  // namespace scanner::engine
