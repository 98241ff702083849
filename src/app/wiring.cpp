#include "app/wiring.hpp"

#include "scanner/core/log.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/version.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/exchange/market_feed_options.hpp"

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

/// More than there can be flags of contracts; a ledger that was changed by others has no end else.
constexpr std::size_t kMaxOpenEpisodes = 100'000;

engine::UniverseKind universe_kind(settings::Universe universe) {
    switch (universe) {
        case settings::Universe::all: return engine::UniverseKind::all;
        case settings::Universe::crypto: return engine::UniverseKind::crypto;
        case settings::Universe::tradfi: return engine::UniverseKind::tradfi;
    }
    return engine::UniverseKind::all;
}

exchange::ExchangeObserver make_exchange_observer(engine::EngineObserver& observer) {
    exchange::ExchangeObserver result;
    result.on_request = [&observer](std::string_view method, std::chrono::microseconds elapsed,
                                    std::optional<core::ErrorCode> error) {
        observer.on_exchange_request(method, std::chrono::duration<double>(elapsed).count(), error);
    };
    result.on_dropped_rows = [](std::string_view method, std::span<const exchange::RowProblem> rows) {
        core::log(core::LogLevel::debug, "exchange_rows_dropped",
                  {{"method", method},
                   {"rows", rows.size()},
                   {"contract_code", rows.front().contract_code},
                   {"problem", rows.front().problem}});
    };
    result.on_fallback = [](std::string_view method, bool fallback) {
        core::log(core::LogLevel::warning, fallback ? "bulk_fallback_started" : "bulk_fallback_ended",
                  {{"method", method}});
    };
    return result;
}

/// More rankings than any scanner can make: such a number is damage.
constexpr std::int64_t kMaxSequence = std::int64_t{1} << 62;

/// Empty for an exchange without a feed.
std::string feed_url(const settings::Settings& settings) {
    return exchange::feed_url(settings.feed_url.value_or(settings.exchange_url));
}

net::HttpClientOptions client_options(const settings::Settings& settings) {
    net::HttpClientOptions options;
    options.ca_bundle_path = settings.ca_bundle_path.value_or("");
    options.user_agent = "market-scanner/" + std::string(core::kVersion);
    return options;
}

/// Everything that stands open in the ledger, which has all that was told before the start once the spool is empty.
asio::awaitable<core::Result<std::vector<storage::Episode>>> open_episodes(storage::Store& store) {
    if (store.status().backlog > 0) {
        co_return core::fail(core::ErrorCode::unavailable, "the spool has records that the database has not");
    }
    storage::EpisodesQuery query;
    query.status = storage::EpisodeStatus::open;
    query.limit = storage::kMaxEpisodeRows;
    std::vector<storage::Episode> open;
    do {
        auto page = co_await store.episode_ledger().episodes(query);
        if (!page) co_return std::unexpected(page.error());
        std::ranges::move(page->rows, std::back_inserter(open));
        query.cursor = std::move(page->next);
    } while (!query.cursor.empty() && open.size() < kMaxOpenEpisodes);
    co_return open;
}

}  // namespace

engine::EngineOptions engine_options(const settings::Settings& settings, bool simulated) {
    engine::EngineOptions options;
    options.scan.universe.allowed = settings.symbols;
    options.scan.universe.kind = universe_kind(settings.universe);
    options.scan.universe.top_by_turnover = static_cast<std::size_t>(settings.scan_top_by_qvol);
    options.scan.candle_interval_minutes = static_cast<int>(settings.timeframe.count());
    options.scan.concurrency = static_cast<std::size_t>(settings.scan_concurrency);
    options.scan.contracts_ttl = settings.markets_cache_ttl;
    options.scan.max_price_age = settings.redis_snapshots_ttl;
    options.scan.contract_deadline =
        std::min<std::chrono::milliseconds>(settings.adapter_timeout, std::chrono::seconds(10));
    options.ranking.default_profile = settings.profile_default;
    options.ranking.notional_usdt = settings.notional_test;
    options.ranking.min_qvol_usdt = settings.min_qvol_usdt;
    options.ranking.max_spread_bps = settings.max_spread_bps;
    options.ranking.min_listed_days = settings.min_listed_days;
    options.ranking.include_carry = settings.include_carry;
    options.ranking.simulated = simulated;
    options.ranking.manip_model = settings.manip_model;
    options.ranking.quarantine = settings.manip_quarantine;
    for (const signals::Profile& profile : signals::builtin_profiles()) options.profiles.push_back(profile);
    options.interval = settings.scan_interval;
    options.rank_interval = settings.rank_interval;
    options.audits_per_sec = settings.feed_audits_per_sec;
    options.snapshots_ttl = settings.redis_snapshots_ttl;
    return options;
}

