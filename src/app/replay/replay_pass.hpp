#pragma once

#include "app/replay/replayer.hpp"

#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/recording/recording_reader.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/episodes.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace scanner::app {

/// What a pass tells, on the loop, in the order of the recording.
struct ReplayPassEvents {
    /// `token`: the pass goes on once few enough of them are held.
    std::function<void(const ranking::RankingPtr&, bool recorded, std::shared_ptr<void> token)> on_ranking;
    /// An operator's documents as they are from here on.
    std::function<void(const storage::OperatorDocuments&)> on_documents;
    /// Settings that were read again while it was recorded.
    std::function<void(const settings::Settings&)> on_settings;
    /// States of episodes, as the ledger takes them.
    std::function<void(std::vector<storage::EpisodeRecord>)> on_episodes;
    /// The whole recording was looked at, or why not.
    std::function<void(core::Result<ReplayOutcome>)> on_end;
};

/// Goes once through a whole recording on a thread of its own, as fast as it can, so that history, alerts and marks are
/// those of the whole of it whatever is looked at meanwhile. Loop thread only; destroying it ends the thread first.
class ReplayPass {
public:
    virtual ~ReplayPass() = default;
};

/// `options` are read and called on the thread.
[[nodiscard]] std::unique_ptr<ReplayPass> make_replay_pass(boost::asio::any_io_executor executor,
                                                           std::vector<recording::SegmentFile> files,
                                                           ReplayOptions options, ReplayPassEvents events);

}  // namespace scanner::app
