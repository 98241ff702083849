#pragma once

#include <boost/asio/ip/address.hpp>

namespace scanner::net {

/// Whether an address may belong to a host of the public Internet: neither loopback, private, link-local, shared,
/// documentation, multicast nor reserved (IANA's special-purpose registries, RFC 6890), also not written within an IPv6
/// address. Pure.
[[nodiscard]] bool is_public_address(const boost::asio::ip::address& address);

}  // namespace scanner::net
