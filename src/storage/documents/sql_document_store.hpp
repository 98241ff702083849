#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/storage/document_store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::storage {

/// The operator's documents, kept in memory behind the database. Loop thread only; must outlive its coroutines.
class SqlDocumentStore final : public DocumentStore {
public:
    /// Both must outlive it.
    SqlDocumentStore(const core::Clock& clock, DatabaseLink& link) : clock_(clock), link_(link) {}

    OperatorDocumentsPtr documents() const override { return documents_; }
    void subscribe(std::function<void(const OperatorDocumentsPtr&)> listener) override;
    boost::asio::awaitable<core::Result<OperatorDocumentsPtr>> refresh() override;

    boost::asio::awaitable<core::Result<OperatorSettings>> put_settings(OperatorSettings settings,
                                                                        Expected expected) override;
    boost::asio::awaitable<core::Result<Watchlist>> put_watchlist(Watchlist watchlist, Expected expected) override;
    boost::asio::awaitable<core::Result<void>> delete_watchlist(std::string name, Expected expected) override;
    boost::asio::awaitable<core::Result<ProfilePreset>> put_preset(ProfilePreset preset, Expected expected) override;
    boost::asio::awaitable<core::Result<void>> delete_preset(std::string name, Expected expected) override;
    boost::asio::awaitable<core::Result<AlertRule>> put_rule(AlertRule rule, Expected expected) override;
    boost::asio::awaitable<core::Result<void>> delete_rule(std::string name, Expected expected) override;

private:
    template <class T>
    boost::asio::awaitable<core::Result<T>> change(std::function<T(SqlSession&)> work);
    void show(OperatorDocuments documents);

    const core::Clock& clock_;
    DatabaseLink& link_;
    OperatorDocumentsPtr documents_ = std::make_shared<const OperatorDocuments>();
    std::vector<std::function<void(const OperatorDocumentsPtr&)>> listeners_;
};

}  // namespace scanner::storage
