#include "app/replica/serve_replica.hpp"

#include "app/commands/command_line.hpp"
#include "app/no_state_file.hpp"
#include "app/scale/live_reads.hpp"
#include "app/served_process.hpp"
#include "app/settings_reload.hpp"
#include "app/stores.hpp"
#include "app/wiring.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/handler.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/version.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/engine/ranking_follower.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/storage/scanner_lease.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kServerGrace{3};
constexpr std::chrono::seconds kTaskGrace{4};  // a read of the stream may block for 2 s
constexpr std::chrono::seconds kStoresGrace{2};
constexpr std::chrono::seconds kHolderInterval{1};

/// Everything that lives while a replica serves; in the order in which the daemon has it.
class Replica {
public:
    Replica(asio::io_context& io, settings::LoadedSettings loaded, const SettingsReader& reread)
        : io_(io),
          reread_(reread),
          settings_(std::move(loaded.settings)),
          metrics_(core::kVersion),
          board_(core::system_clock(), {.snapshots_ttl = settings_.redis_snapshots_ttl}, [this] { return exchange(); }),
          lease_(
              storage::make_scanner_lease(io.get_executor(), {.url = *settings_.redis_url,
                                                              .ca_bundle_path = settings_.ca_bundle_path.value_or(""),
                                                              .key_prefix = settings_.redis_key_prefix,
                                                              .lease = settings_.lease})),
          stream_(
              storage::make_ranking_stream(io.get_executor(), {.url = *settings_.redis_url,
                                                               .ca_bundle_path = settings_.ca_bundle_path.value_or(""),
                                                               .key_prefix = settings_.redis_key_prefix})),
          follower_(engine::make_ranking_follower(io.get_executor(), stream_, board_, core::system_clock(),
                                                  {.origin = ranking_origin(settings_)})),
          relay_(make_live_reads_relay(io.get_executor(), settings_)),
          live_reads_(relay_, [] { return true; }),
          database_(settings_.postgres_url ? make_database(io.get_executor(), settings_, core::system_clock())
                                           : nullptr),
          operator_(database_
                        ? operators::make_operator_service(database_->document_store(), operator_defaults(settings_),
                                                           [](const operators::EffectiveSettings&) {})
                        : nullptr),
          alerts_(make_alerts()),
          streams_(io.get_executor(), stream_options(), board_),
          api_(api::make_api_handler(api_options(settings_), api_ports())),
          served_(io, settings_, *api_, metrics_,
                  {.shut_down = [this] { return shut_down(); }, .hang_up = [this] { reload(); }}) {
        board_.on_published([this](const ranking::RankingPtr& ranking) { streams_.publish(ranking, false); });
        board_.on_recorded([this](const ranking::RankingPtr& ranking) { streams_.publish(ranking, true); });
    }

    core::Result<void> start() {
        if (!alerts_) return std::unexpected(alerts_.error());
        if (auto listening = served_.listen({"role", settings::to_string(settings_.role)}); !listening)
            return listening;
        const bool began = served_.spawn("follow", follower_->run()) && served_.spawn("leader", watch_leader()) &&
                           served_.spawn("stores", open_stores());
        if (!began) return core::fail(core::ErrorCode::internal, "the task group refused to start");
        return {};
    }
    [[nodiscard]] int exit_code() const { return served_.exit_code(); }

private:
    /// Nothing is asked of the exchange here: no connection, no errors.
    exchange::ExchangeStatus exchange() const {
        exchange::ExchangeStatus status;
        status.exchange = exchange_of(settings_).name;
        return status;
    }

    operators::EffectiveSettings effective() const {
        if (operator_) return operator_->effective();
        return effective_settings(storage::OperatorDocuments(), operator_defaults(settings_));
    }

    api::ApiPorts api_ports() {
        api::ApiPorts ports{.engine = board_, .metrics = metrics_, .clock = core::system_clock()};
        ports.streams = &streams_;
        ports.live_reads = &live_reads_;
        ports.stores = [this] { return stores_health(); };
        ports.scale = [this] { return scale(); };
        ports.trade_terms = [this] {
            return signals::TradeTerms{.taker_fee_pct = settings_.taker_fee_pct,
                                       .maker_fee_pct = settings_.maker_fee_pct,
                                       .manipulation_threshold = effective().manipulation_threshold};
        };
        ports.server_statistics = [this] { return served_.statistics(); };
        if (!database_) return ports;
        ports.watchlists = operator_.get();
        ports.operator_service = operator_.get();
        ports.alerts = alerts_ ? alerts_->get() : nullptr;
        ports.alert_archive = &database_->alert_archive();
        ports.episodes = &database_->episode_ledger();
        ports.history = &database_->history();
        ports.history_size = [this] { return database_->history_size(); };
        return ports;
    }

