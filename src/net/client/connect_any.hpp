#pragma once

#include "scanner/core/clock.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <span>

namespace scanner::net {

/// Connects `socket` to the first address that answers, in their order. Each gets an equal share of the time that is
/// left until `by`, so that one that swallows everything leaves the others theirs; the last one has no limit of its
/// own. Closing the socket ends it with operation_aborted; otherwise the error is that of the last address.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> connect_any(
    boost::asio::ip::tcp::socket& socket, std::span<const boost::asio::ip::address> addresses, std::uint16_t port,
    core::SteadyTime by);

}  // namespace scanner::net
