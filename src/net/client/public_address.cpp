#include "net/client/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace scanner::net {
namespace {

namespace ip = boost::asio::ip;

struct Block4 {
    std::uint32_t first;
    unsigned bits;
};
constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return (a << 24U) | (b << 16U) | (c << 8U) | d;
}
constexpr auto kSpecial4 = std::to_array<Block4>({
    {v4(0, 0, 0, 0), 8},        // this network
    {v4(10, 0, 0, 0), 8},       // private
    {v4(100, 64, 0, 0), 10},    // shared by carriers
    {v4(127, 0, 0, 0), 8},      // loopback
    {v4(169, 254, 0, 0), 16},   // link-local, and the metadata services of clouds
    {v4(172, 16, 0, 0), 12},    // private
    {v4(192, 0, 0, 0), 24},     // protocol assignments
    {v4(192, 0, 2, 0), 24},     // documentation
    {v4(192, 88, 99, 0), 24},   // 6to4 relays
    {v4(192, 168, 0, 0), 16},   // private
    {v4(198, 18, 0, 0), 15},    // benchmarks
    {v4(198, 51, 100, 0), 24},  // documentation
    {v4(203, 0, 113, 0), 24},   // documentation
    {v4(224, 0, 0, 0), 4},      // multicast
    {v4(240, 0, 0, 0), 4},      // reserved, broadcast
});

bool is_public(std::uint32_t address) {
    return std::ranges::none_of(kSpecial4, [address](const Block4& block) {
        return (address >> (32 - block.bits)) == (block.first >> (32 - block.bits));
    });
}

bool is_public(const ip::address_v6::bytes_type& bytes) {
    const auto starts_with = [&bytes](std::initializer_list<unsigned> front) {
        return std::ranges::equal(front, std::span(bytes).first(front.size()));
    };
    const auto embedded = [&bytes](std::size_t at) {
        return is_public(v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]));
    };
    if (starts_with({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})) return embedded(12);     // IPv4-mapped
    if (starts_with({0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return embedded(12);  // NAT64
    if (starts_with({0x20, 0x02})) return embedded(2);                                    // 6to4
    if (starts_with({0x20, 0x01, 0x0D, 0xB8})) return false;                              // documentation
    if (starts_with({0x20, 0x01, 0, 0})) return false;                                    // Teredo
    return (bytes[0] & 0xE0U) == 0x20U;                                                   // global unicast is 2000::/3
}

}  // namespace

bool is_public_address(const ip::address& address) {
    return address.is_v4() ? is_public(address.to_v4().to_uint()) : is_public(address.to_v6().to_bytes());
}

}  // namespace scanner::net
