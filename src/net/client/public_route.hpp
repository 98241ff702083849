#pragma once

#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace scanner::net {

/// The proxy, or empty for none, by which a request that must stay outside the operator's own network reaches its host.
/// Direct connections are judged by the address that is connected to, at that moment. A proxy connects on its own, so
/// the host's name is resolved here first, and is refused as invalid_input when any of its addresses is not public; the
/// proxy itself may be anywhere. Errors: timeout and network when the name could not be resolved, cancelled.
[[nodiscard]] boost::asio::awaitable<core::Result<std::string>> public_route(std::string url,
                                                                             std::chrono::milliseconds timeout);

/// What is wrong with a host that is not public.
inline constexpr const char* kNotPublic = "the host has no public address, and only those are allowed";

}  // namespace scanner::net
