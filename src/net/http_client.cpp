#include "scanner/net/http_client.hpp"

#include <algorithm>

namespace scanner::net {
namespace {

// Header names are ASCII (RFC 9110 section 5.1); the locale must have no say.
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
    const auto same = [name](const Header& header) { return std::ranges::equal(header.name, name, {}, lower, lower); };
    const auto found = std::ranges::find_if(headers, same);
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace scanner::net
