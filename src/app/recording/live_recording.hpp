#pragma once

#include "app/recording/recorded_options.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/market_feed_options.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/recording/recorder.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/store_status.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace scanner::app {

/// Stands between a running scanner and all that it hears of, and records it while it is told to: each wrapped object
/// goes through it. Loop thread only.
class LiveRecording {
public:
    virtual ~LiveRecording() = default;

    /// Begins a recording. Errors: conflict while one is made, io where the folder cannot be used.
    [[nodiscard]] virtual core::Result<void> begin() = 0;
    /// Ends it and hands over what has still to be written: `finish` it on a thread that may wait. nullptr where
    /// nothing was recorded.
    [[nodiscard]] virtual std::unique_ptr<recording::Recorder> end() = 0;
    /// Of the recording that is made, or of one that failed and was not ended yet; empty: there is none.
    [[nodiscard]] virtual std::optional<recording::RecorderStatus> status() const = 0;

    /// The same client, and every answer is recorded. Call once; `inner` must outlive it, here and below.
    [[nodiscard]] virtual net::HttpClient& wrap(net::HttpClient& inner) = 0;
    /// The same exchange, and the order of its answers is recorded. Call once.
    [[nodiscard]] virtual exchange::Exchange& wrap(exchange::Exchange& inner) = 0;
    /// The same for what the feed's loop asks of it.
    [[nodiscard]] virtual exchange::Exchange& wrap_for_feed(exchange::Exchange& inner) = 0;
    /// What the engine's clock must be.
    [[nodiscard]] virtual const core::Clock& clock() = 0;
    [[nodiscard]] virtual net::StepLog& steps() = 0;
    [[nodiscard]] virtual exchange::FeedTap& feed_tap() = 0;
    /// Logs and records what each recorded ranking comes to.
    virtual void follow(engine::RankingBoard& board) = 0;
    /// Whose state a segment begins with; must outlive the recording of its steps.
    virtual void keep_state_of(engine::Engine& engine) = 0;
    /// The term of an elected scanner that begins now: its number is in each of its rankings.
    virtual void note_epoch(std::uint64_t epoch) = 0;
    /// Options that take effect now.
    virtual void note_options(const RecordedOptions& options) = 0;
    /// Settings that take effect now.
    virtual void note_settings(const settings::Settings& settings) = 0;
    /// What operators keep now, of which rules and watchlists decide which alerts fire.
    virtual void note_documents(const storage::OperatorDocuments& documents) = 0;
    /// As health shows it among the stores; empty while nothing is recorded.
    [[nodiscard]] virtual std::optional<storage::NamedStatus> health() const = 0;
    /// Writes what is left, within `grace`.
    virtual void close(std::chrono::milliseconds grace) = 0;
};

/// Where recordings are, by the settings.
[[nodiscard]] std::string record_folder(const settings::Settings& settings);
/// Records nothing yet. `settings` must outlive it.
[[nodiscard]] std::unique_ptr<LiveRecording> make_live_recording(boost::asio::any_io_executor executor,
                                                                 const settings::Settings& settings);

}  // namespace scanner::app
