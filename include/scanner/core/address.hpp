#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

/// Network addresses and the hosts that requests name, parsed from untrusted text: strict, without look-ups. Pure.
namespace scanner::core {

/// The bytes of an IPv6 address. IPv4 is ::ffff:a.b.c.d, so that both spellings of an address are the same.
using AddressBytes = std::array<unsigned char, 16>;

/// A numeric address without brackets, port and zone; nothing for any other text.
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);
/// As it is written: "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::string address_text(const AddressBytes& address);
/// 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback_address(const AddressBytes& address);

/// "10.0.0.0/8", "2001:db8::/32"; a single address is a range of its own.
struct AddressRange {
    AddressBytes first{};   ///< bits beyond the prefix are zero
    int prefix_bits = 128;  ///< of 128; of an IPv4 prefix 96 more than written

    [[nodiscard]] bool contains(const AddressBytes& address) const;
    friend bool operator==(const AddressRange&, const AddressRange&) = default;
};
/// Nothing for text that is not a range; bits beyond the prefix may be set and are ignored.
[[nodiscard]] std::optional<AddressRange> parse_address_range(std::string_view text);
[[nodiscard]] std::string to_string(const AddressRange& range);

/// Under what name limits know the client at a numeric address: the address itself, of IPv6 the network of 64 bits that
/// a subscriber is given ("2001:db8:1:2::/64"). Other text is its own name.
[[nodiscard]] std::string client_name(std::string_view address);

/// A Host header or the authority of a URL, taken apart. Views into its text.
struct Authority {
    std::string_view host;  ///< without the brackets of an IPv6 address
    std::string_view port;  ///< digits, or empty
};
/// "host[:port]" by RFC 3986: a name of the characters that it may have, an IPv4 address, or an IPv6 address in
/// brackets; nothing for any other text, user information included.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

}  // namespace scanner::core
