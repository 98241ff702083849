#include "net/server/forwarded.hpp"

#include "scanner/core/text.hpp"

#include <algorithm>
#include <ranges>
#include <string_view>

namespace scanner::net {
namespace {

/// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"
std::optional<core::AddressBytes> read_hop(std::string_view text) {
    text = core::trimmed(text);
    if (auto address = core::parse_address(text)) return address;
    const auto authority = core::parse_authority(text);
    return authority ? core::parse_address(authority->host) : std::nullopt;
}

}  // namespace

bool is_trusted(std::span<const core::AddressRange> trusted, const core::AddressBytes& address) {
    return std::ranges::any_of(trusted,
                               [&address](const core::AddressRange& range) { return range.contains(address); });
}

std::optional<core::AddressBytes> forwarded_for(const std::vector<Header>& headers,
                                                std::span<const core::AddressRange> trusted) {
    std::optional<core::AddressBytes> nearest;
    for (const Header& header : std::views::reverse(headers)) {
        if (!core::equal_ignoring_case(header.name, "x-forwarded-for")) continue;
        std::string_view hops = header.value;
        for (bool more = true; more;) {
            const std::size_t comma = hops.rfind(',');
            more = comma != std::string_view::npos;
            const auto address = read_hop(more ? hops.substr(comma + 1) : hops);
            // The one who passed this on is the last that is known.
            if (!address) return nearest;
            nearest = address;
            if (!is_trusted(trusted, *address)) return nearest;
            if (more) hops = hops.substr(0, comma);
        }
    }
    return nearest;
}

}  // namespace scanner::net