engine::EngineOptions engine_options(const settings::Settings& settings, bool simulated,
                                     const operators::EffectiveSettings& set) {
    engine::EngineOptions options = engine_options(settings, simulated);
    options.profiles = set.profiles;
    options.ranking.notional_usdt = set.notional_usdt;
    options.manipulation_threshold = set.manipulation_threshold;
    return options;
}

operators::OperatorDefaults operator_defaults(const settings::Settings& settings) {
    return {.default_profile = settings.profile_default, .notional_usdt = settings.notional_test};
}

const exchange::ExchangeDescription& exchange_of(const settings::Settings& settings) {
    const exchange::ExchangeDescription* const found = exchange::find_exchange(settings.exchange);
    return found == nullptr ? exchange::known_exchanges().front() : *found;
}

std::string listening_url(const net::HttpServerOptions& options, std::uint16_t port) {
    const bool bracketed = options.address.contains(':');  // as a URL writes a numeric address
    return fmt::format("http://{}{}{}:{}{}", bracketed ? "[" : "", options.address, bracketed ? "]" : "", port,
                       options.base_path);
}

api::ApiOptions api_options(const settings::Settings& settings) {
    api::ApiOptions options;
    options.version = core::kVersion;
    options.exchange = exchange_of(settings);
    options.default_top = settings.topn_default;
    options.scan_interval = settings.scan_interval;
    options.feed_required = settings.feed == settings::FeedMode::required;
    options.manip_model = settings.manip_model;
    options.metrics_enabled = settings.metrics_enabled;
    options.api_token = settings.api_token.value_or("");
    options.base_path = settings.base_path;
    options.cors_origins = settings.cors_origins;
    options.allowed_hosts = settings.allowed_hosts;
    return options;
}

engine::InspectorOptions inspector_options(const settings::Settings& settings) {
    engine::InspectorOptions options;
    options.candle_interval_minutes = static_cast<int>(settings.timeframe.count());
    options.max_price_age = settings.redis_snapshots_ttl;
    return options;
}

alerts::AlertOptions alert_options(const settings::Settings& settings) {
    alerts::AlertOptions options;
    options.channel = settings.signal_channel;
    options.webhook_url = settings.alert_webhook_url.value_or("");
    options.webhook_secret = settings.alert_webhook_secret.value_or("");
    options.webhook_format = settings.alert_webhook_format;
    options.webhook_allow_private = settings.alert_webhook_allow_private;
    options.contract_page = exchange_of(settings).contract_page;
    options.scan_interval = settings.scan_interval;
    options.live = settings.feed != settings::FeedMode::off && !feed_url(settings).empty();
    // What was not kept when an elected scanner is killed its successor does not know: a second of it can hold an edge.
    if (settings.role == settings::Role::scanner) options.save_interval = std::chrono::milliseconds(100);
    return options;
}

ranking::RankingOrigin ranking_origin(const settings::Settings& settings) {
    return {.exchange = exchange::market_name(settings.exchange_url),
            .installation = settings.installation_id.empty() ? settings.redis_key_prefix : settings.installation_id};
}

std::string alert_state_path(const settings::Settings& settings) {
    return settings.data_dir + "/alerts.json";
}

std::string sequence_path(const settings::Settings& settings) {
    return settings.data_dir + "/sequence";
}

std::string detectors_path(const settings::Settings& settings) {
    return settings.data_dir + "/detectors";
}

bool shares_detector_states(const settings::Settings& settings) {
    return settings.role != settings::Role::all && settings.postgres_url.has_value();
}

