#include "scanner/core/address.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace scanner::core {
namespace {

constexpr int kMappedBits = 96;
constexpr AddressBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_mapped(const AddressBytes& address) {
    return std::memcmp(address.data(), kMapped.data(), kMappedBits / 8) == 0;
}

AddressBytes without_host_bits(AddressBytes address, int prefix_bits) {
    for (int bit = prefix_bits; bit < 128; ++bit) {
        address[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80U >> (bit % 8)));
    }
    return address;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// RFC 3986's reg-name.
bool is_name(std::string_view text) {
    constexpr std::string_view kOthers = "-._~!$&'()*+,;=";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) return false;
            i += 2;
            continue;
        }
        const bool alphanumeric = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && kOthers.find(c) == std::string_view::npos) return false;
    }
    return !text.empty();
}

bool is_port(std::string_view text) {
    if (text.size() > 5 || !std::ranges::all_of(text, is_digit)) return false;
    int number = 0;
    for (const char c : text) number = number * 10 + (c - '0');
    return number <= 65'535;
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::ranges::copy(text, terminated.begin());
    AddressBytes address = kMapped;
    if (::inet_pton(AF_INET, terminated.data(), &address[12]) == 1) return address;
    if (::inet_pton(AF_INET6, terminated.data(), address.data()) == 1) return address;
    return std::nullopt;
}

std::string address_text(const AddressBytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = is_mapped(address);
    const auto* const bytes = v4 ? &address[12] : address.data();
    if (::inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

bool is_loopback_address(const AddressBytes& address) {
    if (is_mapped(address)) return address[12] == 127;
    return std::ranges::all_of(address.begin(), address.end() - 1, [](unsigned char byte) { return byte == 0; }) &&
           address.back() == 1;
}

bool AddressRange::contains(const AddressBytes& address) const {
    return without_host_bits(address, prefix_bits) == first;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    AddressRange range;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
        const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
        const auto bits = parse_int(digits);
        if (!bits || *bits > (v4 ? 32 : 128)) return std::nullopt;
        range.prefix_bits = static_cast<int>(*bits) + (v4 ? kMappedBits : 0);
    }
    range.first = without_host_bits(*address, range.prefix_bits);
    return range;
}

std::string to_string(const AddressRange& range) {
    const bool v4 = range.prefix_bits >= kMappedBits && is_mapped(range.first);
    std::string text = address_text(range.first);
    if (range.prefix_bits < 128) text += "/" + std::to_string(range.prefix_bits - (v4 ? kMappedBits : 0));
    return text;
}

std::string client_name(std::string_view address) {
    const auto bytes = parse_address(address);
    if (!bytes) return std::string(address);
    if (is_mapped(*bytes)) return address_text(*bytes);
    return to_string(AddressRange{.first = without_host_bits(*bytes, 64), .prefix_bits = 64});
}

std::optional<Authority> parse_authority(std::string_view text) {
    Authority authority;
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        authority.host = text.substr(1, end - 1);
        if (authority.host.find(':') == std::string_view::npos || !parse_address(authority.host)) return std::nullopt;
        rest = text.substr(end + 1);
    } else {
        authority.host = text.substr(0, text.find(':'));
        if (!is_name(authority.host)) return std::nullopt;
        rest = text.substr(authority.host.size());
    }
    if (rest.empty()) return authority;
    if (!rest.starts_with(':') || !is_port(rest.substr(1))) return std::nullopt;
    authority.port = rest.substr(1);
    return authority;
}

}  // namespace scanner::core
