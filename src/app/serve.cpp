#include "app/commands.hpp"
#include "app/commands/command_line.hpp"
#include "app/progress.hpp"
#include "app/recording/live_recording.hpp"
#include "app/recording/recording_desk.hpp"
#include "app/recording/term_recording.hpp"
#include "app/replica/serve_replica.hpp"
#include "app/scale/live_reads.hpp"
#include "app/scale/scanner_role.hpp"
#include "app/served_process.hpp"
#include "app/settings_reload.hpp"
#include "app/stores.hpp"
#include "app/wiring.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/alerts/state_file.hpp"
#include "scanner/api/handler.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/version.hpp"
#include "scanner/engine/engine_metrics.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/request_handler.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/settings/settings.hpp"
#include "scanner/storage/detector_states.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

/// The whole shutdown: 10 s with room for what cannot be waited for.
constexpr std::chrono::seconds kServerGrace{3};
constexpr std::chrono::seconds kInspectorGrace{1};
constexpr std::chrono::seconds kAlertsGrace{1};
constexpr std::chrono::seconds kTaskGrace{1};
constexpr std::chrono::seconds kStoresGrace{3};
constexpr std::chrono::seconds kRecordingGrace{1};
constexpr std::chrono::seconds kRoleGrace{1};
/// Nothing waits for it.
constexpr std::chrono::seconds kTermRecordingGrace{10};

/// Everything that lives while the daemon runs; the members at its end say why each is there and in that place.
class Daemon {
public:
    Daemon(asio::io_context& io, settings::LoadedSettings loaded, const SettingsReader& reread)
        : io_(io),
          loaded_(std::move(loaded)),
          reread_(reread),
          metrics_(core::kVersion),
          recording_(make_live_recording(io.get_executor(), loaded_.settings)),
          term_recording_(make_term_recording()),
          recording_begun_(begin_recording()),
          client_(make_client(io.get_executor(), loaded_.settings)),
          exchange_(make_exchange(io.get_executor(), loaded_.settings, recording_->wrap(*client_), core::system_clock(),
                                  engine_metrics_)),
          sequence_file_(alerts::make_state_file(sequence_path(loaded_.settings))),
          feed_(feed_parts(io.get_executor(), loaded_.settings, recording_->clock(), *sequence_file_,
                           &recording_->feed_tap())),
          detectors_file_(storage::make_detector_file(detectors_path(loaded_.settings), core::system_clock())),
          engine_(engine::make_engine(
              io.get_executor(), recording_->wrap(*exchange_), recording_->clock(),
              engine_options(loaded_.settings, false), engine_metrics_, make_first_scan_progress(), feed_of_engine(),
              manipulation_parts(
                  loaded_.settings, [this] { return detector_states(); }, [this] { return &stores_.database(); }),
              &recording_->steps())),
          stores_(io.get_executor(), loaded_.settings, core::system_clock()),
          role_(make_role()),
          operator_(operators::make_operator_service(stores_.database().document_store(),
                                                     operator_defaults(loaded_.settings),
                                                     [this](const operators::EffectiveSettings& set) { apply(set); })),
          alert_file_(alerts::make_state_file(alert_state_path(loaded_.settings))),
          webhook_client_(make_webhook_client(io.get_executor(), loaded_.settings)),
          alerts_(make_alerts()),
          inspector_(engine::make_inspector(io.get_executor(), *exchange_, engine_->board(), core::system_clock(),
                                            inspector_options(loaded_.settings), engine_->live())),
          streams_(io.get_executor(), stream_options(), engine_->board()),
          recordings_(make_recordings(io.get_executor(), *recording_, loaded_.settings)),
          relay_(role_ && loaded_.settings.redis_url ? make_live_reads_relay(io.get_executor(), loaded_.settings)
                                                     : nullptr),
          asked_(relay_, [this] { return relay_ && role_->term() == 0; }),
          api_(api::make_api_handler(api_options(loaded_.settings), api_ports())),
          answered_(relay_ ? std::make_unique<AnsweredLiveReads>(io.get_executor(), relay_, *api_,
                                                                 [this] { return role_->leadership(); })
                           : nullptr),
          served_(io, loaded_.settings, *api_, metrics_,
                  {.shut_down = [this] { return shut_down(); }, .hang_up = [this] { reload(); }}) {
        metrics_.add_source([this](core::MetricSink& sink) { engine_metrics_.collect(sink); });
        metrics_.add_source([this](core::MetricSink& sink) {
            if (const auto detectors = engine_->manipulation()) engine::collect(sink, *detectors);
        });
        stores_.database().document_store().subscribe(
            [this](const storage::OperatorDocumentsPtr& documents) { recording_->note_documents(*documents); });
        recording_->follow(engine_->board());
        recording_->keep_state_of(*engine_);
    }

