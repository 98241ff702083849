#include "storage/documents/sql_document_store.hpp"

#include "storage/documents/operator_sql.hpp"

#include "scanner/core/log.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;

/// The same documents, as far as versions can tell; names and ids too, for what an older service changes beside us.
bool same(const OperatorDocuments& left, const OperatorDocuments& right) {
    const auto same_lists = [](const auto& one, const auto& other, auto equal) {
        return std::ranges::equal(one, other, equal);
    };
    return left.loaded == right.loaded && left.settings.version == right.settings.version &&
           left.settings.liquidity_weight == right.settings.liquidity_weight &&
           left.settings.momentum_weight == right.settings.momentum_weight &&
           left.settings.spread_penalty == right.settings.spread_penalty &&
           same_lists(left.watchlists, right.watchlists,
                      [](const Watchlist& a, const Watchlist& b) {
                          return a.version == b.version && a.id == b.id && a.name == b.name && a.symbols == b.symbols;
                      }) &&
           same_lists(left.presets, right.presets,
                      [](const ProfilePreset& a, const ProfilePreset& b) {
                          return a.version == b.version && a.name == b.name && a.weights == b.weights;
                      }) &&
           same_lists(left.rules, right.rules, [](const AlertRule& a, const AlertRule& b) {
               return a.version == b.version && a.name == b.name;
           });
}

core::Result<void> check_name(std::string_view name) {
    if (name.empty() || name.find('\0') != std::string_view::npos)
        return core::fail(core::ErrorCode::invalid_input, "a name must not be empty or hold a NUL");
    return {};
}

}  // namespace

void SqlDocumentStore::subscribe(std::function<void(const OperatorDocumentsPtr&)> listener) {
    listeners_.push_back(std::move(listener));
}

void SqlDocumentStore::show(OperatorDocuments documents) {
    if (same(*documents_, documents)) return;
    documents_ = std::make_shared<const OperatorDocuments>(std::move(documents));
    const OperatorDocumentsPtr shown = documents_;  // a listener may bring the next one
    for (const auto& listener : listeners_) listener(shown);
}

asio::awaitable<core::Result<OperatorDocumentsPtr>> SqlDocumentStore::refresh() {
    std::function<OperatorDocuments(SqlSession&)> work = read_documents;
    auto documents = co_await link_.read<OperatorDocuments>(std::move(work));
    if (!documents) co_return std::unexpected(documents.error());
    show(std::move(*documents));
    co_return documents_;
}

/// Runs a change and shows what the database holds after it, also when another change was faster.
template <class T>
asio::awaitable<core::Result<T>> SqlDocumentStore::change(std::function<T(SqlSession&)> work) {
    struct Outcome {
        core::Result<T> changed;
        OperatorDocuments documents;
    };
    std::function<Outcome(SqlSession&)> both = [work = std::move(work)](SqlSession& session) {
        core::Result<T> changed = core::fail(core::ErrorCode::internal, "");
        try {
            if constexpr (std::is_void_v<T>) {
                work(session);
                changed = core::Result<void>{};
            } else {
                changed = work(session);
            }
        } catch (const DataRefused& error) {
            core::log(core::LogLevel::warning, "operator_change_refused", {{"error", error.what()}});
            changed = core::fail(core::ErrorCode::invalid_input,
                                 "the database cannot hold this: a text or a number of it is out of its range");
        } catch (const SqlError& error) {
            const bool expected = error.code() == core::ErrorCode::conflict ||
                                  error.code() == core::ErrorCode::not_found ||
                                  error.code() == core::ErrorCode::invalid_input;
            if (!expected) throw;
            changed = core::fail(error.code(), error.what());
        }
        return Outcome{std::move(changed), read_documents(session)};
    };
    auto outcome = co_await link_.read<Outcome>(std::move(both));
    if (!outcome) co_return std::unexpected(outcome.error());
    show(std::move(outcome->documents));
    co_return std::move(outcome->changed);
}

asio::awaitable<core::Result<OperatorSettings>> SqlDocumentStore::put_settings(OperatorSettings settings,
                                                                               Expected expected) {
    for (const auto& value : {settings.liquidity_weight, settings.momentum_weight, settings.spread_penalty,
                              settings.manipulation_threshold, settings.notional}) {
        if (value && !std::isfinite(*value))
            co_return core::fail(core::ErrorCode::invalid_input, "settings: expected finite numbers");
    }
    std::function<OperatorSettings(SqlSession&)> work = [this, settings, expected](SqlSession& session) {
        return write_settings(session, settings, expected, clock_.now());
    };
    co_return co_await change<OperatorSettings>(std::move(work));
}

asio::awaitable<core::Result<Watchlist>> SqlDocumentStore::put_watchlist(Watchlist watchlist, Expected expected) {
    if (auto checked = check_name(watchlist.name); !checked) co_return std::unexpected(checked.error());
    std::function<Watchlist(SqlSession&)> work = [this, watchlist, expected](SqlSession& session) {
        return write_watchlist(session, watchlist, expected, clock_.now());
    };
    co_return co_await change<Watchlist>(std::move(work));
}

asio::awaitable<core::Result<void>> SqlDocumentStore::delete_watchlist(std::string name, Expected expected) {
    std::function<void(SqlSession&)> work = [name, expected](SqlSession& session) {
        remove_watchlist(session, name, expected);
    };
    co_return co_await change<void>(std::move(work));
}

asio::awaitable<core::Result<ProfilePreset>> SqlDocumentStore::put_preset(ProfilePreset preset, Expected expected) {
    if (auto checked = check_name(preset.name); !checked) co_return std::unexpected(checked.error());
    for (const auto& [name, weight] : preset.weights) {
        if (!std::isfinite(weight))
            co_return core::fail(core::ErrorCode::invalid_input, name + ": expected a finite number");
    }
    std::function<ProfilePreset(SqlSession&)> work = [this, preset, expected](SqlSession& session) {
        return write_preset(session, preset, expected, clock_.now());
    };
    co_return co_await change<ProfilePreset>(std::move(work));
}

asio::awaitable<core::Result<void>> SqlDocumentStore::delete_preset(std::string name, Expected expected) {
    std::function<void(SqlSession&)> work = [name, expected](SqlSession& session) {
        remove_preset(session, name, expected);
    };
    co_return co_await change<void>(std::move(work));
}

asio::awaitable<core::Result<AlertRule>> SqlDocumentStore::put_rule(AlertRule rule, Expected expected) {
    if (auto checked = check_name(rule.name); !checked) co_return std::unexpected(checked.error());
    std::function<AlertRule(SqlSession&)> work = [this, rule, expected](SqlSession& session) {
        return write_rule(session, rule, expected, clock_.now());
    };
    co_return co_await change<AlertRule>(std::move(work));
}

asio::awaitable<core::Result<void>> SqlDocumentStore::delete_rule(std::string name, Expected expected) {
    std::function<void(SqlSession&)> work = [name, expected](SqlSession& session) {
        remove_rule(session, name, expected);
    };
    co_return co_await change<void>(std::move(work));
}

}  // namespace scanner::storage
