#pragma once

#include "scanner/alerts/edges.hpp"
#include "scanner/alerts/scope.hpp"
#include "scanner/alerts/state_file.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/webhook_format.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/kept_states.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Options, views and statistics of the alert service.
namespace scanner::alerts {

/// Rules of an operator, the built-in ones that were changed included.
inline constexpr std::size_t kMaxRules = 100;
inline constexpr std::chrono::seconds kMaxCooldown{std::chrono::hours(24 * 7)};

struct AlertOptions {
    std::string channel = "scanner.signals";  ///< SCANNER_SIGNAL_CHANNEL
    std::string webhook_url;                  ///< SCANNER_ALERT_WEBHOOK_URL; empty: none
    std::string webhook_secret;               ///< SCANNER_ALERT_WEBHOOK_SECRET; empty: not signed
    core::WebhookFormat webhook_format = core::WebhookFormat::automatic;  ///< SCANNER_ALERT_WEBHOOK_FORMAT
    bool webhook_allow_private = false;  ///< whether the webhook may be on a private or loopback address
    /// What chat messages link to: the exchange's page of a contract, with "{contract_code}" in it; empty: no link.
    std::string contract_page;
    std::chrono::milliseconds scan_interval{15'000};  ///< SCANNER_SCAN_INTERVAL_SEC: from cycle to cycle
    bool live = false;                                ///< rankings are published between two cycles too (builtin_rules)
    std::chrono::milliseconds webhook_timeout{10'000};
    std::size_t webhook_concurrency = 4;
    net::BackoffOptions backoff{.max_attempts = 10,
                                .base = std::chrono::seconds(2),
                                .cap = std::chrono::minutes(10),
                                .floor = std::chrono::milliseconds(500)};
    std::size_t max_waiting = 1'000;         ///< alerts waiting for the webhook; over it the oldest is a dead letter
    std::size_t max_alerts_per_cycle = 200;  ///< of all rules; the others fire in the next cycle
    std::chrono::milliseconds dead_letter_retry{10'000};  ///< while the database does not take them
    std::chrono::milliseconds save_interval{1'000};       ///< of changes other than new alerts
    EdgeOptions edges;
};

/// A rule as it is now: stored, or built in.
struct RuleView {
    std::string name;
    std::string expression;
    AlertScope scope;
    std::chrono::seconds cooldown{0};
    bool enabled = false;
    bool built_in = false;                 ///< deleting it restores it as it shipped
    storage::DocumentVersion version = 0;  ///< 0: as it shipped
    std::chrono::milliseconds hold{0};
    std::optional<rules::RuleError> error;   ///< a stored rule that no longer compiles: it never fires
    std::optional<std::string> cannot_fire;  ///< why it cannot fire under the current settings: see hold_fault
};

/// What happened since the start, for metrics and health.
struct AlertStatistics {
    std::map<std::string, std::uint64_t> fired;  ///< by rule; of rules that exist
    std::uint64_t published = 0;                 ///< accepted by Redis, with or without a subscriber
    std::uint64_t delivered = 0;                 ///< webhooks that were accepted
    std::uint64_t failed_attempts = 0;           ///< attempts that were not
    std::uint64_t dead_letters = 0;              ///< deliveries given up
    std::uint64_t dead_letters_lost = 0;         ///< given up and never stored by the database
    std::size_t waiting = 0;                     ///< for the webhook
    std::size_t rules_enabled = 0;
    std::size_t rules_broken = 0;
    std::vector<std::string> rules_that_cannot_fire;    ///< enabled ones whose `for` the scan interval never satisfies
    std::size_t states = 0;                             ///< tracked (rule, contract) states
    std::string last_error;                             ///< of the last failed attempt
    std::optional<core::WebhookFormat> webhook_format;  ///< nothing without a webhook
};

/// What the shared state is called.
inline constexpr const char* kSharedAlertState = "alerts";

/// The collaborators of the service. Everything must outlive it.
struct AlertPorts {
    storage::DocumentStore& documents;
    storage::AlertArchive& archive;
    storage::Publisher* publisher = nullptr;  ///< nullptr: nothing is published
    net::HttpClient* http = nullptr;          ///< nullptr: nothing is posted
    StateFile& file;
    const core::Clock& clock;
    net::RandomUnit random;
    /// Where the state is in place of the file: several scanners share it, and this one works in terms (begin_term).
    storage::KeptStates* shared = nullptr;
};

}  // namespace scanner::alerts
