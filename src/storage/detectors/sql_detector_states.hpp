#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/records.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace scanner::storage {

/// In a table of the database, where another host finds them. Packed and unpacked on the database's thread. Loop thread
/// only; must outlive its coroutines.
class SqlDetectorStates final : public DetectorStates {
public:
    /// Both must outlive it.
    SqlDetectorStates(DatabaseLink& link, const core::Clock& clock) : link_(link), clock_(clock) {}

    /// Who writes from now on. What comes after its epoch is over is refused: conflict.
    void set_author(Author author) { author_ = author; }

    boost::asio::awaitable<core::Result<std::vector<DetectorState>>> read() override;
    boost::asio::awaitable<core::Result<void>> write(std::vector<DetectorState> changed) override;

private:
    DatabaseLink& link_;
    const core::Clock& clock_;
    Author author_{};
};

}  // namespace scanner::storage
