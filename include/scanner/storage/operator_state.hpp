#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/records.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// A document's version: grows with every change of any document and is never used twice, not even when a document is
/// deleted and made again. Fit for an ETag. 0: not stored yet.
using DocumentVersion = std::int64_t;

/// What an operator changed of the default profile and the service; an empty value means the built-in one.
struct OperatorSettings {
    std::optional<double> liquidity_weight;  ///< edges.liquidity of the default profile
    std::optional<double> momentum_weight;   ///< edges.momentum
    std::optional<double> spread_penalty;    ///< cost.spread
    std::optional<double> manipulation_threshold;
    std::optional<double> notional;              ///< USDT
    std::optional<std::string> applied_profile;  ///< name of the profile that was applied to the default one
    DocumentVersion version = 0;
};

struct Watchlist {
    std::int64_t id = 0;  ///< given by the database
    std::string name;
    std::vector<std::string> symbols;  ///< in the operator's order, as they were given; no duplicates
    DocumentVersion version = 0;
};

/// A profile of the operator's own.
struct ProfilePreset {
    std::string name;
    std::map<std::string, double> weights;  ///< by public name ("liq.qvol"); what is missing is the default's
    DocumentVersion version = 0;
};

struct AlertRule {
    std::string name;
    std::string expression;
    std::string scope;  ///< as the rule language defines it
    std::chrono::seconds cooldown{0};
    bool enabled = true;
    DocumentVersion version = 0;
};

/// Everything that an operator keeps, at one moment. Immutable and shared.
struct OperatorDocuments {
    bool loaded = false;  ///< false until the database was read for the first time: everything is empty then
    OperatorSettings settings;
    std::vector<Watchlist> watchlists;   ///< by id
    std::vector<ProfilePreset> presets;  ///< by name
    std::vector<AlertRule> rules;        ///< by name

    [[nodiscard]] const Watchlist* find_watchlist(std::string_view name) const;
    [[nodiscard]] const ProfilePreset* find_preset(std::string_view name) const;
    [[nodiscard]] const AlertRule* find_rule(std::string_view name) const;
};
using OperatorDocumentsPtr = std::shared_ptr<const OperatorDocuments>;

/// Alerts, newest first.
struct AlertsQuery {
    std::optional<std::string> rule;
    std::optional<std::string> symbol;  ///< unified
    std::optional<core::WallTime> from;
    std::optional<core::WallTime> to;  ///< exclusive
    std::size_t limit = 100;           ///< 1..kMostPageRows
    std::string cursor;                ///< `next` of the page before; empty for the first
};
struct AlertsPage {
    std::vector<AlertRecord> rows;
    std::string next;
};

/// A delivery that was given up.
struct DeadLetter {
    std::int64_t id = 0;  ///< given by the database
    core::WallTime time;
    std::string rule;
    std::string symbol;
    std::string destination;  ///< "webhook", "redis"; never the address itself, which may hold a secret
    std::string payload_json;
    int attempts = 0;
    std::string last_error;
};

/// What an operator sets and what rang. Loop thread only. Documents are read from memory: `documents()` never waits and
/// answers also while the database is away; it is reread every few seconds, so that a change by another process shows.
///
/// Changes go to the database at once and fail with unavailable (or timeout) while it is away. Each takes the version
/// that its author saw: `expected` of nothing overwrites whatever is there, 0 means that there must be none yet. When
/// somebody else was faster the answer is conflict, nothing is changed, and `documents()` shows theirs. Deleting what
/// does not exist is not_found.
class OperatorState {
public:
    using Expected = std::optional<DocumentVersion>;
    virtual ~OperatorState() = default;

    /// Never empty.
    [[nodiscard]] virtual OperatorDocumentsPtr documents() const = 0;
    /// Called after each change of documents(), by whomever.
    virtual void subscribe(std::function<void(const OperatorDocumentsPtr&)> listener) = 0;
    /// Reads them from the database now.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<OperatorDocumentsPtr>> refresh() = 0;

    // What is returned is what is stored, with its new id and version; documents() has it by then.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<OperatorSettings>> put_settings(OperatorSettings settings,
                                                                                              Expected expected) = 0;
    /// Creates or replaces the one of that name.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Watchlist>> put_watchlist(Watchlist watchlist,
                                                                                        Expected expected) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> delete_watchlist(std::string name,
                                                                                      Expected expected) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ProfilePreset>> put_preset(ProfilePreset preset,
                                                                                         Expected expected) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> delete_preset(std::string name,
                                                                                   Expected expected) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<AlertRule>> put_rule(AlertRule rule,
                                                                                   Expected expected) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> delete_rule(std::string name,
                                                                                 Expected expected) = 0;

    /// Through the spool, as history is: returns at once, nothing is lost while the database is away.
    virtual void record_alerts(std::vector<AlertRecord> alerts) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<AlertsPage>> alerts(AlertsQuery query) = 0;

    [[nodiscard]] virtual boost::asio::awaitable<core::Result<DeadLetter>> add_dead_letter(DeadLetter letter) = 0;
    /// The newest first, at most `limit` (1..kMostPageRows).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<DeadLetter>>> dead_letters(
        std::size_t limit) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> delete_dead_letter(std::int64_t id) = 0;
};

}  // namespace scanner::storage