    /// Binds the port, so that a port in use is an error before anything else happens.
    core::Result<void> start() {
        if (!recording_begun_) return recording_begun_;
        if (!alerts_) return std::unexpected(alerts_.error());
        if (!feed_) return std::unexpected(feed_.error());
        const core::LogField exchange{"exchange_url", loaded_.settings.exchange_url};
        if (auto listening = served_.listen(exchange); !listening) return listening;
        if (!served_.spawn("scan", scan()))
            return core::fail(core::ErrorCode::internal, "the task group refused to start");
        return {};
    }

    [[nodiscard]] int exit_code() const { return served_.exit_code(); }

private:
    /// Where another host goes on for this one it has to find them.
    storage::DetectorStates* detector_states() {
        return shares_detector_states(loaded_.settings) ? &stores_.database().detector_states() : detectors_file_.get();
    }
    engine::FeedParts feed_of_engine() {
        engine::FeedParts parts = feed_.value_or(engine::FeedParts());
        parts.exchange = &recording_->wrap_for_feed(*exchange_);
        return parts;
    }

    api::ApiPorts api_ports() {
        return {.engine = engine_->board(),
                .metrics = metrics_,
                .clock = core::system_clock(),
                .watchlists = operator_.get(),
                .operator_service = operator_.get(),
                .alerts = alerts_ ? alerts_->get() : nullptr,
                .alert_archive = &stores_.database().alert_archive(),
                .episodes = &stores_.database().episode_ledger(),
                .history = &stores_.database().history(),
                .streams = &streams_,
                .inspector = inspector_.get(),
                .live = engine_->live(),
                .live_reads = relay_ ? &asked_ : nullptr,
                .recordings = role_ ? nullptr : recordings_.get(),  // SCANNER_RECORD=on records its terms
                .stores = [this] { return stores_health(); },
                .history_size = [this] { return stores_.database().history_size(); },
                .trade_terms =
                    [this] {
                        return signals::TradeTerms{
                            .taker_fee_pct = loaded_.settings.taker_fee_pct,
                            .maker_fee_pct = loaded_.settings.maker_fee_pct,
                            .manipulation_threshold = operator_->effective().manipulation_threshold};
                    },
                .server_statistics = [this] { return served_.statistics(); },
                .scale = role_ ? std::function([this] { return scale(); }) : nullptr};
    }

    api::ScaleStatus scale() const {
        api::ScaleStatus status = role_->status();
        status.live_reads_asked = asked_.counts();
        if (answered_) status.live_reads_served = answered_->counts();
        return status;
    }

    /// A recording is a store of its own while there is one.
    std::vector<storage::NamedStatus> stores_health() {
        std::vector<storage::NamedStatus> all = stores_.health();
        if (auto recording = recording_->health()) all.push_back(std::move(*recording));
        return all;
    }

    core::Result<std::unique_ptr<alerts::AlertService>> make_alerts() {
        return alerts::make_alert_service(io_.get_executor(), alert_options(loaded_.settings),
                                          {.documents = stores_.database().document_store(),
                                           .archive = stores_.database().alert_archive(),
                                           .publisher = stores_.publisher(),
                                           .http = webhook_client_.get(),
                                           .file = *alert_file_,
                                           .clock = core::system_clock(),
                                           .random = net::make_random_unit(std::random_device{}()),
                                           .shared = role_ ? &stores_.database().kept_states() : nullptr});
    }

    api::StreamOptions stream_options() {
        api::StreamOptions options;
        options.manipulation_threshold = [this] { return operator_->effective().manipulation_threshold; };
        return options;
    }

