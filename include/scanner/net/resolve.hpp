#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace scanner::net {

/// Looks a name up, for as long as it takes; called on a thread of its own. Must not throw.
using NameLookup = std::function<core::Result<std::vector<boost::asio::ip::address>>(const std::string& host)>;
/// By the system's resolver (getaddrinfo).
[[nodiscard]] core::Result<std::vector<boost::asio::ip::address>> look_up(const std::string& host);

/// So many lookups at most are under way in the process; what is asked for beyond that fails at once.
inline constexpr std::size_t kMaxLookups = 16;

/// The addresses of `host`, at least one; a numeric one is its own. Errors: timeout, network, cancelled, unavailable
/// (too many lookups hang). Returns in time although getaddrinfo cannot be interrupted: the thread of a lookup that is
/// no longer waited for is left behind, and neither the loop nor the end of the process waits for it.
[[nodiscard]] boost::asio::awaitable<core::Result<std::vector<boost::asio::ip::address>>> resolve(
    std::string host, std::chrono::milliseconds timeout, NameLookup lookup = look_up);

}  // namespace scanner::net
