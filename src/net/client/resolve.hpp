#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::net {

/// The addresses of `host`, at least one; a numeric one is its own. Errors: timeout, network, cancelled. Returns in
/// time although getaddrinfo, on a thread of its own, cannot be interrupted.
[[nodiscard]] boost::asio::awaitable<core::Result<std::vector<boost::asio::ip::address>>> resolve(
    std::string host, std::chrono::milliseconds timeout);

}  // namespace scanner::net
