#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
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

/// The operator's changes to the default profile and the service; an empty value means the built-in one.
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

/// What an operator sets: settings, watchlists, presets and alert rules. Loop thread only. Documents are read from
/// memory: `documents()` never waits and answers also while the database is away; it is reread every few seconds, so
/// that a change by another process shows.
///
/// Changes go to the database at once and fail with unavailable (or timeout) while it is away. Each takes the version
/// that its author saw: `expected` of nothing overwrites whatever is there, 0 means that there must be none yet. When
/// another change came first the answer is conflict, nothing is changed, and `documents()` shows that change. Deleting
/// what does not exist is not_found.
class DocumentStore {
public:
    using Expected = std::optional<DocumentVersion>;
    virtual ~DocumentStore() = default;

    /// Never empty.
    [[nodiscard]] virtual OperatorDocumentsPtr documents() const = 0;
    /// Called after each change of documents(), by this process or another.
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
};

}  // namespace scanner::storage
