#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/storage/epochs.hpp"
#include "scanner/storage/kept_states.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace scanner::storage {

/// Kept in a table of the history's database, each under the epoch that wrote it. Loop thread only; must outlive its
/// coroutines.
class SqlKeptStates final : public KeptStates {
public:
    /// `clock` and `link` must outlive it; `author` says who writes now.
    SqlKeptStates(const core::Clock& clock, DatabaseLink& link, std::function<Author()> author)
        : clock_(clock), link_(link), author_(std::move(author)) {}

    boost::asio::awaitable<core::Result<std::optional<std::string>>> load(std::string name) override;
    boost::asio::awaitable<core::Result<void>> save(std::string name, std::string text) override;

private:
    const core::Clock& clock_;
    DatabaseLink& link_;
    std::function<Author()> author_;
};

}  // namespace scanner::storage
