#pragma once

#include "scanner/core/error.hpp"
#include "scanner/net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

namespace scanner::api {

/// What only the process that scans can read: books as they change, tapes, contracts outside of the scan. Loop thread
/// only.
class LiveReads {
public:
    virtual ~LiveReads() = default;
    /// Whether they have to be asked of another process now.
    [[nodiscard]] virtual bool are_elsewhere() const = 0;
    /// The answer of the elected scanner to this GET, whole and as it would have sent it itself. Errors: unavailable
    /// (no way to ask, or too many are waiting), timeout (no one is elected, or it did not answer in time).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<net::ServerResponse>> ask(net::ServerRequest request) = 0;
};

}  // namespace scanner::api