engine::ManipulationParts manipulation_parts(const settings::Settings& settings,
                                             std::function<storage::DetectorStates*()> states,
                                             std::function<storage::Store*()> store) {
    engine::ManipulationParts parts;
    if (settings.manip_model != core::ManipModel::measured) return parts;
    parts.record = [store](std::vector<storage::EpisodeRecord> episodes) {
        store()->episode_ledger().record_episodes(std::move(episodes));
    };
    parts.states = std::move(states);
    parts.open_episodes = [store] { return open_episodes(*store()); };
    parts.trade_reads_per_sec = trade_reads_per_sec(settings);
    return parts;
}

double trade_reads_per_sec(const settings::Settings& settings) {
    // Most of the budget stays the scan's.
    return std::min(engine::ManipulationParts().trade_reads_per_sec, settings.request_budget_per_sec / 5.0);
}

std::optional<std::uint64_t> reserved_sequence(alerts::StateFile& sequence) {
    const auto text = sequence.read();
    if (!text) {
        if (text.error().code() == core::ErrorCode::not_found) return 0;
        core::log(core::LogLevel::error, "sequence_unreadable", {{"error", text.error().message()}});
        return std::nullopt;
    }
    std::string_view digits = *text;
    while (digits.ends_with('\n')) digits.remove_suffix(1);
    const auto number = core::parse_int(digits);
    if (number && *number >= 0 && *number <= kMaxSequence) return static_cast<std::uint64_t>(*number);
    core::log(core::LogLevel::error, "sequence_damaged");
    sequence.set_aside();
    return std::nullopt;
}

core::Result<engine::FeedParts> feed_parts(const boost::asio::any_io_executor& executor,
                                           const settings::Settings& settings, const core::Clock& clock,
                                           alerts::StateFile& sequence, exchange::FeedTap* tap) {
    engine::FeedParts parts;
    if (settings.feed == settings::FeedMode::off) return parts;
    exchange::MarketFeedOptions options;
    options.url = feed_url(settings);
    if (options.url.empty()) {
        if (settings.feed != settings::FeedMode::required) return parts;
        return core::fail(core::ErrorCode::invalid_input, "SCANNER_FEED is required, and this exchange has no feed");
    }
    options.ca_bundle_path = settings.ca_bundle_path.value_or("");
    options.tap = tap;
    parts.make_feed = [executor, options, &clock](exchange::FeedListener& listener) {
        return exchange::make_market_feed(executor, options, listener, clock, std::random_device{}());
    };
    parts.reserve_sequence = [&sequence](std::uint64_t up_to) { return sequence.write(std::to_string(up_to) + "\n"); };
    return parts;
}

std::unique_ptr<net::HttpClient> make_client(boost::asio::any_io_executor executor,
                                             const settings::Settings& settings) {
    net::HttpClientOptions options = client_options(settings);
    options.max_connections = static_cast<std::size_t>(settings.scan_concurrency) + 4;
    return net::make_curl_client(std::move(executor), std::move(options));
}

std::unique_ptr<net::HttpClient> make_webhook_client(boost::asio::any_io_executor executor,
                                                     const settings::Settings& settings) {
    return net::make_curl_client(std::move(executor), client_options(settings));
}

std::unique_ptr<exchange::Exchange> make_exchange(boost::asio::any_io_executor executor,
                                                  const settings::Settings& settings, net::HttpClient& client,
                                                  const core::Clock& clock, engine::EngineObserver& observer) {
    exchange::ExchangeOptions options;
    options.base_url = settings.exchange_url;
    options.market_requests_per_sec = settings.request_budget_per_sec;
    options.timeout = settings.adapter_timeout;
    options.attempt_timeout = std::min<std::chrono::milliseconds>(settings.adapter_timeout, options.attempt_timeout);
    options.max_failures = settings.adapter_max_failures;
    options.cooldown = settings.adapter_cooldown;
    options.concurrency = static_cast<std::size_t>(settings.scan_concurrency);
    return exchange::make_exchange(std::move(executor), options, client, clock, std::random_device{}(),
                                   make_exchange_observer(observer));
}

}  // namespace scanner::app
