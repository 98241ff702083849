#include "scanner/net/header.hpp"

#include "scanner/core/text.hpp"

#include <algorithm>

namespace scanner::net {
std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
    const auto same = [name](const Header& header) { return core::equal_ignoring_case(header.name, name); };
    const auto found = std::ranges::find_if(headers, same);
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace scanner::net
