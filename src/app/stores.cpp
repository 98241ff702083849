#include "app/stores.hpp"

#include "app/wiring.hpp"

#include "scanner/core/log.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/ranking/ranking_codec.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// How long a start waits for a Redis that is not there yet (containers start together).
constexpr milliseconds kRedisPatience{2'000};
/// How long closing waits for the newest ranking to be encoded, which takes milliseconds.
constexpr milliseconds kEncodingGrace{1'000};

/// A restart goes on from the ranking in Redis; its number is at most so far beyond what spool and database know. More
/// than a year of cycles at the default interval: room for a database that is away, none for a forged number.
constexpr std::uint64_t kMaxSequenceLead = 2'500'000;
/// Rankings of a scanner with wider settings are restored too.
constexpr std::size_t kMinRestoredContracts = 400;

/// What a driver says without the names in it: health is read by any client of the port, and the log has it whole.
std::string without_names(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t open = text.find_first_of("\"(");
        shown += text.substr(0, open);
        if (open == std::string_view::npos) break;
        const bool quoted = text[open] == '"';
        const std::size_t close = text.find(quoted ? '"' : ')', open + 1);
        if (close == std::string_view::npos) break;
        const std::string inside(text.substr(open + 1, close - open - 1));
        boost::system::error_code not_an_address;
        static_cast<void>(asio::ip::make_address(inside, not_an_address));
        const bool kept = !quoted && not_an_address;
        shown += kept ? text.substr(open, close - open + 1) : std::string_view(quoted ? "\"…\"" : "(…)");
        text.remove_prefix(close + 1);
    }
    return shown;
}

/// The database's name in health and metrics, whichever it is: answers, alert rules and dashboards know it by this one.
constexpr std::string_view kDatabaseName = "postgres";

storage::NamedStatus shown(std::string_view name, std::string_view kind, storage::StoreStatus status) {
    status.last_error = without_names(status.last_error);
    return {.name = std::string(name), .kind = std::string(kind), .status = std::move(status)};
}

}  // namespace

std::unique_ptr<storage::Store> make_database(asio::any_io_executor executor, const settings::Settings& settings,
                                              const core::Clock& clock) {
    storage::StoreOptions options;
    options.data_dir = settings.data_dir;
    options.bars_retention = settings.bar_1m_retention;
    options.rankings_retention = settings.rankings_retention;
    options.inputs_retention = settings.inputs_retention;
    options.history_max_bytes = static_cast<std::uint64_t>(settings.history_max_gb * 1e9);
    if (settings.postgres_url) {
        return storage::make_postgres_store(std::move(executor), clock, std::move(options), *settings.postgres_url);
    }
    return storage::make_sqlite_store(std::move(executor), clock, std::move(options));
}

Stores::Stores(asio::any_io_executor executor, const settings::Settings& settings, const core::Clock& clock)
    : settings_(settings),
      clock_(clock),
      origin_(ranking_origin(settings)),
      database_(make_database(executor, settings, clock)),
      feed_(engine::make_history_feed(database_->history())) {
    limits_.max_contracts = std::max(static_cast<std::size_t>(settings.scan_top_by_qvol), kMinRestoredContracts);
    if (!settings.redis_url) return;
    redis_ = storage::make_redis_store(executor, {.url = *settings.redis_url,
                                                  .ca_bundle_path = settings.ca_bundle_path.value_or(""),
                                                  .key_prefix = settings.redis_key_prefix,
                                                  .installation_id = origin_.installation,
                                                  .max_value_bytes = limits_.max_bytes(),
                                                  .exclusive = settings.role == settings::Role::all});
    // Of several scanners the elected one writes the keys with what it publishes.
    if (settings.role != settings::Role::all) return;
    writer_ = std::make_unique<SnapshotWriter>(std::move(executor), redis_.cache);
}

