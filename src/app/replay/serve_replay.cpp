#include "app/replay/serve_replay.hpp"

#include "app/commands/command_line.hpp"
#include "app/logging.hpp"
#include "app/no_state_file.hpp"
#include "app/replay/replay_driver.hpp"
#include "app/replay/replay_pass.hpp"
#include "app/replay/replay_stores.hpp"
#include "app/replay/replay_view.hpp"
#include "app/served_process.hpp"
#include "app/stores.hpp"
#include "app/wiring.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/handler.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/version.hpp"
#include "scanner/engine/history_feed.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/recording/record.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <random>
#include <system_error>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kGrace{2};

/// A folder that is gone with this.
class TemporaryFolder {
public:
    explicit TemporaryFolder(std::string path) : path_(std::move(path)) {
        if (!path_.empty()) return;
        std::error_code unknown;
        std::string made = (fs::temp_directory_path(unknown) / "market-scanner-replay-XXXXXX").string();
        if (::mkdtemp(made.data()) != nullptr) path_ = made;
        owned_ = !path_.empty();
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (owned_) fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    bool owned_ = false;
};

/// The settings that a recording begins with: of the first record that tells some.
std::string first_settings(const std::vector<recording::SegmentFile>& files) {
    constexpr int kMaxLooked = 10'000;
    recording::RecordingReader reader(files);
    for (int looked = 0; looked < kMaxLooked; ++looked) {
        const auto record = reader.next();
        if (!record || !*record) break;
        if (const auto* const lines = std::get_if<recording::SettingsInEffect>(&(*record)->body)) return lines->text;
    }
    return {};
}

/// Everything that lives while a replay is served; in the order in which the daemon has it.
class ReplayServer {
public:
    ReplayServer(asio::io_context& io, std::vector<recording::SegmentFile> files, RecordingSpan span,
                 const ServeReplayOptions& options, settings::Settings settings)
        : io_(io),
          files_(std::move(files)),
          options_(options),
          settings_(std::move(settings)),
          view_(clock_),
          metrics_(core::kVersion),
          database_(make_database(io.get_executor(), settings_, clock_)),
          documents_(database_->document_store()),
          history_(database_->history(), clock_),
          archive_(database_->alert_archive(), clock_, marks_),
          ledger_(database_->episode_ledger(), clock_, marks_),
          history_feed_(engine::make_history_feed(history_)),
          operator_(operators::make_operator_service(database_->document_store(), operator_defaults(settings_),
                                                     [this](const operators::EffectiveSettings&) { apply(); })),
          driver_(io.get_executor(), files_, driver_options(span), view_, clock_),
          webhook_client_(options.deliver ? make_webhook_client(io.get_executor(), settings_) : nullptr),
          alerts_(make_alerts()),
          streams_(io.get_executor(), stream_options(), view_),
          api_(api::make_api_handler(api_options(settings_), api_ports())),
          served_(io, settings_, *api_, metrics_, {.shut_down = [this] { return shut_down(); }, .hang_up = nullptr}) {
        driver_.set_marks([this] { return marks_.all(); });
    }

    core::Result<void> start() {
        if (!alerts_) return std::unexpected(alerts_.error());
        if (auto listening = served_.listen({"replay", true}); !listening) return listening;
        if (!served_.spawn("replay", run()))
            return core::fail(core::ErrorCode::internal, "the task group refused to start");
        return {};
    }
    [[nodiscard]] int exit_code() const { return served_.exit_code(); }

private:
    ReplayOptions replay_options() const {
        ReplayOptions replay;
        replay.read_settings = options_.read_settings;
        return replay;
    }

    ReplayDriverOptions driver_options(const RecordingSpan& span) {
        ReplayDriverOptions options{.speed = options_.speed,
                                    .span = {.from_wall_ns = span.from_wall_ns,
                                             .to_wall_ns = std::min(span.to_wall_ns, options_.to_wall_ns - 1)},
                                    .replay = replay_options(),
                                    .on_ranking = [this](const ranking::RankingPtr& ranking,
                                                         bool recorded) { streams_.publish(ranking, recorded); },
                                    .on_jump = [this] { streams_.forget(); }};
        options.replay.over_options = [this](const operators::EffectiveSettings& recorded) {
            return in_effect(recorded);
        };
        return options;
    }

