#pragma once

#include "scanner/alerts/state_file.hpp"

#include <string>

namespace scanner::app {

/// For alerts that have nothing to remember: those of a replay are of no use to the next one, and a replica's are the
/// elected scanner's.
class NoStateFile final : public alerts::StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::not_found, "nothing is kept"); }
    boost::asio::awaitable<core::Result<void>> write(std::string /*text*/) override { co_return core::Result<void>(); }
    void set_aside() override {}
};

}  // namespace scanner::app