    asio::awaitable<void> scan() {
        if (const auto opened = co_await stores_.open(*engine_); !opened) {
            core::log(core::LogLevel::critical, "store_not_usable", {{"error", opened.error().message()}});
            served_.end(kExitFailure);
            co_return;
        }
        if (!role_) stores_.follow(*engine_);
        engine_->board().on_published([this](const ranking::RankingPtr& ranking) { streams_.publish(ranking, false); });
        engine_->board().on_recorded([this](const ranking::RankingPtr& ranking) { streams_.publish(ranking, true); });
        const auto evaluate = [this](const ranking::RankingPtr& ranking) { (*alerts_)->on_ranking(ranking); };
        if (role_) {
            role_->on_led(evaluate);
        } else {
            engine_->board().on_published(evaluate);
        }
        if (!served_.spawn("alerts", (*alerts_)->run())) co_return;  // the end has begun already
        if (const auto restored = engine_->board().current(); restored) streams_.publish(restored);
        if (answered_ && !served_.spawn("answer_live_reads", answered_->run())) co_return;
        if (role_) {
            co_await role_->run();
        } else if (co_await know_market()) {
            co_await engine_->run();
        }
    }

    /// Whether the end has not begun meanwhile.
    asio::awaitable<bool> know_market() {
        const auto is_simulated = co_await exchange::is_simulated(*client_, loaded_.settings.exchange_url);
        set_simulated(is_simulated);
        co_return is_simulated || served_.spawn("ask_whether_simulated", ask_whether_simulated());
    }

    std::unique_ptr<TermRecording> make_term_recording() {
        if (loaded_.settings.role != settings::Role::scanner) return nullptr;
        return std::make_unique<TermRecording>(*recording_, loaded_.settings);
    }
    core::Result<void> begin_recording() {
        if (term_recording_) return term_recording_->check();
        return loaded_.settings.record ? recording_->begin() : core::Result<void>();
    }

    std::unique_ptr<ScannerRole> make_role() {
        if (loaded_.settings.role != settings::Role::scanner) return nullptr;
        return std::make_unique<ScannerRole>(
            io_.get_executor(), loaded_.settings, core::system_clock(), *engine_, stores_,
            ScannerRole::Hooks{
                .prepare = [this]() -> asio::awaitable<void> { return prepare_term(); },
                .hand_over = [this]() -> asio::awaitable<void> { return (*alerts_)->end_term(); },
                .ended = [this] { term_recording_->end(served_.ending() ? kRecordingGrace : kTermRecordingGrace); }});
    }
    asio::awaitable<void> prepare_term() {
        (*alerts_)->begin_term();
        term_recording_->begin(role_->term());
        static_cast<void>(co_await know_market());
    }
    /// Until it is known, nothing is passed off as a real market.
    void set_simulated(std::optional<bool> is_simulated) {
        simulated_ = is_simulated.value_or(true);
        if (simulated_) {
            core::log(core::LogLevel::warning, is_simulated ? "market_is_simulated" : "market_assumed_simulated",
                      {{"exchange_url", loaded_.settings.exchange_url}});
        }
        apply(operator_->effective());
    }

    asio::awaitable<void> ask_whether_simulated() {
        while (co_await net::sleep_for(std::chrono::seconds(1))) {
            const auto is_simulated = co_await exchange::is_simulated(*client_, loaded_.settings.exchange_url);
            if (!is_simulated) continue;
            set_simulated(is_simulated);
            co_return;
        }
    }

    /// Takes effect with the next cycle.
    void apply(const operators::EffectiveSettings& set) {
        recording_->note_options({.simulated = simulated_, .effective = set});
        engine_->set_options(engine_options(loaded_.settings, simulated_, set));
    }

    asio::awaitable<void> shut_down() {
        if (role_) {
            role_->stop();
            co_await role_->ended(kRoleGrace);
        }
        if (answered_) answered_->stop();
        engine_->stop();
        co_await served_.stop_serving(kServerGrace);
        static_cast<void>(co_await inspector_->stop(kInspectorGrace));
        co_await (*alerts_)->close(kAlertsGrace);
        co_await served_.stop_tasks(kTaskGrace);
        co_await stores_.close(kStoresGrace);
        recordings_->stop();
        recording_->close(kRecordingGrace);
    }

    void reload() {
        if (!reload_from(reread_, loaded_.settings)) return;
        recording_->note_settings(loaded_.settings);
        operator_->set_defaults(operator_defaults(loaded_.settings));
        apply(operator_->effective());
        (*alerts_)->set_scan_interval(loaded_.settings.scan_interval);
    }

    // Built from top to bottom and destroyed from bottom to top: each may refer to those above it.

