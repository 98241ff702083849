#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace scanner::alerts {

/// A small text that survives restarts. One loop thread; one write at a time.
class StateFile {
public:
    virtual ~StateFile() = default;
    /// What was written last; not_found when there is nothing yet. Blocks: for the start.
    [[nodiscard]] virtual core::Result<std::string> read() = 0;
    /// Replaces it as a whole: after a crash there is the old text or the new one. Durable when it returns; the loop
    /// does not wait for the disk. Errors: io.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> write(std::string text) = 0;
    /// Moves an unusable text aside, for inspection.
    virtual void set_aside() = 0;
};

/// The file at `path`; its folder is made when missing. Destroying it waits for a write that is under way.
[[nodiscard]] std::unique_ptr<StateFile> make_state_file(std::string path);

}  // namespace scanner::alerts
