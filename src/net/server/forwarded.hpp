#pragma once

#include "scanner/core/address.hpp"
#include "scanner/net/http_client.hpp"

#include <optional>
#include <span>
#include <vector>

namespace scanner::net {

/// Whether `address` is one of the proxies whose word is taken.
[[nodiscard]] bool is_trusted(std::span<const core::AddressRange> trusted, const core::AddressBytes& address);

/// Who sent a request that a trusted proxy passed on. X-Forwarded-For (all its lines, in order) is read from its right
/// end, where the nearest proxy wrote: the first address there that is no trusted proxy; everything left of it is only
/// what that client says of itself. Where all are trusted, the leftmost. Nothing without the header, or when what
/// stands there is no address. Pure.
[[nodiscard]] std::optional<core::AddressBytes> forwarded_for(const std::vector<Header>& headers,
                                                              std::span<const core::AddressRange> trusted);

}  // namespace scanner::net
