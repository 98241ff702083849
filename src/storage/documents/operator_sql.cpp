#include "storage/documents/operator_sql.hpp"

#include "scanner/core/json_writer.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace scanner::storage {
namespace {

/// A stored document. Ids are kept as text: an older service may have used something else than numbers.
struct Found {
    std::string id;
    DocumentVersion version = 0;
};

/// A hundred years: longer than any rule waits, and no sum of times overflows.
constexpr std::int64_t kMaxCooldownSec = 100LL * 365 * 86'400;

std::int64_t numeric_id(const std::string& id) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    return error == std::errc() && end == id.data() + id.size() ? number : 0;
}

/// Draws the next version. All writers queue up behind this row, so that what they find next cannot change under them.
DocumentVersion next_version(SqlSession& session) {
    session.execute("UPDATE operator_clock SET version = version + 1 WHERE id = 1");
    DocumentVersion version = 0;
    session.execute("SELECT version FROM operator_clock WHERE id = 1", {},
                    [&](const SqlRow& row) { version = row.integer(0); });
    if (version == 0) throw SqlError(core::ErrorCode::internal, "operator_clock: its row is gone");
    session.announce(kDocumentsChannel);
    return version;
}

/// `select` gives id (as text) and version of the document called ?1.
std::optional<Found> find_document(SqlSession& session, std::string_view select, const std::string& name) {
    std::optional<Found> found;
    session.execute(select, {std::string_view(name)}, [&](const SqlRow& row) {
        if (!found) found = Found{.id = std::string(row.text(0)), .version = row.integer(1)};
    });
    return found;
}

/// The document, if it is as its author saw it.
std::optional<Found> find_expected(SqlSession& session, std::string_view select, const std::string& name,
                                   ExpectedVersion expected) {
    auto found = find_document(session, select, name);
    const DocumentVersion version = found ? found->version : 0;
    if (expected && *expected != version) {
        throw SqlError(
            core::ErrorCode::conflict,
            found ? fmt::format("\"{}\" was changed meanwhile: it is at version {}, not {}", name, version, *expected)
                  : fmt::format("\"{}\" does not exist any more", name));
    }
    return found;
}

constexpr std::string_view kFindSettings =
    "SELECT CAST(id AS TEXT), version FROM user_profiles WHERE ?1 = 'default' "
    "ORDER BY CASE WHEN name = 'default' THEN 0 ELSE 1 END, id";
constexpr std::string_view kFindWatchlist =
    "SELECT CAST(id AS TEXT), version FROM watchlists WHERE name = ?1 ORDER BY id";
constexpr std::string_view kFindPreset =
    "SELECT CAST(id AS TEXT), version FROM profile_presets WHERE name = ?1 ORDER BY id";
constexpr std::string_view kFindRule = "SELECT name, version FROM alert_rules WHERE name = ?1";

/// The document that is to be removed.
Found require(SqlSession& session, std::string_view select, const std::string& name, ExpectedVersion expected) {
    if (!find_document(session, select, name))
        throw SqlError(core::ErrorCode::not_found, fmt::format("\"{}\" does not exist", name));
    return *find_expected(session, select, name, expected);
}

void collect_weights(const nlohmann::json& object, const std::string& prefix, std::map<std::string, double>& weights) {
    for (const auto& [name, value] : object.items()) {
        if (value.is_number()) {
            weights.emplace(prefix + name, value.get<double>());
        } else if (value.is_object() && prefix.empty()) {
            collect_weights(value, name + ".", weights);
        }
    }
}

OperatorSettings read_settings(SqlSession& session) {
    OperatorSettings settings;
    bool first = true;
    session.execute(
        "SELECT liquidity_weight, momentum_weight, spread_penalty, manipulation_threshold, notional, applied_profile, "
        "version FROM user_profiles ORDER BY CASE WHEN name = 'default' THEN 0 ELSE 1 END, id LIMIT 1",
        {}, [&](const SqlRow& row) {
            if (!std::exchange(first, false)) return;
            settings.liquidity_weight = row.maybe_real(0);
            settings.momentum_weight = row.maybe_real(1);
            settings.spread_penalty = row.maybe_real(2);
            settings.manipulation_threshold = row.maybe_real(3);
            settings.notional = row.maybe_real(4);
            if (!row.is_null(5)) settings.applied_profile = row.text(5);
            settings.version = row.integer(6);
        });
    return settings;
}

