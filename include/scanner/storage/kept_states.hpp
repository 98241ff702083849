#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace scanner::storage {

/// Small texts that the next elected scanner goes on from, in the database that all of them share. Each has a name.
/// Loop thread only; each call has a deadline. Errors: unavailable or timeout while the database is away.
class KeptStates {
public:
    virtual ~KeptStates() = default;
    /// What was written last; nothing when there is none.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::optional<std::string>>> load(std::string name) = 0;
    /// Replaces it as a whole. conflict: the epoch of this process (EpochLedger::set_author) is over, and nothing was
    /// written.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> save(std::string name, std::string text) = 0;
};

}  // namespace scanner::storage
