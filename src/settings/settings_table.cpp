#include "settings/settings_table.hpp"

/// Every setting of the program. A new one is a member of Settings (with its default) and an entry here; flags,
/// parsing, checks, `market-scanner config`, docs/settings.md and .env.example follow (scripts/renew-settings-docs
/// renews the files).
namespace scanner::settings {
namespace {

constexpr bool kReloadable = true;

std::vector<SettingSpec> exchange_settings() {
    constexpr std::string_view kSection = "The exchange and what is scanned of it";
    using S = Settings;
    return {
        {"SCANNER_EXCHANGE",
         {},
         kSection,
         text(&S::exchange, "the short name of an exchange"),
         "The exchange. Empty: the one that this build knows."},
        {"SCANNER_EXCHANGE_URL",
         {},
         kSection,
         base_url(&S::exchange_url),
         "Base of the exchange's REST addresses; the simulator's address for a demo. Empty: the exchange's own."},
        {"SCANNER_SYMBOLS",
         {},
         kSection,
         symbol_list(&S::symbols),
         "Scan only these contracts. Any spelling: BTC/USDT:USDT, BTC-USDT, BTCUSDT, btc. Empty scans everything "
         "active.",
         kReloadable},
        {"SCANNER_UNIVERSE",
         {},
         kSection,
         choice<Universe>(&S::universe,
                          {{"all", Universe::all}, {"crypto", Universe::crypto}, {"tradfi", Universe::tradfi}}),
         "Which kind of contract is scanned: stocks, indices, metals and oil are listed as swaps too (tradfi).",
         kReloadable},
        {"SCANNER_MIN_QVOL_USDT",
         {},
         kSection,
         number(&S::min_qvol_usdt, 0, 1e15, "USDT"),
         "Contracts with a lower 24 h turnover are rejected. Both sides of a trade counted, as the exchange reports "
         "it.",
         kReloadable},
        {"SCANNER_MAX_SPREAD_BPS",
         {},
         kSection,
         number(&S::max_spread_bps, 0, 10'000, "basis points"),
         "Contracts with a wider spread are rejected.",
         kReloadable},
        {"SCANNER_MIN_LISTED_DAYS",
         {},
         kSection,
         number(&S::min_listed_days, 0, 10'000, "days"),
         "Contracts that may have been listed for less are rejected, and so are those of unknown age; 0 rejects none. "
         "The exchange publishes the day of the listing only: a contract counts from the end of that day.",
         kReloadable},
        {"SCANNER_NOTIONAL_TEST",
         {},
         kSection,
         number(&S::notional_test, 1, 1e12, "USDT"),
         "Notional of the order whose slippage is measured.",
         kReloadable},
        {"SCANNER_TIMEFRAME",
         {},
         kSection,
         choice<std::chrono::minutes>(&S::timeframe, {{"1m", std::chrono::minutes(1)},
                                                      {"5m", std::chrono::minutes(5)},
                                                      {"15m", std::chrono::minutes(15)},
                                                      {"30m", std::chrono::minutes(30)},
                                                      {"1h", std::chrono::minutes(60)},
                                                      {"4h", std::chrono::minutes(240)}}),
         "Length of the candles that the numbers are computed from."},
        {"SCANNER_PROFILE_DEFAULT",
         {},
         kSection,
         choice<std::string>(&S::profile_default, {{"scalp", "scalp"}, {"swing", "swing"}, {"news", "news"}}),
         "Profile of the background scan and of requests that name none."},
        {"SCANNER_TOPN_DEFAULT",
         {},
         kSection,
         whole_number(&S::topn_default, 1, 2'000),
         "How many contracts an answer has when the request does not say (top)."},
        {"SCANNER_INCLUDE_CARRY",
         {},
         kSection,
         switch_setting(&S::include_carry),
         "Whether funding and basis count in the score.",
         kReloadable},
        {"SCANNER_TAKER_FEE_PCT",
         {},
         kSection,
         number(&S::taker_fee_pct, 0, 5, "percent"),
         "Fee of an order that takes, percent of its notional: both ways of a trade count in net reward to risk.",
         kReloadable},
        {"SCANNER_MAKER_FEE_PCT",
         {},
         kSection,
         number(&S::maker_fee_pct, -1, 5, "percent"),
         "Fee of an order that rests, percent of its notional; negative where it is a rebate. Shown beside the other.",
         kReloadable},
    };
}

std::vector<SettingSpec> cycle_settings() {
    constexpr std::string_view kSection = "The scan cycle";
    using S = Settings;
    return {
        {"SCANNER_SCAN_INTERVAL_SEC",
         {"SCANNER_SCAN_INTERVAL_S"},
         kSection,
         seconds(&S::scan_interval, 0.1, 3'600),
         "Pause between two cycles.",
         kReloadable},
        {"SCANNER_SCAN_CONCURRENCY",
         {},
         kSection,
         whole_number(&S::scan_concurrency, 1, 256),
         "Exchange calls in flight at once."},
        {"SCANNER_SCAN_TOP_BY_QVOL",
         {},
         kSection,
         whole_number(&S::scan_top_by_qvol, 1, 2'000),
         "How many contracts are read in full, taken by turnover.",
         kReloadable},
        {"SCANNER_MARKETS_CACHE_TTL_SEC",
         {"SCANNER_MARKETS_CACHE_TTL_S"},
         kSection,
         seconds(&S::markets_cache_ttl, 1, 86'400),
         "How long the list of contracts is kept before it is read again.",
         kReloadable},
        {"SCANNER_ADAPTER_TIMEOUT_SEC",
         {"SCANNER_ADAPTER_TIMEOUT_S"},
         kSection,
         seconds(&S::adapter_timeout, 0.1, 600),
         "Longest wait for one answer of the exchange."},
        {"SCANNER_ADAPTER_MAX_FAILURES",
         {},
         kSection,
         whole_number(&S::adapter_max_failures, 1, 1'000),
         "Failures in a row that open the circuit breaker."},
        {"SCANNER_ADAPTER_COOLDOWN_SEC",
         {"SCANNER_ADAPTER_COOLDOWN_S"},
         kSection,
         seconds(&S::adapter_cooldown, 0.1, 3'600),
         "How long the breaker stays open before a call is tried again."},
        {"SCANNER_REQUEST_BUDGET_PER_SEC",
         {},
         kSection,
         number(&S::request_budget_per_sec, 1, 800, "calls a second"),
         "Own cap on market-data calls, below what the exchange allows. Other public calls are kept under what the "
         "exchange's ratelimit headers allow."},
        {"SCANNER_CA_BUNDLE_PATH",
         {"REQUESTS_CA_BUNDLE"},
         kSection,
         optional_text(&S::ca_bundle_path, "the path of a PEM file"),
         "CA certificates for outbound TLS; empty uses the system's. The usual proxy variables (HTTPS_PROXY, …) are "
         "honoured."},
    };
}

std::vector<SettingSpec> feed_settings() {
    constexpr std::string_view kSection = "The live feed";
    using S = Settings;
    return {
        {"SCANNER_FEED",
         {},
         kSection,
         choice<FeedMode>(&S::feed,
                          {{"auto", FeedMode::automatic}, {"off", FeedMode::off}, {"required", FeedMode::required}}),
         "Whether the exchange's WebSocket feed is followed: auto where it has one, off never (only requests, as often "
         "as the scan interval says), required refuses to start without one."},
        {"SCANNER_FEED_URL",
         {},
         kSection,
         socket_url(&S::feed_url),
         "Base of the feed's addresses; empty derives it from SCANNER_EXCHANGE_URL."},
        {"SCANNER_RANK_INTERVAL_MS",
         {},
         kSection,
         whole_milliseconds(&S::rank_interval, 0, 60'000),
         "Shortest time between two published rankings while the feed is followed; 0 publishes as fast as changes "
         "come. "
         "History keeps one a scan interval.",
         kReloadable},
        {"SCANNER_FEED_AUDIT_PER_SEC",
         {},
         kSection,
         number(&S::feed_audits_per_sec, 0.1, 100, "calls a second"),
         "How many live books are compared with what the exchange answers to a request, those that have rested for "
         "longest first. Within SCANNER_REQUEST_BUDGET_PER_SEC.",
         kReloadable},
    };
}

std::vector<SettingSpec> manipulation_settings() {
    constexpr std::string_view kSection = "Manipulation";
    using S = Settings;
    return {
        {"SCANNER_MANIP_MODEL",
         {},
         kSection,
         choice<core::ManipModel>(&S::manip_model,
                                  {{"seed", core::ManipModel::seed}, {"measured", core::ManipModel::measured}}),
         "Where manipulation scores and flags come from: seed, the rules over the numbers of a cycle; measured, the "
         "detectors over trades and books whose error rates are known."},
        {"SCANNER_MANIP_QUARANTINE",
         {},
         kSection,
         switch_setting(&S::manip_quarantine),
         "With the measured model, whether a contract whose score reaches the manipulation threshold is ranked below "
         "all others until it has been under it for 5 minutes. Requests may say otherwise (quarantine).",
         kReloadable},
    };
}

std::vector<SettingSpec> serving_settings() {
    constexpr std::string_view kSection = "Serving";
    using S = Settings;
    return {
        {"SCANNER_HTTP_ADDRESS",
         {},
         kSection,
         listen_address(&S::http_address),
         "Address to listen on; 0.0.0.0 in a container. Anything but loopback needs SCANNER_API_TOKEN."},
        {"SCANNER_HTTP_PORT", {}, kSection, port_number(&S::http_port), "Port to listen on."},
        {"SCANNER_API_TOKEN",
         {},
         kSection,
         secret_text(&S::api_token, "a token of visible ASCII without spaces"),
         "Bearer token that requests which change something must carry; beyond loopback at least 16 characters that "
         "are not easily guessed."},
        {"SCANNER_ALLOW_ANONYMOUS_WRITES",
         {},
         kSection,
         switch_setting(&S::allow_anonymous_writes),
         "Lets the server listen beyond loopback without a token, so that anyone who reaches it may change settings."},
        {"SCANNER_CORS_ORIGINS",
         {},
         kSection,
         origin_list(&S::cors_origins),
         "Browser origins that may use the interface from other sites; empty allows none."},
        {"SCANNER_ALLOWED_HOSTS",
         {},
         kSection,
         host_list(&S::allowed_hosts),
         "Names under which the service answers beside localhost and its address, such as a proxy's. On loopback "
         "without "
         "SCANNER_API_TOKEN other names are refused (421); elsewhere once a name is listed."},
        {"SCANNER_TRUSTED_PROXIES",
         {},
         kSection,
         address_list(&S::trusted_proxies),
         "Proxies whose X-Forwarded-For says who the client is: limits, shares and the log go by that address."},
        {"SCANNER_METRICS_ENABLED", {}, kSection, switch_setting(&S::metrics_enabled), "Whether /metrics answers."},
        {"SCANNER_BASE_PATH",
         {},
         kSection,
         url_path(&S::base_path),
         "The path under which a proxy shows the service. Requests are answered with and without it, the addresses "
         "that answers have begin with it."},
    };
}

std::vector<SettingSpec> scale_settings() {
    constexpr std::string_view kSection = "More than one machine";
    using S = Settings;
    return {
        {"SCANNER_ROLE",
         {},
         kSection,
         choice<Role>(&S::role, {{"all", Role::all}, {"scanner", Role::scanner}, {"replica", Role::replica}}),
         "all: one process does everything. scanner: of several one is elected and scans (needs Redis or Postgres). "
         "replica: only serves what the elected one publishes (needs Redis)."},
        {"SCANNER_LEASE_MS",
         {},
         kSection,
         whole_milliseconds(&S::lease, 500, 60'000),
         "How long the elected scanner stays it without renewing: a successor comes at most so long after its end."},
    };
}

std::vector<SettingSpec> storage_settings() {
    constexpr std::string_view kSection = "Stores";
    using S = Settings;
    return {
        {"SCANNER_REDIS_URL",
         {},
         kSection,
         redis_url(&S::redis_url),
         "Redis for cached snapshots and alerts; empty keeps them in the process. rediss:// is TLS, verified against "
         "SCANNER_CA_BUNDLE_PATH; unix:///run/redis.sock is a local socket."},
        {"SCANNER_REDIS_KEY_PREFIX",
         {},
         kSection,
         name_part(&S::redis_key_prefix),
         "In front of every Redis key and of SCANNER_SIGNAL_CHANNEL, so that several scanners can share one Redis. One "
         "scanner to a prefix: a second one is refused at its start."},
        {"SCANNER_INSTALLATION_ID",
         {},
         kSection,
         name_part(&S::installation_id),
         "Whose the ranking in Redis is: that of another installation is not restored. Empty: the key prefix."},
        {"SCANNER_POSTGRES_URL",
         {},
         kSection,
         postgres_url(&S::postgres_url),
         "Postgres for history and operator state; empty uses an embedded SQLite file. SQLAlchemy's "
         "postgresql+psycopg:// is "
         "understood."},
        {"SCANNER_DATA_DIR",
         {},
         kSection,
         text(&S::data_dir, "the path of a directory"),
         "Where the SQLite file and the spool live."},
        {"SCANNER_REDIS_SNAPSHOTS_TTL_SEC",
         {"SCANNER_REDIS_SNAPSHOTS_TTL_S"},
         kSection,
         seconds(&S::redis_snapshots_ttl, 1, 86'400),
         "Life of a snapshot: older ones are not served, and leave the cache."},
        {"SCANNER_REDIS_RANKINGS_TTL_SEC",
         {"SCANNER_REDIS_RANKINGS_TTL_S"},
         kSection,
         seconds(&S::redis_rankings_ttl, 1, 86'400),
         "Life of a cached ranking."},
        {"SCANNER_BAR_1M_RETENTION_DAYS",
         {},
         kSection,
         days(&S::bar_1m_retention, 1, 3'650),
         "How long minute aggregates are kept."},
        {"SCANNER_RANKINGS_RETENTION_DAYS",
         {},
         kSection,
         days(&S::rankings_retention, 1, 3'650),
         "How long rankings are kept."},
        {"SCANNER_INPUTS_RETENTION_DAYS",
         {},
         kSection,
         days(&S::inputs_retention, 1, 3'650),
         "How long the numbers that rankings were computed from are kept: most of what history takes. Never longer "
         "than "
         "the rankings."},
        {"SCANNER_HISTORY_MAX_GB",
         {},
         kSection,
         number(&S::history_max_gb, 0, 1'000'000, "GB"),
         "History takes at most so much of the database: beyond it the oldest days go first, whatever their "
         "retention. 0 sets no bound."},
    };
}

std::vector<SettingSpec> recording_settings() {
    constexpr std::string_view kSection = "Recording";
    using S = Settings;
    return {
        {"SCANNER_RECORD",
         {},
         kSection,
         switch_setting(&S::record),
         "Records everything that comes from the exchange, as it comes, to be replayed (docs/recording.md)."},
        {"SCANNER_RECORD_DIR",
         {},
         kSection,
         text(&S::record_dir, "the path of a folder; it is made where it is missing"),
         "Where recordings are. Empty: `recordings` in SCANNER_DATA_DIR."},
        {"SCANNER_RECORD_MAX_GB",
         {},
         kSection,
         number(&S::record_max_gb, 0.001, 1'000'000, "GB"),
         "All recordings in that folder together; the oldest segments go first. Below 5 GB of free space recording "
         "pauses."},
    };
}

std::vector<SettingSpec> alert_and_log_settings() {
    constexpr std::string_view kAlerts = "Alerts";
    constexpr std::string_view kLogs = "Logs";
    using S = Settings;
    return {
        {"SCANNER_SIGNAL_CHANNEL",
         {},
         kAlerts,
         text(&S::signal_channel, "the name of a Redis channel"),
         "Redis channel that alerts are published on."},
        {"SCANNER_ALERT_WEBHOOK_URL",
         {},
         kAlerts,
         webhook_url(&S::alert_webhook_url),
         "Address that alerts are posted to; empty posts none."},
        {"SCANNER_ALERT_WEBHOOK_SECRET",
         {},
         kAlerts,
         secret_text(&S::alert_webhook_secret, "a key of visible ASCII without spaces"),
         "Key that webhooks are signed with (HMAC-SHA256); empty leaves them unsigned."},
        {"SCANNER_ALERT_WEBHOOK_FORMAT",
         {},
         kAlerts,
         choice<core::WebhookFormat>(&S::alert_webhook_format, {{"auto", core::WebhookFormat::automatic},
                                                                {"standard", core::WebhookFormat::standard},
                                                                {"discord", core::WebhookFormat::discord},
                                                                {"slack", core::WebhookFormat::slack},
                                                                {"telegram", core::WebhookFormat::telegram}}),
         "What the webhook's receiver understands; auto tells Discord, Slack and Telegram by the address, and takes "
         "any "
         "other for standard (Standard Webhooks)."},
        {"SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE",
         {},
         kAlerts,
         switch_setting(&S::alert_webhook_allow_private),
         "Lets the webhook's name resolve to loopback, private and link-local addresses, which are refused otherwise."},
        {"SCANNER_LOG_LEVEL",
         {},
         kLogs,
         choice<core::LogLevel>(&S::log_level, {{"trace", core::LogLevel::trace},
                                                {"debug", core::LogLevel::debug},
                                                {"info", core::LogLevel::info},
                                                {"warning", core::LogLevel::warning},
                                                {"warn", core::LogLevel::warning},
                                                {"error", core::LogLevel::error},
                                                {"critical", core::LogLevel::critical},
                                                {"off", core::LogLevel::off}}),
         "The least important lines that are still written.",
         kReloadable},
        {"SCANNER_LOG_FORMAT",
         {},
         kLogs,
         choice<LogFormat>(&S::log_format, {{"json", LogFormat::json}, {"text", LogFormat::text}}),
         "One JSON object a line, or text for people at a terminal."},
    };
}

}  // namespace

const std::vector<SettingSpec>& setting_specs() {
    static const std::vector<SettingSpec> specs = [] {
        std::vector<SettingSpec> all;
        for (auto part :
             {exchange_settings(), cycle_settings(), feed_settings(), manipulation_settings(), serving_settings(),
              storage_settings(), scale_settings(), recording_settings(), alert_and_log_settings()}) {
            all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
        }
        return all;
    }();
    return specs;
}

}  // namespace scanner::settings
