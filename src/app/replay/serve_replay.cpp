#include "app/replay/serve_replay.hpp"

#include "app/commands/command_line.hpp"
#include "app/logging.hpp"
#include "app/open_files.hpp"
#include "app/replay/replay_driver.hpp"
#include "app/replay/replay_pass.hpp"
#include "app/replay/replay_stores.hpp"
#include "app/replay/replay_view.hpp"
#include "app/stores.hpp"
#include "app/wiring.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/alerts/state_file.hpp"
#include "scanner/api/handler.hpp"
#include "scanner/api/host_guard.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/panel_handler.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/address.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/version.hpp"
#include "scanner/engine/history_feed.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/recording/record.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
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
constexpr int kExitForced = 3;

/// What alerts remember of a replay is of no use to the next one.
class ForgottenFile final : public alerts::StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::not_found, "nothing is kept"); }
    asio::awaitable<core::Result<void>> write(std::string /*text*/) override { co_return core::Result<void>(); }
    void set_aside() override {}
};

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
          api_(api::make_api_handler(api_options(), api_ports())),
          console_(api::make_panel_handler(api::find_panel_directory(program_directory()), *api_, settings_.base_path)),
          host_guard_(make_host_guard()),
          tasks_(io.get_executor(),
                 [](std::string_view task, std::string_view what) {
                     core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
                 }),
          signals_(io, SIGINT, SIGTERM) {
        driver_.set_marks([this] { return marks_.all(); });
    }

    core::Result<void> start() {
        if (!alerts_) return std::unexpected(alerts_.error());
        net::HttpServerOptions options;
        options.address = settings_.http_address == "localhost" ? "127.0.0.1" : settings_.http_address;
        options.port = settings_.http_port;
        options.base_path = settings_.base_path;
        options.trusted_proxies = settings_.trusted_proxies;
        auto server = net::make_http_server(io_.get_executor(), options, host_guard_ ? *host_guard_ : *console_);
        if (!server) {
            return std::unexpected(server.error().within(
                fmt::format("SCANNER_HTTP_ADDRESS={} SCANNER_HTTP_PORT={}", options.address, options.port)));
        }
        server_ = std::move(*server);
        const std::string host = options.address.contains(':') ? "[" + options.address + "]" : options.address;
        core::log(core::LogLevel::info, "listening",
                  {{"url", fmt::format("http://{}:{}{}", host, server_->port(), options.base_path)},
                   {"replay", true},
                   {"version", core::kVersion}});
        if (!tasks_.spawn("replay", run()) || !tasks_.spawn("signals", watch_signals())) {
            return core::fail(core::ErrorCode::internal, "the task group refused to start");
        }
        return {};
    }
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    static fs::path program_directory() {
        std::error_code error;
        return fs::read_symlink("/proc/self/exe", error).parent_path();
    }

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
                                    .on_ranking = [this](const ranking::RankingPtr& ranking, bool recorded) {
                                        streams_.publish(ranking, recorded);
                                    }};
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

    api::ApiOptions api_options() const {
        api::ApiOptions options;
        options.version = core::kVersion;
        options.exchange = exchange_of(settings_);
        options.default_top = settings_.topn_default;
        options.scan_interval = settings_.scan_interval;
        options.feed_required = settings_.feed == settings::FeedMode::required;
        options.manip_model = settings_.manip_model;
        options.metrics_enabled = settings_.metrics_enabled;
        options.api_token = settings_.api_token.value_or("");
        options.base_path = settings_.base_path;
        options.cors_origins = settings_.cors_origins;
        options.allowed_hosts = settings_.allowed_hosts;
        return options;
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
        ports.server_statistics = [this] { return server_ ? server_->statistics() : net::HttpServerStatistics(); };
        return ports;
    }

    api::StreamOptions stream_options() {
        api::StreamOptions options;
        options.replay = true;
        options.manipulation_threshold = [this] { return operator_->effective().manipulation_threshold; };
        return options;
    }

    std::unique_ptr<net::RequestHandler> make_host_guard() {
        const bool exposed = core::is_loopback_host(settings_.http_address) && !settings_.api_token;
        if (!exposed && settings_.allowed_hosts.empty()) return nullptr;
        return api::make_host_guard({.loopback_only = exposed, .allowed = settings_.allowed_hosts}, *console_,
                                    metrics_);
    }

    core::Result<std::unique_ptr<alerts::AlertService>> make_alerts() {
        alerts::AlertOptions options = alert_options(settings_);
        if (!options_.deliver) options.webhook_url.clear();
        return alerts::make_alert_service(io_.get_executor(), std::move(options),
                                          {.documents = database_->document_store(),
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
            exit_code_ = kExitFailure;
            begin_shutdown();
            co_return;
        }
        if (!tasks_.spawn("alerts", (*alerts_)->run())) co_return;  // the end has begun already
        // Alerts are loaded by then, so that none of the first rankings is passed over.
        co_await asio::post(io_, asio::use_awaitable);
        begin_pass(true);
        database_->document_store().subscribe([this](const storage::OperatorDocumentsPtr& documents) {
            if (std::exchange(rules_, versions_of(*documents)) != versions_of(*documents)) begin_pass(false);
        });
        rules_ = versions_of(*database_->document_store().documents());
        ready_ = true;
        if (options_.from_wall_ns != INT64_MIN) {
            if (!tasks_.spawn("seek", seek_beginning())) co_return;
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
        if (stopping_) return;
        pass_.reset();
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

    asio::awaitable<void> watch_signals() {
        const auto [error, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!error) begin_shutdown();
    }

    void begin_shutdown() {
        if (std::exchange(stopping_, true)) return;
        core::log(core::LogLevel::info, "stopping");
        signals_.cancel();
        signals_.async_wait([](const boost::system::error_code& error, int) {
            if (!error) std::_Exit(kExitForced);
        });
        asio::co_spawn(io_, shut_down(), [this](const std::exception_ptr&) { io_.stop(); });
    }

    asio::awaitable<void> shut_down() {
        driver_.stop();
        pass_.reset();
        co_await server_->stop(kGrace);
        co_await (*alerts_)->close(kGrace);
        static_cast<void>(co_await tasks_.shutdown(kGrace));
        co_await database_->close(kGrace);
        core::log(core::LogLevel::info, "stopped");
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
    HistoryThen history_;
    AlertsThen archive_;
    EpisodesThen ledger_;
    std::shared_ptr<engine::HistoryFeed> history_feed_;
    bool ready_ = false;
    bool applying_ = false;
    std::unique_ptr<operators::OperatorService> operator_;
    ReplayDriver driver_;
    ForgottenFile alert_file_;
    std::unique_ptr<net::HttpClient> webhook_client_;
    core::Result<std::unique_ptr<alerts::AlertService>> alerts_;
    api::Streams streams_;
    std::unique_ptr<net::RequestHandler> api_;
    std::unique_ptr<net::RequestHandler> console_;
    std::unique_ptr<net::RequestHandler> host_guard_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<ReplayPass> pass_;
    bool recording_history_ = false;
    std::vector<std::int64_t> rules_;
    net::TaskGroup tasks_;
    asio::signal_set signals_;
    bool stopping_ = false;
    int exit_code_ = kExitOk;
};

}  // namespace

int serve_replay(std::vector<recording::SegmentFile> files, const ServeReplayOptions& options, std::ostream& err) {
    const auto complain = [&err](const std::string& what) {
        err << "market-scanner: replay: " << core::visible_text(what) << '\n';
        return kExitFailure;
    };
    std::signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code, not the end of the process
    static_cast<void>(raise_open_file_limit());
    auto settings = options.read_settings(first_settings(files));
    if (!settings) return complain(settings.error());
    const auto span = span_of(files);
    if (!span) return complain(span.error().message());
    const TemporaryFolder folder(options.data_dir);
    if (folder.path().empty()) return complain("no folder for the store could be made");
    settings->data_dir = folder.path();
    const auto log = start_logging(settings->log_level, settings->log_format);
    asio::io_context io(1);
    ReplayServer server(io, std::move(files), *span, options, std::move(*settings));
    if (const auto started = server.start(); !started) return complain(started.error().message());
    io.run();
    return server.exit_code();
}

}  // namespace scanner::app