asio::awaitable<core::Result<void>> Stores::open(engine::Engine& engine) {
    if (auto opened = co_await database_->open(); !opened) co_return std::unexpected(opened.error());
    engine.continue_after(database_->history().last_sequence());
    // Whether or not a feed is followed now: a number that was shown is never used again.
    // Where it cannot be told which were, those of the newest ranking's interval are jumped over.
    const auto reserved = reserved_sequence(*alerts::make_state_file(sequence_path(settings_)));
    known_sequence_ = std::max(database_->history().last_sequence(),
                               reserved.value_or(database_->history().last_sequence() + 2 * engine::kReservedBlock));
    engine.continue_after(known_sequence_);
    if (redis_.cache && settings_.role == settings::Role::all) {
        if (auto claimed = co_await redis_.lease->claim(kRedisPatience); !claimed)
            co_return std::unexpected(claimed.error());
        if (const auto ranking = co_await cached_ranking(); ranking) {
            engine.restore(ranking);
            feed_->accept(ranking);
            core::log(core::LogLevel::info, "warm_start",
                      {{"seq", ranking->sequence}, {"ts", core::format_time(ranking->time)}});
        }
    }
    co_return core::Result<void>{};
}

asio::awaitable<ranking::RankingPtr> Stores::cached_ranking() {
    ranking::RankingLimits limits = limits_;
    const auto text = co_await redis_.cache->get("snaps:latest", limits.max_bytes());
    const bool away = !text && text.error().code() != core::ErrorCode::malformed &&
                      text.error().code() != core::ErrorCode::exchange_rejected;
    if (away || (text && !*text)) co_return nullptr;
    limits.now = clock_.now();
    core::Result<ranking::RankingPtr> ranking =
        text ? ranking::decode_ranking(**text, origin_, limits) : std::unexpected(text.error());
    if (ranking && (*ranking)->settings.simulated && exchange::is_real_market(settings_.exchange_url))
        ranking = core::fail(core::ErrorCode::conflict, "ranking: it is of a simulated market");
    if (ranking) {
        const std::uint64_t known = database_->history().last_sequence();
        if ((*ranking)->sequence <= known + kMaxSequenceLead) co_return *ranking;
        ranking = core::fail(
            core::ErrorCode::malformed,
            fmt::format("ranking: seq: {} is far beyond the {} that history knows", (*ranking)->sequence, known));
    }
    core::log(core::LogLevel::warning, "cached_ranking_refused",
              {{"reason", core::to_string(ranking.error().code())}, {"error", ranking.error().message()}});
    co_return nullptr;
}

void Stores::follow(engine::Engine& engine) {
    engine.board().on_recorded([this](const ranking::RankingPtr& ranking) {
        feed_->accept(ranking);
        if (writer_) cache(ranking);
    });
}

/// The times to live are read here, on the loop: settings may be reloaded while the texts are being made.
void Stores::cache(const ranking::RankingPtr& ranking) {
    writer_->put([ranking, origin = origin_, snapshots_ttl = milliseconds(settings_.redis_snapshots_ttl),
                  rankings_ttl = milliseconds(settings_.redis_rankings_ttl)] {
        std::vector<storage::SnapshotCache::Entry> entries;
        entries.push_back(
            {"snaps:latest", std::make_shared<const std::string>(encode_ranking(*ranking, origin)), snapshots_ttl});
        for (const auto& [profile, ranked] : ranking->ranked) {
            entries.push_back({"rank:" + profile,
                               std::make_shared<const std::string>(encode_profile_order(*ranking, profile)),
                               rankings_ttl});
        }
        return entries;
    });
}

std::vector<storage::NamedStatus> Stores::health() const {
    const storage::StoreStatus in_process;
    return {shown("redis", redis_.cache ? "redis" : "memory", redis_.cache ? redis_.cache->status() : in_process),
            shown(kDatabaseName, settings_.postgres_url ? "postgres" : "sqlite", database_->status())};
}

asio::awaitable<void> Stores::close(milliseconds grace) {
    if (writer_) co_await writer_->drain(std::min(grace, kEncodingGrace));
    if (redis_.cache) co_await redis_.cache->close(grace);
    co_await database_->close(grace);
}

}  // namespace scanner::app
