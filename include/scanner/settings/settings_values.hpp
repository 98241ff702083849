#pragma once

#include "scanner/core/address.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/manip_model.hpp"
#include "scanner/core/url.hpp"
#include "scanner/core/webhook_format.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::settings {

/// Which contracts are scanned: stocks, indices and metals are listed as swaps too.
enum class Universe { all, crypto, tradfi };
/// Whether the exchange's live feed is followed: where it has one, never, or always, so that a start without it fails.
enum class FeedMode { automatic, off, required };
enum class LogFormat { json, text };
/// What the process is among several: all by itself, a scanner that scans while it is elected, or one that only serves.
enum class Role { all, scanner, replica };

/// The values, with their defaults. Validated by load_settings; one made by hand (in tests) is not checked.
struct Settings {
    // The exchange and what is scanned of it
    std::string exchange;              ///< short name; load_settings puts the default's in place of an empty one
    std::string exchange_url;          ///< no trailing slash; likewise the exchange's own
    std::vector<std::string> symbols;  ///< contract codes, "BTC-USDT"; empty: every active contract
    Universe universe = Universe::all;
    double min_qvol_usdt = 20'000'000.0;
    double max_spread_bps = 8.0;
    double min_listed_days = 0.0;    ///< days
    double notional_test = 5'000.0;  ///< USDT
    std::chrono::minutes timeframe{1};
    std::string profile_default = "scalp";
    int topn_default = 12;
    bool include_carry = true;
    double taker_fee_pct = 0.06;  ///< percent of the notional, each way
    double maker_fee_pct = 0.02;  ///< percent of the notional, each way; below 0: a rebate
    std::chrono::milliseconds scan_interval{15'000};
    int scan_concurrency = 12;
    int scan_top_by_qvol = 60;
    std::chrono::milliseconds markets_cache_ttl{600'000};

    // More than one machine
    Role role = Role::all;
    std::chrono::milliseconds lease{2'000};  ///< of the elected scanner, renewed at a third

    // The live feed
    FeedMode feed = FeedMode::automatic;
    std::optional<std::string> feed_url;  ///< "wss://host", no trailing slash; empty: derived from exchange_url
    std::chrono::milliseconds rank_interval{1'000};  ///< between published rankings; 0: as fast as changes come
    double feed_audits_per_sec = 10.0;

    // Manipulation
    core::ManipModel manip_model = core::kDefaultManipModel;
    bool manip_quarantine = true;

    // How hard the exchange may be asked
    std::chrono::milliseconds adapter_timeout{90'000};
    int adapter_max_failures = 5;
    std::chrono::milliseconds adapter_cooldown{30'000};
    double request_budget_per_sec = 100.0;
    std::optional<std::string> ca_bundle_path;  ///< empty: the system's

    // Serving
    std::string http_address = "127.0.0.1";  ///< numeric, or "localhost"
    std::uint16_t http_port = 8010;          ///< 0: any free port
    std::optional<std::string> api_token;
    bool allow_anonymous_writes = false;
    std::vector<std::string> cors_origins;            ///< "https://host[:port]", or a single "*"
    std::vector<std::string> allowed_hosts;           ///< names and addresses in lower case, without ports and brackets
    std::vector<core::AddressRange> trusted_proxies;  ///< whose X-Forwarded-For is believed
    bool metrics_enabled = true;
    std::string base_path;  ///< "/scanner": where a proxy shows the service; empty: at the root

    // Stores
    std::optional<core::RedisUrl> redis_url;  ///< empty: the in-process cache
    std::string redis_key_prefix;             ///< in front of every key, and of the channel of alerts
    std::string installation_id;              ///< what a cached ranking belongs to; empty: the prefix
    std::optional<std::string> postgres_url;  ///< "postgresql://…", empty: embedded SQLite
    std::string data_dir = "./data";
    std::chrono::milliseconds redis_snapshots_ttl{90'000};
    std::chrono::milliseconds redis_rankings_ttl{60'000};
    std::chrono::days bar_1m_retention{60};
    std::chrono::days rankings_retention{60};
    std::chrono::days inputs_retention{7};
    double history_max_gb = 50.0;  ///< of 10^9 bytes; 0: no bound

    // Recording
    bool record = false;
    std::string record_dir;       ///< empty: "recordings" in data_dir
    double record_max_gb = 10.0;  ///< of 10^9 bytes, all recordings in the folder together

    // Alerts
    std::string signal_channel = "scanner.signals";
    std::optional<std::string> alert_webhook_url;
    std::optional<std::string> alert_webhook_secret;
    core::WebhookFormat alert_webhook_format = core::WebhookFormat::automatic;
    bool alert_webhook_allow_private = false;  ///< whether the webhook may be in the operator's own network

    // Logs
    core::LogLevel log_level = core::LogLevel::info;
    LogFormat log_format = LogFormat::json;

    friend bool operator==(const Settings&, const Settings&) = default;
};

[[nodiscard]] std::string_view to_string(Universe universe) noexcept;
[[nodiscard]] std::string_view to_string(FeedMode mode) noexcept;
[[nodiscard]] std::string_view to_string(LogFormat format) noexcept;
[[nodiscard]] std::string_view to_string(Role role) noexcept;

}  // namespace scanner::settings
