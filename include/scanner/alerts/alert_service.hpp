#pragma once

#include "scanner/alerts/edges.hpp"
#include "scanner/alerts/scope.hpp"
#include "scanner/alerts/state_file.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/webhook_format.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::alerts {

/// Rules of an operator, the built-in ones that were changed included.
inline constexpr std::size_t kMaxRules = 100;
inline constexpr std::chrono::seconds kMaxCooldown{std::chrono::hours(24 * 7)};

struct AlertOptions {
    std::string channel = "scanner.signals";  ///< SCANNER_SIGNAL_CHANNEL
    std::string webhook_url;                  ///< SCANNER_ALERT_WEBHOOK_URL; empty: none
    std::string webhook_secret;               ///< SCANNER_ALERT_WEBHOOK_SECRET; empty: not signed
    core::WebhookFormat webhook_format = core::WebhookFormat::automatic;  ///< SCANNER_ALERT_WEBHOOK_FORMAT
    bool webhook_allow_private = false;               ///< whether the webhook may be on a private or loopback address
    std::chrono::milliseconds scan_interval{15'000};  ///< SCANNER_SCAN_INTERVAL_SEC: from cycle to cycle
    std::chrono::milliseconds webhook_timeout{10'000};
    std::size_t webhook_concurrency = 4;
    net::BackoffOptions backoff{.max_attempts = 10,
                                .base = std::chrono::seconds(2),
                                .cap = std::chrono::minutes(10),
                                .floor = std::chrono::milliseconds(500)};
    std::size_t most_waiting = 1'000;      ///< alerts waiting for the webhook; over it the oldest is a dead letter
    std::size_t most_rings_a_cycle = 200;  ///< of all rules; the others ring in the next cycle
    std::chrono::milliseconds dead_letter_retry{10'000};  ///< while the database does not take them
    std::chrono::milliseconds save_interval{1'000};       ///< of what is no new alert
    EdgeOptions edges;
};

/// What the service works through. Everything must outlive it.
struct AlertPorts {
    storage::DocumentStore& documents;
    storage::AlertArchive& archive;
    storage::Publisher* publisher = nullptr;  ///< nullptr: nothing is published
    net::HttpClient* http = nullptr;          ///< nullptr: nothing is posted
    StateFile& file;
    const core::Clock& clock;
    net::RandomUnit random;
};

/// A rule as it is now: stored, or built in.
struct RuleView {
    std::string name;
    std::string expression;
    AlertScope scope;
    std::chrono::seconds cooldown{0};
    bool enabled = false;
    bool built_in = false;                 ///< deleting it brings back what it shipped as
    storage::DocumentVersion version = 0;  ///< 0: as it shipped
    std::chrono::milliseconds hold{0};
    std::optional<rules::RuleError> error;   ///< a stored rule that no longer means anything: it never rings
    std::optional<std::string> cannot_fire;  ///< why it never rings as things are: see hold_fault
};

/// Why a rule that asks for `hold` can never ring when cycles come every `interval`, and what would mend it; nothing
/// when it can: `for` begins anew whenever no cycle came for `EdgeOptions::longest_gap`.
[[nodiscard]] std::optional<std::string> hold_fault(std::chrono::milliseconds hold, std::chrono::milliseconds interval,
                                                    const EdgeOptions& edges);

/// The rules that ship: disabled.
[[nodiscard]] std::span<const RuleView> builtin_rules();

/// What happened since the start, for metrics and health.
struct AlertStatistics {
    std::map<std::string, std::uint64_t> rung;  ///< by rule; of rules that exist
    std::uint64_t published = 0;                ///< taken by Redis, whether anyone listened or not
    std::uint64_t delivered = 0;                ///< webhooks that were taken
    std::uint64_t failed_attempts = 0;          ///< webhooks that were not
    std::uint64_t dead_letters = 0;             ///< deliveries given up
    std::uint64_t dead_letters_lost = 0;        ///< given up and never taken by the database
    std::size_t waiting = 0;                    ///< for the webhook
    std::size_t rules_enabled = 0;
    std::size_t rules_broken = 0;
    std::vector<std::string> rules_that_cannot_fire;    ///< enabled ones whose `for` the scan interval never satisfies
    std::size_t states = 0;                             ///< contracts of rules that something is remembered of
    std::string last_error;                             ///< of the last failed attempt
    std::optional<core::WebhookFormat> webhook_format;  ///< nothing without a webhook
};

/// Evaluates the rules after each cycle and delivers what rings: into history, onto the Redis channel, to the webhook.
/// What rang is written to the state file before anything is delivered: a restart neither repeats nor forgets, and what
/// a crash may repeat carries the same id. Never blocks a cycle. Loop thread only.
class AlertService {
public:
    virtual ~AlertService() = default;

    /// Reads the state file, then delivers until `close`. Run it once; of the rankings that
    /// came before, the newest is evaluated then.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    /// Lets deliveries under way end within `grace`, saves, and ends `run`. What waits goes on after the next start.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::chrono::milliseconds grace) = 0;

    /// For Engine::subscribe. Quick; evaluates every rule.
    virtual void on_ranking(const ranking::RankingPtr& ranking) = 0;

    /// Every rule by name, the built-in ones included.
    [[nodiscard]] virtual std::vector<RuleView> rules() const = 0;
    /// As the free function, for the interval of now.
    [[nodiscard]] virtual std::optional<std::string> hold_fault(std::chrono::milliseconds hold) const = 0;
    /// SCANNER_SCAN_INTERVAL_SEC was changed: which rules can ring is judged anew.
    virtual void set_scan_interval(std::chrono::milliseconds interval) = 0;
    [[nodiscard]] virtual bool has_webhook() const = 0;
    /// Posts a dead letter again, under its old id, and removes it from the table. Errors: not_found; conflict without
    /// a webhook; those of AlertArchive.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> redeliver(std::int64_t dead_letter) = 0;
    [[nodiscard]] virtual AlertStatistics statistics() const = 0;
};

/// invalid_input when the webhook's secret cannot be used, or its address names no chat for Telegram.
[[nodiscard]] core::Result<std::unique_ptr<AlertService>> make_alert_service(boost::asio::any_io_executor executor,
                                                                             AlertOptions options, AlertPorts ports);

}  // namespace scanner::alerts
