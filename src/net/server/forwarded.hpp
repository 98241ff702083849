#pragma once

#include "scanner/core/address.hpp"
#include "scanner/net/http_client.hpp"

#include <optional>
#include <span>
#include <vector>

namespace scanner::net {

/// Whether `address` is one of the trusted proxies.
[[nodiscard]] bool is_trusted(std::span<const core::AddressRange> trusted, const core::AddressBytes& address);

/// The client behind a trusted proxy. X-Forwarded-For (all its lines, in order) is read from its right end, where the
/// nearest proxy wrote: the first address that is not a trusted proxy's. Everything left of it is only what that client
/// claims. If all are trusted, the leftmost one. Nothing without the header, or if the entry there is not an address.
/// Pure.
[[nodiscard]] std::optional<core::AddressBytes> forwarded_for(const std::vector<Header>& headers,
                                                              std::span<const core::AddressRange> trusted);

}  // namespace scanner::net