    /// The one loop that everything below waits on; run_serve() runs it.
    asio::io_context& io_;
    /// Read by several members whenever they need a value, so that a reload reaches them; it must outlive them.
    settings::LoadedSettings loaded_;
    /// Reads the settings again on SIGHUP: the command line's part is known to main alone.
    const SettingsReader& reread_;
    /// Counts for /metrics; first, because exchange and engine report to it.
    engine::EngineMetrics engine_metrics_;
    /// Counts what HTTP answers, and writes /metrics with what the others count.
    api::Metrics metrics_;
    /// Stands between the engine and all that it hears of, so it outlives them.
    std::unique_ptr<LiveRecording> recording_;
    /// Of one scanner among several: begins and ends with its terms; nullptr in role `all`.
    std::unique_ptr<TermRecording> term_recording_;
    /// With SCANNER_RECORD=on, before anything below has something to tell it; start() fails where it could not.
    core::Result<void> recording_begun_;
    /// Connections to the exchange; the engine's calls and the question whether it is simulated share them.
    std::unique_ptr<net::HttpClient> client_;
    /// The one way to the exchange, so that one budget and one breaker hold for scan and inspector together.
    std::unique_ptr<exchange::Exchange> exchange_;
    /// The last number that a ranking may have had, kept over a restart; a file, so that it works without any database.
    std::unique_ptr<alerts::StateFile> sequence_file_;
    /// What the engine follows a live feed with; start() fails without what is required.
    core::Result<engine::FeedParts> feed_;
    /// What the detectors of manipulation know, kept over a restart so that it does not blind them.
    std::unique_ptr<storage::DetectorStates> detectors_file_;
    /// Scans and ranks, and follows the feed. Its board is what inspector, streams and API read, so it outlives them.
    std::unique_ptr<engine::Engine> engine_;
    /// History, the operator's documents and the cache; takes what the engine records, and is closed last.
    Stores stores_;
    /// Of one scanner among several: whether it is elected; nullptr in role `all`. Before all that listen to the board.
    std::unique_ptr<ScannerRole> role_;
    /// The operator's settings as they take effect; needs the documents of the stores and changes the engine.
    std::unique_ptr<operators::OperatorService> operator_;
    /// Which alerts fired, kept over a restart; a file, so that it works without any database.
    std::unique_ptr<alerts::StateFile> alert_file_;
    /// Of its own, so that a slow receiver of alerts takes no connection from the scan.
    std::unique_ptr<net::HttpClient> webhook_client_;
    /// Holds the rules against each published ranking and delivers; start() fails without it.
    core::Result<std::unique_ptr<alerts::AlertService>> alerts_;
    /// Reads on demand what the scan does not: its readings refer to exchange and board, so it is stopped before them.
    std::unique_ptr<engine::Inspector> inspector_;
    /// Sends each published ranking to the subscribers; above the API, whose sessions subscribe to it.
    api::Streams streams_;
    /// What the API's routes make of recordings, on a thread of its own where files are read.
    std::unique_ptr<RecordingDesk> recordings_;
    /// What is read live goes between scanners and replicas through it; nullptr where this process is alone.
    std::shared_ptr<storage::QuestionRelay> relay_;
    /// Asks the elected scanner while this is not it.
    AskedLiveReads asked_;
    /// Answers every route but the console's.
    std::unique_ptr<net::RequestHandler> api_;
    /// Answers the others while this is it, from the API above; nullptr without a relay.
    std::unique_ptr<AnsweredLiveReads> answered_;
    /// Console, port, tasks and signals; below everything that they touch.
    ServedProcess served_;
    bool simulated_ = false;
};

}  // namespace

int run_serve(settings::LoadedSettings loaded, const SettingsReader& reread) {
    prepare_to_serve();
    for (const std::string& warning : loaded.warnings)
        core::log(core::LogLevel::warning, "setting", {{"warning", warning}});
    if (loaded.settings.role == settings::Role::replica) return serve_replica(std::move(loaded), reread);
    asio::io_context io(1);
    Daemon daemon(io, std::move(loaded), reread);
    if (const auto started = daemon.start(); !started) {
        std::cerr << "market-scanner: " << core::visible_text(started.error().message()) << '\n';
        return kExitFailure;
    }
    io.run();
    return daemon.exit_code();
}

}  // namespace scanner::app