    api::ScaleStatus scale() const {
        const engine::RankingFollowerStatus& followed = follower_->status();
        return {.role = settings::to_string(settings_.role),
                .epoch = followed.epoch,
                .elected = false,
                .lease = settings_.lease,
                .lag = followed.lag,
                .leader = leader_,
                .live_reads_asked = live_reads_.counts(),
                .live_reads_served = {},
                .problem = followed.problem};
    }

    std::vector<storage::NamedStatus> stores_health() const {
        std::vector<storage::NamedStatus> stores{{.name = "redis", .kind = "redis", .status = stream_->status()}};
        if (database_) stores.push_back({.name = "postgres", .kind = "postgres", .status = database_->status()});
        // What a driver says may hold addresses and names, and health is read by any client; the log has it.
        for (storage::NamedStatus& store : stores) {
            if (!store.status.last_error.empty()) store.status.last_error = "see the log";
        }
        return stores;
    }

    api::StreamOptions stream_options() {
        api::StreamOptions options;
        options.manipulation_threshold = [this] { return effective().manipulation_threshold; };
        return options;
    }

    /// Rules can be read and changed here; no ranking is given to it, so none fires.
    core::Result<std::unique_ptr<alerts::AlertService>> make_alerts() {
        if (!database_) return nullptr;
        alerts::AlertOptions options = alert_options(settings_);
        options.webhook_url.clear();
        return alerts::make_alert_service(io_.get_executor(), std::move(options),
                                          {.documents = database_->document_store(),
                                           .archive = database_->alert_archive(),
                                           .publisher = nullptr,
                                           .http = nullptr,
                                           .file = alert_file_,
                                           .clock = core::system_clock(),
                                           .random = net::make_random_unit(std::random_device{}())});
    }

    asio::awaitable<void> open_stores() {
        if (!database_) co_return;
        if (const auto opened = co_await database_->open(); !opened) {
            core::log(core::LogLevel::critical, "store_not_usable", {{"error", opened.error().message()}});
            served_.end(kExitFailure);
            co_return;
        }
        co_await (*alerts_)->run();
    }

    asio::awaitable<void> watch_leader() {
        do {
            const auto holder = co_await lease_->holder();
            leader_ = holder ? holder->value_or("") : std::string();
        } while (!served_.ending() && co_await net::sleep_for(kHolderInterval));
    }

    void reload() {
        if (!reload_from(reread_, settings_)) return;
        board_.set_options({.snapshots_ttl = settings_.redis_snapshots_ttl});
        if (operator_) operator_->set_defaults(operator_defaults(settings_));
        if (*alerts_) (*alerts_)->set_scan_interval(settings_.scan_interval);
    }

    asio::awaitable<void> shut_down() {
        follower_->stop();
        lease_->stop();
        relay_->stop();
        co_await served_.stop_serving(kServerGrace);
        if (*alerts_) co_await (*alerts_)->close(kStoresGrace);
        co_await served_.stop_tasks(kTaskGrace);
        if (database_) co_await database_->close(kStoresGrace);
    }

    // Built from top to bottom and destroyed from bottom to top: each may refer to those above it.
    asio::io_context& io_;
    const SettingsReader& reread_;
    settings::Settings settings_;
    api::Metrics metrics_;
    engine::RankingBoard board_;
    std::shared_ptr<storage::ScannerLease> lease_;  ///< asked who has it; never taken
    std::shared_ptr<storage::RankingStream> stream_;
    std::unique_ptr<engine::RankingFollower> follower_;
    std::shared_ptr<storage::QuestionRelay> relay_;
    AskedLiveReads live_reads_;
    std::unique_ptr<storage::Store> database_;  ///< nullptr without Postgres
    std::unique_ptr<operators::OperatorService> operator_;
    NoStateFile alert_file_;
    core::Result<std::unique_ptr<alerts::AlertService>> alerts_;
    api::Streams streams_;
    std::unique_ptr<net::RequestHandler> api_;
    std::string leader_;
    ServedProcess served_;
};

}  // namespace

int serve_replica(settings::LoadedSettings loaded, const SettingsReader& reread) {
    const auto complain = [](const std::string& what) {
        std::cerr << "market-scanner: " << core::visible_text(what) << '\n';
        return kExitFailure;
    };
    if (!loaded.settings.redis_url)
        return complain(
            "SCANNER_ROLE=replica needs SCANNER_REDIS_URL: it serves what the elected scanner publishes there");
    if (!loaded.settings.postgres_url) {
        core::log(core::LogLevel::warning, "replica_without_postgres",
                  {{"missing", "history, operators' settings, alerts, episodes"}});
    }
    asio::io_context io(1);
    Replica replica(io, std::move(loaded), reread);
    if (const auto started = replica.start(); !started) return complain(started.error().message());
    io.run();
    return replica.exit_code();
}

}  // namespace scanner::app
