#pragma once

#include "scanner/alerts/alert_types.hpp"
#include "scanner/alerts/builtin_rules.hpp"
#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::alerts {

/// Evaluates the rules after each cycle and delivers what fires: into history, onto the Redis channel, to the webhook.
/// What fired is written to the state file before anything is delivered: a restart neither repeats nor forgets, and
/// what a crash may repeat carries the same id. Never blocks a cycle. Loop thread only.
class AlertService {
public:
    virtual ~AlertService() = default;

    /// Reads the state file, then delivers until `close`. Run it once; of the rankings that
    /// came before, the newest is evaluated then.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    /// Lets deliveries under way end within `grace`, saves, and ends `run`. What waits goes on after the next start.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::chrono::milliseconds grace) = 0;

    /// With shared state alone: this process is elected. What the one before kept is read, again and again until it
    /// can be, and nothing fires before that; then what it had not announced is.
    virtual void begin_term() = 0;
    /// It is not elected any more. Keeps what is known, where that may still be written, and forgets all of it: nothing
    /// fires and nothing is delivered until the next term. Takes as long as one save at most.
    [[nodiscard]] virtual boost::asio::awaitable<void> end_term() = 0;

    /// For Engine::subscribe. Quick; evaluates every rule.
    virtual void on_ranking(const ranking::RankingPtr& ranking) = 0;

    /// Every rule by name, the built-in ones included.
    [[nodiscard]] virtual std::vector<RuleView> rules() const = 0;
    /// As the free function, for the interval of now.
    [[nodiscard]] virtual std::optional<std::string> hold_fault(std::chrono::milliseconds hold) const = 0;
    /// SCANNER_SCAN_INTERVAL_SEC was changed: which rules can fire is judged again.
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