std::vector<Watchlist> read_watchlists(SqlSession& session) {
    std::vector<Watchlist> lists;
    std::map<std::string, std::size_t> by_id;
    std::set<std::string> names;
    session.execute("SELECT CAST(id AS TEXT), name, version FROM watchlists ORDER BY id", {}, [&](const SqlRow& row) {
        const std::string id(row.text(0));
        by_id.emplace(id, lists.size());
        Watchlist& list = lists.emplace_back();
        list.id = numeric_id(id);
        list.name = row.text(1);
        // An older service may have allowed a name twice: each stays visible.
        if (!names.insert(list.name).second) list.name += fmt::format(" ({})", id);
        list.version = row.integer(2);
    });
    session.execute(
        "SELECT CAST(watchlist_id AS TEXT), symbol FROM watchlist_symbols WHERE watchlist_id IS NOT NULL "
        "ORDER BY watchlist_id, position NULLS LAST, id",
        {}, [&](const SqlRow& row) {
            const auto found = by_id.find(std::string(row.text(0)));
            if (found == by_id.end()) return;
            auto& symbols = lists[found->second].symbols;
            std::string symbol(row.text(1));
            if (std::ranges::find(symbols, symbol) == symbols.end()) symbols.push_back(std::move(symbol));
        });
    return lists;
}

std::vector<ProfilePreset> read_presets(SqlSession& session) {
    std::vector<ProfilePreset> presets;
    session.execute("SELECT name, weights, version FROM profile_presets ORDER BY name, id", {}, [&](const SqlRow& row) {
        if (!presets.empty() && presets.back().name == row.text(0)) return;
        ProfilePreset& preset = presets.emplace_back();
        preset.name = row.text(0);
        if (!row.is_null(1)) {
            const auto weights = nlohmann::json::parse(row.text(1), nullptr, false);
            if (weights.is_object()) collect_weights(weights, "", preset.weights);
        }
        preset.version = row.integer(2);
    });
    return presets;
}

std::vector<AlertRule> read_rules(SqlSession& session) {
    std::vector<AlertRule> rules;
    session.execute("SELECT name, expression, scope, cooldown_sec, enabled, version FROM alert_rules ORDER BY name", {},
                    [&](const SqlRow& row) {
                        AlertRule& rule = rules.emplace_back();
                        rule.name = row.text(0);
                        rule.expression = row.text(1);
                        rule.scope = row.text(2);
                        rule.cooldown =
                            std::chrono::seconds(std::clamp<std::int64_t>(row.integer(3), 0, kMaxCooldownSec));
                        rule.enabled = row.integer(4) != 0;
                        rule.version = row.integer(5);
                    });
    return rules;
}

std::string weights_json(const std::map<std::string, double>& weights) {
    core::JsonWriter json;
    json.begin_object();
    for (const auto& [name, weight] : weights) json.field(name, weight);
    json.end_object();
    return json.take();
}

}  // namespace

OperatorDocuments read_documents(SqlSession& session) {
    SqlTransaction transaction(session);
    OperatorDocuments documents;
    documents.settings = read_settings(session);
    documents.watchlists = read_watchlists(session);
    documents.presets = read_presets(session);
    documents.rules = read_rules(session);
    documents.loaded = true;
    return documents;
}

OperatorSettings write_settings(SqlSession& session, OperatorSettings settings, ExpectedVersion expected,
                                core::WallTime now) {
    SqlTransaction transaction(session);
    settings.version = next_version(session);
    const auto found = find_expected(session, kFindSettings, "default", expected);
    const std::string_view statement =
        found ? "UPDATE user_profiles SET liquidity_weight = ?1, momentum_weight = ?2, spread_penalty = ?3, "
                "manipulation_threshold = ?4, notional = ?5, applied_profile = ?6, version = ?7, updated_at = ?8 "
                "WHERE id = ?9"
              : "INSERT INTO user_profiles (name, liquidity_weight, momentum_weight, spread_penalty, "
                "manipulation_threshold, notional, applied_profile, version, updated_at) "
                "VALUES (?9, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    const std::string key = found ? found->id : "default";
    session.execute(statement,
                    {sql(settings.liquidity_weight), sql(settings.momentum_weight), sql(settings.spread_penalty),
                     sql(settings.manipulation_threshold), sql(settings.notional), sql(settings.applied_profile),
                     settings.version, now, std::string_view(key)});
    transaction.commit();
    return settings;
}

Watchlist write_watchlist(SqlSession& session, Watchlist watchlist, ExpectedVersion expected, core::WallTime now) {
    std::vector<std::string> symbols;
    for (std::string& symbol : watchlist.symbols) {
        if (std::ranges::find(symbols, symbol) == symbols.end()) symbols.push_back(std::move(symbol));
    }
    watchlist.symbols = std::move(symbols);
    SqlTransaction transaction(session);
    watchlist.version = next_version(session);
    auto found = find_expected(session, kFindWatchlist, watchlist.name, expected);
    if (found) {
        session.execute("UPDATE watchlists SET version = ?2, updated_at = ?3 WHERE id = ?1",
                        {std::string_view(found->id), watchlist.version, now});
        session.execute("DELETE FROM watchlist_symbols WHERE watchlist_id = ?1", {std::string_view(found->id)});
    } else {
        session.execute("INSERT INTO watchlists (name, version, updated_at) VALUES (?1, ?2, ?3)",
                        {std::string_view(watchlist.name), watchlist.version, now});
        found = find_document(session, kFindWatchlist, watchlist.name);
    }
    watchlist.id = numeric_id(found->id);
    std::int64_t position = 0;
    for (const std::string& symbol : watchlist.symbols) {
        session.execute("INSERT INTO watchlist_symbols (watchlist_id, symbol, position) VALUES (?1, ?2, ?3)",
                        {std::string_view(found->id), std::string_view(symbol), position++});
    }
    transaction.commit();
    return watchlist;
}

