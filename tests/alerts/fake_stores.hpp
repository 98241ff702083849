#pragma once

#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::alerts::test {

/// The operator's documents in memory, with versions as the real store has them. `failure` makes every change fail, as
/// when the database is away.
class FakeDocuments final : public storage::DocumentStore {
public:
    template <class T>
    using Async = boost::asio::awaitable<core::Result<T>>;

    FakeDocuments() { current_->loaded = true; }

    [[nodiscard]] storage::OperatorDocumentsPtr documents() const override { return current_; }
    void subscribe(std::function<void(const storage::OperatorDocumentsPtr&)> listener) override {
        listeners_.push_back(std::move(listener));
    }
    Async<storage::OperatorDocumentsPtr> refresh() override { co_return current_; }

    Async<storage::OperatorSettings> put_settings(storage::OperatorSettings settings, Expected expected) override {
        if (failure) co_return std::unexpected(*failure);
        if (before_change) before_change();
        if (expected && *expected != current_->settings.version) co_return conflict();
        settings.version = ++version_;
        change([&](storage::OperatorDocuments& next) { next.settings = settings; });
        co_return settings;
    }
    Async<storage::Watchlist> put_watchlist(storage::Watchlist watchlist, Expected expected) override {
        if (const auto* known = current_->find_watchlist(watchlist.name)) watchlist.id = known->id;
        if (watchlist.id == 0) watchlist.id = ++id_;
        if (slow) co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        co_return put(&storage::OperatorDocuments::watchlists, std::move(watchlist), expected);
    }
    Async<void> delete_watchlist(std::string name, Expected expected) override {
        co_return remove(&storage::OperatorDocuments::watchlists, name, expected);
    }
    Async<storage::ProfilePreset> put_preset(storage::ProfilePreset preset, Expected expected) override {
        if (slow) co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        co_return put(&storage::OperatorDocuments::presets, std::move(preset), expected);
    }
    Async<void> delete_preset(std::string name, Expected expected) override {
        co_return remove(&storage::OperatorDocuments::presets, name, expected);
    }
    Async<storage::AlertRule> put_rule(storage::AlertRule rule, Expected expected) override {
        if (slow) co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        co_return put(&storage::OperatorDocuments::rules, std::move(rule), expected);
    }
    Async<void> delete_rule(std::string name, Expected expected) override {
        co_return remove(&storage::OperatorDocuments::rules, name, expected);
    }

    /// As the database does when another process changed something.
    void change(const std::function<void(storage::OperatorDocuments&)>& edit) {
        auto next = std::make_shared<storage::OperatorDocuments>(*current_);
        edit(*next);
        std::ranges::sort(next->presets, {}, &storage::ProfilePreset::name);
        std::ranges::sort(next->rules, {}, &storage::AlertRule::name);
        std::ranges::sort(next->watchlists, {}, &storage::Watchlist::id);
        current_ = std::move(next);
        for (const auto& listener : listeners_) listener(current_);
    }
    storage::DocumentVersion next_version() { return ++version_; }

    std::optional<core::Error> failure;
    bool slow = false;                    ///< documents are put after a turn of the loop, in which others may come
    std::function<void()> before_change;  ///< called within put_settings: another change is faster

private:
    static std::unexpected<core::Error> conflict() {
        return core::fail(core::ErrorCode::conflict, "it was changed meanwhile");
    }
    template <class T>
    core::Result<T> put(std::vector<T> storage::OperatorDocuments::* member, T document, Expected expected) {
        if (failure) return std::unexpected(*failure);
        const auto& all = (*current_).*member;
        const auto known = std::ranges::find(all, document.name, &T::name);
        const auto version = known == all.end() ? 0 : known->version;
        if (expected && *expected != version) return conflict();
        document.version = ++version_;
        change([&](storage::OperatorDocuments& next) {
            std::erase_if(next.*member, [&](const T& each) { return each.name == document.name; });
            (next.*member).push_back(document);
        });
        return document;
    }
    template <class T>
    core::Result<void> remove(std::vector<T> storage::OperatorDocuments::* member, const std::string& name,
                              Expected expected) {
        if (failure) return std::unexpected(*failure);
        const auto& all = (*current_).*member;
        const auto known = std::ranges::find(all, name, &T::name);
        if (known == all.end()) return core::fail(core::ErrorCode::not_found, "no such document");
        if (expected && *expected != known->version) return conflict();
        change([&](storage::OperatorDocuments& next) {
            std::erase_if(next.*member, [&](const T& each) { return each.name == name; });
        });
        return {};
    }

    std::shared_ptr<storage::OperatorDocuments> current_ = std::make_shared<storage::OperatorDocuments>();
    std::vector<std::function<void(const storage::OperatorDocumentsPtr&)>> listeners_;
    storage::DocumentVersion version_ = 100;
    std::int64_t id_ = 0;
};

/// Alerts and dead letters in memory. `failure` makes every query and every change of dead letters fail, as when the
/// database is away.
class FakeArchive final : public storage::AlertArchive {
public:
    template <class T>
    using Async = boost::asio::awaitable<core::Result<T>>;

    void record_alerts(std::vector<storage::AlertRecord> alerts) override {
        for (storage::AlertRecord& alert : alerts) {
            alert.id = ++id_;
            recorded.push_back(std::move(alert));
        }
    }
    Async<storage::AlertsPage> alerts(storage::AlertsQuery query) override {
        if (failure) co_return std::unexpected(*failure);
        last_query = query;
        if (query.cursor == "bad") co_return core::fail(core::ErrorCode::invalid_input, "not a cursor of this query");
        storage::AlertsPage page{.rows = {recorded.rbegin(), recorded.rend()}};
        if (page.rows.size() > query.limit) {
            page.rows.resize(query.limit);
            page.next = "more";
        }
        co_return page;
    }
    Async<storage::DeadLetter> add_dead_letter(storage::DeadLetter letter) override {
        if (failure) co_return std::unexpected(*failure);
        letter.id = ++id_;
        letters.push_back(letter);
        co_return letter;
    }
    Async<std::vector<storage::DeadLetter>> dead_letters(std::size_t limit) override {
        if (failure) co_return std::unexpected(*failure);
        co_return std::vector<storage::DeadLetter>(
            letters.begin(), letters.begin() + static_cast<std::ptrdiff_t>(std::min(limit, letters.size())));
    }
    Async<void> delete_dead_letter(std::int64_t id) override {
        if (failure) co_return std::unexpected(*failure);
        const auto erased = std::erase_if(letters, [id](const storage::DeadLetter& letter) { return letter.id == id; });
        if (erased == 0) co_return core::fail(core::ErrorCode::not_found, "no such dead letter");
        co_return core::Result<void>();
    }

    std::optional<core::Error> failure;
    std::vector<storage::AlertRecord> recorded;
    std::vector<storage::DeadLetter> letters;
    std::optional<storage::AlertsQuery> last_query;

private:
    std::int64_t id_ = 0;
};

class FakePublisher final : public storage::Publisher {
public:
    void publish(std::string channel, std::shared_ptr<const std::string> message) override {
        messages.emplace_back(std::move(channel), *message);
    }
    [[nodiscard]] std::uint64_t published() const override { return messages.size(); }
    [[nodiscard]] storage::StoreStatus status() const override { return {}; }
    std::vector<std::pair<std::string, std::string>> messages;
};

}  // namespace scanner::alerts::test
