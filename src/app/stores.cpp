#include "app/stores.hpp"

#include "scanner/core/log.hpp"
#include "scanner/engine/ranking_codec.hpp"
#include "scanner/net/deadline.hpp"

#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// How long a start waits for a Redis that is not there yet (containers start together).
constexpr milliseconds kRedisPatience{2'000};

std::unique_ptr<storage::Store> make_database(asio::any_io_executor executor, const core::Settings& settings,
                                              const core::Clock& clock) {
    storage::StoreOptions options;
    options.data_dir = settings.data_dir;
    options.bars_retention = settings.bar_1m_retention;
    options.rankings_retention = settings.rankings_retention;
    if (settings.postgres_url) {
        return storage::make_postgres_store(std::move(executor), clock, std::move(options), *settings.postgres_url);
    }
    return storage::make_sqlite_store(std::move(executor), clock, std::move(options));
}

api::StoreHealth health_of(std::string name, const storage::StoreStatus& status) {
    api::StoreHealth health;
    health.name = std::move(name);
    health.state = storage::to_string(status.state);
    health.backlog = status.backlog;
    health.last_error = status.last_error;
    health.backlog_age_sec = status.backlog_age_sec.value_or(0.0);
    health.dropped = status.dropped;
    return health;
}

}  // namespace

Stores::Stores(asio::any_io_executor executor, const core::Settings& settings, const core::Clock& clock)
    : settings_(settings),
      database_(make_database(executor, settings, clock)),
      feed_(engine::make_history_feed(database_->history())) {
    if (settings.redis_url) redis_ = storage::make_redis_store(std::move(executor), *settings.redis_url);
}

asio::awaitable<core::Result<void>> Stores::open(engine::Engine& engine) {
    if (auto opened = co_await database_->open(); !opened) co_return std::unexpected(opened.error());
    engine.continue_after(database_->history().last_sequence());
    if (redis_.cache) {
        if (const auto ranking = co_await cached_ranking(); ranking) {
            engine.restore(ranking);
            feed_->accept(ranking);
            core::log(core::LogLevel::info, "warm_start",
                      {{"seq", ranking->sequence}, {"ts", core::format_time(ranking->time)}});
        }
    }
    co_return core::Result<void>{};
}

asio::awaitable<engine::RankingPtr> Stores::cached_ranking() {
    const auto give_up = core::system_clock().steady_now() + kRedisPatience;
    while (redis_.cache->status().state != storage::StoreState::ready) {
        if (core::system_clock().steady_now() >= give_up) co_return nullptr;
        if (!co_await net::sleep_for(milliseconds(20))) co_return nullptr;
    }
    const auto text = co_await redis_.cache->get("snaps:latest");
    if (!text || !*text) co_return nullptr;
    const auto ranking = engine::decode_ranking(**text);
    if (!ranking) {
        core::log(core::LogLevel::warning, "cached_ranking_unreadable", {{"error", ranking.error().message()}});
        co_return nullptr;
    }
    co_return *ranking;
}

void Stores::follow(engine::Engine& engine) {
    engine.subscribe([this](const engine::RankingPtr& ranking) {
        feed_->accept(ranking);
        if (redis_.cache) cache(*ranking);
    });
}

void Stores::cache(const engine::Ranking& ranking) {
    std::vector<storage::SnapshotCache::Entry> entries;
    entries.push_back({"snaps:latest", std::make_shared<const std::string>(engine::encode_ranking(ranking)),
                       settings_.redis_snapshots_ttl});
    for (const auto& [profile, ranked] : ranking.ranked) {
        entries.push_back({"rank:" + profile,
                           std::make_shared<const std::string>(engine::encode_profile_order(ranking, profile)),
                           settings_.redis_rankings_ttl});
    }
    redis_.cache->put(std::move(entries));
}

std::vector<api::StoreHealth> Stores::health() const {
    storage::StoreStatus in_process;
    return {health_of("redis", redis_.cache ? redis_.cache->status() : in_process),
            health_of("postgres", database_->status())};
}

asio::awaitable<void> Stores::close(milliseconds grace) {
    if (redis_.cache) co_await redis_.cache->close(grace);
    co_await database_->close(grace);
}

}  // namespace scanner::app