ProfilePreset write_preset(SqlSession& session, ProfilePreset preset, ExpectedVersion expected, core::WallTime now) {
    SqlTransaction transaction(session);
    preset.version = next_version(session);
    const auto found = find_expected(session, kFindPreset, preset.name, expected);
    const std::string weights = weights_json(preset.weights);
    const std::string key = found ? found->id : preset.name;
    session.execute(found ? "UPDATE profile_presets SET weights = ?2, version = ?3, updated_at = ?4 WHERE id = ?1"
                          : "INSERT INTO profile_presets (name, weights, version, updated_at) VALUES (?1, ?2, ?3, ?4)",
                    {std::string_view(key), JsonText{weights}, preset.version, now});
    transaction.commit();
    return preset;
}

AlertRule write_rule(SqlSession& session, AlertRule rule, ExpectedVersion expected, core::WallTime now) {
    SqlTransaction transaction(session);
    rule.version = next_version(session);
    const auto found = find_expected(session, kFindRule, rule.name, expected);
    session.execute(found ? "UPDATE alert_rules SET expression = ?2, scope = ?3, cooldown_sec = ?4, enabled = ?5, "
                            "version = ?6, updated_at = ?7 WHERE name = ?1"
                          : "INSERT INTO alert_rules (name, expression, scope, cooldown_sec, enabled, version, "
                            "updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    {std::string_view(rule.name), std::string_view(rule.expression), std::string_view(rule.scope),
                     std::int64_t{rule.cooldown.count()}, rule.enabled, rule.version, now});
    transaction.commit();
    return rule;
}

void remove_watchlist(SqlSession& session, const std::string& name, ExpectedVersion expected) {
    SqlTransaction transaction(session);
    static_cast<void>(next_version(session));
    const Found found = require(session, kFindWatchlist, name, expected);
    session.execute("DELETE FROM watchlist_symbols WHERE watchlist_id = ?1", {std::string_view(found.id)});
    session.execute("DELETE FROM watchlists WHERE id = ?1", {std::string_view(found.id)});
    transaction.commit();
}

void remove_preset(SqlSession& session, const std::string& name, ExpectedVersion expected) {
    SqlTransaction transaction(session);
    static_cast<void>(next_version(session));
    static_cast<void>(require(session, kFindPreset, name, expected));
    session.execute("DELETE FROM profile_presets WHERE name = ?1", {std::string_view(name)});
    transaction.commit();
}

void remove_rule(SqlSession& session, const std::string& name, ExpectedVersion expected) {
    SqlTransaction transaction(session);
    static_cast<void>(next_version(session));
    static_cast<void>(require(session, kFindRule, name, expected));
    session.execute("DELETE FROM alert_rules WHERE name = ?1", {std::string_view(name)});
    transaction.commit();
}

DeadLetter write_dead_letter(SqlSession& session, DeadLetter letter) {
    SqlTransaction transaction(session);
    session.execute(
        "INSERT INTO alert_dead_letters (ts, rule, symbol, destination, payload, attempts, last_error) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
        {letter.time, std::string_view(letter.rule), std::string_view(letter.symbol),
         std::string_view(letter.destination), JsonText{letter.payload_json}, std::int64_t{letter.attempts},
         std::string_view(letter.last_error)},
        [&](const SqlRow& row) { letter.id = row.integer(0); });
    transaction.commit();
    return letter;
}

std::vector<DeadLetter> read_dead_letters(SqlSession& session, std::size_t limit) {
    std::vector<DeadLetter> letters;
    SqlTransaction transaction(session);
    session.execute("SELECT id, " + session.time_of("ts") +
                        ", rule, symbol, destination, payload, attempts, last_error FROM alert_dead_letters "
                        "ORDER BY ts DESC, id DESC LIMIT ?1",
                    {static_cast<std::int64_t>(limit)}, [&](const SqlRow& row) {
                        letters.push_back({.id = row.integer(0),
                                           .time = row.time(1),
                                           .rule = std::string(row.text(2)),
                                           .symbol = std::string(row.text(3)),
                                           .destination = std::string(row.text(4)),
                                           .payload_json = std::string(row.text(5)),
                                           .attempts = row.small(6),
                                           .last_error = std::string(row.text(7))});
                    });
    return letters;
}

void remove_dead_letter(SqlSession& session, std::int64_t id) {
    SqlTransaction transaction(session);
    if (session.execute("DELETE FROM alert_dead_letters WHERE id = ?1", {id}) == 0)
        throw SqlError(core::ErrorCode::not_found, fmt::format("dead letter {} does not exist", id));
    transaction.commit();
}

}  // namespace scanner::storage