    /// What operators had set holds until it is changed here.
    operators::EffectiveSettings in_effect(const operators::EffectiveSettings& recorded) {
        const bool again = std::exchange(applying_, true);
        if (!again) {
            operator_->set_defaults({.default_profile = settings_.profile_default,
                                     .notional_usdt = recorded.notional_usdt,
                                     .manipulation_threshold = recorded.manipulation_threshold});
            applying_ = false;
        }
        const auto documents = database_->document_store().documents();
        const bool changed = documents->settings.version > 0 || !documents->presets.empty();
        return changed ? operator_->effective() : recorded;
    }
    void apply() {
        if (ready_ && !std::exchange(applying_, true)) {
            driver_.apply_options();
            applying_ = false;
        }
    }

    api::ApiPorts api_ports() {
        api::ApiPorts ports{.engine = view_, .metrics = metrics_, .clock = clock_};
        ports.watchlists = operator_.get();
        ports.operator_service = operator_.get();
        ports.alerts = alerts_ ? alerts_->get() : nullptr;
        ports.alert_archive = &archive_;
        ports.episodes = &ledger_;
        ports.history = &history_;
        ports.streams = &streams_;
        ports.live = &view_;
        ports.replay = &driver_;
        ports.stores = [this] {
            const bool sqlite = !settings_.postgres_url;
            return std::vector<storage::NamedStatus>{
                {.name = "postgres", .kind = sqlite ? "sqlite" : "postgres", .status = database_->status()}};
        };
        ports.history_size = [this] { return database_->history_size(); };
        ports.trade_terms = [this] {
            return signals::TradeTerms{.taker_fee_pct = settings_.taker_fee_pct,
                                       .maker_fee_pct = settings_.maker_fee_pct,
                                       .manipulation_threshold = operator_->effective().manipulation_threshold};
        };
        ports.server_statistics = [this] { return served_.statistics(); };
        return ports;
    }

    api::StreamOptions stream_options() {
        api::StreamOptions options;
        options.replay = true;
        options.manipulation_threshold = [this] { return operator_->effective().manipulation_threshold; };
        return options;
    }

    core::Result<std::unique_ptr<alerts::AlertService>> make_alerts() {
        alerts::AlertOptions options = alert_options(settings_);
        if (!options_.deliver) options.webhook_url.clear();
        return alerts::make_alert_service(io_.get_executor(), std::move(options),
                                          {.documents = documents_,
                                           .archive = archive_,
                                           .publisher = nullptr,
                                           .http = webhook_client_.get(),
                                           .file = alert_file_,
                                           .clock = clock_,
                                           .random = net::make_random_unit(std::random_device{}())});
    }

    asio::awaitable<void> run() {
        if (const auto opened = co_await database_->open(); !opened) {
            core::log(core::LogLevel::critical, "store_not_usable", {{"error", opened.error().message()}});
            served_.end(kExitFailure);
            co_return;
        }
        if (!served_.spawn("alerts", (*alerts_)->run())) co_return;  // the end has begun already
        // Alerts are loaded by then, so that none of the first rankings is passed over.
        co_await asio::post(io_, asio::use_awaitable);
        begin_pass(true);
        database_->document_store().subscribe([this](const storage::OperatorDocumentsPtr& documents) {
            if (std::exchange(rules_, versions_of(*documents)) != versions_of(*documents)) begin_pass(false);
        });
        rules_ = versions_of(*database_->document_store().documents());
        ready_ = true;
        if (options_.from_wall_ns != INT64_MIN) {
            if (!served_.spawn("seek", seek_beginning())) co_return;
        }
        co_await driver_.run();
    }

    asio::awaitable<void> seek_beginning() {
        static_cast<void>(co_await driver_.seek(core::from_unix_ms(options_.from_wall_ns / 1'000'000)));
    }

    static std::vector<std::int64_t> versions_of(const storage::OperatorDocuments& documents) {
        std::vector<std::int64_t> versions;
        for (const storage::AlertRule& rule : documents.rules) versions.push_back(rule.version);
        for (const storage::Watchlist& list : documents.watchlists) versions.push_back(list.version);
        return versions;
    }

    /// The whole recording for history, alerts and marks; once more for alerts alone where rules have changed.
    void begin_pass(bool for_history) {
        if (served_.ending()) return;
        pass_.reset();
        documents_.forget_recorded();
        (*alerts_)->set_scan_interval(settings_.scan_interval);
        driver_.set_marks_complete(false);
        recording_history_ = recording_history_ || for_history;
        ReplayOptions options = replay_options();
        options.to_wall_ns = options_.to_wall_ns;
        pass_ = make_replay_pass(
            io_.get_executor(), files_, std::move(options),
            {.on_ranking =
                 [this](const ranking::RankingPtr& ranking, bool recorded, std::shared_ptr<void> token) {
                     if (!recorded) return (*alerts_)->on_ranking(ranking);
                     if (!recording_history_) return;
                     history_.hold(std::move(token));
                     history_feed_->accept(ranking);
                 },
             .on_documents =
                 [this](const storage::OperatorDocuments& documents) { documents_.show_recorded(documents); },
             .on_settings =
                 [this](const settings::Settings& settings) { (*alerts_)->set_scan_interval(settings.scan_interval); },
             .on_episodes =
                 [this](std::vector<storage::EpisodeRecord> episodes) {
                     if (recording_history_) ledger_.record_episodes(std::move(episodes));
                 },
             .on_end = [this](const core::Result<ReplayOutcome>& outcome) { end_pass(outcome); }});
    }

    void end_pass(const core::Result<ReplayOutcome>& outcome) {
        recording_history_ = false;
        driver_.set_marks_complete(outcome.has_value() && !marks_.full());
        if (outcome) {
            core::log(core::LogLevel::info, "replay_looked_at",
                      {{"cycles", outcome->cycles},
                       {"digests_compared", outcome->compared},
                       {"digests_differ", outcome->differences.size()},
                       {"marks", marks_.all().size()}});
        } else {
            core::log(core::LogLevel::error, "replay_not_looked_at", {{"error", outcome.error().message()}});
        }
    }

    asio::awaitable<void> shut_down() {
        driver_.stop();
        pass_.reset();
        co_await served_.stop_serving(kGrace);
        co_await (*alerts_)->close(kGrace);
        co_await served_.stop_tasks(kGrace);
        co_await database_->close(kGrace);
    }

    // Built from top to bottom and destroyed from bottom to top: each may refer to those above it.
    asio::io_context& io_;
    const std::vector<recording::SegmentFile> files_;
    const ServeReplayOptions& options_;
    const settings::Settings settings_;
    ReplayWallClock clock_;
    ReplayView view_;
    api::Metrics metrics_;
    ReplayMarks marks_;
    std::unique_ptr<storage::Store> database_;
    DocumentsThen documents_;  ///< of alerts alone
    HistoryThen history_;
    AlertsThen archive_;
    EpisodesThen ledger_;
    std::shared_ptr<engine::HistoryFeed> history_feed_;
    bool ready_ = false;
    bool applying_ = false;
    std::unique_ptr<operators::OperatorService> operator_;
    ReplayDriver driver_;
    NoStateFile alert_file_;
    std::unique_ptr<net::HttpClient> webhook_client_;
    core::Result<std::unique_ptr<alerts::AlertService>> alerts_;
    api::Streams streams_;
    std::unique_ptr<net::RequestHandler> api_;
    std::unique_ptr<ReplayPass> pass_;
    bool recording_history_ = false;
    std::vector<std::int64_t> rules_;
    ServedProcess served_;
};

}  // namespace

int serve_replay(std::vector<recording::SegmentFile> files, const ServeReplayOptions& options, std::ostream& err) {
    const auto complain = [&err](const std::string& what) {
        err << "market-scanner: replay: " << core::visible_text(what) << '\n';
        return kExitFailure;
    };
    auto settings = options.read_settings(first_settings(files));
    if (!settings) return complain(settings.error());
    const auto span = span_of(files);
    if (!span) return complain(span.error().message());
    const TemporaryFolder folder(options.data_dir);
    if (folder.path().empty()) return complain("no folder for the store could be made");
    settings->data_dir = folder.path();
    const auto log = start_logging(settings->log_level, settings->log_format);
    prepare_to_serve();
    asio::io_context io(1);
    ReplayServer server(io, std::move(files), *span, options, std::move(*settings));
    if (const auto started = server.start(); !started) return complain(started.error().message());
    io.run();
    return server.exit_code();
}

}  // namespace scanner::app
